"""Write, audit, publish: the life of one partition. Read `run` first; the rest of the room serves it."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from builders.model import Model, typed
from builders.ports import CatalogTable, Dataset, Engine, StoppableEngine, TableTarget, WriteTarget, WrittenFile
from contracts.catalog import Catalog
from contracts.day import Day
from contracts.errors import CouldNotRun, MissingUpstream, Unusable
from contracts.model import Contract, Table
from contracts.odcs import Loaded
from expectations.audit import Scope, audit
from expectations.ports import FileMemory, ForeignJudge
from expectations.retroactive import promised
from expectations.verdict import Audit, Verdict
from martgate.candidate import Candidate
from martgate.clock import now
from martgate.earlier import outdated, register_earlier
from martgate.gate import Approved, Refused, judge, refusals
from martgate.ledger import Altered, Ledger
from martgate.progress import Say
from martgate.promoting import compare_with_published, promote, record_of
from martgate.restating import Compared
from martgate.reuse import memory_of
from martgate.stores.ports import Store
from martgate.stores.upstreams import Upstreams
from reports.view import RunRecord

__all__ = [
    "Candidate",
    "FrameCheck",
    "House",
    "Job",
    "Prepared",
    "build",
    "candidate_id",
    "conclude",
    "gate",
    "missing",
    "now",
    "prepare",
    "publish",
    "run",
]

FrameCheck = Callable[[Engine, str, Contract, Table], Sequence[object]]
"""What an independent library has to say against a registered relation; each finding is told as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The adapters that a run works with, as `martgate.wiring` introduced them.

    With `trusts_written`, what an engine tells of the files that it wrote a moment ago counts as looked at; with
    `reuses_counts`, so does what an earlier audit counted in files that still have the same bytes. `share` is an engine
    with one of so many shares of memory and cores; None where there can be no more than one at a time.
    """

    catalog: Catalog
    engine: Callable[[], AbstractContextManager[Engine]]
    store: Store
    ledger: Ledger
    upstreams: Upstreams
    say: Say
    trusts_written: bool = True
    reuses_counts: bool = False
    frames: FrameCheck | None = None
    share: Callable[[int], AbstractContextManager[StoppableEngine]] | None = None
    foreign: ForeignJudge | None = None

    def memory(self, engine: Engine, relation: str, source: Dataset | CatalogTable) -> FileMemory | None:
        """What the ledger remembers of the files of a relation, where that counts."""
        return memory_of(self.ledger, engine, relation, source) if self.reuses_counts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One table for one day: what is promised, how it is made, and when it was asked for.

    `started` is the run's one instant: it becomes `run_timestamp`, the candidate's sequence and part of its id.
    `made` are the names of the project's models: an input that one of them makes is read where it was published.

    Raises:
        contracts.errors.Unusable: the table is published by the week or month, and the day begins none.
    """

    loaded: Loaded
    table: Table
    model: Model
    day: Day
    started: datetime
    made: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        period = self.table.publish_period
        first = period.first(self.day.date)
        if first != self.day.date:
            raise Unusable(
                f"{self.table.qualified_name} is published by the {period}, named by its first day: "
                f"{self.part_date} lies in that of {first}; give --date {first}"
            )

    @property
    def sequence(self) -> int:
        """Microseconds since 1970, so that a later run of a day supersedes an earlier one."""
        return int(self.started.timestamp() * 1_000_000)

    @property
    def parameters(self) -> dict[str, str]:
        return self.day.parameters | {"run_timestamp": self.started.astimezone(UTC).isoformat().replace("+00:00", "Z")}

    @property
    def part_date(self) -> str:
        return self.day.date.isoformat()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that has told nobody yet: its record, and the decision on what it staged, if upstreams let it stage."""

    record: RunRecord
    decision: Approved | Refused | None = None
    compared: Compared | None = None


def run(job: Job, house: House, *, dry_run: bool = False) -> RunRecord:
    """Publish the job's day if, and only if, every blocking rule of its contract holds.

    Nothing that was refused, and nothing of a dry run, becomes visible; everything is recorded.

    Raises:
        contracts.errors.MissingUpstream: an input, or its partition for the day, is not there.
        contracts.errors.CouldNotRun: the engine or the storage failed; nothing was published.
    """
    return conclude(prepare(job, house), job.table, house, dry_run=dry_run)


def prepare(job: Job, house: House) -> Prepared:
    """Check upstreams, build, audit and judge: all of a run that no reader can see and no other run needs to know.

    Raises:
        contracts.errors.CouldNotRun: as `run` does.
    """
    with house.engine() as engine:
        broken = _check_upstreams(engine, job, house)
        if broken:
            return Prepared(_broken_record(job, broken))
        candidate, written = _stage(engine, job, house)
        found = _inspect(engine, candidate, job, house, written if house.trusts_written else ())
        decision = judge(candidate, found)
        compared = compare_with_published(engine, decision, job.table, house)
    return Prepared(record_of(decision, compared), decision, compared)


def conclude(prepared: Prepared, table: Table, house: House, *, dry_run: bool = False) -> RunRecord:
    """Record what was prepared, and publish it where it was approved."""
    decision, compared = prepared.decision, prepared.compared
    record = replace(prepared.record, dry_run=dry_run)
    house.ledger.record_run(record, fingerprint=decision.candidate.fingerprint if decision else "")
    if isinstance(decision, Approved) and compared and not dry_run:
        return promote(decision, compared, table, house)
    return record


def missing(job: Job, house: House) -> tuple[str, ...]:
    """Which inputs of the model are not there for the job's day, and why; nothing is read of those that are."""
    inputs = (house.catalog.find(name, job.day.date)[1] for name in sorted(job.model.inputs))
    found = (_looked_up(table, job, house) for table in inputs)
    return tuple(str(each) for each in found if isinstance(each, MissingUpstream))


