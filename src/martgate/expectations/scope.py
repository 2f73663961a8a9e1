"""What an audit is about: which day, at what time, which other tables and days can be asked, what is known already."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

from martgate.contracts.day import Day
from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.kinds.base import Check
from martgate.expectations.measurement import History
from martgate.expectations.ports import FileCounts, ExpectationRunner
from martgate.expectations.proofs import FileStatistics
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import OutOfScope
from martgate.text.lists import join_words

__all__ = ["PreviousDay", "NoPreviousDay", "Scope"]


@dataclass(frozen=True, slots=True)
class PreviousDay:
    """The earlier day that rules may compare with, and the name under which the engine knows its rows."""

    relation: str
    day: date


class NoPreviousDay(StrEnum):
    """Why there is no earlier day to compare with; rules that look back are out of scope for that reason."""

    NONE_PUBLISHED = "no earlier day is published: there is nothing to compare with"
    NOT_IN_AUDIT = "it compares with an earlier day, which is not part of this audit"


@dataclass(frozen=True, slots=True)
class Scope:
    """The day under audit (None: no day), the instant of the audit (with its zone), and what else is registered.

    `others` are the names under which the engine knows other tables, `schema.table` or bare; `earlier` is the newest
    earlier day of the table itself, or why there is none. `written` is what the engine told of each file of the table as
    it wrote it; empty where nobody is to be believed. `history` is what was measured of earlier days; None where nobody
    knows. `memory` is what earlier audits counted in the same files, if that may stand for another look. `foreign` judges
    the rules that have no equal here; without it they fail. `catalog_tables` are the tables whose contracts are known, every
    version of them: of any other table, no value is shown.
    """

    day: Day | None
    audited_at: datetime
    others: frozenset[str] = field(default=frozenset())
    earlier: PreviousDay | NoPreviousDay = NoPreviousDay.NOT_IN_AUDIT
    written: tuple[FileStatistics, ...] = ()
    history: History | None = None
    memory: FileCounts | None = None
    foreign: ExpectationRunner | None = None
    catalog_tables: tuple[Table, ...] = ()

    @property
    def parameters(self) -> dict[str, str]:
        """What a statement may name as `:parameter`."""
        named = {"audited_at": f"{self.audited_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}
        if self.day is not None:
            named |= self.day.parameters
            if isinstance(self.earlier, PreviousDay):
                named["earlier_end"] = Day(self.earlier.day, self.day.zone).parameters["day_end"]
        return named

    def tables(self, asked: Iterable[Rule], table: Table, relation: str) -> dict[str, str]:
        """Where to find the tables that rules compare with; a table that means itself is the relation under audit."""
        wanted = {name for rule in asked for name in rule.check.tables}
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
        if self.day is None and check.needs_day:
            return "it is about a day, and no day was given"
        if check.is_learned and not self.history:
            return "it learns from the table's history, which is not part of this audit"
        if isinstance(self.earlier, NoPreviousDay) and check.reads_previous_day:
            return self.earlier.value
        known = {name.casefold() for name in (*self.others, relation)}
        missing = [name for name in check.tables if name not in tables]
        missing += [name for name in check.queried_tables if name.casefold() not in known]
        verb = wording.agree(tuple(missing), "is", "are")
        return f"it looks at {join_words(missing)}, which {verb} not part of this audit" if missing else ""

    def _registered(self, name: str) -> str | None:
        """The table of that name; a name without a schema means the one table that ends in it."""
        for other in self.others:
            if other.casefold() == name.casefold():
                return other
        short = name.casefold().rpartition(".")[2]
        near = [other for other in self.others if other.casefold().rpartition(".")[2] == short]
        bare = "." not in name or all("." not in other for other in near)
        return near[0] if len(near) == 1 and bare else None
