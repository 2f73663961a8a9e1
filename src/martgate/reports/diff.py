"""Two versions of a contract, as `diff` tells them."""

import json
from collections.abc import Iterator

from martgate.contracts.diff import Bump, Change, ChangeKind, Diff
from martgate.reports.terminal import Paint, make_painter
from martgate.text.wording import escape_text, format_count, truncate

__all__ = ["render_diff_json", "render_diff_text"]

_STYLES = {ChangeKind.BREAKING: "bad", ChangeKind.ADDITIVE: "good", ChangeKind.SEMANTIC: "warn"}
_INDENT = " " * 10
_MOST_DETAIL = 200
_MOST_NAMES = 8


def render_diff_json(found: Diff) -> str:
    """All changes in one object; `required_bump` is major, minor, patch or none."""
    told = {
        "breaking": found.is_breaking,
        "required_bump": found.required.word,
        "changes": [
            {
                "path": change.path,
                "kind": change.kind.value,
                "detail": change.detail,
                "consumers": list(change.consumers),
            }
            for change in found.changes
        ],
    }
    return json.dumps(told, allow_nan=False)


def render_diff_text(found: Diff, *, color: bool | None = None) -> str:
    """Every change with its place, what breaks first; then the version that they call for, beside the one there is."""
    paint = make_painter(color)
    order = list(ChangeKind)
    changes = sorted(found.changes, key=lambda change: order.index(change.kind))
    blocks = [line for change in changes for line in _change(found, change, paint)]
    return "\n".join([*blocks, _verdict(found, paint)])


def _change(found: Diff, change: Change, paint: Paint) -> Iterator[str]:
    document = (found.old if change.is_removed else found.new).document
    place = f"{escape_text(document.file)}:{document.locate(change.path)[0]}"
    yield f"{paint(_STYLES[change.kind], f'{change.kind.value:<8}')}  {escape_text(change.path)}  {paint('dim', place)}"
    yield f"{_INDENT}{truncate(escape_text(change.detail), _MOST_DETAIL)} ({change.bump.word})"
    if change.consumers:
        yield f"{_INDENT}read by {_named(change.consumers, found.registered_consumers)}"


def _named(hit: tuple[str, ...], readers: tuple[str, ...]) -> str:
    if hit == readers and len(hit) > 1:
        return f"all {format_count(len(hit), 'tables')} that are registered"
    more = len(hit) - _MOST_NAMES
    return ", ".join(map(escape_text, hit[:_MOST_NAMES])) + (f" and {more} more" if more > 0 else "")


def _verdict(found: Diff, paint: Paint) -> str:
    old, new = (escape_text(each.contract.version) for each in (found.old, found.new))
    if not found.changes:
        return paint("good", f"no changes from {old} to {new}")
    told = f"{format_count(len(found.changes), 'changes')} from {old} to {new}"
    if found.required is Bump.NONE or found.actual >= found.required:
        return paint("good", f"{told}, in a {found.actual.word} version")
    given = f"{new} is a {found.actual.word} version" if found.actual else f"{new} is no later version"
    return paint(
        "bad" if found.is_refused else "warn", f"{told}: a {found.required.word} version is called for; {given}"
    )
