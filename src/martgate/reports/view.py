"""Turns the record of a run into strings and numbers that every renderer uses.

The terminal and the pages take their texts from the view, so that two reports never describe one run differently.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from martgate.contracts.model import Contract, Severity
from martgate.contracts.partition import text_of
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, Verdict
from martgate.gate.run import Decision, RunRecord
from martgate.gate.waiver import AppliedWaiver, describe_waiver, waived_rules
from martgate.reports.restatement import describe_changed_columns, describe_restatement
from martgate.text.wording import format_count, format_percent, shorten_names

__all__ = ["OUTCOME_LABELS", "RuleView", "RunView", "Urgency", "build_rule_view", "build_run_view", "find_owner"]

OUTCOME_LABELS: Mapping[str, str] = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.ERROR: "could not run",
    Outcome.VACUOUS: "nothing to look at",
}


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


def build_run_view(record: RunRecord, contract: Contract | None = None) -> RunView:
    """Build the view of a run.

    Args:
        record: The record of the run.
        contract: The contract, for its purpose and its owner; both are empty without it.
    """
    audit = record.audit
    return RunView(
        table=record.table,
        date=text_of(record.date),
        candidate=record.candidate,
        decision=record.decision,
        verb=_verb(record),
        headline=_headline(record),
        reasons=record.reasons,
        published_version=record.published_version,
        dry_run=record.dry_run,
        report=record.report,
        contract=audit.contract,
        contract_version=audit.contract_version,
        description=contract.description.get("purpose", "") if contract else "",
        owner=find_owner(contract),
        compared_with=text_of(audit.compared_with),
        audited_at=f"{audit.audited_at:%Y-%m-%d %H:%M:%S %Z}".strip(),
        rows=audit.rows,
        queries=audit.queries,
        seconds=audit.seconds,
        passed=audit.count(Outcome.PASSED),
        failed=audit.count(Outcome.FAILED),
        errors=audit.count(Outcome.ERROR),
        vacuous=audit.count(Outcome.VACUOUS),
        waived=len(waived_rules(record.waivers)),
        answered_by=_answered_by(audit),
        rules=tuple(sorted((_judged_rule_view(verdict, record.waivers) for verdict in audit.verdicts), key=_sort_key)),
        out_of_scope=tuple(build_rule_view(item.rule, reason=item.reason) for item in audit.out_of_scope),
        restatement=_restatement(record),
        changed_columns=describe_changed_columns(record.restatement) if record.restatement else (),
        waivers=tuple((one.waiver.rule, describe_waiver(one)) for one in record.waivers),
    )


def _restatement(record: RunRecord) -> str:
    if record.restatement is None:
        return ""
    verb = "Would replace" if record.published_version is None else "Replaced"
    return describe_restatement(record.restatement, verb)


def _answered_by(audit: Audit) -> str:
    ways = Counter(verdict.how for verdict in audit.verdicts if verdict.how)
    return ", ".join(f"{format_count(number, 'rules')} by {how}" for how, number in ways.items())


def build_rule_view(rule: Rule, *, reason: str = "") -> RuleView:
    """Build the view of a rule without a verdict; `reason` says why there is none."""
    return RuleView(
        name=rule.name,
        section=rule.name.partition("|")[0],
        severity=rule.severity.value,
        sentence=rule.sentence,
        description=rule.description if rule.description != rule.sentence else "",
        columns=rule.columns,
        clauses=rule.clauses,
        suite=rule.suite,
        dimension=rule.dimension,
        reason=reason,
    )


def _judged_rule_view(verdict: Verdict, waivers: Sequence[AppliedWaiver]) -> RuleView:
    columns = dict.fromkeys(column for example in verdict.examples for column in example)
    return replace(
        build_rule_view(verdict.rule, reason=verdict.reason),
        outcome=verdict.outcome.value,
        outcome_label=OUTCOME_LABELS[verdict.outcome],
        result=_result(verdict),
        observed=verdict.observed,
        waiver="; ".join(describe_waiver(one) for one in waivers if one.waiver.rule == verdict.rule.name),
        is_waived=verdict.rule.name in waived_rules(waivers),
        urgency=_urgency(verdict, waivers),
        example_columns=tuple(columns),
        examples=verdict.examples,
        values=tuple((value, format_count(rows, "rows")) for value, rows in verdict.values),
    )


def _urgency(verdict: Verdict, waivers: Sequence[AppliedWaiver]) -> Urgency:
    if verdict.blocks:
        is_waived = verdict.outcome is Outcome.FAILED and verdict.rule.name in waived_rules(waivers)
        return Urgency.TO_READ if is_waived else Urgency.BLOCKING
    if verdict.outcome is Outcome.PASSED:
        return Urgency.PASSED
    return Urgency.VACUOUS if verdict.rule.allow_vacuous and verdict.outcome is Outcome.VACUOUS else Urgency.TO_READ


def _sort_key(rule: RuleView) -> tuple[int, bool, int]:
    """Sort the most urgent rules first; rules of the same urgency keep the contract's order."""
    outcomes = (Outcome.FAILED, Outcome.ERROR, Outcome.VACUOUS, Outcome.PASSED)
    return rule.urgency, rule.severity != Severity.ERROR, outcomes.index(Outcome(rule.outcome))


