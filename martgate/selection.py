"""Several tables in one go: which ones a selector means, in which order, and what becomes of each.

A selector is the name of a table, `t`; with what is made from it, `t+`; with what it is made from, `+t`; or `tag:x`, all
tables with a tag. What stands on a table that was not published is skipped, never built on the day before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from graphlib import CycleError, TopologicalSorter

from builders.model import Model, making
from contracts.catalog import Catalog
from contracts.errors import CouldNotRun, Unusable
from contracts.hints import clip, did_you_mean, join
from contracts.model import Table
from martgate.exits import ExitCode
from martgate.publish import House, Job, now, run
from martgate.wiring import job_of
from reports.view import RunRecord

__all__ = ["Graph", "Outcome", "attempt", "graph_of", "jobs_of", "run_all", "select", "skipped"]

Graph = Mapping[str, frozenset[str]]
"""For each table that a model makes, by qualified name, those of its inputs that a model makes, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one table: the record of its run, or the reason why there is none."""

    table: str
    date: str
    record: RunRecord | None = None
    reason: str = ""
    code: ExitCode = ExitCode.DONE


def graph_of(models: Mapping[str, Model], catalog: Catalog) -> Graph:
    """What is made from what, as the models' own SQL says.

    Raises:
        contracts.errors.Unusable: a model reads a table without a contract, or models are made from each other.
    """
    made = {table.qualified_name: model for _, table in catalog.tables() if (model := making(table, models))}
    inputs = {name: {catalog.find(read)[1].qualified_name for read in model.inputs} for name, model in made.items()}
    graph = {name: frozenset(read & made.keys()) for name, read in inputs.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise Unusable(f"models are made from each other in a circle: {' <- '.join(error.args[1])}") from None
    return graph


def select(selectors: Iterable[str], graph: Graph, catalog: Catalog) -> tuple[str, ...]:
    """The tables that any of the selectors means, each after those that it is made from.

    Raises:
        contracts.errors.Unusable: a selector means nothing that a model makes.
    """
    chosen = {name for selector in selectors for name in _meant(selector.strip(), graph, catalog)}
    order = TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)}).static_order()
    return tuple(name for name in order if name in chosen)


def _meant(selector: str, graph: Graph, catalog: Catalog) -> set[str]:
    if selector.startswith("tag:"):
        return _tagged(selector.removeprefix("tag:"), graph, catalog)
    name = catalog.find(selector.removeprefix("+").removesuffix("+"))[1].qualified_name
    if name not in graph:
        raise Unusable(f"no model makes {name}, so it cannot be run; {did_you_mean(name, graph)}")
    above = _reached(name, graph) if selector.startswith("+") else set()
    below = _reached(name, _turned(graph)) if selector.endswith("+") else set()
    return {name} | above | below


def _tagged(tag: str, graph: Graph, catalog: Catalog) -> set[str]:
    tags = {table.qualified_name: {*loaded.contract.tags, *table.tags} for loaded, table in catalog.tables()}
    found = {name for name in graph if tag in tags[name]}
    if not found:
        known = {each for name in graph for each in tags[name]}
        raise Unusable(
            f"no table that a model makes has the tag {clip(tag)}; {did_you_mean(tag, known) or 'none has any'}"
        )
    return found


def _turned(graph: Graph) -> Graph:
    return {name: frozenset(other for other in graph if name in graph[other]) for name in graph}


def _reached(name: str, graph: Graph) -> set[str]:
    """All tables that arrows lead to, from one table on."""
    return {name}.union(*(_reached(near, graph) for near in graph[name]))


def jobs_of(names: Iterable[str], day: date, models: Mapping[str, Model], catalog: Catalog) -> list[Job]:
    """What it takes to publish these tables for one day, or for the week or month that it lies in.

    Raises:
        contracts.errors.Unusable: one of them cannot be run as it stands.
    """
    tables = [catalog.find(name)[1] for name in names]
    return [job_of(models, catalog, table.qualified_name, table.publish_period.first(day)) for table in tables]


def run_all(jobs: Iterable[Job], day: date, graph: Graph, house: House) -> Iterator[Outcome]:
    """Run jobs in the order given; what stands on a table that was not published is skipped.

    A table by the week or month is run on the last day of its period.
    """
    stuck: set[str] = set()
    for work in jobs:
        name = work.table.qualified_name
        blocking = sorted(graph[name] & stuck)
        reason = _reason_to_skip(work.table, day, blocking)
        outcome = skipped(work, reason) if reason else attempt(work, house)
        if blocking or outcome.code is not ExitCode.DONE:
            stuck.add(name)
        yield outcome


def _reason_to_skip(table: Table, day: date, blocking: Sequence[str]) -> str:
    period = table.publish_period
    if blocking:
        return f"it is made from {join(blocking)}, which was not published"
    if period.last(day) != day:
        return f"it is published by the {period}, and this one ends on {period.last(day)}"
    return ""


def skipped(work: Job, reason: str) -> Outcome:
    """What is told of a job that was not run."""
    return Outcome(table=work.table.qualified_name, date=work.part_date, reason=reason)


def attempt(work: Job, house: House) -> Outcome:
    """Run a job now; one that could not run is an outcome, too, since others may follow it."""
    name = work.table.qualified_name
    try:
        record = run(replace(work, started=now()), house)
    except CouldNotRun as error:
        return Outcome(table=name, date=work.part_date, reason=str(error), code=ExitCode.COULD_NOT_RUN)
    code = ExitCode.REFUSED if record.decision == "refused" else ExitCode.DONE
    return Outcome(table=name, date=work.part_date, record=record, code=code)
