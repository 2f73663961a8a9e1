"""What a commit of martgate says: the day it replaces, and the candidate it publishes, in any store."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from martgate.contracts.model import Table
from martgate.errors import InvalidInput, PublishConflict
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved
from martgate.stores.ports import Commit

__all__ = [
    "NAMESPACE",
    "build_commit_metadata",
    "build_transaction_id",
    "conflict_error",
    "find_day_column",
    "parse_commit",
    "partition_filter",
    "require_approved_candidate",
    "to_instant",
    "transaction_id",
]

NAMESPACE = "martgate"
"""The key of commit metadata under which all metadata of martgate is."""


def find_day_column(table: Table) -> str:
    """Find the partition column whose value a publish replaces; empty for a table that is published whole.

    Raises:
        martgate.errors.InvalidInput: the table is partitioned, and the contract names none of its columns.
    """
    if not table.partition_columns:
        return ""
    column = table.publish_partition
    if column is None or column not in table.partition_columns:
        raise InvalidInput(
            f"{table.qualified_name} cannot be published day by day: publishPartition is {column or 'not given'}, "
            f"and its partition columns are {', '.join(table.partition_columns)}"
        )
    return column


def partition_filter(column: str, day: date) -> dict[str, str]:
    """Return the value of each column that selects a day; empty for a table that is published whole."""
    return {column: day.isoformat()} if column else {}


def transaction_id(candidate: Candidate) -> str:
    """Return the id of the Delta transaction that publishes a candidate; its version is the candidate's sequence."""
    return build_transaction_id(candidate.table, candidate.day_column, candidate.partition.value)


def build_transaction_id(table: str, column: str, value: str) -> str:
    """Build the id that all commits about a partition share.

    >>> build_transaction_id("shop.orders", "part_date", "2024-01-01")
    'shop.orders/part_date=2024-01-01'
    >>> build_transaction_id("shop.customers", "", "2024-01-01")
    'shop.customers'

    Args:
        table: the qualified name of the table.
        column: the partition column of the day; empty for a table that is published whole.
        value: the value of that column.
    """
    return f"{table}/{column}={value}" if column else table


def build_commit_metadata(candidate: Candidate, metadata: Mapping[str, object]) -> dict[str, object]:
    """Build the metadata of the commit that publishes a candidate, as JSON values under `NAMESPACE`.

    Args:
        candidate: the candidate.
        metadata: what the publish adds, as JSON values.
    """
    own = {
        "candidate": candidate.id,
        "transaction": transaction_id(candidate),
        "sequence": candidate.sequence,
        "fingerprint": candidate.fingerprint,
        "rows": candidate.rows,
    }
    return {NAMESPACE: {**metadata, **own}}


def parse_commit(version: int, metadata: object, at: object = None) -> Commit:
    """Read a commit from the value under `NAMESPACE` in its metadata, which may be anything.

    Args:
        version: the version of the table.
        metadata: the value.
        at: when it was committed, in milliseconds since 1970 or as an instant; None or anything else if it is not known.
    """
    fields = metadata if isinstance(metadata, Mapping) else {}
    candidate, transaction, fingerprint = (
        value if isinstance(value := fields.get(key), str) else ""
        for key in ("candidate", "transaction", "fingerprint")
    )
    return Commit(
        version=version, candidate=candidate, transaction=transaction, fingerprint=fingerprint, at=to_instant(at)
    )


def to_instant(value: object) -> datetime | None:
    """Convert the time of a commit, an instant or milliseconds since 1970, to UTC; None if it is neither."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) else None


def require_approved_candidate(approved: Approved) -> Candidate:
    """Return the candidate of an approval, and stop a caller that no type checker stopped.

    Raises:
        TypeError: the argument is not an approval of the gate.
    """
    if not isinstance(approved, Approved):
        raise TypeError(f"only what the gate approved can be promoted, not a {type(approved).__name__}")
    return approved.candidate


def conflict_error(candidate: Candidate, attempts: int) -> PublishConflict:
    """Return the error for a publish that lost against other writers this many times."""
    return PublishConflict(
        f"{candidate.partition}: other writers were faster {attempts} times in a row; nothing was published, try again"
    )
