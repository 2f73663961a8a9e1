"""Reads the history of a Delta table in a catalog, as `DESCRIBE HISTORY` returns it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from martgate.gate.candidate import Candidate
from martgate.gate.promotion import Promotion, Published
from martgate.stores.commits import NAMESPACE, transaction_id

__all__ = ["HistoryEntry", "compute_state", "find_earlier_publish", "find_later_write", "parse_entry"]

_REWRITES = frozenset({"OPTIMIZE", "VACUUM START", "VACUUM END"})
"""The operations of Delta that rearrange rows and change none."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One commit of a table.

    Attributes:
        version: the version of the table.
        metadata: the metadata of martgate; empty if another writer made the commit.
        operation: the operation of Delta.
    """

    version: int
    metadata: Mapping[str, object]
    operation: str = ""


def parse_entry(row: Mapping[str, object]) -> HistoryEntry:
    """Read a commit from a row of the history; the metadata of another writer may be any text."""
    try:
        metadata = json.loads(str(row.get("userMetadata") or "null"))
    except ValueError:
        metadata = None
    own = metadata.get(NAMESPACE) if isinstance(metadata, dict) else None
    operation = str(row.get("operation") or "")
    return HistoryEntry(int(str(row["version"])), own if isinstance(own, dict) else {}, operation)


def find_earlier_publish(history: list[HistoryEntry], candidate: Candidate) -> Published | None:
    """Find the publish of this candidate or of a later one of its day; None if the history has neither."""
    sequence, last = max(_publishes(history, candidate), key=lambda publish: publish[0], default=(-1, None))
    if last is None or sequence < candidate.sequence:
        return None
    if last.metadata.get("candidate") == candidate.id:
        return Published(promotion=Promotion.ALREADY, version=last.version)
    return Published(promotion=Promotion.SUPERSEDED, version=history[0].version)


def _publishes(history: list[HistoryEntry], candidate: Candidate) -> Iterator[tuple[int, HistoryEntry]]:
    """Yield the commits that published a candidate of the same day, each with its sequence."""
    for entry in history:
        sequence = entry.metadata.get("sequence")
        if entry.metadata.get("transaction") == transaction_id(candidate) and isinstance(sequence, int):
            yield sequence, entry


def compute_state(history: list[HistoryEntry], transaction: str) -> str:
    """Return the newest version that may have changed a day: the commits of other writers may be about any day."""
    about = (entry.version for entry in history if entry.metadata.get("transaction") in (transaction, None))
    return str(next(about, history[-1].version))


def find_later_write(history: list[HistoryEntry], candidate: Candidate) -> str:
    """Explain which commit may have changed a candidate's day since its own; empty if there is none."""
    own = next((entry.version for entry in history if entry.metadata.get("candidate") == candidate.id), -1)
    if own < 0 and history[-1].version == 0:
        return f"no commit published candidate {candidate.id}"
    for entry in history:
        may_be_about_day = entry.metadata.get("transaction") in (transaction_id(candidate), None)
        if entry.version > own and may_be_about_day and entry.operation not in _REWRITES:
            return f"version {entry.version} is none of candidate {candidate.id}, and may have changed the day since"
    return ""
