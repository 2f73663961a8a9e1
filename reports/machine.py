"""What other programs read: one JSON object a command. The keys are a contract; keys are added, never renamed."""

from collections import Counter
from collections.abc import Iterable
from typing import Protocol, TypedDict

from contracts.errors import Problem
from expectations.verdict import Outcome, Verdict
from reports.view import RunRecord

__all__ = ["CoverageItem", "coverage_json", "lint_json", "run_json"]


class CoverageItem(Protocol):
    """One leaf of a contract, its status (enforced, monitored, documentation, unsupported), and the rule it became."""

    @property
    def path(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def rule(self) -> str | None: ...


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
    columns: list[str]
    examples: list[dict[str, str]]


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


def run_json(record: RunRecord) -> dict[str, object]:
    """A run, as `gate --json` and `run --json` print it: decision, counts, then a verdict for every rule."""
    audit = record.audit
    counts: _Counts = {
        "rows": audit.rows,
        "rules": audit.rules,
        "passed": audit.count(Outcome.PASSED),
        "failed": audit.count(Outcome.FAILED),
        "errors": audit.count(Outcome.ERROR),
        "vacuous": audit.count(Outcome.VACUOUS),
        "waived": 0,
        "queries": audit.queries,
        "seconds": round(audit.seconds, 3),
    }
    return {
        "table": record.table,
        "date": record.date,
        "candidate": record.candidate,
        "decision": record.decision,
        "reasons": list(record.reasons),
        "published_version": record.published_version,
        "dry_run": record.dry_run,
        **counts,
        "report": record.report,
        "verdicts": [_verdict(verdict) for verdict in audit.verdicts],
        "out_of_scope": [{"rule": item.rule.name, "reason": item.reason} for item in audit.out_of_scope],
    }


def _verdict(verdict: Verdict) -> _Verdict:
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
        "columns": list(verdict.rule.columns),
        "examples": [dict(example) for example in verdict.examples],
    }


def coverage_json(items: Iterable[CoverageItem]) -> dict[str, object]:
    """Every leaf of a contract with its one status; `unclassified` counts the leaves nobody answers for."""
    listed = [{"path": item.path, "status": str(item.status), "rule": item.rule or ""} for item in items]
    statuses = Counter(item["status"] for item in listed)
    by_status = {status: statuses[status] for status in ("enforced", "monitored", "documentation", "unsupported")}
    return {
        "leaves": len(listed),
        "unclassified": len(listed) - sum(by_status.values()) + by_status["unsupported"],
        "by_status": by_status,
        "items": listed,
    }


def lint_json(problems: Iterable[Problem]) -> dict[str, object]:
    """Every problem of every file, as `lint --json` prints it; lines and columns count from 1, 0 is the whole file."""
    return {
        "errors": [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "path": problem.path,
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in problems
        ]
    }
