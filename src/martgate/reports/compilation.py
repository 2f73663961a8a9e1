"""What `martgate compile` wrote, or would write, for eyes and for programs."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from martgate.reports.terminal import make_painter
from martgate.text.wording import escape_text, format_count

__all__ = ["render_drift_json", "render_drift_text", "render_written_json", "render_written_text"]


class Difference(Protocol):
    """One file that is not what its contract gives, as `martgate.publish.compilation` finds it."""

    @property
    def file(self) -> Path: ...
    @property
    def reason(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def hint(self) -> str: ...


def render_drift_text(found: Iterable[Difference], *, color: bool | None = None) -> str:
    """Each file that differs, with the first place and what to do; or that none does."""
    paint, listed = make_painter(color), list(found)
    if not listed:
        return paint("good", "every compiled file is what its contract gives")
    lines = [
        f"{paint('bad', one.reason)}  {escape_text(str(one.file))}{f': {escape_text(one.place)}' if one.place else ''}\n"
        f"  = {escape_text(one.hint)}"
        for one in listed
    ]
    return "\n".join([*lines, f"{format_count(len(listed), 'files')} to be compiled: run `martgate compile`"])


def render_drift_json(found: Iterable[Difference]) -> str:
    """The same for programs."""
    told = [{"file": str(one.file), "reason": one.reason, "place": one.place, "hint": one.hint} for one in found]
    return json.dumps({"differences": told})


def render_written_text(written: Mapping[Path, bool]) -> str:
    """Each file that was written, and how many were as they should be."""
    changed = [str(file) for file, is_new in written.items() if is_new]
    return "\n".join(
        [
            *(f"wrote {escape_text(file)}" for file in changed),
            f"{format_count(len(written) - len(changed), 'files')} as they were",
        ]
    )


def render_written_json(written: Mapping[Path, bool]) -> str:
    """The same for programs."""
    told = {key: [str(file) for file, is_new in written.items() if is_new is new] for key, new in _WRITTEN.items()}
    return json.dumps(told)


_WRITTEN = {"written": True, "unchanged": False}
