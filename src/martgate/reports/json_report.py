"""Renders one JSON object for each command. The keys are stable: keys are added, never renamed."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

from martgate.contracts.partition import format_day
from martgate.errors import Problem
from martgate.expectations.coverage import CoverageItem, CoverageStatus
from martgate.expectations.restatement import Restatement
from martgate.expectations.verdict import Outcome, Verdict
from martgate.gate.basis import InputPin, VerdictBasis
from martgate.gate.run import RunRecord
from martgate.gate.waiver import AppliedWaiver, Effect, waived_rules
from martgate.reports.waivers import applied_waiver_payload, waiver_payload

if TYPE_CHECKING:  # it brings numpy along
    from martgate.expectations.backtest import Replay

__all__ = [
    "basis_payload",
    "input_payload",
    "render_backtest_json",
    "render_coverage_json",
    "render_lint_json",
    "render_run_json",
    "restatement_payload",
]


class _Verdict(TypedDict):
    rule: str
    kind: str
    severity: str
    outcome: str
    failed: int
    total: int
    unit: str
    observed: str
    reason: str
    how: str
    columns: list[str]
    clauses: list[str]
    waiver: dict[str, object] | None
    examples: list[dict[str, str]]
    values: list[dict[str, str | int]]


class _Restatement(TypedDict):
    version: int
    rows: int | None
    added: int | None
    removed: int | None
    changed: int | None
    key: list[str]
    columns: dict[str, int]
    apart: list[str]
    trouble: str


class _Counts(TypedDict):
    rows: int
    rules: int
    passed: int
    failed: int
    errors: int
    vacuous: int
    waived: int
    queries: int
    seconds: float


def render_run_json(record: RunRecord) -> str:
    """Render a run as `gate --json` and `run --json` print it: decision, counts, then a verdict for every rule.

    `restatement` is null, or the change of the day in the table's `version`: its `rows`, those `added`, `removed` and
    `changed`, the changed rows by `columns`, the `key` that matches rows, and the columns left `apart`. The counts are
    null where `trouble` says why the rows could not be compared. `waived` counts the failed rules whose failure a waiver
    covers; each has its `waiver`. `waivers` lists every waiver that took part, each with its `effect`. `basis` has the
    digests of the contract and of the rules, and `inputs` the state of each table that the rows were made from.
    """
    audit = record.audit
    counts: _Counts = {
        "rows": audit.rows,
        "rules": audit.rules,
        "passed": audit.count(Outcome.PASSED),
        "failed": audit.count(Outcome.FAILED),
        "errors": audit.count(Outcome.ERROR),
        "vacuous": audit.count(Outcome.VACUOUS),
        "waived": len(waived_rules(record.waivers)),
        "queries": audit.queries,
        "seconds": round(audit.seconds, 3),
    }
    payload = {
        "table": record.table,
        "date": format_day(record.date),
        "candidate": record.candidate,
        "decision": record.decision,
        "reasons": list(record.reasons),
        "published_version": record.published_version,
        "dry_run": record.dry_run,
        "restatement": restatement_payload(record.restatement),
        "compared_with": format_day(audit.compared_with),
        **counts,
        "report": record.report,
        "verdicts": [_verdict(verdict, record.waivers) for verdict in audit.verdicts],
        "waivers": list(map(applied_waiver_payload, record.waivers)),
        "basis": basis_payload(record.basis),
        "inputs": list(map(input_payload, record.inputs)),
        "out_of_scope": [{"rule": item.rule.name, "reason": item.reason} for item in audit.out_of_scope],
    }
    return _dumps(payload)


def basis_payload(basis: VerdictBasis | None) -> dict[str, str] | None:
    """Return the digests of the contract and the rules of a verdict as a JSON object; None if it does not say."""
    return None if basis is None else {"contract": basis.contract, "rules": basis.rules}


def input_payload(pin: InputPin) -> dict[str, object]:
    """Return the state of an input as a JSON object; `version` is null where the table has no versions."""
    return {
        "table": pin.table,
        "version": pin.version,
        "files": pin.files,
        "bytes": pin.bytes,
        "digest": pin.digest or None,
    }


def restatement_payload(restatement: Restatement | None) -> _Restatement | None:
    """Return a restatement as a JSON object; None where no published day was replaced."""
    if restatement is None:
        return None
    difference = restatement.difference
    return {
        "version": restatement.version,
        "rows": difference.rows if difference else None,
        "added": difference.added if difference else None,
        "removed": difference.removed if difference else None,
        "changed": difference.changed if difference else None,
        "key": list(difference.key) if difference else [],
        "columns": dict(difference.columns) if difference else {},
        "apart": list(restatement.apart),
        "trouble": restatement.trouble,
    }


def _verdict(verdict: Verdict, waivers: Iterable[AppliedWaiver]) -> _Verdict:
    used = (
        applied for applied in waivers if applied.effect is Effect.WAIVED and applied.waiver.rule == verdict.rule.name
    )
    return {
        "rule": verdict.rule.name,
        "kind": verdict.rule.check.kind,
        "severity": verdict.rule.severity.value,
        "outcome": verdict.outcome.value,
        "failed": verdict.failed,
        "total": verdict.total,
        "unit": verdict.unit,
        "observed": verdict.observed,
        "reason": verdict.reason,
        "how": verdict.how,
        "columns": list(verdict.rule.columns),
        "clauses": list(verdict.rule.clauses),
        "waiver": next((waiver_payload(applied.waiver) for applied in used), None),
        "examples": [dict(example) for example in verdict.examples],
        "values": [{"value": value, "rows": rows} for value, rows in verdict.values],
    }


def render_coverage_json(items: Sequence[CoverageItem]) -> str:
    """Render every leaf of a contract with its status; `unclassified` counts the unsupported leaves.

    `suites` lists the expectations of suites written by hand, each with its rule; they are not leaves of the contract.
    """
    leaves = [{"path": item.path, "status": item.status.value, "rule": item.rule} for item in items if not item.suite]
    expectations = [{"path": item.path, "rule": item.rule} for item in items if item.suite]
    statuses = Counter(item["status"] for item in leaves)
    payload = {
        "leaves": len(leaves),
        "unclassified": statuses[CoverageStatus.UNSUPPORTED.value],
        "by_status": {status.value: statuses[status.value] for status in CoverageStatus},
        "items": leaves,
        "suites": expectations,
    }
    return _dumps(payload)


def render_backtest_json(table: str, replays: "Iterable[Replay]") -> str:
    """Render the replays of the learned rules of a table, as `backtest --json` prints them."""
    return _dumps({"table": table, "rules": list(map(_replay, replays))})


def _replay(replay: "Replay") -> dict[str, object]:
    return {
        "rule": replay.rule.name,
        "kind": replay.rule.check.kind,
        "days": [day.isoformat() for day in replay.days],
        "learning": replay.learning,
        "judged": len(replay.days) - replay.learning,
        "numbers": replay.numbers,
        "alarms": [{"date": alarm.day.isoformat(), "told": dict(alarm.example)} for alarm in replay.alarms],
        "expected_alarms": round(replay.expected, 6),
        "power": [{"change": each.change, "caught": each.caught, "planted": each.planted} for each in replay.power],
    }


def render_lint_json(problems: Iterable[Problem], *, warnings: Iterable[Problem] = ()) -> str:
    """Render the problems of all files, as `lint --json` prints them; lines and columns count from 1, 0 is the whole file."""
    return _dumps({"errors": list(map(_problem, problems)), "warnings": list(map(_problem, warnings))})


def _problem(problem: Problem) -> dict[str, str | int]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "message": problem.message,
        "hint": problem.hint,
    }


def _dumps(payload: Mapping[str, object]) -> str:
    """One line of ASCII, which no encoding of a pipe and no control character in the data can break."""
    return json.dumps(payload, allow_nan=False)
