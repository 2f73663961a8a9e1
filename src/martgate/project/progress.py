"""Shows the current step of a command on a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from martgate.text.wording import escape_text

__all__ = ["Progress", "show_progress"]


class Progress(Protocol):
    """Shows a step as it begins; a `lasting` one is a message that stays, also where there is no terminal."""

    def __call__(self, step: str, /, *, lasting: bool = False) -> None: ...


@contextmanager
def show_progress() -> Iterator[Progress]:
    """Open a live line on stderr if that is a terminal; elsewhere only lasting messages are printed."""
    if not sys.stderr.isatty():
        yield _print_lasting
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def progress(step: str, /, *, lasting: bool = False) -> None:
            if lasting:
                bar.console.print(escape(escape_text(step)), highlight=False)
            else:
                bar.update(task, description=escape(escape_text(step)))

        yield progress


def _print_lasting(step: str, /, *, lasting: bool = False) -> None:
    if lasting:
        print(escape_text(step), file=sys.stderr, flush=True)  # noqa: T201 - a line of the log, which is stderr
