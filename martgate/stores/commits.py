"""What every commit of ours says, whichever store makes it: which day it replaces, and who it is from."""

from collections.abc import Mapping

from contracts.errors import Unusable
from contracts.model import Table
from martgate.candidate import Candidate

__all__ = ["NAMESPACE", "app", "day_column", "partition", "receipt"]

NAMESPACE = "martgate"
"""The key of commit metadata under which everything of ours lies."""


def day_column(table: Table) -> str:
    """The partition column that a publish replaces one value of; empty where a table without any is replaced whole.

    Raises:
        contracts.errors.Unusable: the table is partitioned, and the contract names none of its columns.
    """
    if not table.partition_columns:
        return ""
    day = table.publish_partition
    if day is None or day not in table.partition_columns:
        found = ", ".join(table.partition_columns) or "none"
        raise Unusable(
            f"{table.qualified_name} cannot be published day by day: publishPartition is {day or 'not given'}, "
            f"and its partition columns are {found}"
        )
    return day


def partition(column: str, part_date: str) -> dict[str, str]:
    """The partition that a publish replaces, by column; of a table without partitions it is all of it."""
    return {column: part_date} if column else {}


def app(candidate: Candidate) -> str:
    """The name of Delta's `txn` action: one a table and day, whose version is the candidate's sequence.

    As in `we_mart.wv_comm_user/part_date=2024-01-01`.
    """
    folders = [f"{name}={value}" for name, value in partition(candidate.day_column, candidate.part_date).items()]
    return "/".join([candidate.table, *folders])


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
