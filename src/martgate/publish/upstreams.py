"""Finds the inputs of a run for a day, registers them, and checks those from outside against their contracts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from martgate.builders.ports import CatalogTable, Dataset, Engine
from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile
from martgate.errors import InvalidInput, MissingUpstream, Problem
from martgate.expectations.audit import Scope, audit
from martgate.expectations.measurement import Measurement
from martgate.expectations.retroactive import derive_from_catalog
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, OutOfScope, Verdict
from martgate.gate.decision import list_refusal_reasons
from martgate.project.context import Context, PublishRequest
from martgate.stores.pinning import PinnedInput, pin_input

__all__ = ["UpstreamCheck", "check_upstreams", "find_missing_upstreams", "register_upstreams"]

VerdictOrSkipped = TypeVar("VerdictOrSkipped", Verdict, OutOfScope)


def find_missing_upstreams(request: PublishRequest, context: Context) -> tuple[str, ...]:
    """Find the inputs of a run that are missing for the day; no data is read.

    Returns:
        For each missing input, a sentence that says what is missing.
    """
    inputs = (context.catalog.find(name, request.day.date)[1] for name in sorted(request.inputs))
    results = (_find_data(table, request, context) for table in inputs)
    return tuple(str(result) for result in results if isinstance(result, MissingUpstream))


@dataclass(frozen=True, slots=True)
class _Input:
    """A table that no model makes, registered under its qualified name."""

    contract_file: ContractFile
    table: Table
    source: Dataset | CatalogTable


@dataclass(frozen=True, slots=True)
class UpstreamCheck:
    """The result of checking the inputs from outside the project. Each rule is named `schema.table: rule`.

    Attributes:
        reasons: why the model cannot be built from them; empty if it can.
        verdicts: the failed verdicts behind the reasons.
        warnings: the verdicts that do not block, of rules that failed or could not run.
        out_of_scope: rules that were not checked.
        inputs: every input, as it was when it was registered.
        measurements: what rules that learn measured of them, by qualified name.
    """

    reasons: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    warnings: tuple[Verdict, ...] = ()
    out_of_scope: tuple[OutOfScope, ...] = ()
    inputs: tuple[PinnedInput, ...] = ()
    measurements: Mapping[str, tuple[Measurement, ...]] = field(default_factory=dict)


def check_upstreams(engine: Engine, request: PublishRequest, context: Context) -> UpstreamCheck:
    """Register every input of the run, and audit those from outside by their own contracts.

    The inputs that keep every rule are then checked by the frame check, if the settings name one.

    Raises:
        martgate.errors.MissingUpstream: with every input that is missing.
        martgate.errors.InvalidInput: a contract has a rule that cannot be checked for a table from outside.
        martgate.errors.CouldNotRun: a frame could not be checked.
    """
    pinned = register_upstreams(engine, request, context)
    found = [_Input(*context.catalog.find(each.pin.table, request.day.date), each.source) for each in pinned]
    inputs = [each for each in found if not _has_model(each.table, request)]
    audits = _audit_upstreams(engine, inputs, request, context)
    failed = [audit for audit in audits if audit.blocking]
    out_of_scope = tuple(_prefix_rule(result, audit.table) for audit in audits for result in audit.out_of_scope)
    if failed:
        verdicts = tuple(_prefix_rule(verdict, audit.table) for audit in failed for verdict in audit.blocking)
        reasons = tuple(
            f"upstream {audit.table}: {reason}" for audit in failed for reason in list_refusal_reasons(audit)
        )
        return UpstreamCheck(reasons, verdicts, out_of_scope=out_of_scope, inputs=pinned)
    warnings = tuple(
        _prefix_rule(verdict, audit.table)
        for audit in audits
        for verdict in audit.verdicts
        if verdict.outcome in (Outcome.FAILED, Outcome.ERROR)
    )
    reasons = _check_frames(engine, inputs, context)
    measurements = {audit.table: audit.measurements for audit in audits if audit.measurements}
    return UpstreamCheck(
        reasons, warnings=warnings, out_of_scope=out_of_scope, inputs=pinned, measurements=measurements
    )


def _prefix_rule(result: VerdictOrSkipped, table: str) -> VerdictOrSkipped:
    return replace(result, rule=replace(result.rule, name=f"{table}: {result.rule.name}"))


def _check_frames(engine: Engine, inputs: list[_Input], context: Context) -> tuple[str, ...]:
    if context.frame_check is None:
        return ()
    reasons = []
    for upstream in inputs:
        name = upstream.table.qualified_name
        context.progress(f"checking the frame of {name}")
        findings = context.frame_check(engine, name, upstream.table)
        reasons += [f"upstream {name}: pandera: {finding}" for finding in findings]
    return tuple(reasons)


def _audit_upstreams(engine: Engine, inputs: list[_Input], request: PublishRequest, context: Context) -> list[Audit]:
    scope = Scope(
        day=request.day,
        audited_at=request.started,
        other_relations=request.relations,
        expectation_runner=context.expectation_runner,
        catalog_tables=context.catalog.every_version,
    )
    audits = []
    for upstream in inputs:
        name = upstream.table.qualified_name
        context.progress(f"checking upstream {name}")
        rules = _derive_rules(upstream, context)
        own = replace(
            scope,
            file_counts=context.file_counts(engine, name, upstream.source),
            history=context.ledger.get_input_history(name),
        )
        audits.append(audit(engine, name, table=upstream.table, rules=rules, scope=own))
    empty = [result.table for result in audits if result.rows == 0 and _is_daily(context, result.table)]
    if empty:
        raise MissingUpstream(f"no rows for {request.day.date} in {', '.join(empty)}")
    return audits


def _derive_rules(upstream: _Input, context: Context) -> tuple[Rule, ...]:
    """Derive the rules of a table from outside, all of which can be checked.

    Earlier runs measured such a table, and rules may learn from that. The project keeps no rows of an earlier day, so that
    a rule that needs them would be passed over every day; it is refused instead.
    """
    contract_file, name = upstream.contract_file, upstream.table.qualified_name
    rules = derive_from_catalog(contract_file, upstream.table, context.catalog).rules
    uncheckable = [
        Problem(
            file=contract_file.contract.file,
            path=rule.clauses[0],
            message=f"{rule.name} looks at rows of earlier days, which are not kept for {name}, as no model makes it",
            hint="move it to the contract of a table that a model makes",
        )
        for rule in rules
        if rule.check.reads_previous_day or (rule.check.needs_previous_days and not rule.check.is_learned)
    ]
    if uncheckable:
        raise InvalidInput(*map(contract_file.add_location, uncheckable))
    return rules


def _is_daily(context: Context, name: str) -> bool:
    return context.catalog.find(name)[1].publish_partition is not None


def register_upstreams(engine: Engine, request: PublishRequest, context: Context) -> tuple[PinnedInput, ...]:
    """Register every input by each of its names, and return each as it was before it was read."""
    pinned, missing = [], []
    for name, spellings in sorted(request.inputs.items()):
        table = context.catalog.find(name, request.day.date)[1]
        dataset = _find_data(table, request, context)
        if isinstance(dataset, MissingUpstream):
            missing.append(str(dataset))
            continue
        pinned.append(pin_input(name, dataset))
        for spelling in sorted(spellings):
            engine.register(spelling, dataset)
    if missing:
        raise MissingUpstream("\n".join(missing))
    return tuple(pinned)


def _has_model(table: Table, request: PublishRequest) -> bool:
    return not request.model_names.isdisjoint((table.name, table.qualified_name))


def _find_data(table: Table, request: PublishRequest, context: Context) -> Dataset | CatalogTable | MissingUpstream:
    """Find the data of an input, or give the error that says why it is missing."""
    try:
        return (
            _find_published(table, request, context)
            if _has_model(table, request)
            else context.upstreams.find_dataset(table, request.day.date)
        )
    except MissingUpstream as error:
        return error


def _find_published(table: Table, request: PublishRequest, context: Context) -> Dataset | CatalogTable:
    """Find all days of a table that the project publishes, if the last day of the request is among them."""
    day = request.table.publish_period.last(request.day.date)
    day_data, all_days = context.store.read(table, day), context.store.read(table)
    if day_data is None or all_days is None or (isinstance(day_data, Dataset) and not day_data.files):
        name = table.qualified_name
        raise MissingUpstream(
            f"{name}: {day} is not published in the warehouse; `martgate run {name} --date {day}` publishes it"
        )
    return all_days
