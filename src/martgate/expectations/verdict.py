"""The results of an audit: a verdict for each rule in scope, and the rules out of scope."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from martgate.contracts.partition import OptionalDate, Partition
from martgate.contracts.quality import Severity
from martgate.expectations.kinds.result import Outcome
from martgate.expectations.measurement import Measurement
from martgate.expectations.rules import Rule

__all__ = ["Audit", "OutOfScope", "Outcome", "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of one rule.

    Attributes:
        rule: the rule.
        outcome: whether it passed, failed, could not run, or had nothing in scope.
        failed: how many offenders there are, in `unit`.
        total: how many rows, groups or values were in scope, in `unit`.
        unit: what both count: rows, groups, keys, columns or values.
        observed: the measured value that was compared with a threshold, or the differences of a table's shape.
        reason: why the rule could not run; empty otherwise.
        how: what decided the rule where its rows were not read, such as file statistics; empty otherwise.
        examples: a few offenders, each from column to text; only where the rule failed, and never a protected value.
        values: the most frequent values of the offenders with their rows; only where the rule failed, never protected.
    """

    rule: Rule
    outcome: Outcome
    failed: int = 0
    total: int = 0
    unit: str = "rows"
    observed: str = ""
    reason: str = ""
    how: str = ""
    examples: tuple[Mapping[str, str], ...] = ()
    values: tuple[tuple[str, int], ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether this verdict by itself refuses the publish."""
        if self.rule.severity is not Severity.ERROR or self.outcome is Outcome.PASSED:
            return False
        return not (self.outcome is Outcome.VACUOUS and self.rule.allow_vacuous)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfScope:
    """A rule that an audit did not evaluate.

    Attributes:
        rule: the rule.
        reason: why, such as another table that it compares with, or a missing day.
    """

    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The verdicts on one table at one time.

    Attributes:
        table: the qualified name of the table.
        contract: the id of its contract.
        contract_version: the version of its contract.
        part_date: the day under audit; None where the audit is about no day.
        audited_at: the instant of the audit.
        rows: how many rows the table had.
        rules: how many rules were in scope, without those that have too little history yet.
        queries: how many statements were run.
        seconds: the wall time.
        verdicts: one for each rule in scope, in the order of the rules.
        out_of_scope: the rules without a verdict, each with its reason.
        compared_with: the previous day that rules compared with; None where none did.
        measurements: the counts of this day that learned rules compare with those of other days.
    """

    table: str
    contract: str
    contract_version: str
    part_date: OptionalDate
    audited_at: datetime
    rows: int
    rules: int
    queries: int
    seconds: float
    verdicts: tuple[Verdict, ...]
    out_of_scope: tuple[OutOfScope, ...] = field(default=())
    compared_with: OptionalDate = None
    measurements: tuple[Measurement, ...] = ()

    @property
    def partition(self) -> Partition | None:
        """The table and day under audit; None where the audit is about no day."""
        return None if self.part_date is None else Partition(self.table, self.part_date)

    def count(self, outcome: Outcome) -> int:
        """Count the verdicts with an outcome."""
        return sum(verdict.outcome is outcome for verdict in self.verdicts)

    @property
    def blocking(self) -> tuple[Verdict, ...]:
        """The verdicts that refuse the publish."""
        return tuple(verdict for verdict in self.verdicts if verdict.blocks)
