"""Reads the details and the history of Delta tables in a catalog of Spark."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from martgate.errors import CouldNotRun
from martgate.gate.candidate import Candidate
from martgate.gate.promotion import Promotion, Published
from martgate.stores.commits import NAMESPACE, transaction_id
from martgate.stores.spark_catalog import SparkCatalog
from martgate.text.quoting import relation

__all__ = [
    "DeltaCatalog",
    "HistoryEntry",
    "TableState",
    "compute_state",
    "find_earlier_publish",
    "find_later_write",
    "find_sequence",
    "parse_entry",
]

_REWRITES = frozenset({"OPTIMIZE", "VACUUM START", "VACUUM END"})
"""The operations of Delta that rearrange rows and change none."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One commit of a table.

    Attributes:
        version: the version of the table.
        metadata: the metadata of martgate; empty if another writer made the commit.
        operation: the operation of Delta.
        at: when it was committed; None if the history does not say.
    """

    version: int
    metadata: Mapping[str, object]
    operation: str = ""
    at: object = None


@dataclass(frozen=True, slots=True)
class TableState:
    """The state of a table: its newest version, its bytes, and a hash over both, its id and the number of its files."""

    version: int
    bytes: int
    fingerprint: str


class DeltaCatalog(SparkCatalog):
    """The Delta tables of the catalog of a session."""

    def read_detail(self, name: str) -> Mapping[str, Any]:
        """Return the row of `DESCRIBE DETAIL`."""
        (detail,) = self.execute(f"DESCRIBE DETAIL {relation(name)}")
        return detail

    def read_history(self, name: str) -> list[HistoryEntry]:
        """Return the commits of a table as far back as its history goes, the newest first.

        Raises:
            martgate.errors.CouldNotRun: the table has no history.
        """
        entries = [parse_entry(row) for row in self.execute(f"DESCRIBE HISTORY {relation(name)}")]
        if not entries:
            raise CouldNotRun(f"{name} has no history; is it a Delta table?")
        return sorted(entries, key=lambda entry: entry.version, reverse=True)

    def read_state(self, name: str) -> TableState:
        """Return the state of a table, which differs after any commit."""
        detail, version = self.read_detail(name), self.read_history(name)[0].version
        facts = json.dumps([detail["id"], version, detail["numFiles"], detail["sizeInBytes"]])
        return TableState(version, int(detail["sizeInBytes"]), hashlib.sha256(facts.encode()).hexdigest())

    def drop(self, name: str) -> None:
        """Drop a table if it exists."""
        self.execute(f"DROP TABLE IF EXISTS {relation(name)}")


def parse_entry(row: Mapping[str, object]) -> HistoryEntry:
    """Read a commit from a row of the history; the metadata of another writer may be any text."""
    try:
        metadata = json.loads(str(row.get("userMetadata") or "null"))
    except ValueError:
        metadata = None
    own = metadata.get(NAMESPACE) if isinstance(metadata, dict) else None
    operation = str(row.get("operation") or "")
    return HistoryEntry(int(str(row["version"])), own if isinstance(own, dict) else {}, operation, row.get("timestamp"))


def find_earlier_publish(history: list[HistoryEntry], candidate: Candidate) -> Published | None:
    """Find the publish of this candidate or of a later one of its day; None if the history has neither."""
    published = _publishes(history, transaction_id(candidate))
    sequence, last = max(published, key=lambda publish: publish[0], default=(-1, None))
    if last is None or sequence < candidate.sequence:
        return None
    if last.metadata.get("candidate") == candidate.id:
        return Published(promotion=Promotion.ALREADY, version=last.version)
    return Published(promotion=Promotion.SUPERSEDED, version=history[0].version)


def find_sequence(history: list[HistoryEntry], transaction: str) -> int | None:
    """Find the highest sequence of the candidates that the transactions of a day published; None if there is none."""
    return max((sequence for sequence, _ in _publishes(history, transaction)), default=None)


def _publishes(history: list[HistoryEntry], transaction: str) -> Iterator[tuple[int, HistoryEntry]]:
    """Yield the commits that published a candidate of a day, each with its sequence."""
    for entry in history:
        sequence = entry.metadata.get("sequence")
        if entry.metadata.get("transaction") == transaction and isinstance(sequence, int):
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
