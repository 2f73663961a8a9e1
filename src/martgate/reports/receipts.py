"""Renders the receipts of published days and the results of their verification as text and JSON."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from martgate.contracts.partition import format_day
from martgate.gate.basis import InputPin
from martgate.gate.receipt import Approval, Receipt, TableHistory, VerificationResult
from martgate.gate.waiver import describe_waiver
from martgate.reports.json_report import basis_payload, input_payload, restatement_payload
from martgate.reports.restatement import describe_restatement
from martgate.reports.waivers import applied_waiver_payload
from martgate.text.lists import join_words
from martgate.text.wording import escape_text, format_count

__all__ = ["render_history_json", "render_history_text", "render_verify_json", "render_verify_text"]

_INDENT = " " * 12


def render_history_text(history: TableHistory) -> str:
    """Render every day with its receipts in order, the newest day first."""
    table, receipts = escape_text(history.table), history.receipts
    days = _by_day(receipts)
    counts = f"{format_count(len(days), 'published days')}, {format_count(len(receipts), 'receipts')}"
    lines = [f"{table}: {counts if receipts else 'nothing was published'}"]
    for day, its_receipts in days.items():
        for place, receipt in enumerate(its_receipts):
            lines += _receipt_lines(receipt, history.approvals.get(receipt.candidate), "" if place else day)
        if its_receipts[-1].candidate not in history.live:
            lines.append(f"{_INDENT}readers do not see it any more: `martgate verify {table}` says why")
    lines += [
        f"{escape_text(lost.day):<10}  version {lost.version}, candidate {escape_text(lost.candidate)}, has no receipt: "
        f"`martgate publish {table} --date {escape_text(lost.day)} --candidate {escape_text(lost.candidate)}` gives it one"
        for lost in history.lost
    ]
    lines += [
        f"{format_count(count, 'more receipts')} of the table in another warehouse, {escape_text(location)}"
        for location, count in sorted(history.others.items())
    ]
    return "\n".join(lines)


def _receipt_lines(receipt: Receipt, approval: Approval | None, day: str) -> Iterator[str]:
    published = f"{receipt.published_at:%Y-%m-%d %H:%M:%S %Z}"
    yield f"{escape_text(day):<10}  version {receipt.version}, published {published}, candidate {escape_text(receipt.candidate)}"
    if not receipt.is_sound:
        yield f"{_INDENT}this receipt was altered after it was recorded"
    if approval:
        size = f"{format_count(approval.rows, 'rows')}, {format_count(approval.rules, 'rules')}"
        yield f"{_INDENT}{size}, contract {escape_text(approval.contract)} {escape_text(approval.contract_version)}"
    if receipt.restatement:
        yield f"{_INDENT}{describe_restatement(receipt.restatement, 'replaced')}"
    if receipt.basis and receipt.basis.inputs:
        yield f"{_INDENT}made from {join_words([escape_text(_describe_input(pin)) for pin in receipt.basis.inputs])}"
    for applied in receipt.waived:
        yield f"{_INDENT}{applied.failed:,} failed: {escape_text(describe_waiver(applied))}"


def _describe_input(pin: InputPin) -> str:
    """Describe an input as its name and the state that it was read in.

    >>> _describe_input(InputPin(table="s.raw", files=2, bytes=10, digest="0123456789abcdef"))
    's.raw (2 files, 01234567)'
    """
    if pin.version is not None:
        return f"{pin.table} (version {pin.version})"
    return f"{pin.table} ({format_count(pin.files, 'files')}, {pin.digest[:8]})" if pin.digest else pin.table


def _by_day(receipts: Sequence[Receipt]) -> dict[str, list[Receipt]]:
    ordered = sorted(
        receipts, key=lambda receipt: format_day(receipt.part_date), reverse=True
    )  # stable: a day stays in order
    return {day: list(own) for day, own in groupby(ordered, key=lambda receipt: format_day(receipt.part_date))}


def render_history_json(history: TableHistory) -> str:
    """Render the receipts as JSON, one object a day.

    `live` says whether readers see what the newest receipt of the day is about, `lost` lists the commits that have no
    receipt, and `others` counts the receipts of other warehouses.
    """
    days = [
        {
            "date": day,
            "live": its_receipts[-1].candidate in history.live,
            "receipts": [
                _receipt_payload(receipt, history.approvals.get(receipt.candidate)) for receipt in its_receipts
            ],
        }
        for day, its_receipts in _by_day(history.receipts).items()
    ]
    lost = [{"version": each.version, "candidate": each.candidate, "date": each.day} for each in history.lost]
    return json.dumps({"table": history.table, "days": days, "lost": lost, "others": history.others})


def _receipt_payload(receipt: Receipt, approval: Approval | None) -> dict[str, object]:
    return {
        "version": receipt.version,
        "candidate": receipt.candidate,
        "published_at": receipt.published_at.isoformat(),
        "contract": approval.contract if approval else None,
        "contract_version": approval.contract_version if approval else None,
        "rows": approval.rows if approval else None,
        "rules": approval.rules if approval else None,
        "restatement": restatement_payload(receipt.restatement),
        "waived": list(map(applied_waiver_payload, receipt.waived)),
        "altered": not receipt.is_sound,
        "basis": basis_payload(receipt.basis.verdict if receipt.basis else None),
        "model": (receipt.basis.model or None) if receipt.basis else None,
        "inputs": [input_payload(pin) for pin in receipt.basis.inputs] if receipt.basis else None,
    }


def render_verify_text(table: str, results: Sequence[VerificationResult]) -> str:
    """Render every day with its problems, the newest first, and the number of days that were verified."""
    if not results:
        return f"{escape_text(table)}: nothing is published, so there is nothing to verify"
    lines = []
    for day in results:
        version = "" if day.version is None else f"version {day.version}, "
        candidate = f"{version}candidate {escape_text(day.candidate)}" if day.candidate else "candidate unknown"
        lines.append(
            f"{'broken' if day.problems else 'verified':<8}  {escape_text(day.value) or escape_text(table)}  {candidate}"
        )
        lines += [f"{_INDENT}{escape_text(problem)}" for problem in day.problems]
    sound = sum(not day.problems for day in results)
    return "\n".join(
        [*lines, f"{escape_text(table)}: {sound:,} of {format_count(len(results), 'published days')} verified"]
    )


def render_verify_json(table: str, results: Sequence[VerificationResult]) -> str:
    """Render the result of the verification as JSON."""
    days = [
        {
            "date": day.value,
            "version": day.version,
            "candidate": day.candidate,
            "verified": not day.problems,
            "problems": list(day.problems),
        }
        for day in results
    ]
    return json.dumps({"table": table, "days": days, "broken": sum(bool(day.problems) for day in results)})