def build(job: Job, house: House) -> Candidate | RunRecord:
    """Check the upstreams and stage a candidate; a record of the refusal where an upstream is broken."""
    with house.engine() as engine:
        broken = _check_upstreams(engine, job, house)
        if not broken:
            return _stage(engine, job, house)[0]
    return conclude(Prepared(_broken_record(job, broken)), job.table, house)


def gate(job: Job, house: House, candidate_id: str | None = None) -> RunRecord:
    """Audit and judge a candidate that was staged earlier: the one of that id, or the newest of the job's day.

    Raises:
        contracts.errors.CouldNotRun: there is no such candidate, or its bytes are not those that were staged.
    """
    candidate = house.ledger.candidate(job.table.qualified_name, job.part_date, candidate_id)
    if not isinstance(candidate, Candidate):
        raise CouldNotRun(_no_candidate(candidate, job.table, job.part_date, candidate_id))
    with house.engine() as engine:
        _register_upstreams(engine, job, house)
        decision = judge(candidate, _inspect(engine, candidate, job, house))
        compared = compare_with_published(engine, decision, job.table, house)
    record = record_of(decision, compared)
    house.ledger.record_run(record, fingerprint=candidate.fingerprint)
    return record


def publish(table: Table, part_date: str, house: House, candidate_id: str | None = None) -> RunRecord:
    """Promote a candidate by the audit that the ledger keeps of it, if its bytes are still those of that audit.

    What it changes was counted at the gate; it is counted anew where another candidate was published since.
    """
    name = table.qualified_name
    candidate = house.ledger.candidate(name, part_date, candidate_id)
    if not isinstance(candidate, Candidate):
        return _refused(name, part_date, "", _no_candidate(candidate, table, part_date, candidate_id))
    judged = house.ledger.verdict_on(candidate)
    if judged is None:
        return _refused(name, part_date, candidate.id, "there is no verdict on it: run `martgate gate` first")
    if isinstance(judged, Altered):
        return _refused(name, part_date, candidate.id, "its verdict in the ledger was altered after it was recorded")
    decision = judge(candidate, judged.audit)
    if isinstance(decision, Refused):
        return record_of(decision)
    intact = house.store.is_intact(candidate)
    changed = (
        outdated(judged.audit, house.store, table) if intact else "its files are not those that the verdict is about"
    )
    if changed:
        return _refused(name, part_date, candidate.id, changed)
    restatement = judged.restatement
    return promote(decision, Compared(restatement.state if restatement else "", restatement), table, house)


