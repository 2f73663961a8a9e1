"""What was found: one verdict a rule, gathered in an audit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from martgate.contracts.model import Severity
from martgate.contracts.partition import OptionalDate, Partition
from martgate.expectations.kinds.result import Outcome
from martgate.expectations.measurement import Measurement
from martgate.expectations.rules import Rule

__all__ = ["Audit", "OutOfScope", "Outcome", "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one rule found.

    `total` counts what was in scope and `failed` what broke the rule, both in `unit` (rows, groups, keys, columns, values).
    `observed` is the measured value where the rule holds one against a threshold, or found against expected where a
    shape differs. `reason` says why a rule could not run. `how` names what answered where the rows were not looked at.
    `examples` are a few offenders, column to text, and `values` the values that most of them have, with their rows: both
    only where a rule failed, and never a protected value.
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
        """Whether this verdict alone forbids the publish."""
        if self.rule.severity is not Severity.ERROR or self.outcome is Outcome.PASSED:
            return False
        return not (self.outcome is Outcome.VACUOUS and self.rule.allow_vacuous)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfScope:
    """A rule that this audit was not asked to judge, and why (another table, no day given, no earlier day)."""

    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """All verdicts on one table at one time: as many as there were rules, in their order.

    `relation` is what was audited, `part_date` the day (None where none), `rows` what it held, `rules` how many rules
    were to be judged, `queries` how many statements it took, `seconds` of wall time. `compared_with` is the earlier day
    of the table that rules looked back to (None where none did). `measurements` are the numbers that rules which learn
    hold against those of other days.
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
        """The day of the table that the audit is about; None where it is about no day."""
        return None if self.part_date is None else Partition(self.table, self.part_date)

    def count(self, outcome: Outcome) -> int:
        return sum(verdict.outcome is outcome for verdict in self.verdicts)

    @property
    def blocking(self) -> tuple[Verdict, ...]:
        """The verdicts that forbid the publish."""
        return tuple(verdict for verdict in self.verdicts if verdict.blocks)
