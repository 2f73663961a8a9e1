"""A clock that a test sets, and the command line that goes by it."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest


class SetClock:
    """A clock that stands where it is set; until then it is the system's."""

    def __init__(self) -> None:
        self._instant: datetime | None = None

    def set(self, text: str) -> None:
        self._instant = datetime.fromisoformat(text).replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        from martgate.project.clock import system_clock

        return self._instant or system_clock()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def call(clock: SetClock) -> Callable[[list[str]], int]:
    """The command line, by that clock."""
    from martgate.cli.main import call

    return partial(call, now=clock)