def candidate_id(prefix: str, started: datetime) -> str:
    """A name that sorts by time and that no other run takes, as in `2024-01-01-20240102T010203-9f3a`."""
    return f"{prefix}-{started:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


@dataclass(frozen=True, slots=True)
class _Input:
    """A table from outside, as it was registered under its qualified name."""

    loaded: Loaded
    table: Table
    source: Dataset | CatalogTable


@dataclass(frozen=True, slots=True)
class _Broken:
    """Why upstreams cannot be built from, and the verdicts that say so."""

    reasons: tuple[str, ...]
    verdicts: tuple[Verdict, ...] = ()


def _check_upstreams(engine: Engine, job: Job, house: House) -> _Broken | None:
    """Register every input of the model; what is wrong with those from outside that break their own contract.

    The frames of inputs that keep every rule are checked once more, where the house has somebody to do it.

    Raises:
        contracts.errors.MissingUpstream: with every input that is not there.
        contracts.errors.CouldNotRun: a frame could not be checked.
    """
    inputs = _register_upstreams(engine, job, house)
    broken = _audit_upstreams(engine, inputs, job, house)
    if broken:
        return _broken_by_rules(broken)
    reasons = _check_frames(engine, inputs, house)
    return _Broken(reasons) if reasons else None


def _check_frames(engine: Engine, inputs: list[_Input], house: House) -> tuple[str, ...]:
    if house.frames is None:
        return ()
    reasons = []
    for each in inputs:
        name = each.table.qualified_name
        house.say(f"checking the frame of {name}")
        found = house.frames(engine, name, each.loaded.contract, each.table)
        reasons += [f"upstream {name}: pandera: {finding}" for finding in found]
    return tuple(reasons)


def _audit_upstreams(engine: Engine, inputs: list[_Input], job: Job, house: House) -> list[Audit]:
    """The audits of the inputs that break their own contract."""
    names = frozenset(each.table.qualified_name for each in inputs)
    scope = Scope(day=job.day, audited_at=job.started, others=names, foreign=house.foreign)
    audits = []
    for each in inputs:
        name, contract = each.table.qualified_name, each.loaded.contract
        house.say(f"checking upstream {name}")
        rules = promised(each.loaded, each.table, house.catalog).rules
        own = replace(scope, memory=house.memory(engine, name, each.source))
        audits.append(audit(engine, name, contract=contract, table=each.table, rules=rules, scope=own))
    missing = [found.table for found in audits if found.rows == 0 and _is_daily(house, found.table)]
    if missing:
        raise MissingUpstream(f"no rows for {job.part_date} in {', '.join(missing)}")
    return [found for found in audits if found.blocking]


def _is_daily(house: House, name: str) -> bool:
    return house.catalog.find(name)[1].publish_partition is not None


def _register_upstreams(engine: Engine, job: Job, house: House) -> list[_Input]:
    """Make every input of the model readable; those that come from outside, which no gate has let through yet."""
    outside, missing = [], []
    for name in sorted(job.model.inputs):
        loaded, table = house.catalog.find(name, job.day.date)
        dataset = _looked_up(table, job, house)
        if isinstance(dataset, MissingUpstream):
            missing.append(str(dataset))
            continue
        engine.register(table.qualified_name, dataset)
        if not _is_made(table, job):
            outside.append(_Input(loaded, table, dataset))
    if missing:
        raise MissingUpstream("\n".join(missing))
    return outside


def _is_made(table: Table, job: Job) -> bool:
    return not job.made.isdisjoint((table.name, table.qualified_name))


def _looked_up(table: Table, job: Job, house: House) -> Dataset | CatalogTable | MissingUpstream:
    """What an input is made of, or why it is not there."""
    try:
        return _published(table, job, house) if _is_made(table, job) else house.upstreams.dataset(table, job.part_date)
    except MissingUpstream as error:
        return error


