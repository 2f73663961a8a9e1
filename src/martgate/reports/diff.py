"""Renders the changes between two versions of a contract as text and JSON."""

import json
from collections.abc import Iterator

from martgate.contracts.diff import Bump, Change, ChangeKind, Diff
from martgate.reports.terminal import Paint, make_painter
from martgate.text.lists import join_words
from martgate.text.wording import escape_text, format_count, truncate

__all__ = ["render_diff_json", "render_diff_text"]

_STYLES = {ChangeKind.BREAKING: "bad", ChangeKind.ADDITIVE: "good", ChangeKind.SEMANTIC: "warn"}
_INDENT = " " * 10
_MAX_DETAIL = 200
_MAX_NAMES = 8


def render_diff_json(diff: Diff) -> str:
    """Render all changes as one JSON object; `required_bump` is major, minor, patch or none."""
    payload = {
        "breaking": diff.is_breaking,
        "required_bump": diff.required.word,
        "changes": [
            {
                "path": change.path,
                "kind": change.kind.value,
                "detail": change.detail,
                "consumers": list(change.consumers),
            }
            for change in diff.changes
        ],
    }
    return json.dumps(payload, allow_nan=False)


def render_diff_text(diff: Diff, *, color: bool | None = None) -> str:
    """Render every change with its place, breaking changes first, then the required version beside the given one."""
    paint = make_painter(color)
    order = list(ChangeKind)
    changes = sorted(diff.changes, key=lambda change: order.index(change.kind))
    blocks = [line for change in changes for line in _change_lines(diff, change, paint)]
    return "\n".join([*blocks, _summary(diff, paint)])


def _change_lines(diff: Diff, change: Change, paint: Paint) -> Iterator[str]:
    document = (diff.old if change.is_removed else diff.new).document
    place = f"{escape_text(document.file)}:{document.locate(change.path)[0]}"
    yield f"{paint(_STYLES[change.kind], f'{change.kind.value:<8}')}  {escape_text(change.path)}  {paint('dim', place)}"
    yield f"{_INDENT}{truncate(escape_text(change.detail), _MAX_DETAIL)} ({change.bump.word})"
    if change.consumers:
        yield f"{_INDENT}read by {_join_consumers(change.consumers, diff.registered_consumers)}"


def _join_consumers(affected: tuple[str, ...], registered: tuple[str, ...]) -> str:
    if affected == registered and len(affected) > 1:
        return f"all {format_count(len(affected), 'registered tables')}"
    return join_words(map(escape_text, affected), "", limit=_MAX_NAMES)


def _summary(diff: Diff, paint: Paint) -> str:
    old, new = (escape_text(each.contract.version) for each in (diff.old, diff.new))
    if not diff.changes:
        return paint("good", f"no changes from {old} to {new}")
    changes = f"{format_count(len(diff.changes), 'changes')} from {old} to {new}"
    if diff.required is Bump.NONE or diff.actual >= diff.required:
        return paint("good", f"{changes}, in a {diff.actual.word} version")
    given = f"{new} is a {diff.actual.word} version" if diff.actual else f"{new} is not a later version"
    return paint(
        "bad" if diff.is_refused else "warn", f"{changes}: a {diff.required.word} version is required; {given}"
    )
