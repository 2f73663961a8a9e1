"""Holds a run as the strings and numbers that every renderer uses.

The terminal and the pages take their texts from the view, so that two reports never describe one run differently.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from martgate.gate.run import Decision
from martgate.text.wording import format_count

__all__ = ["RuleView", "RunView", "Urgency"]


class Urgency(IntEnum):
    """How much attention a rule of a run needs.

    BLOCKING prevents publishing; TO_READ did not pass and blocks nothing; VACUOUS checked no rows, as the contract
    allows; PASSED needs none.
    """

    BLOCKING = 0
    TO_READ = 1
    VACUOUS = 2
    PASSED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """One rule and its verdict as text.

    Attributes:
        name: The name of the rule.
        section: The column in its name, or `table`.
        severity: `error` or `warning`.
        sentence: What is checked, in generated words.
        description: What is checked in the contract's words, empty where it has none of its own.
        columns: The columns that the rule reads.
        clauses: The addresses of its clauses in the contract.
        suite: Its place in a suite written by hand, empty for a rule of the contract.
        dimension: The quality dimension.
        outcome: The outcome, empty without a verdict.
        outcome_label: The outcome as readers see it.
        result: The counts of the verdict, empty without one.
        observed: The number or set that the rule observed.
        reason: Why there is no verdict, or why the rule could not run.
        waiver: The effect of its waivers, empty without one.
        is_waived: Whether a waiver covers its failure.
        urgency: How much attention the rule needs.
        example_columns: The columns of the examples.
        examples: Failing rows, with protected values masked.
        values: The most frequent failing values, each with its number of rows.
    """

    name: str
    section: str
    severity: str
    sentence: str
    description: str = ""
    columns: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    suite: str = ""
    dimension: str = ""
    outcome: str = ""
    outcome_label: str = ""
    result: str = ""
    observed: str = ""
    reason: str = ""
    waiver: str = ""
    is_waived: bool = False
    urgency: Urgency = Urgency.PASSED
    example_columns: tuple[str, ...] = ()
    examples: tuple[Mapping[str, str], ...] = ()
    values: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """What is checked: the contract's words, or the generated sentence where it has none."""
        return self.description or self.sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run as text.

    Attributes:
        table: The qualified name of the table.
        date: The day, empty where there is none.
        candidate: The id of the candidate.
        decision: `approved` or `refused`.
        verb: Published, Approved, Would publish, or Refused.
        headline: One line that says whether the day is published, and if not, why.
        reasons: Why a refused run was refused.
        published_version: The version of the table, None where nothing was published.
        dry_run: Whether the run was a dry run.
        report: The path or address of its page.
        contract: The id of the contract.
        contract_version: The version of the contract.
        description: The purpose of the contract.
        owner: The owner that the contract names.
        audited_at: When the audit started.
        compared_with: The earlier day that rules looked back to, empty where none did.
        rows: The number of rows.
        queries: The number of queries of the audit.
        seconds: The duration of the audit.
        passed: The number of rules that passed.
        failed: The number of rules that failed, waived ones included.
        errors: The number of rules that could not run.
        vacuous: The number of rules that checked no rows.
        waived: The number of failed rules whose failure a waiver covers.
        answered_by: How many rules were answered without reading every row, and by what.
        rules: Every rule with a verdict, the most urgent first.
        out_of_scope: The rules without a verdict, each with its reason.
        restatement: What changes in the day that was published before, empty where there was none.
        changed_columns: By column, in how many rows it differs from that day.
        waivers: By rule, the effect of every waiver.
    """

    table: str
    date: str
    candidate: str
    decision: Decision
    verb: str
    headline: str
    reasons: tuple[str, ...]
    published_version: int | None
    dry_run: bool
    report: str
    contract: str
    contract_version: str
    description: str
    owner: str
    audited_at: str
    compared_with: str
    rows: int
    queries: int
    seconds: float
    passed: int
    failed: int
    errors: int
    vacuous: int
    waived: int
    answered_by: str
    rules: tuple[RuleView, ...]
    out_of_scope: tuple[RuleView, ...]
    restatement: str = ""
    changed_columns: tuple[tuple[str, str], ...] = ()
    waivers: tuple[tuple[str, str], ...] = ()

    @property
    def subject(self) -> str:
        """The table and its day, where there is one."""
        return f"{self.table} of {self.date}" if self.date else self.table

    @property
    def blocking(self) -> tuple[RuleView, ...]:
        """The rules that prevent publishing."""
        return tuple(rule for rule in self.rules if rule.urgency is Urgency.BLOCKING)

    @property
    def to_read(self) -> tuple[RuleView, ...]:
        """The rules that did not pass and block nothing."""
        return tuple(rule for rule in self.rules if rule.urgency is Urgency.TO_READ)

    @property
    def allowed_vacuous(self) -> tuple[RuleView, ...]:
        """The rules that checked no rows, as the contract allows."""
        return tuple(rule for rule in self.rules if rule.urgency is Urgency.VACUOUS)

    @property
    def tally(self) -> str:
        """The number of rules by outcome, in one line."""
        parts = [
            f"{self.passed:,} passed",
            f"{self.failed:,} failed",
            f"{self.errors:,} could not run",
            f"{self.vacuous:,} had nothing to look at",
        ]
        if self.waived:
            parts[1] += f" ({self.waived:,} waived)"
        return f"{format_count(len(self.rules), 'rules')}: {', '.join(parts)}"