def _published(table: Table, job: Job, house: House) -> Dataset | CatalogTable:
    """All days of a table that the project itself publishes, once the last day that the job is about is among them."""
    day = job.table.publish_period.last(job.day.date).isoformat()
    found, every = house.store.read(table, day), house.store.read(table)
    if found is None or every is None or (isinstance(found, Dataset) and not found.files):
        name = table.qualified_name
        raise MissingUpstream(
            f"{name}: {day} is not published in the warehouse; `martgate run {name} --date {day}` publishes it"
        )
    return every


def _stage(engine: Engine, job: Job, house: House) -> tuple[Candidate, tuple[WrittenFile, ...]]:
    """What is staged, and its files as the engine told of them: the candidate itself keeps no value of a row."""
    told: list[WrittenFile] = []
    house.say(f"building {job.table.qualified_name} of {job.part_date}")
    statement = typed(job.model, job.table)

    def write(target: WriteTarget | TableTarget) -> tuple[WrittenFile, ...]:
        told[:] = engine.write(statement, target, job.parameters)
        return tuple(told)

    name = candidate_id(job.part_date, job.started)
    staged = house.store.stage(job.table, job.part_date, candidate_id=name, sequence=job.sequence, write=write)
    stamped = {column.casefold() for column in job.model.stamped}
    candidate = replace(staged, stamped=tuple(c for c in job.table.column_names if c.casefold() in stamped))
    house.ledger.record_candidate(candidate)
    return candidate, tuple(told)


def _inspect(
    engine: Engine, candidate: Candidate, job: Job, house: House, written: Sequence[WrittenFile] = ()
) -> Audit:
    """Audit the staged files themselves, never the query that made them.

    `written` are the files as the engine told of them in this process, if that is to be believed.
    """
    all_asked = promised(job.loaded, job.table, house.catalog)
    rules = all_asked.rules
    house.say(f"auditing {candidate.rows:,} rows against {len(rules)} rules")
    name = job.table.qualified_name
    source = house.store.dataset(candidate, job.table)
    engine.register(name, source)
    scope = Scope(
        day=job.day,
        audited_at=job.started,
        others=frozenset(job.model.inputs),
        earlier=register_earlier(engine, rules, house.store, job.table, job.part_date),
        written=tuple(written),
        history=house.ledger.history(name),
        memory=house.memory(engine, name, source),
        foreign=house.foreign,
    )
    found = audit(engine, name, contract=job.loaded.contract, table=job.table, rules=rules, scope=scope)
    return replace(found, out_of_scope=(*found.out_of_scope, *all_asked.outside))


def _broken_by_rules(broken: list[Audit]) -> _Broken:
    """Each rule is named `schema.table: rule`."""
    verdicts = tuple(
        replace(verdict, rule=replace(verdict.rule, name=f"{found.table}: {verdict.rule.name}"))
        for found in broken
        for verdict in found.blocking
    )
    reasons = tuple(f"upstream {found.table}: {reason}" for found in broken for reason in refusals(found))
    return _Broken(reasons, verdicts)


def _broken_record(job: Job, broken: _Broken) -> RunRecord:
    """The refusal to build as a record, its verdicts those of the upstreams."""
    return _refused(
        job.table.qualified_name,
        job.part_date,
        candidate_id(job.part_date, job.started),
        *broken.reasons,
        verdicts=broken.verdicts,
    )


def _no_candidate(found: Altered | None, table: Table, part_date: str, candidate_id: str | None) -> str:
    if found:
        return f"what the ledger keeps of {found.candidate} was altered: run `martgate build` again"
    named = f"no candidate {candidate_id}" if candidate_id else "no candidate"
    return f"{named} of {table.qualified_name} for {part_date} was staged: run `martgate build` first"


def _refused(
    table: str, part_date: str, candidate: str, *reasons: str, verdicts: tuple[Verdict, ...] = ()
) -> RunRecord:
    """A refusal without an audit of the table itself."""
    found = Audit(
        table=table,
        contract="",
        contract_version="",
        part_date=part_date,
        audited_at=now(),
        rows=0,
        rules=len(verdicts),
        queries=0,
        seconds=0,
        verdicts=verdicts,
    )
    return RunRecord(table=table, date=part_date, candidate=candidate, decision="refused", reasons=reasons, audit=found)
