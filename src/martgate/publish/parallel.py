"""Prepares days that do not depend on each other in parallel, and hands them over in order.

Preparing stages and judges a day; the caller publishes the days one after another. Threads are enough: DuckDB does the
work and releases Python's lock, and threads end with the process.
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
"""Waits for the next prepared day and returns it, or raises the error that preparing it raised."""

_STOP_INTERVAL = 0.2
"""Seconds between two calls of `stop`: the first one misses a statement that is about to start."""


@contextmanager
def prepare_in_parallel(
    requests: Iterable[PublishRequest],
    context: Context,
    engine: Callable[[], AbstractContextManager[StoppableEngine]],
    width: int,
) -> Iterator[NextRun]:
    """Prepare several requests at a time, each with an engine of its own.

    On exit, the runs still in progress are stopped and the candidates that they staged are discarded.

    Args:
        requests: what to prepare, in order.
        context: the adapters of the run.
        engine: opens one engine of the several that work at the same time.
        width: how many requests to prepare at a time.

    Yields:
        A function that returns the next prepared run, in the order of the requests.
    """
    workers, remaining = _Workers(context, engine), iter(requests)
    running: deque[Future[PreparedRun]] = deque()
    with ThreadPoolExecutor(width) as pool:

        def next_run() -> PreparedRun:
            while len(running) < width and (request := next(remaining, None)):
                running.append(pool.submit(workers.prepare, request))
            wait([running[0]])  # an interrupt here leaves it in `running`, so it is stopped
            return running.popleft().result()

        try:
            yield next_run
        finally:
            workers.stop_all(running)


@dataclass(slots=True)
class _Workers:
    """The threads' context, and the engines that are open."""

    context: Context
    engine: Callable[[], AbstractContextManager[StoppableEngine]]
    _open: list[StoppableEngine] = field(default_factory=list)

    def prepare(self, request: PublishRequest) -> PreparedRun:
        return prepare(replace(request, started=self.context.now()), replace(self.context, engine=self._open_tracked))

    @contextmanager
    def _open_tracked(self) -> Iterator[Engine]:
        with self.engine() as opened:
            self._open.append(opened)
            try:
                yield opened
            finally:
                self._open.remove(opened)

    def stop_all(self, futures: Iterable[Future[PreparedRun]]) -> None:
        """Stop the runs in progress, cancel the others, and discard the candidates that they staged."""
        running = [future for future in futures if not future.cancel()]
        while wait(running, timeout=_STOP_INTERVAL).not_done:
            for opened in self._open.copy():
                opened.stop()
        for future in running:
            decision = None if future.exception() else future.result().decision
            if decision:
                self.context.store.discard(decision.candidate)
