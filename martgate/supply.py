"""What a model is made from: found for the day, made readable, and held to contracts of its own."""

from dataclasses import dataclass, replace
from typing import TypeVar

from builders.ports import CatalogTable, Dataset, Engine
from contracts.errors import MissingUpstream, Problem, Unusable
from contracts.model import Table
from contracts.odcs import Loaded
from expectations.audit import Scope, audit
from expectations.rules import Rule
from expectations.verdict import Audit, OutOfScope, Verdict
from martgate.gate import refusals
from martgate.house import House, Job
from martgate.review import placed, rules_of

__all__ = ["Checked", "check_upstreams", "missing", "register_upstreams"]

Found = TypeVar("Found", Verdict, OutOfScope)


def missing(job: Job, house: House) -> tuple[str, ...]:
    """Which inputs of the model are not there for the job's day, and why; nothing is read of those that are."""
    inputs = (house.catalog.find(name, job.day.date)[1] for name in sorted(job.model.inputs))
    found = (_looked_up(table, job, house) for table in inputs)
    return tuple(str(each) for each in found if isinstance(each, MissingUpstream))


@dataclass(frozen=True, slots=True)
class _Input:
    """A table from outside, as it was registered under its qualified name."""

    loaded: Loaded
    table: Table
    source: Dataset | CatalogTable


@dataclass(frozen=True, slots=True)
class Checked:
    """What the inputs from outside were found to be.

    `reasons` says why the model cannot be built from them, with the `verdicts` that say so; both are empty where it can.
    `outside` are rules that were not judged. Each rule is named `schema.table: rule`.
    """

    reasons: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    outside: tuple[OutOfScope, ...] = ()


def check_upstreams(engine: Engine, job: Job, house: House) -> Checked:
    """Register every input of the model; hold those from outside to their own contracts.

    The frames of inputs that keep every rule are checked once more, where the house has somebody to do it.

    Raises:
        contracts.errors.MissingUpstream: with every input that is not there.
        contracts.errors.Unusable: a contract asks of a table from outside what nobody can tell of it.
        contracts.errors.CouldNotRun: a frame could not be checked.
    """
    inputs = register_upstreams(engine, job, house)
    audits = _audit_upstreams(engine, inputs, job, house)
    broken = [found for found in audits if found.blocking]
    outside = tuple(_named(each, found.table) for found in audits for each in found.out_of_scope)
    if broken:
        verdicts = tuple(_named(verdict, found.table) for found in broken for verdict in found.blocking)
        reasons = tuple(f"upstream {found.table}: {reason}" for found in broken for reason in refusals(found))
        return Checked(reasons, verdicts, outside)
    return Checked(_check_frames(engine, inputs, house), outside=outside)


def _named(found: Found, table: str) -> Found:
    return replace(found, rule=replace(found.rule, name=f"{table}: {found.rule.name}"))


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
    """The audits of the inputs by their own contracts."""
    names = frozenset(each.table.qualified_name for each in inputs)
    scope = Scope(
        day=job.day,
        audited_at=job.started,
        others=names,
        foreign=house.foreign,
        catalog_tables=house.catalog.every_version,
    )
    audits = []
    for each in inputs:
        name, contract = each.table.qualified_name, each.loaded.contract
        house.say(f"checking upstream {name}")
        rules = _rules_of(each, house)
        own = replace(scope, memory=house.memory(engine, name, each.source))
        audits.append(audit(engine, name, contract=contract, table=each.table, rules=rules, scope=own))
    missing = [found.table for found in audits if found.rows == 0 and _is_daily(house, found.table)]
    if missing:
        raise MissingUpstream(f"no rows for {job.part_date} in {', '.join(missing)}")
    return audits


def _rules_of(each: _Input, house: House) -> tuple[Rule, ...]:
    """What the contract of a table from outside states, all of which can be judged.

    No earlier day of such a table is kept, and no history: a rule that asks for one would be passed over every day.
    """
    loaded, name = each.loaded, each.table.qualified_name
    rules = rules_of(loaded, each.table, house.catalog)
    unknowable = [
        Problem(
            file=loaded.contract.file,
            path=rule.clauses[0],
            message=f"{rule.name} looks at earlier days, and nobody keeps those of {name}, which no model makes",
            hint="state it of a table that a model makes",
        )
        for rule in rules
        if rule.check.looks_back
    ]
    if unknowable:
        raise Unusable(*(placed(problem, loaded) for problem in unknowable))
    return rules


def _is_daily(house: House, name: str) -> bool:
    return house.catalog.find(name)[1].publish_partition is not None


def register_upstreams(engine: Engine, job: Job, house: House) -> list[_Input]:
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
