"""Builds the view of a run from its record."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from martgate.contracts.model import Contract
from martgate.contracts.partition import format_day
from martgate.contracts.quality import Severity
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, Verdict
from martgate.gate.run import RunRecord
from martgate.gate.waiver import AppliedWaiver, describe_waiver, waived_rules
from martgate.reports.restatement import describe_changed_columns, describe_restatement
from martgate.reports.view import RuleView, RunView, Urgency
from martgate.text.wording import format_count, format_percent, shorten_names

__all__ = ["OUTCOME_LABELS", "build_rule_view", "build_run_view", "find_owner"]

OUTCOME_LABELS: Mapping[str, str] = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.ERROR: "could not run",
    Outcome.VACUOUS: "nothing to look at",
}


def build_run_view(record: RunRecord, contract: Contract | None = None) -> RunView:
    """Build the view of a run.

    Args:
        record: The record of the run.
        contract: The contract, for its purpose and its owner; both are empty without it.
    """
    audit = record.audit
    return RunView(
        table=record.table,
        date=format_day(record.date),
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
        compared_with=format_day(audit.compared_with),
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
        rules=tuple(sorted((_verdict_view(verdict, record.waivers) for verdict in audit.verdicts), key=_sort_key)),
        out_of_scope=tuple(build_rule_view(item.rule, reason=item.reason) for item in audit.out_of_scope),
        restatement=_restatement(record),
        changed_columns=describe_changed_columns(record.restatement) if record.restatement else (),
        waivers=tuple((applied.waiver.rule, describe_waiver(applied)) for applied in record.waivers),
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


def _verdict_view(verdict: Verdict, waivers: Sequence[AppliedWaiver]) -> RuleView:
    columns = dict.fromkeys(column for example in verdict.examples for column in example)
    return replace(
        build_rule_view(verdict.rule, reason=verdict.reason),
        outcome=verdict.outcome.value,
        outcome_label=OUTCOME_LABELS[verdict.outcome],
        result=_result(verdict),
        observed=verdict.observed,
        waiver="; ".join(describe_waiver(applied) for applied in waivers if applied.waiver.rule == verdict.rule.name),
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
    out_of_scope = record.audit.out_of_scope
    rules = format_count(len(urgencies), "rules") + (" in scope" if out_of_scope else "")
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
    if out_of_scope:
        parts.append(f"{format_count(len(out_of_scope), 'rules')} out of scope")
    return ", ".join(parts)


def find_owner(contract: Contract | None) -> str:
    """Return the name or user name of the contract's owner, else of the first team member; empty without a team."""
    members = sorted(
        contract.team if contract else (), key=lambda member: "owner" not in str(member.get("role", "")).lower()
    )
    return next((str(member.get("name") or member.get("username") or "") for member in members), "")
