"""What is being done right now, for somebody who watches a terminal; silent for everybody else."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["Progress", "show_progress"]


class Progress(Protocol):
    """Told what is being done, as it begins; what is `lasting` is for everybody to read, and stays."""

    def __call__(self, step: str, /, *, lasting: bool = False) -> None: ...


@contextmanager
def show_progress() -> Iterator[Progress]:
    """A function to tell each step to: a live line on stderr where that is a terminal; elsewhere only what lasts."""
    if not sys.stderr.isatty():
        yield _to_whom_it_may_concern
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def progress(step: str, /, *, lasting: bool = False) -> None:
            if lasting:
                bar.console.print(escape(step), highlight=False)
            else:
                bar.update(task, description=escape(step))

        yield progress


def _to_whom_it_may_concern(step: str, /, *, lasting: bool = False) -> None:
    if lasting:
        print(step, file=sys.stderr, flush=True)  # noqa: T201 - a line of the log, which is stderr
