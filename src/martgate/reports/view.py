"""What the renderers share: one run in plain strings and numbers.

A record (`martgate.gate.run`) is what happened; a view is how it is said. Every renderer (terminal, pages) takes its words from the view, so
that two outputs never tell one run differently.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from martgate.contracts.model import Contract, Severity
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, Verdict
from martgate.gate.run import Decision, RunRecord
from martgate.gate.waiver import Applied, describe, waived
from martgate.reports.restatement import describe_changed_columns, describe_restatement
from martgate.text.wording import format_count, format_percent, shorten_names

__all__ = ["OUTCOME_LABELS", "RuleView", "RunView", "build_rule_view", "build_run_view", "find_owner"]

OUTCOME_LABELS: Mapping[str, str] = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.ERROR: "could not run",
    Outcome.VACUOUS: "nothing to look at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """One rule and what it found. `home` is the column (or `table`) in its name, `wording` the contract's own words.

    `outcome` and `found` are empty on a rule that was not judged. `standing` orders rules for a reader: 0 stands in
    the way of the publish, 1 is told, 2 had nothing to look at and may, 3 passed. `suite` is where in a suite the rule was
    written by hand, empty where it is the contract's. `waiver` says what became of a waiver of
    it, and `is_waived` that it let the failure through.
    """

    name: str
    home: str
    severity: str
    sentence: str
    wording: str = ""
    columns: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    suite: str = ""
    dimension: str = ""
    outcome: str = ""
    outcome_words: str = ""
    found: str = ""
    observed: str = ""
    reason: str = ""
    waiver: str = ""
    is_waived: bool = False
    standing: int = 3
    example_columns: tuple[str, ...] = ()
    examples: tuple[Mapping[str, str], ...] = ()
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run in words. `headline` alone answers whether readers have this day now, and if not, why.

    `verb` is one of Published, Approved, Would publish, Refused. `rules` holds every judged rule, those that stand in
    the way first, and `out_of_scope` those that were not judged, each with its reason. `answered_by` says how many were
    answered without a look at every row, and by what. `restated` says what becomes of the day that was published before,
    empty where there was none, and `describe_changed_columns` in how many rows each column differs from it. `compared_with` is
    the earlier day that rules looked back to, empty where none did. `waived` counts the rules that failed and were let
    through all the same, which are among the `failed`; `waivers` says by rule what became of every one.
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
    restated: str = ""
    describe_changed_columns: tuple[tuple[str, str], ...] = ()
    waivers: tuple[tuple[str, str], ...] = ()

    @property
    def subject(self) -> str:
        """The table, and its day where there is one."""
        return f"{self.table} of {self.date}" if self.date else self.table

    @property
    def blocking(self) -> tuple[RuleView, ...]:
        """The rules that stand in the way of the publish."""
        return tuple(rule for rule in self.rules if rule.standing == 0)

    @property
    def told(self) -> tuple[RuleView, ...]:
        """The rules that did not pass and block nothing, for a person to read."""
        return tuple(rule for rule in self.rules if rule.standing == 1)

    @property
    def idle(self) -> tuple[RuleView, ...]:
        """The rules that had nothing to look at, as the contract allows."""
        return tuple(rule for rule in self.rules if rule.standing == 2)

    @property
    def tally(self) -> str:
        """How many rules came out how, in one line."""
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
    """A run in words; the contract adds what it says of itself: its purpose and who owns it."""
    audit = record.audit
    return RunView(
        table=record.table,
        date=record.date,
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
        compared_with=audit.compared_with,
        audited_at=f"{audit.audited_at:%Y-%m-%d %H:%M:%S %Z}".strip(),
        rows=audit.rows,
        queries=audit.queries,
        seconds=audit.seconds,
        passed=audit.count(Outcome.PASSED),
        failed=audit.count(Outcome.FAILED),
        errors=audit.count(Outcome.ERROR),
        vacuous=audit.count(Outcome.VACUOUS),
        waived=len(waived(record.waivers)),
        answered_by=_answered_by(audit),
        rules=tuple(sorted((_judged(verdict, record.waivers) for verdict in audit.verdicts), key=_urgency)),
        out_of_scope=tuple(build_rule_view(item.rule, reason=item.reason) for item in audit.out_of_scope),
        restated=_restated(record),
        describe_changed_columns=describe_changed_columns(record.restatement) if record.restatement else (),
        waivers=tuple((one.waiver.rule, describe(one)) for one in record.waivers),
    )


def _restated(record: RunRecord) -> str:
    if record.restatement is None:
        return ""
    verb = "Would replace" if record.published_version is None else "Replaced"
    return describe_restatement(record.restatement, verb)


def _answered_by(audit: Audit) -> str:
    ways = Counter(verdict.how for verdict in audit.verdicts if verdict.how)
    return ", ".join(f"{format_count(number, 'rules')} by {how}" for how, number in ways.items())


def build_rule_view(rule: Rule, *, reason: str = "") -> RuleView:
    """A rule that was not judged, and why."""
    return RuleView(
        name=rule.name,
        home=rule.name.partition("|")[0],
        severity=rule.severity.value,
        sentence=rule.sentence,
        wording=rule.description if rule.description != rule.sentence else "",
        columns=rule.columns,
        clauses=rule.clauses,
        suite=rule.suite,
        dimension=rule.dimension,
        reason=reason,
    )


def _judged(verdict: Verdict, waivers: Sequence[Applied]) -> RuleView:
    columns = dict.fromkeys(column for example in verdict.examples for column in example)
    return replace(
        build_rule_view(verdict.rule, reason=verdict.reason),
        outcome=verdict.outcome.value,
        outcome_words=OUTCOME_LABELS[verdict.outcome],
        found=_found(verdict),
        observed=verdict.observed,
        waiver="; ".join(describe(one) for one in waivers if one.waiver.rule == verdict.rule.name),
        is_waived=verdict.rule.name in waived(waivers),
        standing=_standing(verdict, waivers),
        example_columns=tuple(columns),
        examples=verdict.examples,
        values=tuple((value, format_count(rows, "rows")) for value, rows in verdict.values),
    )


def _standing(verdict: Verdict, waivers: Sequence[Applied]) -> int:
    if verdict.blocks:
        return 1 if verdict.outcome is Outcome.FAILED and verdict.rule.name in waived(waivers) else 0
    if verdict.outcome is Outcome.PASSED:
        return 3
    return 2 if verdict.rule.allow_vacuous and verdict.outcome is Outcome.VACUOUS else 1


def _urgency(rule: RuleView) -> tuple[int, bool, int]:
    """Sorts a rule before the less urgent ones; rules of one urgency stay in the contract's order."""
    outcomes = (Outcome.FAILED, Outcome.ERROR, Outcome.VACUOUS, Outcome.PASSED)
    return rule.standing, rule.severity != Severity.ERROR, outcomes.index(Outcome(rule.outcome))


def _found(verdict: Verdict) -> str:
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
            return "no answer"


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
    return f"{_verb(record)}: {subject}{version}: {_kept(record)}{dry}"


def _kept(record: RunRecord) -> str:
    standings = [_standing(verdict, record.waivers) for verdict in record.audit.verdicts]
    exempt = len(waived(record.waivers))
    rules = format_count(len(standings), "rules")
    parts = [f"all {rules} passed" if set(standings) == {3} else f"{standings.count(3):,} of {rules} passed"]
    if exempt:
        parts.append(f"{exempt:,} failed and waived")
    if standings.count(1) > exempt:
        parts.append(f"{standings.count(1) - exempt:,} to read")
    if 2 in standings:
        parts.append(f"{standings.count(2):,} had nothing to look at, as the contract allows")
    return ", ".join(parts)


def find_owner(contract: Contract | None) -> str:
    """Whoever the team names as owner, else its first member, by name or else by user name; empty without a team."""
    members = sorted(
        contract.team if contract else (), key=lambda member: "owner" not in str(member.get("role", "")).lower()
    )
    return next((str(member.get("name") or member.get("username") or "") for member in members), "")
