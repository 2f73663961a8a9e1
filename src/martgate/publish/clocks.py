"""Refuses what depends on the clock: days that have not ended, and candidates of runs whose clock was ahead."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from martgate.contracts.day import Day
from martgate.errors import CouldNotRun, InvalidInput
from martgate.gate.candidate import Candidate
from martgate.project.context import Context, PublishRequest

__all__ = ["choose_sequence", "explain_future_sequence", "require_ended_days", "require_same_clock"]

_TOLERANCE = timedelta(minutes=5)
"""By how much the clocks of two machines may differ."""


def require_ended_days(requests: Iterable[PublishRequest], context: Context) -> None:
    """Refuse days that have not ended yet in the time zone of the contract, unless the contract allows it.

    A day that is built too early looks complete and lacks what happens until its end. The custom property `openDays: true`
    of a table allows it.

    Raises:
        martgate.errors.InvalidInput: with the instant at which each day ends.
    """
    problems = []
    for request in requests:
        last = Day(request.table.publish_period.last(request.day.date), request.day.zone)
        if context.now() < last.cutoff and request.table.custom.get("openDays") is not True:
            problems.append(
                f"{request.table.qualified_name}: {last.date} has not ended yet in {last.zone}: it ends at "
                f"{last.cutoff.isoformat()}; run it after that, or state the custom property openDays: true of the table"
            )
    if problems:
        raise InvalidInput(*problems)


def choose_sequence(request: PublishRequest, context: Context) -> int:
    """Choose the sequence of a new candidate: the time of the run, so that the run that started last wins.

    A day whose newest candidate is of a run whose clock was ahead would stay locked until then; a new candidate of such a
    day comes right after that one.
    """
    newest = context.ledger.find_candidate(request.partition)
    staged = newest.sequence if isinstance(newest, Candidate) else 0
    latest = max(staged, context.store.find_sequence(request.table, request.day.date) or 0)
    if not _is_future(latest, context.now()):
        return request.sequence
    context.progress(
        f"{request.partition}: a run whose clock was ahead, at {_to_instant(latest).isoformat()}, staged or published it; "
        "this run supersedes that one",
        lasting=True,
    )
    return latest + 1


def require_same_clock(candidate: Candidate, request: PublishRequest, context: Context) -> None:
    """Refuse to stage by a clock that is ahead of that of the storage: no later run could replace the candidate until then.

    Raises:
        martgate.errors.CouldNotRun: with both times.
    """
    staged_at = context.store.read_staged_at(candidate)
    if staged_at is not None and request.started > staged_at + _TOLERANCE:
        raise CouldNotRun(
            f"the clock of this machine is ahead: the run started at {request.started.isoformat()}, and the storage wrote "
            f"its files at {staged_at.isoformat()}; set the clock and run it again"
        )


def explain_future_sequence(candidate: Candidate, request: PublishRequest, context: Context) -> str:
    """Explain that a candidate was staged by a clock that was ahead; empty if it was not, or replaces one of such a run."""
    published = context.store.find_sequence(request.table, request.day.date) or 0
    if not _is_future(candidate.sequence, context.now()) or _is_future(published, context.now()):
        return ""
    return (
        f"it was staged by a clock that was ahead, at {_to_instant(candidate.sequence).isoformat()}: "
        "run `martgate build` again"
    )


def _is_future(sequence: int, now: datetime) -> bool:
    return sequence > int((now + _TOLERANCE).timestamp() * 1_000_000)


def _to_instant(sequence: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=sequence)
