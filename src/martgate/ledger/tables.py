"""The tables of the ledger, and connections to its database."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from martgate.errors import CouldNotRun, InvalidInput
from martgate.extras import EXTRAS, install_command, missing_message

__all__ = [
    "CANDIDATES",
    "FILE_COUNTS",
    "INPUT_MEASUREMENTS",
    "LONGEST_NAME",
    "MEASUREMENTS",
    "PUBLICATIONS",
    "RUNS",
    "VERDICTS",
    "WAIVERS",
    "compute_digest",
    "open_engine",
    "to_utc",
    "transaction",
]

_METADATA = MetaData()

_KEY = BigInteger().with_variant(Integer, "sqlite")  # SQLite increments INTEGER only

LONGEST_NAME = 500
"""The table of verdicts cuts the names of rules at this length; the record of the run has them in full."""

CANDIDATES = Table(
    "candidates",
    _METADATA,
    Column("id", String(100), primary_key=True),
    Column("table_name", String(255), nullable=False, index=True),
    Column("part_date", String(10), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("warehouse", Text),
)
RUNS = Table(
    "runs",
    _METADATA,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("candidate", String(100), nullable=False, index=True),
    Column("table_name", String(255), nullable=False, index=True),
    Column("part_date", String(10), nullable=False),
    Column("judged_at", DateTime(timezone=True), nullable=False),
    Column("decision", String(10), nullable=False),
    Column("contract", Text, nullable=False),
    Column("contract_version", Text, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("warehouse", Text),
)
VERDICTS = Table(
    "verdicts",
    _METADATA,
    Column("run", _KEY, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("rule", String(LONGEST_NAME), nullable=False, index=True),
    Column("severity", String(10), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
)


def _list_measurement_columns() -> tuple[Column[Any], ...]:
    """List the columns of a measurement, anew for each table that has them."""
    return (
        Column("grouped_by", Text, nullable=False),
        Column("group_values", Text, nullable=False),
        Column("column_name", Text, nullable=False),
        Column("value", Text),
        Column("row_count", BigInteger, nullable=False),
        Column("counts", String(10)),
    )


MEASUREMENTS = Table(
    "measurements",
    _METADATA,
    Column("run", _KEY, primary_key=True),
    Column("place", Integer, primary_key=True),
    *_list_measurement_columns(),
)
INPUT_MEASUREMENTS = Table(
    "input_measurements",
    _METADATA,
    Column("candidate", String(100), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("table_name", String(255), nullable=False, index=True),
    Column("measured_day", String(10), nullable=False),
    *_list_measurement_columns(),
)
PUBLICATIONS = Table(
    "publications",
    _METADATA,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("table_name", String(255), nullable=False, index=True),
    Column("part_date", String(10), nullable=False),
    Column("candidate", String(100), nullable=False, index=True),
    Column("version", BigInteger, nullable=False),
    Column("published_at", DateTime(timezone=True), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("restatement", Text),
    Column("waived", Text),
    Column("basis", Text),
    Column("warehouse", Text),
)
WAIVERS = Table(
    "waivers",
    _METADATA,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("table_name", String(255), nullable=False, index=True),
    Column("rule", Text, nullable=False),
    Column("part_date", String(10), nullable=False),
    Column("until", String(10), nullable=False),
    Column("most", BigInteger),
    Column("reason", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("digest", String(64), nullable=False),
    Column("check_digest", String(64)),
    Column("warehouse", Text),
)
FILE_COUNTS = Table(
    "file_counts",
    _METADATA,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("content", String(64), nullable=False, index=True),
    Column("question", String(64), nullable=False),
    Column("counts", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)


def open_engine(url: str) -> Engine:
    """Open the database of a URL and create the tables that it lacks.

    Each transaction has a connection of its own, so that none stays open.

    Raises:
        martgate.errors.InvalidInput: SQLAlchemy cannot use the URL.
        martgate.errors.CouldNotRun: the database does not answer.
    """
    try:
        engine = create_engine(url, poolclass=NullPool)
    except ModuleNotFoundError as error:
        raise InvalidInput(f"ledger: {_explain_missing_driver(url, error.name or '')}") from error
    except (ArgumentError, ImportError) as error:
        raise InvalidInput(f"ledger: {_first_line(error)}; expected a URL like sqlite:///out/ledger.db") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_busy_timeout)
    _create_tables(engine)
    return engine


def _explain_missing_driver(url: str, module: str) -> str:
    scheme = url.partition(":")[0]
    if module == EXTRAS["postgres"].module:
        return missing_message("postgres", scheme)
    instead = (
        f", or write postgresql+psycopg:// and {install_command('postgres')}" if scheme.startswith("postgresql") else ""
    )
    return f"{scheme} needs {module}, which is not installed: pip install {module}{instead}"


def _create_tables(engine: Engine) -> None:
    """Create missing tables, with a second attempt because another process may be creating them at the same time."""
    try:
        with engine.begin() as connection:
            _create_missing(connection)
    except DBAPIError:
        with transaction(engine) as connection:
            _create_missing(connection)


def _create_missing(connection: Connection) -> None:
    for table in _METADATA.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index, if_not_exists=True))
        _add_columns(connection, table)


def _add_columns(connection: Connection, table: Table) -> None:
    """Add the columns that a ledger of an earlier version lacks; all of them are nullable."""
    nullable = [column for column in table.columns if column.nullable]
    existing = {column["name"] for column in inspect(connection).get_columns(table.name)} if nullable else set()
    for column in nullable:
        if column.name not in existing:
            definition = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Open a transaction in which every database error becomes `CouldNotRun`, without the values of the statement."""
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        url = engine.url.render_as_string(hide_password=True)
        reason = _first_line(getattr(error, "orig", None) or error)
        raise CouldNotRun(f"the ledger {url} does not answer: {reason}") from None


def compute_digest(*parts: str) -> str:
    """Compute the digest of a row, by which an edit of the row is recognised."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def to_utc(instant: datetime) -> datetime:
    """Convert an instant of the database to UTC; SQLite returns UTC without a time zone."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _set_busy_timeout(connection: Any, _record: object) -> None:
    """Wait while another process writes to the SQLite file, instead of failing."""
    connection.execute("PRAGMA busy_timeout = 30000")


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
