"""The scope of an audit: its day and instant, the other relations that rules can read, and the records that it may use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from martgate.contracts.day import Day
from martgate.contracts.model import Table
from martgate.expectations import wording
from martgate.expectations.kinds.base import Check
from martgate.expectations.measurement import History
from martgate.expectations.ports import ExpectationRunner, FileCounts
from martgate.expectations.proofs import FileStatistics
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import OutOfScope
from martgate.text.lists import join_words

__all__ = ["NoPreviousDay", "PreviousDay", "Scope"]


@dataclass(frozen=True, slots=True)
class PreviousDay:
    """The newest earlier day of the table that is published, with which rules compare.

    Attributes:
        relation: the name by which the engine knows its rows.
        day: the day.
    """

    relation: str
    day: date


class NoPreviousDay(StrEnum):
    """The reason why there is no previous day; rules that need one are out of scope for that reason."""

    NONE_PUBLISHED = "no earlier day is published: there is nothing to compare with"
    NOT_IN_AUDIT = "it compares with an earlier day, which is not part of this audit"


@dataclass(frozen=True, slots=True)
class Scope:
    """What an audit covers, and what it may rely on.

    Attributes:
        day: the day under audit; None where the audit is about no day.
        audited_at: the instant of the audit, with its time zone.
        other_relations: the names by which the engine knows other tables, `schema.table` or bare.
        previous_day: the previous day of the table, or the reason why there is none.
        file_statistics: the statistics of each file of the table, where they are trusted; empty otherwise.
        history: the measurements of earlier days; None where there are none.
        file_counts: the counts of earlier audits in the same files, where they may be reused; None otherwise.
        expectation_runner: evaluates the expectations that no kind of rule equals; without it they have the outcome error.
        catalog_tables: the tables of all known contracts, in every version. Values of any other table are hidden.
    """

    day: Day | None
    audited_at: datetime
    other_relations: frozenset[str] = field(default=frozenset())
    previous_day: PreviousDay | NoPreviousDay = NoPreviousDay.NOT_IN_AUDIT
    file_statistics: tuple[FileStatistics, ...] = ()
    history: History | None = None
    file_counts: FileCounts | None = None
    expectation_runner: ExpectationRunner | None = None
    catalog_tables: tuple[Table, ...] = ()

    @property
    def parameters(self) -> dict[str, str]:
        """The values of the `:parameters` that a statement may name."""
        parameters = {"audited_at": f"{self.audited_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"}
        if self.day is not None:
            parameters |= self.day.parameters
            if isinstance(self.previous_day, PreviousDay):
                parameters["earlier_end"] = Day(self.previous_day.day, self.day.zone).parameters["day_end"]
        return parameters

    def resolve_tables(self, rules: Iterable[Rule], table: Table, relation: str) -> dict[str, str]:
        """Find the relation of each table that rules compare with.

        Args:
            rules: the rules.
            table: the table under audit.
            relation: its relation, which is also that of a rule that compares the table with itself.

        Returns:
            The relation by the name that a rule gives to the table, without the tables that are not found.
        """
        names = {name for rule in rules for name in rule.check.tables}
        audited = dict.fromkeys((table.name, table.qualified_name), relation)
        relations = {name: audited.get(name) or self._find_relation(name) for name in names}
        return {name: resolved for name, resolved in relations.items() if resolved}

    def split_rules(
        self, rules: Iterable[Rule], tables: Mapping[str, str], relation: str
    ) -> tuple[list[Rule], list[OutOfScope]]:
        """Separate the rules that can be evaluated from those out of scope; one that only in part needs a day is in both.

        Args:
            rules: the rules.
            tables: the relation of each other table, from `resolve_tables`.
            relation: the relation under audit.
        """
        in_scope, out_of_scope = [], []
        for rule in rules:
            reason = self._out_of_scope_reason(rule.check, tables, relation)
            partial = rule.check.without_day() if self.day is None else None
            if partial:
                check, missing = partial
                in_scope.append(replace(rule, check=check))
                out_of_scope.append(OutOfScope(rule=rule, reason=f"in part: {missing}, since no day was given"))
            elif reason:
                out_of_scope.append(OutOfScope(rule=rule, reason=reason))
            else:
                in_scope.append(rule)
        return in_scope, out_of_scope

    def _out_of_scope_reason(self, check: Check, tables: Mapping[str, str], relation: str) -> str:
        if self.day is None and check.needs_day:
            return "it is about a day, and no day was given"
        if check.is_learned and not self.history:
            return "it learns from the table's history, which is not part of this audit"
        if isinstance(self.previous_day, NoPreviousDay) and check.reads_previous_day:
            return self.previous_day.value
        relations = {name.casefold() for name in (*self.other_relations, relation)}
        missing = [name for name in check.tables if name not in tables]
        missing += [name for name in check.queried_tables if name.casefold() not in relations]
        verb = wording.agree(tuple(missing), "is", "are")
        return f"it looks at {join_words(missing)}, which {verb} not part of this audit" if missing else ""

    def _find_relation(self, name: str) -> str | None:
        """The relation of that name; a name without a schema means the only table that ends in it."""
        for other in self.other_relations:
            if other.casefold() == name.casefold():
                return other
        short = name.casefold().rpartition(".")[2]
        candidates = [other for other in self.other_relations if other.casefold().rpartition(".")[2] == short]
        is_bare = "." not in name or all("." not in other for other in candidates)
        return candidates[0] if len(candidates) == 1 and is_bare else None
