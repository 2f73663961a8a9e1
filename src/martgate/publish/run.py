"""Stages, audits, judges and publishes one partition.

`run` does all of it; `build`, `gate` and `publish` do one step each.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from martgate.builders.model import cast_to_contract
from martgate.builders.ports import Engine, TableTarget, WriteTarget, WrittenFile
from martgate.contracts.model import Table
from martgate.contracts.partition import Partition
from martgate.errors import CouldNotRun
from martgate.expectations.audit import Scope, audit
from martgate.expectations.retroactive import derive_from_catalog
from martgate.expectations.verdict import Audit, Verdict
from martgate.gate.basis import VerdictBasis
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved, Refused, judge
from martgate.gate.run import RunRecord
from martgate.ledger import AlteredRecord
from martgate.project.context import Context, PublishRequest
from martgate.publish.basis import (
    compute_basis,
    compute_model_digest,
    explain_other_basis,
    require_inputs_of_candidate,
    require_same_inputs,
)
from martgate.publish.clocks import choose_sequence, explain_future_sequence, require_ended_days, require_same_clock
from martgate.publish.previous_day import explain_outdated, register_previous_day
from martgate.publish.promotion import compare_with_published, create_run_record, promote
from martgate.publish.receipts import restore_receipts
from martgate.publish.restatement import RestatementPreview
from martgate.publish.upstreams import UpstreamCheck, check_upstreams, register_upstreams
from martgate.publish.waivers import apply_recorded_waivers, reapply_recorded_waivers
from martgate.stores.pinning import watch_files

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
    """A run that is decided and not yet recorded or published.

    Attributes:
        record: of the run.
        decision: on the staged candidate; None if a broken upstream kept it from being built.
        preview: what the candidate would change.
    """

    record: RunRecord
    decision: Approved | Refused | None = None
    preview: RestatementPreview | None = None


def run(request: PublishRequest, context: Context, *, dry_run: bool = False) -> RunRecord:
    """Publish a table for one day if every blocking rule of its contract holds.

    A refused candidate, or that of a dry run, is never visible; every run is recorded.

    Args:
        request: the table and the day.
        context: the adapters of the run.
        dry_run: do everything except publish.

    Raises:
        martgate.errors.MissingUpstream: an input, or its partition for the day, is missing.
        martgate.errors.CouldNotRun: the engine or the storage failed; nothing was published.
        martgate.errors.InvalidInput: the day has not ended yet.
    """
    require_ended_days([request], context)
    restore_receipts(request.table, context)
    return complete_run(prepare(request, context), request.table, context, dry_run=dry_run)


def prepare(request: PublishRequest, context: Context) -> PreparedRun:
    """Check upstreams, build, audit and judge: the part of a run that is invisible to readers and to other runs.

    Raises:
        martgate.errors.CouldNotRun: see `run`.
    """
    require_ended_days([request], context)
    context.open_ledger()  # fails here, before the build, if it does not answer
    with context.engine() as engine:
        upstreams = check_upstreams(engine, request, context)
        if upstreams.reasons:
            return PreparedRun(_create_upstream_refusal(request, upstreams))
        candidate, statistics = _stage(engine, request, context, upstreams)
        result, basis = _audit_candidate(
            engine, candidate, request, context, statistics if context.trust_written_stats else ()
        )
        result = replace(
            result,
            rules=result.rules + len(upstreams.warnings),
            verdicts=(*result.verdicts, *upstreams.warnings),
            out_of_scope=(*result.out_of_scope, *upstreams.out_of_scope),
        )
        decision = judge(candidate, result, apply_recorded_waivers(result, request.table, context))
        preview = compare_with_published(engine, decision, request.table, context)
        require_same_inputs(upstreams.inputs)
    return PreparedRun(create_run_record(decision, preview, basis), decision, preview)


def complete_run(prepared: PreparedRun, table: Table, context: Context, *, dry_run: bool = False) -> RunRecord:
    """Record a prepared run, and publish its candidate if it is approved.

    An approval that needs waivers is judged again by the waivers that are in force now.

    Args:
        prepared: the run.
        table: the table of the run.
        context: the adapters of the run.
        dry_run: record the run without publishing.
    """
    decision, preview = prepared.decision, prepared.preview
    record = prepared.record
    if isinstance(decision, Approved) and decision.waivers:
        candidate, audit_result = decision.candidate, decision.audit
        decision = judge(candidate, audit_result, reapply_recorded_waivers(decision.waivers, candidate, table, context))
        record = create_run_record(decision, preview if isinstance(decision, Approved) else None, record.basis)
    record = replace(record, dry_run=dry_run)
    context.ledger.record_run(record, fingerprint=decision.candidate.fingerprint if decision else "")
    if isinstance(decision, Approved) and preview and not dry_run:
        return promote(decision, preview, table, context, record.basis)
    return record


def build(request: PublishRequest, context: Context) -> Candidate | RunRecord:
    """Check the upstreams and stage a candidate; give the record of the refusal if an upstream is broken."""
    require_ended_days([request], context)
    context.open_ledger()  # fails here, before the build, if it does not answer
    with context.engine() as engine:
        upstreams = check_upstreams(engine, request, context)
        if not upstreams.reasons:
            return _stage(engine, request, context, upstreams)[0]
    return complete_run(PreparedRun(_create_upstream_refusal(request, upstreams)), request.table, context)


def gate(request: PublishRequest, context: Context, candidate_id: str | None = None) -> RunRecord:
    """Audit and judge a staged candidate.

    Args:
        request: the table and the day.
        context: the adapters of the run.
        candidate_id: which candidate; None for the newest of the day.

    Raises:
        martgate.errors.CouldNotRun: there is no such candidate, its bytes are not those that were staged, before or after
            the audit, or an input was changed meanwhile.
    """
    require_ended_days([request], context)
    candidate = context.ledger.find_candidate(request.partition, candidate_id)
    if not isinstance(candidate, Candidate):
        raise CouldNotRun(explain_missing_candidate(candidate, request.partition, candidate_id))
    _require_intact(candidate, context.store.find_changes(candidate))
    with context.engine() as engine:
        inputs = register_upstreams(engine, request, context)
        require_inputs_of_candidate(candidate, inputs)
        result, basis = _audit_candidate(engine, candidate, request, context)
        decision = judge(candidate, result, apply_recorded_waivers(result, request.table, context))
        preview = compare_with_published(engine, decision, request.table, context)
        require_same_inputs(inputs)
    record = create_run_record(decision, preview, basis)
    context.ledger.record_run(record, fingerprint=candidate.fingerprint)
    return record


def publish(request: PublishRequest, context: Context, candidate_id: str | None = None) -> RunRecord:
    """Publish a candidate by its recorded verdict, if its bytes are still those that were audited.

    The contract, the rules and the model must be those of the verdict too, unless the candidate is published already and
    only its receipt is missing. What it changes was counted at the gate; it is counted again if another candidate was published since. A waiver that
    the gate applied must still be in force; one that was recorded later has no effect.
    """
    require_ended_days([request], context)
    table, partition, at = request.table, request.partition, context.now()
    candidate = context.ledger.find_candidate(partition, candidate_id)
    if not isinstance(candidate, Candidate):
        return _create_refusal(partition, "", explain_missing_candidate(candidate, partition, candidate_id), at=at)
    verdict = context.ledger.find_run(candidate)
    if verdict is None:
        return _create_refusal(partition, candidate.id, "there is no verdict on it: run `martgate gate` first", at=at)
    if isinstance(verdict, AlteredRecord):
        return _create_refusal(
            partition, candidate.id, "its verdict in the ledger was altered after it was recorded", at=at
        )
    decision = judge(candidate, verdict.audit, reapply_recorded_waivers(verdict.waivers, candidate, table, context))
    if isinstance(decision, Refused):
        return create_run_record(decision)
    if changes := context.store.find_changes(candidate):
        reason = f"it is not what the verdict is about: {'; '.join(changes)}"
    elif context.store.is_published(candidate):
        reason = ""
    else:
        reason = explain_future_sequence(candidate, request, context)
        reason = reason or explain_other_basis(verdict, candidate, request, context)
        reason = reason or explain_outdated(verdict.audit, context.store, table)
    if reason:
        return _create_refusal(partition, candidate.id, reason, at=at)
    restatement = verdict.restatement
    return promote(
        decision,
        RestatementPreview(restatement.state if restatement else "", restatement),
        table,
        context,
        verdict.basis,
    )


def create_candidate_id(prefix: str, started: datetime) -> str:
    """Create a unique name that sorts by time, as in `2024-01-01-20240102T010203.000456-9f3a`."""
    return f"{prefix}-{started:%Y%m%dT%H%M%S.%f}-{secrets.token_hex(2)}"


def explain_missing_candidate(altered: AlteredRecord | None, partition: Partition, candidate_id: str | None) -> str:
    """Explain why there is no candidate to judge, and what to do."""
    if altered:
        return f"the ledger's record of {altered.candidate} was altered: run `martgate build` again"
    named = f"no candidate {candidate_id}" if candidate_id else "no candidate"
    return f"{named} of {partition.table} for {partition.day} was staged: run `martgate build` first"


def _stage(
    engine: Engine, request: PublishRequest, context: Context, upstreams: UpstreamCheck
) -> tuple[Candidate, tuple[WrittenFile, ...]]:
    """Stage a candidate, if the inputs are still those that were checked.

    The files are returned beside it with the statistics that the engine reported; the candidate itself keeps no value
    of a row.
    """
    files: list[WrittenFile] = []
    context.progress(f"building {request.partition}")
    statement = cast_to_contract(request.model, request.table)

    def write(target: WriteTarget | TableTarget) -> tuple[WrittenFile, ...]:
        files[:] = engine.write(statement, target, request.parameters)
        return tuple(files)

    name = create_candidate_id(request.partition.value, request.started)
    staged = context.store.stage(
        request.table,
        request.day.date,
        candidate_id=name,
        sequence=choose_sequence(request, context),
        write=write,
    )
    stamped = {column.casefold() for column in request.model.run_timestamp_columns}
    candidate = replace(
        staged,
        stamped=tuple(c for c in request.table.column_names if c.casefold() in stamped),
        model=compute_model_digest(request.model),
        inputs=tuple(each.pin for each in upstreams.inputs),
    )
    try:
        require_same_clock(candidate, request, context)
        require_same_inputs(upstreams.inputs)
    except CouldNotRun:
        context.store.discard(candidate)
        raise
    context.ledger.record_candidate(candidate, upstreams.measurements, day=request.day.date)
    return candidate, tuple(files)


def _audit_candidate(
    engine: Engine,
    candidate: Candidate,
    request: PublishRequest,
    context: Context,
    statistics: Sequence[WrittenFile] = (),
) -> tuple[Audit, VerdictBasis]:
    """Audit the staged files themselves, never the query that made them; return what the verdicts are based on as well.

    `statistics` are those that the engine reported of the files in this process, if they may prove rules.

    Raises:
        martgate.errors.CouldNotRun: the files are not those that were staged, or were touched during the audit, so that
            nobody knows what the engine read.
    """
    applicable = derive_from_catalog(request.contract_file, request.table, context.catalog)
    rules = applicable.rules
    context.progress(f"auditing {candidate.rows:,} rows against {len(rules)} rules")
    name = request.table.qualified_name
    source = context.store.read_candidate(candidate, request.table)
    watch = watch_files(source)
    engine.register(name, source)
    scope = Scope(
        day=request.day,
        audited_at=request.started,
        other_relations=request.relations,
        previous_day=register_previous_day(engine, rules, context.store, request.table, request.day.date),
        file_statistics=tuple(statistics),
        history=context.ledger.get_history(name),
        file_counts=context.file_counts(engine, name, source),
        expectation_runner=context.expectation_runner,
        catalog_tables=context.catalog.every_version,
    )
    result = audit(engine, name, table=request.table, rules=rules, scope=scope)
    touched = [f"{file.name} {change} while it was audited" for file, change in watch.find_changes()]
    _require_intact(candidate, touched or context.store.find_changes(candidate))
    result = replace(result, out_of_scope=(*result.out_of_scope, *applicable.out_of_scope))
    return result, compute_basis(request.table, rules)


def _require_intact(candidate: Candidate, changes: Sequence[str]) -> None:
    """Refuse to judge a candidate that is not as it was staged."""
    if changes:
        head = f"candidate {candidate.id} is not what was staged; run `martgate build` again:"
        raise CouldNotRun("\n".join([head, *changes]))


def _create_upstream_refusal(request: PublishRequest, upstreams: UpstreamCheck) -> RunRecord:
    """Create the record of a refusal to build, with the verdicts on the upstreams."""
    return _create_refusal(
        request.partition,
        create_candidate_id(request.partition.value, request.started),
        *upstreams.reasons,
        at=request.started,
        verdicts=upstreams.verdicts,
    )


def _create_refusal(
    partition: Partition, candidate: str, *reasons: str, at: datetime, verdicts: tuple[Verdict, ...] = ()
) -> RunRecord:
    """Create the record of a refusal without an audit of the table itself."""
    audit_result = Audit(
        table=partition.table,
        contract="",
        contract_version="",
        part_date=partition.day,
        audited_at=at,
        rows=0,
        rules=len(verdicts),
        queries=0,
        seconds=0,
        verdicts=verdicts,
    )
    return RunRecord(
        table=partition.table,
        date=partition.day,
        candidate=candidate,
        decision="refused",
        reasons=reasons,
        audit=audit_result,
    )
