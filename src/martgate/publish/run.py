"""Write, audit, publish: the life of one partition. Read `run` first; the rest of the room serves it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from martgate.builders.model import cast_to_contract
from martgate.builders.ports import Engine, TableTarget, WriteTarget, WrittenFile
from martgate.contracts.model import Table
from martgate.errors import CouldNotRun
from martgate.expectations.audit import Scope, audit
from martgate.expectations.retroactive import derive_from_catalog
from martgate.expectations.verdict import Audit, Verdict
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved, Refused, judge
from martgate.gate.run import RunRecord
from martgate.ledger import Altered
from martgate.project.context import Context, PublishRequest
from martgate.publish.previous_day import explain_outdated, register_previous_day
from martgate.publish.promotion import compare_with_published, create_run_record, promote
from martgate.publish.restatement import RestatementPreview
from martgate.publish.upstreams import UpstreamCheck, check_upstreams, register_upstreams
from martgate.publish.waivers import apply_recorded_waivers, reapply_recorded_waivers

__all__ = [
    "PreparedRun",
    "build",
    "complete_run",
    "create_candidate_id",
    "explain_missing_candidate",
    "gate",
    "prepare",
    "publish",
    "run",
]


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A run that has told nobody yet: its record, and the decision on what it staged, if upstreams let it stage."""

    record: RunRecord
    decision: Approved | Refused | None = None
    compared: RestatementPreview | None = None


def run(request: PublishRequest, context: Context, *, dry_run: bool = False) -> RunRecord:
    """Publish the job's day if, and only if, every blocking rule of its contract holds.

    Nothing that was refused, and nothing of a dry run, becomes visible; everything is recorded.

    Raises:
        martgate.errors.MissingUpstream: an input, or its partition for the day, is not there.
        martgate.errors.CouldNotRun: the engine or the storage failed; nothing was published.
    """
    return complete_run(prepare(request, context), request.table, context, dry_run=dry_run)


def prepare(request: PublishRequest, context: Context) -> PreparedRun:
    """Check upstreams, build, audit and judge: all of a run that no reader can see and no other run needs to know.

    Raises:
        martgate.errors.CouldNotRun: as `run` does.
    """
    context.open_ledger()  # one that does not answer is known before anything is built
    with context.engine() as engine:
        checked = check_upstreams(engine, request, context)
        if checked.reasons:
            return PreparedRun(_broken_record(request, checked))
        candidate, written = _stage(engine, request, context)
        found = _inspect(engine, candidate, request, context, written if context.trust_written_stats else ())
        found = replace(found, out_of_scope=(*found.out_of_scope, *checked.out_of_scope))
        decision = judge(candidate, found, apply_recorded_waivers(found, request.table, context))
        compared = compare_with_published(engine, decision, request.table, context)
    return PreparedRun(create_run_record(decision, compared), decision, compared)


def complete_run(prepared: PreparedRun, table: Table, context: Context, *, dry_run: bool = False) -> RunRecord:
    """Record what was prepared, and publish it where it was approved, and is by the waivers that are still in force."""
    decision, compared = prepared.decision, prepared.compared
    record = prepared.record
    if isinstance(decision, Approved) and decision.waivers:
        candidate, found = decision.candidate, decision.audit
        decision = judge(candidate, found, reapply_recorded_waivers(decision.waivers, candidate, table, context))
        record = create_run_record(decision, compared if isinstance(decision, Approved) else None)
    record = replace(record, dry_run=dry_run)
    context.ledger.record_run(record, fingerprint=decision.candidate.fingerprint if decision else "")
    if isinstance(decision, Approved) and compared and not dry_run:
        return promote(decision, compared, table, context)
    return record


def build(request: PublishRequest, context: Context) -> Candidate | RunRecord:
    """Check the upstreams and stage a candidate; a record of the refusal where an upstream is broken."""
    context.open_ledger()  # one that does not answer is known before anything is built
    with context.engine() as engine:
        checked = check_upstreams(engine, request, context)
        if not checked.reasons:
            return _stage(engine, request, context)[0]
    return complete_run(PreparedRun(_broken_record(request, checked)), request.table, context)


def gate(request: PublishRequest, context: Context, candidate_id: str | None = None) -> RunRecord:
    """Audit and judge a candidate that was staged earlier: the one of that id, or the newest of the job's day.

    Raises:
        martgate.errors.CouldNotRun: there is no such candidate, or its bytes are not those that were staged.
    """
    candidate = context.ledger.candidate(request.table.qualified_name, request.part_date, candidate_id)
    if not isinstance(candidate, Candidate):
        raise CouldNotRun(explain_missing_candidate(candidate, request.table, request.part_date, candidate_id))
    with context.engine() as engine:
        register_upstreams(engine, request, context)
        found = _inspect(engine, candidate, request, context)
        decision = judge(candidate, found, apply_recorded_waivers(found, request.table, context))
        compared = compare_with_published(engine, decision, request.table, context)
    record = create_run_record(decision, compared)
    context.ledger.record_run(record, fingerprint=candidate.fingerprint)
    return record


