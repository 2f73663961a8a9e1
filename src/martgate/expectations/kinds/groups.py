"""Kinds that look at groups of rows: those that group by the same columns share one grouping."""

from abc import abstractmethod
from typing import ClassVar

from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.evaluation import Evaluation, Grouping, GroupParts, Scan
from martgate.expectations.kinds.examples import MAX_EXAMPLES, Offenders, show_columns, show_count
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, identifiers, relation

__all__ = ["GroupCheck", "constant_condition", "join_offending_groups"]


class GroupCheck(Check):
    """A check of groups of `by`. A kind says by `failure_condition` which groups break it; failures count groups."""

    __slots__ = ()

    by: tuple[str, ...]
    failure_unit: ClassVar[str] = "groups"

    @abstractmethod
    def failure_condition(self) -> str:
        """The condition over a group's aggregates under which it breaks the check."""

    def evaluation(self, source: Source) -> Evaluation:
        broken, by = self.failure_condition(), source.drop_constant_columns(self.by)
        if not by:  # all rows are known to be one group
            is_there = "CASE WHEN COUNT(*) > 0 THEN 1 ELSE 0 END"
            return Scan((f"CASE WHEN {broken} THEN 1 ELSE 0 END", is_there), is_additive=False)
        return Grouping(
            by,
            lambda number: GroupParts((f"{broken} AS __broken{number}",), (f"COUNT_IF(__broken{number})", "COUNT(*)")),
        )

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        return Offenders(show_columns(names, "here."), join_offending_groups(self, source.relation))

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        del names
        shown = (*show_columns(self.by), show_count("rows", "COUNT(*)"))
        grouping = f"GROUP BY {identifiers(self.by)}\nHAVING {self.failure_condition()}"
        return Offenders(shown, f"FROM {relation(source.relation)}\n{grouping}")


def join_offending_groups(check: GroupCheck, audited: str) -> str:
    """FROM the rows, as `here`, of the first groups that break a check."""
    by, table = identifiers(check.by), relation(audited)
    listed = ", ".join(f"{identifier(name)} AS __by{place}" for place, name in enumerate(check.by))
    broken = check.failure_condition()
    groups = f"SELECT {listed} FROM {table} GROUP BY {by} HAVING {broken} ORDER BY {by} LIMIT {MAX_EXAMPLES}"
    pairs = " AND ".join(f"here.{identifier(name)} <=> broken.__by{place}" for place, name in enumerate(check.by))
    return f"FROM {table} AS here\nJOIN (\n  {groups}\n) AS broken ON {pairs}"


def constant_condition(name: str) -> str:
    """Whether a column, quoted, has one value in all rows of a group, where null is a value like any other."""
    return f"MIN({name}) <=> MAX({name}) AND COUNT({name}) IN (0, COUNT(*))"
