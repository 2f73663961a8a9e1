"""Runs several tables one after another, in the order of their dependencies.

A table that is made from one that was not published is skipped; it is never built on the previous day instead.
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
from martgate.project.requests import create_publish_request
from martgate.publish.clocks import require_ended_days
from martgate.publish.receipts import restore_receipts
from martgate.publish.run import PreparedRun, complete_run, prepare
from martgate.text.lists import join_words

__all__ = ["TableRun", "create_requests", "run_request", "run_tables", "skip_request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRun:
    """The result of one table in a run of several.

    Attributes:
        table: the qualified name.
        date: the day.
        record: of the run; None if there was none.
        reason: why there is no record; empty otherwise.
        code: the exit code of the result.
    """

    table: str
    date: date
    record: RunRecord | None = None
    reason: str = ""
    code: ExitCode = ExitCode.DONE


def create_requests(
    names: Iterable[str], day: date, models: Mapping[str, Model], context: Context
) -> list[PublishRequest]:
    """Create the requests that publish tables for a day, or for the week or month that contains it.

    Args:
        names: the tables.
        day: any day of the period.
        models: of the project, by name.
        context: the adapters of the run.

    Raises:
        martgate.errors.InvalidInput: a table has no model, or its contract has problems.
    """
    tables = [context.catalog.find(name)[1] for name in names]
    return [
        create_publish_request(models, context, table.qualified_name, table.publish_period.first(day))
        for table in tables
    ]


def run_tables(requests: Iterable[PublishRequest], day: date, graph: Graph, context: Context) -> Iterator[TableRun]:
    """Run requests in the given order, and skip tables whose inputs were not published.

    Args:
        requests: in an order in which each table follows those that it is made from.
        day: the day of the run; a table by the week or month is run only on the last day of its period.
        graph: what each table is made from.
        context: the adapters of the run.

    Yields:
        The result of each table.
    """
    requests = list(requests)
    require_ended_days((each for each in requests if not _reason_to_skip(each.table, day, ())), context)
    unpublished: set[str] = set()
    for request in requests:
        name = request.table.qualified_name
        blocking = sorted(graph[name] & unpublished)
        reason = _reason_to_skip(request.table, day, blocking)
        if not reason:
            restore_receipts(request.table, context)
        table_run = skip_request(request, reason) if reason else run_request(request, context)
        if blocking or table_run.code is not ExitCode.DONE:
            unpublished.add(name)
        yield table_run


def _reason_to_skip(table: Table, day: date, blocking: Sequence[str]) -> str:
    period = table.publish_period
    if blocking:
        return f"it is made from {join_words(blocking)}, which was not published"
    if period.last(day) != day:
        return f"it is published by the {period}, and this one ends on {period.last(day)}"
    return ""


def skip_request(request: PublishRequest, reason: str) -> TableRun:
    """Give the result of a request that was not run."""
    return TableRun(table=request.table.qualified_name, date=request.day.date, reason=reason)


def run_request(
    request: PublishRequest, context: Context, next_run: Callable[[], PreparedRun] | None = None
) -> TableRun:
    """Run a request now, or complete the run that `next_run` prepared.

    Args:
        request: what to publish.
        context: the adapters of the run.
        next_run: waits for the run of this request that is being prepared; None to prepare it here.

    Returns:
        The result; a run that failed with `CouldNotRun` is a result too, so that the next request can run.
    """
    name = request.table.qualified_name
    try:
        prepared = next_run() if next_run else prepare(replace(request, started=context.now()), context)
        record = complete_run(prepared, request.table, context)
    except CouldNotRun as error:
        return TableRun(table=name, date=request.day.date, reason=str(error), code=ExitCode.COULD_NOT_RUN)
    code = ExitCode.REFUSED if record.decision == "refused" else ExitCode.DONE
    return TableRun(table=name, date=request.day.date, record=record, code=code)
