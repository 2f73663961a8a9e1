"""Receipts of published days, for people and programs: as they are kept, and as verification found them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from martgate.gate.receipt import Approval, Receipt, Verified
from martgate.gate.waiver import describe
from martgate.reports.machine import restatement_told
from martgate.reports.restated import restated
from martgate.reports.waived import applied_told
from martgate.text.wording import counted, plain

__all__ = ["history_json", "history_text", "verify_json", "verify_text"]

_INDENT = " " * 12


def history_text(table: str, receipts: Sequence[Receipt], approvals: Mapping[str, Approval]) -> str:
    """Every day with its receipts in their order, the newest day first."""
    if not receipts:
        return f"{plain(table)}: nothing was published"
    days = _by_day(receipts)
    lines = [f"{plain(table)}: {counted(len(days), 'published days')}, {counted(len(receipts), 'receipts')}"]
    for day, own in days.items():
        for place, receipt in enumerate(own):
            lines += _receipt(receipt, approvals.get(receipt.candidate), "" if place else day)
    return "\n".join(lines)


def _receipt(receipt: Receipt, approval: Approval | None, day: str) -> Iterator[str]:
    published = f"{receipt.published_at:%Y-%m-%d %H:%M:%S %Z}"
    yield f"{plain(day):<10}  version {receipt.version}, published {published}, candidate {plain(receipt.candidate)}"
    if not receipt.is_sound:
        yield f"{_INDENT}this receipt was altered after it was recorded"
    if approval:
        judged = f"{counted(approval.rows, 'rows')}, {counted(approval.rules, 'rules')}"
        yield f"{_INDENT}{judged}, contract {plain(approval.contract)} {plain(approval.contract_version)}"
    if receipt.restatement:
        yield f"{_INDENT}{restated(receipt.restatement, 'replaced')}"
    for one in receipt.waived:
        yield f"{_INDENT}{one.failed:,} failed: {plain(describe(one))}"


def _by_day(receipts: Sequence[Receipt]) -> dict[str, list[Receipt]]:
    ordered = sorted(receipts, key=lambda receipt: receipt.part_date, reverse=True)  # stable: a day stays in order
    return {day: list(own) for day, own in groupby(ordered, key=lambda receipt: receipt.part_date)}


def history_json(table: str, receipts: Sequence[Receipt], approvals: Mapping[str, Approval]) -> str:
    """The same for programs, one object a day."""
    days = [
        {"date": day, "receipts": [_receipt_told(receipt, approvals.get(receipt.candidate)) for receipt in own]}
        for day, own in _by_day(receipts).items()
    ]
    return json.dumps({"table": table, "days": days})


def _receipt_told(receipt: Receipt, approval: Approval | None) -> dict[str, object]:
    return {
        "version": receipt.version,
        "candidate": receipt.candidate,
        "published_at": receipt.published_at.isoformat(),
        "contract": approval.contract if approval else None,
        "contract_version": approval.contract_version if approval else None,
        "rows": approval.rows if approval else None,
        "rules": approval.rules if approval else None,
        "restatement": restatement_told(receipt.restatement),
        "waived": list(map(applied_told, receipt.waived)),
        "altered": not receipt.is_sound,
    }


def verify_text(table: str, found: Sequence[Verified]) -> str:
    """Every day with what is wrong with it, the newest first, and how many are as the gate let them through."""
    if not found:
        return f"{plain(table)}: nothing is published, so there is nothing to verify"
    lines = []
    for day in found:
        version = "" if day.version is None else f"version {day.version}, "
        candidate = f"{version}candidate {plain(day.candidate)}" if day.candidate else "no candidate is known"
        lines.append(
            f"{'broken' if day.problems else 'verified':<8}  {plain(day.part_date) or plain(table)}  {candidate}"
        )
        lines += [f"{_INDENT}{plain(problem)}" for problem in day.problems]
    sound = sum(not day.problems for day in found)
    return "\n".join([*lines, f"{plain(table)}: {sound:,} of {counted(len(found), 'published days')} verified"])


def verify_json(table: str, found: Sequence[Verified]) -> str:
    """The same for programs."""
    days = [
        {
            "date": day.part_date,
            "version": day.version,
            "candidate": day.candidate,
            "verified": not day.problems,
            "problems": list(day.problems),
        }
        for day in found
    ]
    return json.dumps({"table": table, "days": days, "broken": sum(bool(day.problems) for day in found)})
