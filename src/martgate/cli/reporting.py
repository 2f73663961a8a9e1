"""Reports decisions to people and programs, as text, JSON, pages, lineage and exit code; it never changes one."""

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
from martgate.text.wording import escape_text

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
    """Save the record of a run, render its page, send its lineage, print it, and return the exit code.

    A page that could not be rendered, or lineage that could not be sent, does not change the decision: it is printed
    first, then what went wrong, and the exit code is 3. A record without a candidate has neither page nor lineage.

    Args:
        record: of the run.
        settings: of the project.
        context: the one that the run was judged in.
        as_json: whether to print one JSON object.
    """
    record, trouble = _save_and_render(record, settings, context)
    troubles = [trouble, emit_run(record, settings, context)]
    click.echo(render_run_json(record) if as_json else render_run_text(record))
    suggest_data_docs(settings, as_json=as_json)
    code = ExitCode.DONE if record.decision == "approved" else ExitCode.REFUSED
    return _print_troubles(troubles, code)


@contextmanager
def report_failure(table: str, day: date, settings: Settings, context: "Context") -> Iterator[None]:
    """Send the lineage of a run that fails before a decision; its error is raised again."""
    try:
        yield
    except CouldNotRun as error:
        _print_troubles([emit_failed_run(table, day, str(error), settings, context)], ExitCode.COULD_NOT_RUN)
        raise


def _print_troubles(troubles: Iterable[str], code: ExitCode) -> ExitCode:
    """Print what went wrong with the reports, and return the exit code: 3 if anything did."""
    messages = [trouble for trouble in troubles if trouble]
    for trouble in messages:
        click.echo("\n".join(map(escape_text, f"martgate: {trouble}".split("\n"))), err=True)
    return ExitCode.COULD_NOT_RUN if messages else code


def report_runs(
    table_runs: Iterable["TableRun"], settings: Settings, context: "Context", *, as_json: bool, names_site: bool = False
) -> ExitCode:
    """Report several runs, each as it ends, and return the worst exit code.

    Args:
        table_runs: the results, which are produced as the runs end.
        settings: of the project.
        context: the one that the runs are judged in.
        as_json: whether to print one JSON object.
        names_site: whether the last line says where the site is.
    """
    renders_once = context.reporter.renders_once
    records: list[RunRecord] = []
    payloads: list[object] = []
    troubles: list[str] = []
    worst = ExitCode.DONE
    for table_run in table_runs:
        record = table_run.record
        if record is not None:
            record, trouble = _save_and_render(record, settings, context, render=not renders_once)
            records += [record] if record.candidate else []
            troubles += [trouble, emit_run(record, settings, context)]
        elif table_run.code is ExitCode.COULD_NOT_RUN:
            troubles.append(emit_failed_run(table_run.table, table_run.date, table_run.reason, settings, context))
        if not as_json:
            click.echo(render_run_text(record) if record else _render_reason(table_run))
        payloads.append(json.loads(render_run_json(record)) if record else _render_reason_json(table_run))
        worst = max(worst, table_run.code)
    if renders_once:
        troubles.append(_render(records, settings, context))
    site = index_path(_report_context(settings, context.catalog))
    if as_json:
        click.echo(json.dumps(({"site": str(site)} if names_site else {}) | {"runs": payloads}))
    suggest_data_docs(settings, as_json=as_json)
    if names_site and not as_json and not any(troubles):
        click.echo(f"Open {site} to see what was checked, found and published.")
    return _print_troubles(troubles, worst)


def _save_and_render(
    record: RunRecord, settings: Settings, context: "Context", *, render: bool = True
) -> tuple[RunRecord, str]:
    """Save a record and render it; a record without a candidate is left alone.

    Returns:
        The record, with the path of its page if it has one, and what went wrong, empty if nothing did.
    """
    if not record.candidate:
        return record, ""
    with_report, trouble = record, ""
    try:
        if render:
            page = context.reporter.page(record, _report_context(settings, context.catalog))
            with_report = replace(record, report=str(page))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a reporter of another package may raise anything
        trouble = f"the decision stands, but its report has no path: {_describe_error(error)}"
    try:
        save_record(with_report, settings)
    except (CouldNotRun, OSError) as error:
        trouble = f"the decision stands, but its report could not be written: {error}"
    if render and not trouble:
        trouble = _render([with_report], settings, context)
    return (record if trouble else with_report), trouble


