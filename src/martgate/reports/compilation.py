"""What `martgate compile` wrote, or would write, for eyes and for programs."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from martgate.reports.text import painter
from martgate.text.wording import counted, plain

__all__ = ["check_text", "difference_json", "written_json", "written_text"]


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


def check_text(found: Iterable[Difference], *, color: bool | None = None) -> str:
    """Each file that differs, with the first place and what to do; or that none does."""
    paint, listed = painter(color), list(found)
    if not listed:
        return paint("good", "every compiled file is what its contract gives")
    lines = [
        f"{paint('bad', one.reason)}  {plain(str(one.file))}{f': {plain(one.place)}' if one.place else ''}\n"
        f"  = {plain(one.hint)}"
        for one in listed
    ]
    return "\n".join([*lines, f"{counted(len(listed), 'files')} to be compiled: run `martgate compile`"])


def difference_json(found: Iterable[Difference]) -> str:
    """The same for programs."""
    told = [{"file": str(one.file), "reason": one.reason, "place": one.place, "hint": one.hint} for one in found]
    return json.dumps({"differences": told})


def written_text(written: Mapping[Path, bool]) -> str:
    """Each file that was written, and how many were as they should be."""
    changed = [str(file) for file, is_new in written.items() if is_new]
    return "\n".join(
        [*(f"wrote {plain(file)}" for file in changed), f"{counted(len(written) - len(changed), 'files')} as they were"]
    )


def written_json(written: Mapping[Path, bool]) -> str:
    """The same for programs."""
    told = {key: [str(file) for file, is_new in written.items() if is_new is new] for key, new in _WRITTEN.items()}
    return json.dumps(told)


_WRITTEN = {"written": True, "unchanged": False}
