"""How promises about time move."""

from datetime import UTC, date, datetime, time
from typing import Any

from martgate.contracts.diff.clause import (
    ClauseChange,
    Impact,
    breaking,
    classify_entry,
    classify_strictness,
    editorial,
    parse_instant,
    semantic,
)
from martgate.contracts.durations import parse_duration, parse_time_of_day
from martgate.contracts.model import Sla

__all__ = ["promise"]

_LESS = frozenset(
    [
        *("freshness", "latency", "timeOfAvailability", "frequency", "timeToDetect", "timeToNotify", "timeToRepair"),
        *("errorRate", "generalAvailability"),
    ]
)
_MORE = frozenset({"retention", "availability", "throughput", "endOfSupport", "endOfLife"})


def promise(moved: ClauseChange) -> Impact:
    """An SLA: sooner, or for longer, is the stronger."""
    if moved.shape == "slaProperties[]":
        return classify_entry("a promise about time")(moved)
    if moved.key in ("description", "customProperties"):
        return semantic(f"says something else: {moved.shown}")
    if moved.key in ("id", "driver"):
        return editorial(f"is told differently: {moved.shown}")
    before, after = moved.slas or (None, None)
    if before is None or after is None or moved.key not in ("value", "unit"):
        return breaking(f"another promise about time: {moved.shown}")
    if before.property not in _LESS | _MORE or before.property != after.property:
        return classify_strictness(None, moved, "the promise about time")
    return classify_strictness(_is_more(before, after), moved, before.property)


def _is_more(before: Sla, after: Sla) -> bool | None:
    """Whether the later promise is the stronger; None where they cannot be compared."""
    was, now = _amount(before), _amount(after)
    try:
        if was is None or now is None or was == now:
            return None
        return bool(now < was) if after.property in _LESS else bool(now > was)
    except TypeError:
        return None


def _amount(sla: Sla) -> Any:
    """Something that can be compared with the same of another version: a length of time, a time or a day, a number."""
    if isinstance(sla.value, str):
        found = parse_time_of_day(sla.value)
        return _timed(found) if found else parse_instant(sla.value)
    length = parse_duration(sla.value, sla.unit)
    if length is not None:
        return datetime(2000, 1, 1, tzinfo=UTC) + length
    return None if sla.unit else sla.value


def _timed(found: time) -> datetime:
    return datetime.combine(date(2000, 1, 1), found)
