"""Kinds about groups of rows; those that group by the same columns share one grouping."""

from abc import abstractmethod
from typing import ClassVar

from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.evaluation import Evaluation, Grouping, GroupParts, Scan
from martgate.expectations.kinds.examples import MAX_EXAMPLES, Offenders, show_columns, show_count
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, identifiers, relation

__all__ = ["GroupCheck", "constant_condition", "join_offending_groups"]


class GroupCheck(Check):
    """A check of groups of `by`. A kind defines in `failure_condition` which groups fail; failures count groups."""

    __slots__ = ()

    by: tuple[str, ...]
    failure_unit: ClassVar[str] = "groups"

    @abstractmethod
    def failure_condition(self) -> str:
        """The condition over the aggregates of a group under which it fails."""

    def evaluation(self, source: Source) -> Evaluation:
        failure, by = self.failure_condition(), source.drop_constant_columns(self.by)
        if not by:  # all rows are known to be one group
            has_rows = "CASE WHEN COUNT(*) > 0 THEN 1 ELSE 0 END"
            return Scan((f"CASE WHEN {failure} THEN 1 ELSE 0 END", has_rows), is_additive=False)
        return Grouping(
            by,
            lambda number: GroupParts((f"{failure} AS __broken{number}",), (f"COUNT_IF(__broken{number})", "COUNT(*)")),
        )

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        return Offenders(show_columns(names, "here."), join_offending_groups(self, source.relation))

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        del names
        columns = (*show_columns(self.by), show_count("rows", "COUNT(*)"))
        grouping = f"GROUP BY {identifiers(self.by)}\nHAVING {self.failure_condition()}"
        return Offenders(columns, f"FROM {relation(source.relation)}\n{grouping}")


def join_offending_groups(check: GroupCheck, audited: str) -> str:
    """Build the FROM clause of the rows of the first groups that fail a check, as `here`."""
    by, table = identifiers(check.by), relation(audited)
    select_list = ", ".join(f"{identifier(name)} AS __by{position}" for position, name in enumerate(check.by))
    failure = check.failure_condition()
    groups = f"SELECT {select_list} FROM {table} GROUP BY {by} HAVING {failure} ORDER BY {by} LIMIT {MAX_EXAMPLES}"
    pairs = " AND ".join(f"here.{identifier(name)} <=> broken.__by{position}" for position, name in enumerate(check.by))
    return f"FROM {table} AS here\nJOIN (\n  {groups}\n) AS broken ON {pairs}"


def constant_condition(name: str) -> str:
    """Build the condition that a column, quoted, has one value in all rows of a group; null is a value like any other."""
    return f"MIN({name}) <=> MAX({name}) AND COUNT({name}) IN (0, COUNT(*))"
