"""What every commit of ours is about, whichever store makes it: which day it replaces, and who it is from."""

from collections.abc import Mapping
from datetime import date

from martgate.contracts.model import Table
from martgate.errors import InvalidInput, PublishConflict
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved
from martgate.stores.ports import Commit

__all__ = ["NAMESPACE", "app", "app_of", "approved_candidate", "commit", "day_column", "lost", "partition", "receipt"]

NAMESPACE = "martgate"
"""The key of commit metadata under which everything of ours lies."""


def find_day_column(table: Table) -> str:
    """The partition column that a publish replaces one value of; empty where a table without any is replaced whole.

    Raises:
        martgate.errors.InvalidInput: the table is partitioned, and the contract names none of its columns.
    """
    if not table.partition_columns:
        return ""
    day = table.publish_partition
    if day is None or day not in table.partition_columns:
        found = ", ".join(table.partition_columns) or "none"
        raise InvalidInput(
            f"{table.qualified_name} cannot be published day by day: publishPartition is {day or 'not given'}, "
            f"and its partition columns are {found}"
        )
    return day


def partition(column: str, day: date) -> dict[str, str]:
    """The partition that a publish replaces, by column; of a table without partitions it is all of it."""
    return {column: day.isoformat()} if column else {}


def app(candidate: Candidate) -> str:
    """The name of Delta's `txn` action: one a table and day, whose version is the candidate's sequence.

    As in `shop.orders/part_date=2024-01-01`.
    """
    return build_transaction_id(candidate.table, candidate.day_column, candidate.partition.value)


def build_transaction_id(table: str, column: str, value: str) -> str:
    """The same, of any day of a table."""
    return f"{table}/{column}={value}" if column else table


def receipt(candidate: Candidate, metadata: Mapping[str, object]) -> dict[str, object]:
    """The metadata of the commit that publishes a candidate, as JSON values under `NAMESPACE`."""
    ours = {
        **metadata,
        "candidate": candidate.id,
        "transaction": app(candidate),
        "sequence": candidate.sequence,
        "fingerprint": candidate.fingerprint,
        "rows": candidate.rows,
    }
    return {NAMESPACE: ours}


def commit(version: int, ours: object) -> Commit:
    """A commit by what lies under `NAMESPACE` in its metadata, which may be anything at all."""
    told = ours if isinstance(ours, Mapping) else {}
    candidate, transaction, fingerprint = (
        value if isinstance(value := told.get(key), str) else "" for key in ("candidate", "transaction", "fingerprint")
    )
    return Commit(version=version, candidate=candidate, transaction=transaction, fingerprint=fingerprint)


def require_approved_candidate(approved: Approved) -> Candidate:
    """The candidate that may be promoted; a caller that the type checker never saw is stopped here.

    Raises:
        TypeError: it is not what the gate approved.
    """
    if not isinstance(approved, Approved):
        raise TypeError(f"only what the gate approved can be promoted, not a {type(approved).__name__}")
    return approved.candidate


def conflict_error(candidate: Candidate, attempts: int) -> PublishConflict:
    """What is raised after so many attempts."""
    return PublishConflict(
        f"{candidate.partition}: other writers were faster {attempts} times in a row; nothing was published, try again"
    )
