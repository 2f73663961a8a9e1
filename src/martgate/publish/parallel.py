"""Days that do not depend on each other, prepared side by side and asked for in their order.

What readers can see is left to whoever asks: days come out of here staged and judged, and are published one after
another. Threads do it, for the work is DuckDB's, which leaves Python's lock alone; and they end with the process.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

from martgate.builders.ports import Engine, StoppableEngine
from martgate.project.context import Context, PublishRequest
from martgate.publish.run import PreparedRun, prepare

__all__ = ["NextRun", "prepare_in_parallel"]

NextRun = Callable[[], PreparedRun]
"""The next day as it was prepared; waits for it, and raises what preparing it raised."""

_PATIENCE = 0.2
"""Seconds between two calls to stop: a statement that was about to begin has missed the first."""


@contextmanager
def prepare_in_parallel(
    jobs: Iterable[PublishRequest],
    context: Context,
    engine: Callable[[], AbstractContextManager[StoppableEngine]],
    width: int,
) -> Iterator[NextRun]:
    """So many of the jobs under way at a time, each with an engine of its own.

    Whatever is under way in the end is stopped, and what it has staged is discarded.
    """
    crew, left = _Crew(context, engine), iter(jobs)
    under_way: deque[Future[PreparedRun]] = deque()
    with ThreadPoolExecutor(width) as pool:

        def next_one() -> PreparedRun:
            while len(under_way) < width and (request := next(left, None)):
                under_way.append(pool.submit(crew.prepare, request))
            wait([under_way[0]])  # whoever is interrupted here still has it under way, and stops it
            return under_way.popleft().result()

        try:
            yield next_one
        finally:
            crew.dismiss(under_way)


@dataclass(slots=True)
class _Crew:
    """Whoever prepares, and the engines that are open."""

    context: Context
    engine: Callable[[], AbstractContextManager[StoppableEngine]]
    _open: list[StoppableEngine] = field(default_factory=list)

    def prepare(self, request: PublishRequest) -> PreparedRun:
        return prepare(replace(request, started=self.context.now()), replace(self.context, engine=self._one))

    @contextmanager
    def _one(self) -> Iterator[Engine]:
        with self.engine() as opened:
            self._open.append(opened)
            try:
                yield opened
            finally:
                self._open.remove(opened)

    def dismiss(self, under_way: Iterable[Future[PreparedRun]]) -> None:
        """Stop what runs, let nothing else begin, and discard what was staged for nobody."""
        running = [future for future in under_way if not future.cancel()]
        while wait(running, timeout=_PATIENCE).not_done:
            for opened in self._open.copy():
                opened.stop()
        for future in running:
            decision = None if future.exception() else future.result().decision
            if decision:
                self.context.store.discard(decision.candidate)
