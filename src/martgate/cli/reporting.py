"""From a decision to what people and programs see of it; the decision is made by then."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from martgate.cli.options import open_project
from martgate.contracts.catalog import Catalog
from martgate.errors import CouldNotRun, InvalidInput, MartgateError
from martgate.exits import ExitCode
from martgate.extras import is_installed, missing_message
from martgate.gate.candidate import Candidate
from martgate.gate.run import RunRecord
from martgate.project.lineage import emit_failed_run, emit_run
from martgate.project.progress import show_progress
from martgate.project.settings import Settings
from martgate.reports.json_report import render_run_json
from martgate.reports.paths import write_atomically
from martgate.reports.ports import ReportContext
from martgate.reports.reporters import SITE, index_path
from martgate.reports.terminal import render_run_text

if TYPE_CHECKING:  # they bring the engines along
    from martgate.expectations.promises import Punctuality
    from martgate.project.context import Context, PublishRequest
    from martgate.publish.selection import TableRun

__all__ = [
    "draw_site",
    "print_candidate",
    "print_missing_upstreams",
    "redraw_site",
    "report_failure",
    "report_run",
    "report_runs",
    "save_record",
    "suggest_data_docs",
]


def report_run(record: RunRecord, settings: Settings, context: "Context", *, as_json: bool) -> ExitCode:
    """Keep the record, draw its page, tell it, and turn the decision into an exit code.

    `context` is the one that it was judged in. A page that could not be drawn takes nothing back: the decision is
    told all the same, then the trouble, as the exit code says; so it is with lineage that could not be told. A record
    without a candidate (nothing was staged) has neither.
    """
    record, trouble = _report(record, settings, context)
    troubles = [trouble, emit_run(record, settings, context)]
    click.echo(render_run_json(record) if as_json else render_run_text(record))
    suggest_data_docs(settings, as_json=as_json)
    decided = ExitCode.DONE if record.decision == "approved" else ExitCode.REFUSED
    return _after(troubles, decided)


@contextmanager
def report_failure(table: str, day: date, settings: Settings, context: "Context") -> Iterator[None]:
    """Tell the lineage of a run that could not be decided, too, before its error is told as every other one."""
    try:
        yield
    except CouldNotRun as error:
        _after([emit_failed_run(table, day, str(error), settings, context)], ExitCode.COULD_NOT_RUN)
        raise


def _after(troubles: Iterable[str], decided: ExitCode) -> ExitCode:
    """The exit code of what was decided, unless there was trouble in telling it; the troubles are told."""
    found = [trouble for trouble in troubles if trouble]
    for trouble in found:
        click.echo(f"martgate: {trouble}", err=True)
    return ExitCode.COULD_NOT_RUN if found else decided


def report_runs(
    outcomes: Iterable["TableRun"], settings: Settings, context: "Context", *, as_json: bool, names_site: bool = False
) -> ExitCode:
    """Keep and tell each of several runs as it ends, have them rendered, and turn the worst of them into an exit code.

    With `names_site`, the last line says where the site is.
    """
    at_the_end = context.reporter.renders_once
    records: list[RunRecord] = []
    told: list[object] = []
    troubles: list[str] = []
    worst = ExitCode.DONE
    for outcome in outcomes:
        record = outcome.record
        if record is not None:
            record, trouble = _report(record, settings, context, render=not at_the_end)
            records += [record] if record.candidate else []
            troubles += [trouble, emit_run(record, settings, context)]
        elif outcome.code is ExitCode.COULD_NOT_RUN:
            troubles.append(emit_failed_run(outcome.table, outcome.date, outcome.reason, settings, context))
        if not as_json:
            click.echo(render_run_text(record) if record else _without_record(outcome))
        told.append(json.loads(render_run_json(record)) if record else _reason(outcome))
        worst = max(worst, outcome.code)
    if at_the_end:
        troubles.append(_render(records, settings, context))
    site = index_path(_report_context(settings, context.catalog))
    if as_json:
        click.echo(json.dumps(({"site": str(site)} if names_site else {}) | {"runs": told}, ensure_ascii=False))
    suggest_data_docs(settings, as_json=as_json)
    if names_site and not as_json and not any(troubles):
        click.echo(f"Open {site} to see what was checked, found and published.")
    return _after(troubles, worst)


def _report(record: RunRecord, settings: Settings, context: "Context", *, render: bool = True) -> tuple[RunRecord, str]:
    """Keep a record and have it rendered.

    Returns:
        The record, which names its page where it has one, and what went wrong, empty where nothing did. A record without
        a candidate is left alone.
    """
    if not record.candidate:
        return record, ""
    shown, trouble = record, ""
    try:
        if render:
            page = context.reporter.page(record, _report_context(settings, context.catalog))
            shown = replace(record, report=str(page))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a reporter of another package may raise anything
        trouble = f"the decision stands, but its report has no place: {_shown(error)}"
    try:
        save_record(shown, settings)
    except (CouldNotRun, OSError) as error:
        trouble = f"the decision stands, but its report could not be written: {error}"
    if render and not trouble:
        trouble = _render([shown], settings, context)
    return (record if trouble else shown), trouble


def _render(records: Sequence[RunRecord], settings: Settings, context: "Context") -> str:
    """Have runs rendered; what went wrong, empty where nothing did."""
    try:
        with show_progress() as progress, redirect_stdout(sys.stderr):  # stdout is for the answer alone
            progress("drawing the report")
            context.reporter.render(records, _report_context(settings, context.catalog))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a reporter of another package may raise anything
        decisions = "the decision stands, but its" if len(records) == 1 else "the decisions stand, but their"
        return f"{decisions} report could not be written: {_shown(error)}"
    return ""


def _shown(error: BaseException) -> str:
    """An error as it may be shown: the text of one that is neither ours nor of the disk could quote rows."""
    return str(error) if isinstance(error, MartgateError | OSError) else f"an unexpected {type(error).__name__}"


def _report_context(settings: Settings, contracts: Catalog) -> ReportContext:
    return ReportContext(
        out=settings.out,
        contracts=settings.contracts,
        appearance=settings.site,
        catalog=contracts,
        punctuality=partial(_punctuality, settings),
    )


def _reason(outcome: "TableRun") -> dict[str, str]:
    return {
        "table": outcome.table,
        "date": outcome.date.isoformat(),
        "decision": _decision(outcome),
        "reason": outcome.reason,
    }


def _without_record(outcome: "TableRun") -> str:
    return f"{_decision(outcome).capitalize()}: {outcome.table} of {outcome.date}: {outcome.reason}\n"


def _decision(outcome: "TableRun") -> str:
    return "could not run" if outcome.code is ExitCode.COULD_NOT_RUN else "skipped"


def print_candidate(candidate: Candidate, *, as_json: bool) -> ExitCode:
    """Say what was staged."""
    told = {
        "table": candidate.table,
        "date": candidate.partition.value,
        "candidate": candidate.id,
        "rows": candidate.rows,
        "files": len(candidate.files),
    }
    click.echo(
        json.dumps(told)
        if as_json
        else f"staged {candidate.partition} as {candidate.id}: {candidate.rows:,} rows in "
        f"{len(candidate.files)} files, visible to nobody"
    )
    return ExitCode.DONE


def print_missing_upstreams(request: "PublishRequest", missing: Sequence[str], *, as_json: bool) -> ExitCode:
    """Say which inputs of a job are not there, each in a sentence; a day that lacks one could not be run."""
    name, inputs = request.table.qualified_name, len(request.model.inputs)
    if as_json:
        told = {"table": name, "date": request.partition.value, "inputs": inputs, "missing": list(missing)}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        there = f"{inputs - len(missing)} of the {inputs} inputs of {name} are there for {request.day.date}"
        click.echo("\n".join([there, *missing]))
    return ExitCode.COULD_NOT_RUN if missing else ExitCode.DONE


def suggest_data_docs(settings: Settings, *, as_json: bool) -> None:
    """Say how to get Data Docs where nobody chose another report and they cannot be drawn."""
    if not as_json and settings.origins.get("report") == "default" and not is_installed("gx"):
        click.echo(
            f"martgate: {missing_message('gx', 'the drawing of Data Docs', instead='set report to fast')}", err=True
        )


def save_record(record: RunRecord, settings: Settings) -> None:
    """Write the record where the site is drawn from."""
    write_atomically(settings.out / "runs" / f"{record.candidate}.json", record.to_json())


def draw_site(settings: Settings) -> Path:
    """Draw the site of all records; its index page.

    Raises:
        martgate.errors.CouldNotRun: a page could not be drawn; the former site is left as it was.
    """
    from martgate.project.wiring import load_catalog

    context = _report_context(settings, load_catalog(settings))
    with show_progress() as progress:
        progress("drawing the report")
        SITE.render((), context)
    return index_path(context)


def _punctuality(settings: Settings) -> Sequence["Punctuality"]:
    """Whether each table that is made here keeps its promises about time."""
    from martgate.builders.model import load
    from martgate.expectations.promises import Window
    from martgate.publish.sla import check_all_promises

    try:
        with open_project(settings) as context:
            models = load(folder for folder in settings.models if folder.is_dir())
            return tuple(check_all_promises(models, context, Window(now=context.now())))
    except InvalidInput as error:
        raise CouldNotRun(f"the site could not be drawn:\n{error}") from error


def redraw_site(records: Iterable[RunRecord], settings: Settings) -> Path:
    """Write the records anew, as the ledger has them, then draw the site."""
    for record in records:
        save_record(record, settings)
    return draw_site(settings)