def _render(records: Sequence[RunRecord], settings: Settings, context: "Context") -> str:
    """Render runs; return what went wrong, empty if nothing did."""
    try:
        with show_progress() as progress, redirect_stdout(sys.stderr):  # stdout is for the result alone
            progress("drawing the report")
            context.reporter.render(records, _report_context(settings, context.catalog))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a reporter of another package may raise anything
        decisions = "the decision stands, but its" if len(records) == 1 else "the decisions stand, but their"
        return f"{decisions} report could not be written: {_describe_error(error)}"
    return ""


def _describe_error(error: BaseException) -> str:
    """Describe an error; one that is neither ours nor of the disk could quote rows, so only its type is shown."""
    return str(error) if isinstance(error, MartgateError | OSError) else f"an unexpected {type(error).__name__}"


def _report_context(settings: Settings, contracts: Catalog) -> ReportContext:
    return ReportContext(
        out=settings.out,
        contracts=settings.contracts,
        appearance=settings.site,
        catalog=contracts,
        punctuality=partial(_check_punctuality, settings),
    )


def _render_reason_json(table_run: "TableRun") -> dict[str, str]:
    return {
        "table": table_run.table,
        "date": table_run.date.isoformat(),
        "decision": _decision(table_run),
        "reason": table_run.reason,
    }


def _render_reason(table_run: "TableRun") -> str:
    line = f"{_decision(table_run).capitalize()}: {table_run.table} of {table_run.date}: {table_run.reason}"
    return "\n".join(map(escape_text, line.split("\n"))) + "\n"


def _decision(table_run: "TableRun") -> str:
    return "could not run" if table_run.code is ExitCode.COULD_NOT_RUN else "skipped"


def print_candidate(candidate: Candidate, *, as_json: bool) -> ExitCode:
    """Print what was staged."""
    payload = {
        "table": candidate.table,
        "date": candidate.partition.value,
        "candidate": candidate.id,
        "rows": candidate.rows,
        "files": len(candidate.files),
    }
    click.echo(
        json.dumps(payload)
        if as_json
        else f"staged {candidate.partition} as {candidate.id}: {candidate.rows:,} rows in "
        f"{len(candidate.files)} files, not visible to readers"
    )
    return ExitCode.DONE


def print_missing_upstreams(request: "PublishRequest", missing: Sequence[str], *, as_json: bool) -> ExitCode:
    """Print which inputs of a request are missing; the exit code is 3 if any is."""
    name, inputs = request.table.qualified_name, len(request.inputs)
    if as_json:
        payload = {"table": name, "date": request.partition.value, "inputs": inputs, "missing": list(missing)}
        click.echo(json.dumps(payload))
    else:
        summary = f"{inputs - len(missing)} of the {inputs} inputs of {name} are there for {request.day.date}"
        click.echo("\n".join(map(escape_text, [summary, *missing])))
    return ExitCode.COULD_NOT_RUN if missing else ExitCode.DONE


def suggest_data_docs(settings: Settings, *, as_json: bool) -> None:
    """Print how to get Data Docs if the report is the default and Great Expectations is not installed."""
    if not as_json and settings.origins.get("report") == "default" and not is_installed("gx"):
        click.echo(
            f"martgate: {missing_message('gx', 'the drawing of Data Docs', instead='set report to fast')}", err=True
        )


def save_record(record: RunRecord, settings: Settings) -> None:
    """Write the record to the folder that the site is drawn from."""
    write_atomically(settings.out / "runs" / f"{record.candidate}.json", record.to_json())


def draw_site(settings: Settings) -> Path:
    """Draw the site of all saved records.

    Returns:
        The path of its index page.

    Raises:
        martgate.errors.CouldNotRun: a page could not be rendered; the former site is unchanged.
    """
    from martgate.project.wiring import load_catalog

    context = _report_context(settings, load_catalog(settings))
    with show_progress() as progress:
        progress("drawing the report")
        SITE.render((), context)
    return index_path(context)


def _check_punctuality(settings: Settings) -> Sequence["Punctuality"]:
    """Check the time promises of every table with a model, for the site."""
    from martgate.builders.model import load_models
    from martgate.expectations.promises import Window
    from martgate.publish.sla import check_all_promises

    try:
        with open_project(settings) as context:
            models = load_models(folder for folder in settings.models if folder.is_dir())
            return tuple(check_all_promises(models, context, Window(now=context.now())))
    except InvalidInput as error:
        raise CouldNotRun(f"the site could not be rendered:\n{error}") from error


def redraw_site(records: Iterable[RunRecord], settings: Settings) -> Path:
    """Write the given records again, as the ledger has them, and draw the site."""
    for record in records:
        save_record(record, settings)
    return draw_site(settings)
