"""What happened: candidates staged, runs judged, days published, in any database that SQLAlchemy speaks to.

A row that lets something be published carries a digest over all that it says, and over the bytes it speaks of, so that a
verdict that was edited afterwards is recognised and counts for nothing.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
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
    insert,
    select,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from contracts.errors import CouldNotRun, Unusable
from martgate.stores.ports import Candidate, Published
from reports.view import RunRecord

__all__ = ["Altered", "Ledger"]

_NAMES = MetaData()

_KEY = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts by itself in SQLite

_CANDIDATES = Table(
    "candidates",
    _NAMES,
    Column("id", String(100), primary_key=True),
    Column("table_name", String(255), nullable=False, index=True),
    Column("part_date", String(10), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("manifest", Text, nullable=False),
)
_RUNS = Table(
    "runs",
    _NAMES,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("candidate", String(100), nullable=False, index=True),
    Column("table_name", String(255), nullable=False, index=True),
    Column("part_date", String(10), nullable=False),
    Column("judged_at", DateTime(timezone=True), nullable=False),
    Column("decision", String(10), nullable=False),
    Column("contract", String(255), nullable=False),
    Column("contract_version", String(50), nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)
_VERDICTS = Table(
    "verdicts",
    _NAMES,
    Column("run", _KEY, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("rule", String(500), nullable=False, index=True),
    Column("severity", String(10), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
)
_PUBLICATIONS = Table(
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
)

_MANIFESTS = TypeAdapter(Candidate)


@dataclass(frozen=True, slots=True)
class Altered:
    """A verdict that is not the one that was recorded; it approves nothing."""

    candidate: str


class Ledger:
    """The record of a warehouse.

    Raises:
        contracts.errors.Unusable: the URL is none that SQLAlchemy understands.
        contracts.errors.CouldNotRun: from every method, where the database does not answer.
    """

    def __init__(self, url: str) -> None:
        try:
            self._engine = create_engine(url)
        except (ArgumentError, ImportError) as error:
            raise Unusable(f"ledger: {_first_line(error)}; expected a URL like sqlite:///out/ledger.db") from error
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _be_patient)
        with _answering(self._engine) as connection:
            _NAMES.create_all(connection)

    def record_candidate(self, candidate: Candidate) -> None:
        """Keep what was staged, so that another process can gate and publish it."""
        row = {
            "id": candidate.id,
            "table_name": candidate.table,
            "part_date": candidate.part_date,
            "sequence": candidate.sequence,
            "manifest": _MANIFESTS.dump_json(candidate).decode(),
        }
        with _answering(self._engine) as connection:
            connection.execute(insert(_CANDIDATES), row)

    def candidate(self, table: str, part_date: str, candidate_id: str | None = None) -> Candidate | None:
        """The candidate of that id, or the newest of the day; None where there is none of that table and day."""
        wanted = select(_CANDIDATES.c.manifest).where(
            _CANDIDATES.c.table_name == table, _CANDIDATES.c.part_date == part_date
        )
        if candidate_id is not None:
            wanted = wanted.where(_CANDIDATES.c.id == candidate_id)
        with _answering(self._engine) as connection:
            manifest = connection.execute(wanted.order_by(_CANDIDATES.c.sequence.desc()).limit(1)).scalar()
        return None if manifest is None else _MANIFESTS.validate_json(manifest)

    def record_run(self, record: RunRecord, *, fingerprint: str = "") -> None:
        """Keep a decision with all its verdicts; `fingerprint` is that of the candidate's bytes, if there is one."""
        text = record.to_json()
        audit = record.audit
        row = {
            "candidate": record.candidate,
            "table_name": record.table,
            "part_date": record.date,
            "judged_at": audit.audited_at,
            "decision": record.decision,
            "contract": audit.contract,
            "contract_version": audit.contract_version,
            "row_count": audit.rows,
            "record": text,
            "digest": _digest(text, fingerprint),
        }
        with _answering(self._engine) as connection:
            (run,) = connection.execute(insert(_RUNS).returning(_RUNS.c.id), row).one()
            verdicts = [
                {
                    "run": run,
                    "place": place,
                    "rule": verdict.rule.name,
                    "severity": verdict.rule.severity.value,
                    "outcome": verdict.outcome.value,
                    "failed": verdict.failed,
                    "total": verdict.total,
                }
                for place, verdict in enumerate(audit.verdicts)
            ]
            if verdicts:
                connection.execute(insert(_VERDICTS), verdicts)

    def verdict_on(self, candidate: Candidate) -> RunRecord | Altered | None:
        """The newest run that judged exactly these bytes; None where there is none."""
        wanted = select(_RUNS.c.record, _RUNS.c.digest).where(_RUNS.c.candidate == candidate.id)
        with _answering(self._engine) as connection:
            row = connection.execute(wanted.order_by(_RUNS.c.id.desc()).limit(1)).one_or_none()
        if row is None:
            return None
        if _digest(row.record, candidate.fingerprint) != row.digest:
            return Altered(candidate.id)
        return RunRecord.from_json(row.record)

    def record_publication(self, candidate: Candidate, published: Published, *, at: datetime) -> None:
        """Keep the receipt of a publish."""
        row = {
            "table_name": candidate.table,
            "part_date": candidate.part_date,
            "candidate": candidate.id,
            "version": published.version,
            "published_at": at,
            "fingerprint": candidate.fingerprint,
            "digest": _digest(candidate.table, candidate.part_date, candidate.id, str(published.version)),
        }
        with _answering(self._engine) as connection:
            connection.execute(insert(_PUBLICATIONS), row)

    def records(self) -> list[RunRecord]:
        """The newest run of every candidate, oldest first, each with the version it was published as."""
        runs = select(_RUNS.c.candidate, _RUNS.c.record).order_by(_RUNS.c.id)
        publications = select(_PUBLICATIONS.c.candidate, _PUBLICATIONS.c.version).order_by(_PUBLICATIONS.c.id)
        with _answering(self._engine) as connection:
            newest = {row.candidate: row.record for row in connection.execute(runs)}
            versions = {row.candidate: row.version for row in connection.execute(publications)}
        found = ((candidate, RunRecord.from_json(text)) for candidate, text in newest.items())
        return [replace(record, published_version=versions.get(candidate)) for candidate, record in found]


@contextmanager
def _answering(engine: Engine) -> Iterator[Connection]:
    """A transaction in which every database error becomes `CouldNotRun`, without the values of its statement."""
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        url = engine.url.render_as_string(hide_password=True)
        told = _first_line(getattr(error, "orig", None) or error)
        raise CouldNotRun(f"the ledger {url} does not answer: {told}") from None


def _be_patient(connection: Any, _record: object) -> None:
    """Two processes may write to one SQLite file: wait for the other instead of failing."""
    connection.execute("PRAGMA busy_timeout = 30000")
    connection.execute("PRAGMA journal_mode = WAL")


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