def publish(table: Table, part_date: str, context: Context, candidate_id: str | None = None) -> RunRecord:
    """Promote a candidate by the audit that the ledger keeps of it, if its bytes are still those of that audit.

    What it changes was counted at the gate; it is counted anew where another candidate was published since. A waiver that
    the gate used must still be in force, and one that it did not use lets nothing through.
    """
    name, at = table.qualified_name, context.now()
    candidate = context.ledger.candidate(name, part_date, candidate_id)
    if not isinstance(candidate, Candidate):
        return _refused(
            name, part_date, "", explain_missing_candidate(candidate, table, part_date, candidate_id), at=at
        )
    judged = context.ledger.verdict_on(candidate)
    if judged is None:
        return _refused(name, part_date, candidate.id, "there is no verdict on it: run `martgate gate` first", at=at)
    if isinstance(judged, Altered):
        return _refused(
            name, part_date, candidate.id, "its verdict in the ledger was altered after it was recorded", at=at
        )
    decision = judge(candidate, judged.audit, reapply_recorded_waivers(judged.waivers, candidate, table, context))
    if isinstance(decision, Refused):
        return create_run_record(decision)
    intact = context.store.is_intact(candidate)
    changed = (
        explain_outdated(judged.audit, context.store, table)
        if intact
        else "its files are not those that the verdict is about"
    )
    if changed:
        return _refused(name, part_date, candidate.id, changed, at=at)
    restatement = judged.restatement
    return promote(decision, RestatementPreview(restatement.state if restatement else "", restatement), table, context)


def create_candidate_id(prefix: str, started: datetime) -> str:
    """A name that sorts by time and that no other run takes, as in `2024-01-01-20240102T010203.000456-9f3a`."""
    return f"{prefix}-{started:%Y%m%dT%H%M%S.%f}-{secrets.token_hex(2)}"


def explain_missing_candidate(found: Altered | None, table: Table, part_date: str, candidate_id: str | None) -> str:
    """Why there is nothing to judge, and what to do."""
    if found:
        return f"what the ledger keeps of {found.candidate} was altered: run `martgate build` again"
    named = f"no candidate {candidate_id}" if candidate_id else "no candidate"
    return f"{named} of {table.qualified_name} for {part_date} was staged: run `martgate build` first"


def _stage(engine: Engine, request: PublishRequest, context: Context) -> tuple[Candidate, tuple[WrittenFile, ...]]:
    """What is staged, and its files as the engine told of them: the candidate itself keeps no value of a row."""
    told: list[WrittenFile] = []
    context.progress(f"building {request.table.qualified_name} of {request.part_date}")
    statement = cast_to_contract(request.model, request.table)

    def write(target: WriteTarget | TableTarget) -> tuple[WrittenFile, ...]:
        told[:] = engine.write(statement, target, request.parameters)
        return tuple(told)

    name = create_candidate_id(request.part_date, request.started)
    staged = context.store.stage(
        request.table, request.part_date, candidate_id=name, sequence=request.sequence, write=write
    )
    stamped = {column.casefold() for column in request.model.run_timestamp_columns}
    candidate = replace(staged, stamped=tuple(c for c in request.table.column_names if c.casefold() in stamped))
    context.ledger.record_candidate(candidate)
    return candidate, tuple(told)


def _inspect(
    engine: Engine, candidate: Candidate, request: PublishRequest, context: Context, written: Sequence[WrittenFile] = ()
) -> Audit:
    """Audit the staged files themselves, never the query that made them.

    `written` are the files as the engine told of them in this process, if that is to be believed.
    """
    all_asked = derive_from_catalog(request.contract_file, request.table, context.catalog)
    rules = all_asked.rules
    context.progress(f"auditing {candidate.rows:,} rows against {len(rules)} rules")
    name = request.table.qualified_name
    source = context.store.dataset(candidate, request.table)
    engine.register(name, source)
    scope = Scope(
        day=request.day,
        audited_at=request.started,
        others=frozenset(request.model.inputs),
        earlier=register_previous_day(engine, rules, context.store, request.table, request.part_date),
        written=tuple(written),
        history=context.ledger.history(name),
        memory=context.file_memory(engine, name, source),
        foreign=context.foreign_judge,
        catalog_tables=context.catalog.every_version,
    )
    found = audit(engine, name, table=request.table, rules=rules, scope=scope)
    return replace(found, out_of_scope=(*found.out_of_scope, *all_asked.out_of_scope))


def _broken_record(request: PublishRequest, checked: UpstreamCheck) -> RunRecord:
    """The refusal to build as a record, its verdicts those of the upstreams."""
    return _refused(
        request.table.qualified_name,
        request.part_date,
        create_candidate_id(request.part_date, request.started),
        *checked.reasons,
        at=request.started,
        verdicts=checked.verdicts,
    )


def _refused(
    table: str, part_date: str, candidate: str, *reasons: str, at: datetime, verdicts: tuple[Verdict, ...] = ()
) -> RunRecord:
    """A refusal without an audit of the table itself."""
    found = Audit(
        table=table,
        contract="",
        contract_version="",
        part_date=part_date,
        audited_at=at,
        rows=0,
        rules=len(verdicts),
        queries=0,
        seconds=0,
        verdicts=verdicts,
    )
    return RunRecord(table=table, date=part_date, candidate=candidate, decision="refused", reasons=reasons, audit=found)
