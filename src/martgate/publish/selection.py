"""Several tables in one go, and what becomes of each.

What stands on a table that was not published is skipped, never built on the day before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from martgate.builders.model import Model
from martgate.contracts.model import Table
from martgate.errors import CouldNotRun
from martgate.exits import ExitCode
from martgate.gate.run import RunRecord
from martgate.project.context import Context, PublishRequest
from martgate.project.graph import Graph
from martgate.project.wiring import create_publish_request
from martgate.publish.run import PreparedRun, complete_run, prepare
from martgate.text.lists import join_words

__all__ = ["TableRun", "create_requests", "run_request", "run_tables", "skip_request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRun:
    """What describe of one table: the record of its run, or the reason why there is none."""

    table: str
    date: str
    record: RunRecord | None = None
    reason: str = ""
    code: ExitCode = ExitCode.DONE


def create_requests(
    names: Iterable[str], day: date, models: Mapping[str, Model], context: Context
) -> list[PublishRequest]:
    """What it takes to publish these tables for one day, or for the week or month that it lies in.

    Raises:
        martgate.errors.InvalidInput: one of them cannot be run as it stands.
    """
    tables = [context.catalog.find(name)[1] for name in names]
    return [
        create_publish_request(models, context, table.qualified_name, table.publish_period.first(day))
        for table in tables
    ]


def run_tables(jobs: Iterable[PublishRequest], day: date, graph: Graph, context: Context) -> Iterator[TableRun]:
    """Run jobs in the order given; what stands on a table that was not published is skipped.

    A table by the week or month is run on the last day of its period.
    """
    stuck: set[str] = set()
    for work in jobs:
        name = work.table.qualified_name
        blocking = sorted(graph[name] & stuck)
        reason = _reason_to_skip(work.table, day, blocking)
        outcome = skip_request(work, reason) if reason else run_request(work, context)
        if blocking or outcome.code is not ExitCode.DONE:
            stuck.add(name)
        yield outcome


def _reason_to_skip(table: Table, day: date, blocking: Sequence[str]) -> str:
    period = table.publish_period
    if blocking:
        return f"it is made from {join_words(blocking)}, which was not published"
    if period.last(day) != day:
        return f"it is published by the {period}, and this one ends on {period.last(day)}"
    return ""


def skip_request(work: PublishRequest, reason: str) -> TableRun:
    """What is told of a job that was not run."""
    return TableRun(table=work.table.qualified_name, date=work.part_date, reason=reason)


def run_request(work: PublishRequest, context: Context, begun: Callable[[], PreparedRun] | None = None) -> TableRun:
    """Run a job now, or go on with what was `begun` of it; one that could not run is an outcome, too.

    Others may follow it.
    """
    name = work.table.qualified_name
    try:
        prepared = begun() if begun else prepare(replace(work, started=context.now()), context)
        record = complete_run(prepared, work.table, context)
    except CouldNotRun as error:
        return TableRun(table=name, date=work.part_date, reason=str(error), code=ExitCode.COULD_NOT_RUN)
    code = ExitCode.REFUSED if record.decision == "refused" else ExitCode.DONE
    return TableRun(table=name, date=work.part_date, record=record, code=code)
