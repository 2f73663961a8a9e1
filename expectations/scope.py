"""What an audit is about: which day, at what time, and which other tables can be asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from contracts.day import Day
from contracts.model import Table
from expectations import rules
from expectations.fragments import parameters_read, tables_read
from expectations.rules import Check, Rule
from expectations.verdict import OutOfScope

__all__ = ["Scope"]

_OF_THE_DAY = frozenset({"part_date", "day_end"})


@dataclass(frozen=True, slots=True)
class Scope:
    """The day under audit (None: no day), the instant of the audit (with its zone), and the other tables registered.

    `others` are the names under which the engine knows them, `schema.table` or bare.
    """

    day: Day | None
    audited_at: datetime
    others: frozenset[str] = field(default=frozenset())

    @property
    def parameters(self) -> dict[str, str]:
        """What a statement may name as `:parameter`."""
        at = {"audited_at": f"{self.audited_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}
        return at if self.day is None else at | self.day.parameters

    def tables(self, asked: Iterable[Rule], table: Table, relation: str) -> dict[str, str]:
        """Where to find the tables that rules compare with; a table that means itself is the relation under audit."""
        wanted = {rule.check.to for rule in asked if isinstance(rule.check, rules.References | rules.SameSet)}
        own = dict.fromkeys((table.name, table.qualified_name), relation)
        found = {name: own.get(name) or self._registered(name) for name in wanted}
        return {name: place for name, place in found.items() if place}

    def split(
        self, asked: Iterable[Rule], tables: Mapping[str, str], relation: str
    ) -> tuple[list[Rule], list[OutOfScope]]:
        """The rules that can be judged here, and those that cannot be, each with its reason."""
        judged, outside = [], []
        for rule in asked:
            reason = self._out_of_reach(rule.check, tables, relation)
            if reason:
                outside.append(OutOfScope(rule=rule, reason=reason))
            else:
                judged.append(rule)
        return judged, outside

    def _out_of_reach(self, check: Check, tables: Mapping[str, str], relation: str) -> str:
        if self.day is None and _needs_day(check):
            return "it is about a day, and no day was given"
        if isinstance(check, rules.References | rules.SameSet):
            missing = [] if check.to in tables else [check.to]
        else:
            known = {name.casefold() for name in (*self.others, relation)}
            missing = [name for query in _queries(check) for name in tables_read(query) if name.casefold() not in known]
        return f"it looks at {' and '.join(missing)}, which is not part of this audit" if missing else ""

    def _registered(self, name: str) -> str | None:
        """The table of that name; a name without a schema means the one table that ends in it."""
        for other in self.others:
            if other.casefold() == name.casefold():
                return other
        short = name.casefold().rpartition(".")[2]
        near = [other for other in self.others if other.casefold().rpartition(".")[2] == short]
        bare = "." not in name or all("." not in other for other in near)
        return near[0] if len(near) == 1 and bare else None


def _needs_day(check: Check) -> bool:
    if isinstance(check, rules.InPartition):
        return check.day_column is not None
    return any(parameters_read(sql) & _OF_THE_DAY for sql in _sql(check))


def _queries(check: Check) -> tuple[str, ...]:
    match check:
        case rules.SqlNumber(query):
            return (query,)
        case rules.Reconciles(_, against):
            return (against,)
        case _:
            return ()


def _sql(check: Check) -> tuple[str, ...]:  # noqa: PLR0911 (one answer a kind)
    """Every text of SQL that a check carries."""
    match check:
        case rules.Holds(expression):
            return (expression,)
        case rules.Implies(first, second) | rules.Iff(first, second):
            return first, second
        case rules.ExtremeOf(_, of):
            return (of,)
        case rules.ExactlyOne(_, distinct, where):
            return distinct, where
        case rules.References() | rules.SameSet():
            return (check.where,) if check.where else ()
        case rules.Reconciles(measure, against):
            return measure, against
        case _:
            return _queries(check)
