"""How the rest of a contract moves: its standing, its places, its custom properties, the order of things."""

import re
from collections.abc import Mapping

from martgate.contracts.diff.clause import (
    ClauseChange,
    Impact,
    additive,
    breaking,
    classify_entry,
    classify_strictness,
    editorial,
    semantic,
)
from martgate.hints import clip

__all__ = ["custom", "identity", "order", "server", "status"]

_STANDING = frozenset({"active", "deprecated"})
"""The statuses of a contract that is in force."""


def status(moved: ClauseChange) -> Impact:
    """Whether the contract is in force."""
    before, after = (contract.status in _STANDING for contract in moved.contracts)
    if before == after:
        return semantic(f"says something else: {moved.shown}")
    return additive(f"is in force now: {moved.shown}") if after else breaking(f"is not in force: {moved.shown}")


def identity(moved: ClauseChange) -> Impact:
    """A contract of another id is another contract."""
    return breaking(f"is another contract: {moved.shown}")


def server(moved: ClauseChange) -> Impact:
    """Where readers find the data."""
    if moved.shape == "servers[]":
        return classify_entry("a place to read it", gone="a place to read it is gone")(moved)
    inside = moved.shape.removeprefix("servers[].")
    if re.match(r"(id|description|environment|roles|customProperties)\b", inside):
        return editorial(f"is told differently: {moved.shown}")
    return breaking(f"readers find it elsewhere: {moved.shown}")


_PAGE = frozenset(
    [
        *("inferred", "about", "tableType", "repository", "collaborators", "changeHistory", "notice", "howToUse"),
        *("pipeline", "upstreams", "consumers", "furtherConsumers", "downstreamInfo"),
    ]
)
"""Custom properties that only the page of a table prints, and `diff` itself."""


def custom(moved: ClauseChange) -> Impact:
    """A custom property, by its name; one that is not known counts as a promise."""
    name = moved.custom
    if name in _PAGE:
        return editorial(f"{name} is told differently")
    if name == "validFrom":
        return semantic(f"it is about other days: {moved.shown}")
    if name in ("allowVacuous", "retroactive"):
        return _switch(moved)
    asked = _asked(moved)
    if asked and asked[0] == asked[1]:
        return editorial(f"{name} asks the same as before")
    if asked:
        return breaking(f"{name} is {clip(asked[1])}, and was {clip(asked[0])}")
    return breaking(f"the custom property {clip(name)} is not classified, so it counts as a promise that changed")


def _switch(moved: ClauseChange) -> Impact:
    """`retroactive` asks more where it is on, `allowVacuous` less."""
    before, after = (part.get("value") if isinstance(part, Mapping) else part for part in (moved.old, moved.new))
    if (before is True) == (after is True):
        return editorial(f"{moved.custom} asks the same as before")
    tighter = (after is True) == (moved.custom == "retroactive")
    return classify_strictness(tighter, moved, moved.custom)


def _asked(moved: ClauseChange) -> tuple[object, object] | None:
    match moved.custom:
        case "dayBoundary":
            return moved.contracts[0].zone, moved.contracts[1].zone
        case "publishPartition" if moved.tables:
            return moved.tables[0].publish_partition, moved.tables[1].publish_partition
        case "publishPeriod" if moved.tables:
            before, after = (table.custom.get("publishPeriod", "day") for table in moved.tables)
            return before, after
    return None


def order(moved: ClauseChange) -> Impact:
    """A list whose entries stand in another order; only of columns do readers see it."""
    if moved.shape.endswith("properties#order"):
        return breaking("columns stand in another order")
    if re.search(r"\.(from|to|implementation|arguments)\b", moved.shape):
        return breaking("stands in another order, which may matter")
    return editorial("stands in another order")