def _result(verdict: Verdict) -> str:
    match verdict.outcome:
        case Outcome.FAILED if verdict.total:
            counts = f"{verdict.failed:,} of {format_count(verdict.total, verdict.unit)}"
            return f"{counts} ({format_percent(verdict.failed, verdict.total)})"
        case Outcome.FAILED:
            return format_count(verdict.failed, verdict.unit)
        case Outcome.PASSED:
            return f"all of {format_count(verdict.total, verdict.unit)}" + (
                f", by {verdict.how}" if verdict.how else ""
            )
        case Outcome.VACUOUS:
            return f"no {verdict.unit} in scope"
        case Outcome.ERROR:
            return "no result"


def _verb(record: RunRecord) -> str:
    if record.decision == "refused":
        return "Refused"
    if record.dry_run:
        return "Would publish"
    return "Approved" if record.published_version is None else "Published"


def _headline(record: RunRecord) -> str:
    subject = f"{record.table} of {record.date}" if record.date else record.table
    if record.decision == "refused":
        dry = " (dry run)" if record.dry_run else ""
        return f"Refused{dry}: {subject}: {'; '.join(map(shorten_names, record.reasons)) or 'no reason was recorded'}"
    version = "" if record.published_version is None else f" as version {record.published_version}"
    dry = " (dry run, nothing was published)" if record.dry_run else ""
    return f"{_verb(record)}: {subject}{version}: {_rule_counts(record)}{dry}"


def _rule_counts(record: RunRecord) -> str:
    urgencies = [_urgency(verdict, record.waivers) for verdict in record.audit.verdicts]
    exempt = len(waived_rules(record.waivers))
    rules = format_count(len(urgencies), "rules")
    parts = [
        f"all {rules} passed"
        if set(urgencies) == {Urgency.PASSED}
        else f"{urgencies.count(Urgency.PASSED):,} of {rules} passed"
    ]
    if exempt:
        parts.append(f"{exempt:,} failed and waived")
    to_read = urgencies.count(Urgency.TO_READ) - exempt
    if to_read > 0:
        parts.append(f"{to_read:,} to read")
    if Urgency.VACUOUS in urgencies:
        parts.append(f"{urgencies.count(Urgency.VACUOUS):,} had nothing to look at, as the contract allows")
    return ", ".join(parts)


def find_owner(contract: Contract | None) -> str:
    """Return the name or user name of the contract's owner, else of the first team member; empty without a team."""
    members = sorted(
        contract.team if contract else (), key=lambda member: "owner" not in str(member.get("role", "")).lower()
    )
    return next((str(member.get("name") or member.get("username") or "") for member in members), "")
