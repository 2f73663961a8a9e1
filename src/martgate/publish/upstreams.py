"""What a model is made from: found for the day, made readable, and held to contracts of its own."""

from dataclasses import dataclass, replace
from typing import TypeVar

from martgate.builders.ports import CatalogTable, Dataset, Engine
from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile
from martgate.errors import InvalidInput, MissingUpstream, Problem
from martgate.expectations.audit import Scope, audit
from martgate.expectations.retroactive import derive_from_catalog
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, OutOfScope, Verdict
from martgate.gate.decision import refusals
from martgate.project.context import Context, PublishRequest

__all__ = ["UpstreamCheck", "check_upstreams", "find_missing_upstreams", "register_upstreams"]

Found = TypeVar("Found", Verdict, OutOfScope)


def find_missing_upstreams(request: PublishRequest, context: Context) -> tuple[str, ...]:
    """Which inputs of the model are not there for the job's day, and why; nothing is read of those that are."""
    inputs = (context.catalog.find(name, request.day.date)[1] for name in sorted(request.model.inputs))
    found = (_looked_up(table, request, context) for table in inputs)
    return tuple(str(each) for each in found if isinstance(each, MissingUpstream))


@dataclass(frozen=True, slots=True)
class _Input:
    """A table from outside, as it was registered under its qualified name."""

    loaded: ContractFile
    table: Table
    source: Dataset | CatalogTable


@dataclass(frozen=True, slots=True)
class UpstreamCheck:
    """What the inputs from outside were found to be.

    `reasons` says why the model cannot be built from them, with the `verdicts` that say so; both are empty where it can.
    `out_of_scope` are rules that were not judged. Each rule is named `schema.table: rule`.
    """

    reasons: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    out_of_scope: tuple[OutOfScope, ...] = ()


def check_upstreams(engine: Engine, request: PublishRequest, context: Context) -> UpstreamCheck:
    """Register every input of the model; hold those from outside to their own contracts.

    The frames of inputs that keep every rule are checked once more, where the house has somebody to do it.

    Raises:
        martgate.errors.MissingUpstream: with every input that is not there.
        martgate.errors.InvalidInput: a contract asks of a table from outside what nobody can tell of it.
        martgate.errors.CouldNotRun: a frame could not be checked.
    """
    inputs = register_upstreams(engine, request, context)
    audits = _audit_upstreams(engine, inputs, request, context)
    broken = [found for found in audits if found.blocking]
    outside = tuple(_named(each, found.table) for found in audits for each in found.out_of_scope)
    if broken:
        verdicts = tuple(_named(verdict, found.table) for found in broken for verdict in found.blocking)
        reasons = tuple(f"upstream {found.table}: {reason}" for found in broken for reason in refusals(found))
        return UpstreamCheck(reasons, verdicts, outside)
    return UpstreamCheck(_check_frames(engine, inputs, context), out_of_scope=outside)


def _named(found: Found, table: str) -> Found:
    return replace(found, rule=replace(found.rule, name=f"{table}: {found.rule.name}"))


def _check_frames(engine: Engine, inputs: list[_Input], context: Context) -> tuple[str, ...]:
    if context.frame_check is None:
        return ()
    reasons = []
    for each in inputs:
        name = each.table.qualified_name
        context.progress(f"checking the frame of {name}")
        found = context.frame_check(engine, name, each.table)
        reasons += [f"upstream {name}: pandera: {finding}" for finding in found]
    return tuple(reasons)


def _audit_upstreams(engine: Engine, inputs: list[_Input], request: PublishRequest, context: Context) -> list[Audit]:
    """The audits of the inputs by their own contracts."""
    names = frozenset(each.table.qualified_name for each in inputs)
    scope = Scope(
        day=request.day,
        audited_at=request.started,
        others=names,
        expectation_runner=context.expectation_runner,
        catalog_tables=context.catalog.every_version,
    )
    audits = []
    for each in inputs:
        name = each.table.qualified_name
        context.progress(f"checking upstream {name}")
        rules = _rules_of(each, context)
        own = replace(scope, file_counts=context.file_counts(engine, name, each.source))
        audits.append(audit(engine, name, table=each.table, rules=rules, scope=own))
    missing = [found.table for found in audits if found.rows == 0 and _is_daily(context, found.table)]
    if missing:
        raise MissingUpstream(f"no rows for {request.day.date} in {', '.join(missing)}")
    return audits


def _rules_of(each: _Input, context: Context) -> tuple[Rule, ...]:
    """What the contract of a table from outside states, all of which can be judged.

    No earlier day of such a table is kept, and no history: a rule that asks for one would be passed over every day.
    """
    loaded, name = each.loaded, each.table.qualified_name
    rules = derive_from_catalog(loaded, each.table, context.catalog).rules
    unknowable = [
        Problem(
            file=loaded.contract.file,
            path=rule.clauses[0],
            message=f"{rule.name} looks at earlier days, and nobody keeps those of {name}, which no model makes",
            hint="state it of a table that a model makes",
        )
        for rule in rules
        if rule.check.needs_previous_days
    ]
    if unknowable:
        raise InvalidInput(*map(loaded.add_location, unknowable))
    return rules


def _is_daily(context: Context, name: str) -> bool:
    return context.catalog.find(name)[1].publish_partition is not None


def register_upstreams(engine: Engine, request: PublishRequest, context: Context) -> list[_Input]:
    """Make every input of the model readable; those that come from outside, which no gate has let through yet."""
    outside, missing = [], []
    for name in sorted(request.model.inputs):
        loaded, table = context.catalog.find(name, request.day.date)
        dataset = _looked_up(table, request, context)
        if isinstance(dataset, MissingUpstream):
            missing.append(str(dataset))
            continue
        engine.register(table.qualified_name, dataset)
        if not _is_made(table, request):
            outside.append(_Input(loaded, table, dataset))
    if missing:
        raise MissingUpstream("\n".join(missing))
    return outside


def _is_made(table: Table, request: PublishRequest) -> bool:
    return not request.model_names.isdisjoint((table.name, table.qualified_name))


def _looked_up(table: Table, request: PublishRequest, context: Context) -> Dataset | CatalogTable | MissingUpstream:
    """What an input is made of, or why it is not there."""
    try:
        return (
            _published(table, request, context)
            if _is_made(table, request)
            else context.upstreams.dataset(table, request.day.date)
        )
    except MissingUpstream as error:
        return error


def _published(table: Table, request: PublishRequest, context: Context) -> Dataset | CatalogTable:
    """All days of a table that the project itself publishes, once the last day that the job is about is among them."""
    day = request.table.publish_period.last(request.day.date)
    found, every = context.store.read(table, day), context.store.read(table)
    if found is None or every is None or (isinstance(found, Dataset) and not found.files):
        name = table.qualified_name
        raise MissingUpstream(
            f"{name}: {day} is not published in the warehouse; `martgate run {name} --date {day}` publishes it"
        )
    return every
