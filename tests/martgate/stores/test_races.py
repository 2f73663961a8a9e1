"""Two processes that publish at the same time."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from martgate.gate.promotion import Promotion

ROUNDS = 4


class Publisher:
    """One such process, kept for many rounds: starting Python is what takes long."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("publisher.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def progress(self, line: str) -> None:
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        self.process.communicate(timeout=30)


@pytest.fixture(scope="module")
def publishers():
    with contextlib.ExitStack() as stack:
        two = [stack.enter_context(contextlib.closing(Publisher())) for _ in range(2)]
        assert [publisher.hear() for publisher in two] == ["ready", "ready"]
        yield two


def race(publishers, orders: list[str]) -> list[Promotion]:
    """Both stage, and when both have, both publish."""
    for publisher, order in zip(publishers, orders, strict=True):
        publisher.progress(order)
    assert [publisher.hear() for publisher in publishers] == ["staged", "staged"]
    for publisher in publishers:
        publisher.progress("go")
    return [Promotion(publisher.hear()) for publisher in publishers]


def test_two_processes_never_double_a_new_day(shop, publishers):
    for number in range(ROUNDS):
        day = f"2024-02-{number + 1:02}"
        results = race(publishers, [f"{shop.folder} {day} 1 a{number} 7 3", f"{shop.folder} {day} 2 b{number} 8 5"])
        assert results[1] is Promotion.PUBLISHED
        assert results[0] in (Promotion.PUBLISHED, Promotion.SUPERSEDED)
        assert shop.seen(day) == [(i, 8, day) for i in range(5)]


def test_two_processes_with_different_days_both_publish(shop, publishers):
    for number in range(ROUNDS):
        days = [f"2024-02-{number + 1:02}", f"2024-03-{number + 1:02}"]
        orders = [f"{shop.folder} {day} 1 c{place}-{number} 7 2" for place, day in enumerate(days)]
        assert race(publishers, orders) == [Promotion.PUBLISHED] * 2
        assert [len(shop.seen(day)) for day in days] == [2, 2]
