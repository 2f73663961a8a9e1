"""Renders what `martgate compile` wrote, or the drift that `--check` found, as text and JSON."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from martgate.reports.terminal import make_painter
from martgate.text.wording import escape_text, format_count

__all__ = ["render_drift_json", "render_drift_text", "render_written_json", "render_written_text"]


class Difference(Protocol):
    """One compiled file that differs from its contract, as `martgate.publish.compilation` reports it."""

    @property
    def file(self) -> Path: ...
    @property
    def reason(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def hint(self) -> str: ...


def render_drift_text(differences: Iterable[Difference], *, color: bool | None = None) -> str:
    """Render each file that differs with the first place and a hint, or that none differs."""
    paint, differing = make_painter(color), list(differences)
    if not differing:
        return paint("good", "every compiled file is up to date with its contract")
    lines = [
        f"{paint('bad', difference.reason)}  {escape_text(str(difference.file))}{f': {escape_text(difference.place)}' if difference.place else ''}\n"
        f"  = {escape_text(difference.hint)}"
        for difference in differing
    ]
    return "\n".join([*lines, f"{format_count(len(differing), 'files')} out of date: run `martgate compile`"])


def render_drift_json(differences: Iterable[Difference]) -> str:
    """Render the files that differ as JSON."""
    payload = [
        {"file": str(difference.file), "reason": difference.reason, "place": difference.place, "hint": difference.hint}
        for difference in differences
    ]
    return json.dumps({"differences": payload})


def render_written_text(written: Mapping[Path, bool]) -> str:
    """Render each file that was written, and the number of unchanged files."""
    changed = [str(file) for file, is_new in written.items() if is_new]
    return "\n".join(
        [
            *(f"wrote {escape_text(file)}" for file in changed),
            f"{format_count(len(written) - len(changed), 'files')} unchanged",
        ]
    )


def render_written_json(written: Mapping[Path, bool]) -> str:
    """Render the files that were written and those that were not changed as JSON."""
    payload = {key: [str(file) for file, is_new in written.items() if is_new is new] for key, new in _WRITTEN.items()}
    return json.dumps(payload)


_WRITTEN = {"written": True, "unchanged": False}
