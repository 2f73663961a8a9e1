"""Counts of files as rows of the ledger, by the digest of a file's bytes and the digest of the query that counted."""

import json
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from martgate.ledger.tables import FILE_COUNTS, compute_digest

__all__ = ["insert_file_counts", "select_file_counts"]

_CHUNK = 500
"""The number of files in one statement: databases limit the number of parameters."""


def insert_file_counts(connection: Connection, query: str, counts: Mapping[str, Sequence[int]]) -> None:
    """Insert the counts that a query took in files, each file given by the digest of its bytes."""
    rows = [
        {
            "content": content,
            "question": query,
            "counts": (text := json.dumps(list(numbers))),
            "digest": compute_digest(content, query, text),
        }
        for content, numbers in counts.items()
    ]
    connection.execute(insert(FILE_COUNTS), rows)


def select_file_counts(connection: Connection, query: str, contents: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Select the recorded counts of a query in these files; an altered row counts as not recorded."""
    columns = (FILE_COUNTS.c.content, FILE_COUNTS.c.counts, FILE_COUNTS.c.digest)
    recorded, digests = select(*columns).where(FILE_COUNTS.c.question == query), sorted(set(contents))
    rows = [
        row
        for first in range(0, len(digests), _CHUNK)
        for row in connection.execute(recorded.where(FILE_COUNTS.c.content.in_(digests[first : first + _CHUNK])))
    ]
    intact = (row for row in rows if row.digest == compute_digest(row.content, query, row.counts))
    return {row.content: tuple(json.loads(row.counts)) for row in intact}
