"""Classification of changes to the document: status, servers, custom properties, the order of entries."""

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

_IN_FORCE = frozenset({"active", "deprecated"})
"""The statuses of a contract that is in force."""


def status(clause: ClauseChange) -> Impact:
    """Classify a change to the status, which decides whether the contract is in force."""
    before, after = (contract.status in _IN_FORCE for contract in clause.contracts)
    if before == after:
        return semantic(f"changed: {clause.values}")
    return additive(f"is in force now: {clause.values}") if after else breaking(f"is not in force: {clause.values}")


def identity(clause: ClauseChange) -> Impact:
    """Classify a change to the id: a contract of another id is another contract."""
    return breaking(f"is another contract: {clause.values}")


def server(clause: ClauseChange) -> Impact:
    """Classify a change to a server, where consumers read the data."""
    if clause.shape == "servers[]":
        return classify_entry("a server")(clause)
    inside = clause.shape.removeprefix("servers[].")
    if re.match(r"(id|description|environment|roles|customProperties)\b", inside):
        return editorial(f"is worded differently: {clause.values}")
    return breaking(f"the data are at another place: {clause.values}")


_PAGE = frozenset(
    [
        *("inferred", "about", "tableType", "repository", "collaborators", "changeHistory", "notice", "howToUse"),
        *("pipeline", "upstreams", "consumers", "furtherConsumers", "downstreamInfo"),
    ]
)
"""Custom properties that only the page of a table and `diff` use."""


def custom(clause: ClauseChange) -> Impact:
    """Classify a change to a custom property; an unknown one is breaking."""
    name = clause.custom
    if name in _PAGE:
        return editorial(f"{name} is worded differently")
    if name == "validFrom":
        return semantic(f"it is valid on other days: {clause.values}")
    if name in ("allowVacuous", "openDays", "retroactive"):
        return _switch(clause)
    values = _effective_values(clause)
    if values and values[0] == values[1]:
        return editorial(f"{name} requires the same as before")
    if values:
        return breaking(f"{name} is {clip(values[1])}, and was {clip(values[0])}")
    return breaking(f"{clip(name)} is not a known custom property, so it counts as breaking")


def _switch(clause: ClauseChange) -> Impact:
    """Classify `retroactive`, which is stronger when on, and `allowVacuous` and `openDays`, which are weaker when on."""
    before, after = (part.get("value") if isinstance(part, Mapping) else part for part in (clause.old, clause.new))
    if (before is True) == (after is True):
        return editorial(f"{clause.custom} requires the same as before")
    tighter = (after is True) == (clause.custom == "retroactive")
    return classify_strictness(tighter, clause, clause.custom)


def _effective_values(clause: ClauseChange) -> tuple[object, object] | None:
    """Return the old and the new value of a property, defaults included; None for an unknown property."""
    match clause.custom:
        case "dayBoundary":
            return clause.contracts[0].zone, clause.contracts[1].zone
        case "publishPartition" if clause.tables:
            return clause.tables[0].publish_partition, clause.tables[1].publish_partition
        case "publishPeriod" if clause.tables:
            before, after = (table.custom.get("publishPeriod", "day") for table in clause.tables)
            return before, after
    return None


def order(clause: ClauseChange) -> Impact:
    """Classify a list whose entries changed their order; consumers see only the order of columns."""
    if clause.shape.endswith("properties#order"):
        return breaking("columns are in another order")
    if re.search(r"\.(from|to|implementation|arguments)\b", clause.shape):
        return breaking("is in another order, which may matter")
    return editorial("is in another order")
