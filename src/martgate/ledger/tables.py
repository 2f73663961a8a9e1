"""The database of a ledger: its tables, how it is opened, and what is told where it does not answer."""

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
    "LONGEST_NAME",
    "MEASUREMENTS",
    "PUBLICATIONS",
    "RUNS",
    "VERDICTS",
    "WAIVERS",
    "answering",
    "digest_over",
    "in_utc",
    "opened",
]

_NAMES = MetaData()

_KEY = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts by itself in SQLite

LONGEST_NAME = 500
"""What a history needs of a rule's name; the record has it in full."""

CANDIDATES = Table(
    "candidates",
    _NAMES,
    Column("id", String(100), primary_key=True),
    Column("table_name", String(255), nullable=False, index=True),
    Column("part_date", String(10), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("manifest", Text, nullable=False),
)
RUNS = Table(
    "runs",
    _NAMES,
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
)
VERDICTS = Table(
    "verdicts",
    _NAMES,
    Column("run", _KEY, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("rule", String(LONGEST_NAME), nullable=False, index=True),
    Column("severity", String(10), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
)
MEASUREMENTS = Table(
    "measurements",
    _NAMES,
    Column("run", _KEY, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("grouped_by", Text, nullable=False),
    Column("group_values", Text, nullable=False),
    Column("column_name", Text, nullable=False),
    Column("value", Text),
    Column("row_count", BigInteger, nullable=False),
)
PUBLICATIONS = Table(
    "publications",
    _NAMES,
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
)
WAIVERS = Table(
    "waivers",
    _NAMES,
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
)
FILE_COUNTS = Table(
    "file_counts",
    _NAMES,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("content", String(64), nullable=False, index=True),
    Column("question", String(64), nullable=False),
    Column("counts", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)


def opened(url: str) -> Engine:
    """The database of that URL, with every table; one connection a transaction, so that nothing stays open.

    Raises:
        martgate.errors.InvalidInput: the URL is none that SQLAlchemy understands.
        martgate.errors.CouldNotRun: the database does not answer.
    """
    try:
        engine = create_engine(url, poolclass=NullPool)
    except ModuleNotFoundError as error:
        raise InvalidInput(f"ledger: {_lacking_driver(url, error.name or '')}") from error
    except (ArgumentError, ImportError) as error:
        raise InvalidInput(f"ledger: {_first_line(error)}; expected a URL like sqlite:///out/ledger.db") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _be_patient)
    _create_tables(engine)
    return engine


def _lacking_driver(url: str, module: str) -> str:
    """What to install, or to write, where SQLAlchemy cannot import the driver of a URL."""
    scheme = url.partition(":")[0]
    if module == EXTRAS["postgres"].module:
        return missing_message("postgres", scheme)
    instead = (
        f", or write postgresql+psycopg:// and {install_command('postgres')}" if scheme.startswith("postgresql") else ""
    )
    return f"{scheme} needs {module}, which is not installed: pip install {module}{instead}"


def _create_tables(engine: Engine) -> None:
    """Create what is not there; a second try, since another process may be creating the same at the same time."""
    try:
        with engine.begin() as connection:
            _create_missing(connection)
    except DBAPIError:
        with answering(engine) as connection:
            _create_missing(connection)


def _create_missing(connection: Connection) -> None:
    for table in _NAMES.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index, if_not_exists=True))
        _add_columns(connection, table)


def _add_columns(connection: Connection, table: Table) -> None:
    """A ledger of an earlier version lacks the columns that came later; all of them may be null."""
    later = [column for column in table.columns if column.nullable]
    there = {column["name"] for column in inspect(connection).get_columns(table.name)} if later else set()
    for column in later:
        if column.name not in there:
            definition = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")


@contextmanager
def answering(engine: Engine) -> Iterator[Connection]:
    """A transaction in which every database error becomes `CouldNotRun`, without the values of its statement."""
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        url = engine.url.render_as_string(hide_password=True)
        told = _first_line(getattr(error, "orig", None) or error)
        raise CouldNotRun(f"the ledger {url} does not answer: {told}") from None


def digest_over(*parts: str) -> str:
    """What a row carries, so that an edit of what it says is recognised."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def in_utc(instant: datetime) -> datetime:
    """SQLite keeps no zone; what was written is UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _be_patient(connection: Any, _record: object) -> None:
    """Two processes may write to one SQLite file: wait for the other instead of failing."""
    connection.execute("PRAGMA busy_timeout = 30000")


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
