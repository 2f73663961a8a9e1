"""Classification of changes to service levels."""

from datetime import UTC, date, datetime
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

_STRONGER_IF_LESS = frozenset(
    [
        *("freshness", "latency", "timeOfAvailability", "frequency", "timeToDetect", "timeToNotify", "timeToRepair"),
        *("errorRate", "generalAvailability"),
    ]
)
_STRONGER_IF_MORE = frozenset({"retention", "availability", "throughput", "endOfSupport", "endOfLife"})


def promise(clause: ClauseChange) -> Impact:
    """Classify a change to a service level; sooner, or for longer, is stronger."""
    if clause.shape == "slaProperties[]":
        return classify_entry("a service level")(clause)
    if clause.key in ("description", "customProperties"):
        return semantic(f"changed: {clause.values}")
    if clause.key in ("id", "driver"):
        return editorial(f"is worded differently: {clause.values}")
    before, after = clause.slas or (None, None)
    if before is None or after is None or clause.key not in ("value", "unit"):
        return breaking(f"another service level: {clause.values}")
    if before.property not in _STRONGER_IF_LESS | _STRONGER_IF_MORE or before.property != after.property:
        return classify_strictness(None, clause, "the service level")
    return classify_strictness(_is_stronger(before, after), clause, before.property)


def _is_stronger(before: Sla, after: Sla) -> bool | None:
    """Return whether the new service level is stronger; None where they cannot be compared."""
    old, new = _amount(before), _amount(after)
    try:
        if old is None or new is None or old == new:
            return None
        return bool(new < old) if after.property in _STRONGER_IF_LESS else bool(new > old)
    except TypeError:
        return None


def _amount(sla: Sla) -> Any:
    """Return the value in a form that can be compared with that of another version."""
    if isinstance(sla.value, str):
        time = parse_time_of_day(sla.value)
        return datetime.combine(date(2000, 1, 1), time) if time else parse_instant(sla.value)
    length = parse_duration(sla.value, sla.unit)
    if length is not None:
        return datetime(2000, 1, 1, tzinfo=UTC) + length
    return None if sla.unit else sla.value
