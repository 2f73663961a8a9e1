"""From a decision to what people and programs see of it; the decision is made by then."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from martgate.contracts.catalog import Catalog
from martgate.contracts.day import day_of
from martgate.errors import CouldNotRun, InvalidInput
from martgate.exits import ExitCode
from martgate.extras import absence, is_installed
from martgate.gate.candidate import Candidate
from martgate.gate.run import RunRecord
from martgate.project import clock
from martgate.project.lineage import tell, tell_stopped
from martgate.project.progress import show_progress
from martgate.project.settings import Settings
from martgate.reports.machine import run_json
from martgate.reports.places import page_path
from martgate.reports.text import run_text

if TYPE_CHECKING:  # they bring the engines along
    from martgate.project.context import PublishRequest
    from martgate.publish.selection import Outcome

__all__ = [
    "announce",
    "announce_missing",
    "answer",
    "answer_all",
    "draw",
    "draw_all",
    "failure_told",
    "keep",
    "suggest_data_docs",
]


def answer(record: RunRecord, settings: Settings, *, catalog: Catalog, as_json: bool) -> ExitCode:
    """Keep the record, draw its page, tell it, and turn the decision into an exit code.

    `catalog` has the contract that was judged by. A page that could not be drawn takes nothing back: the decision is
    told all the same, then the trouble, as the exit code says; so it is with lineage that could not be told. A record
    without a candidate (nothing was staged) has neither.
    """
    record, *troubles = _kept_if_possible(record, settings, catalog)
    troubles.append(tell(record, settings, catalog))
    click.echo(run_json(record) if as_json else run_text(record))
    suggest_data_docs(settings, as_json=as_json)
    decided = ExitCode.DONE if record.decision == "approved" else ExitCode.REFUSED
    return _after(troubles, decided)


@contextmanager
def failure_told(table: str, day: date, settings: Settings, catalog: Catalog) -> Iterator[None]:
    """Tell the lineage of a run that could not be decided, too, before its error is told as every other one."""
    try:
        yield
    except CouldNotRun as error:
        _after([tell_stopped(table, day.isoformat(), str(error), settings, catalog)], ExitCode.COULD_NOT_RUN)
        raise


def _after(troubles: Iterable[str], decided: ExitCode) -> ExitCode:
    """The exit code of what was decided, unless there was trouble in telling it; the troubles are told."""
    found = [trouble for trouble in troubles if trouble]
    for trouble in found:
        click.echo(f"martgate: {trouble}", err=True)
    return ExitCode.COULD_NOT_RUN if found else decided


def answer_all(outcomes: Iterable["Outcome"], settings: Settings, *, catalog: Catalog, as_json: bool) -> ExitCode:
    """Keep and tell each of several runs as it ends, draw the site once, and turn the worst of them into an exit code."""
    each = replace(settings, report="none") if settings.report == "full" else settings
    told: list[object] = []
    troubles: list[str] = []
    worst = ExitCode.DONE
    for outcome in outcomes:
        record = outcome.record
        if record is not None:
            record, trouble = _kept_if_possible(record, each, catalog)
            troubles += [trouble, tell(record, settings, catalog)]
        elif outcome.code is ExitCode.COULD_NOT_RUN:
            troubles.append(tell_stopped(outcome.table, outcome.date, outcome.reason, settings, catalog))
        if not as_json:
            click.echo(run_text(record) if record else _without_record(outcome))
        told.append(json.loads(run_json(record)) if record else _reason(outcome))
        worst = max(worst, outcome.code)
    troubles.append(_drawn_if_possible(settings) if settings.report == "full" else "")
    if as_json:
        click.echo(json.dumps({"runs": told}, ensure_ascii=False))
    suggest_data_docs(settings, as_json=as_json)
    return _after(troubles, worst)


def _kept_if_possible(record: RunRecord, settings: Settings, catalog: Catalog) -> tuple[RunRecord, str]:
    """The record as `_kept` leaves it, and what went wrong with it; one without a candidate is left alone."""
    if not record.candidate:
        return record, ""
    try:
        return _kept(record, settings, catalog), ""
    except (CouldNotRun, OSError) as error:
        return record, f"the decision stands, but its report could not be written: {error}"


def _drawn_if_possible(settings: Settings) -> str:
    try:
        draw(settings)
    except (CouldNotRun, OSError) as error:
        return f"the decisions stand, but the site could not be drawn: {error}"
    return ""


def _reason(outcome: "Outcome") -> dict[str, str]:
    return {"table": outcome.table, "date": outcome.date, "decision": _decision(outcome), "reason": outcome.reason}


def _without_record(outcome: "Outcome") -> str:
    return f"{_decision(outcome).capitalize()}: {outcome.table} of {outcome.date}: {outcome.reason}\n"


def _decision(outcome: "Outcome") -> str:
    return "could not run" if outcome.code is ExitCode.COULD_NOT_RUN else "skipped"


def _kept(record: RunRecord, settings: Settings, catalog: Catalog) -> RunRecord:
    """The record, kept and drawn as the settings ask; it then names its page."""
    if settings.report == "none":
        keep(record, settings)
        return record
    page = page_path(_site(settings), record.candidate)
    drawn = replace(record, report=str(page))
    keep(drawn, settings)
    if settings.report == "full":
        draw(settings)
    else:
        _draw_alone(drawn, page, catalog)
    return drawn


def _draw_alone(record: RunRecord, page: Path, catalog: Catalog) -> None:
    """Draw one page and nothing else of the site; the next drawing of the site puts the whole one there."""
    from martgate.reports.runpage import run_page

    loaded, table = catalog.find(record.table, day_of(record.date))
    _write(page, run_page(record, loaded.contract, table))


def announce(candidate: Candidate, *, as_json: bool) -> ExitCode:
    """Say what was staged."""
    told = {
        "table": candidate.table,
        "date": candidate.part_date,
        "candidate": candidate.id,
        "rows": candidate.rows,
        "files": len(candidate.files),
    }
    click.echo(
        json.dumps(told)
        if as_json
        else f"staged {candidate.table} of {candidate.part_date} as {candidate.id}: {candidate.rows:,} rows in "
        f"{len(candidate.files)} files, visible to nobody"
    )
    return ExitCode.DONE


def announce_missing(request: "PublishRequest", missing: Sequence[str], *, as_json: bool) -> ExitCode:
    """Say which inputs of a job are not there, each in a sentence; a day that lacks one could not be run."""
    name, inputs = request.table.qualified_name, len(request.model.inputs)
    if as_json:
        told = {"table": name, "date": request.part_date, "inputs": inputs, "missing": list(missing)}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        there = f"{inputs - len(missing)} of the {inputs} inputs of {name} are there for {request.part_date}"
        click.echo("\n".join([there, *missing]))
    return ExitCode.COULD_NOT_RUN if missing else ExitCode.DONE


def suggest_data_docs(settings: Settings, *, as_json: bool) -> None:
    """Say how to get Data Docs where nobody chose another report and they cannot be drawn."""
    if not as_json and settings.origins.get("report") == "default" and not is_installed("gx"):
        click.echo(f"martgate: {absence('gx', 'the drawing of Data Docs', instead='set report to fast')}", err=True)


def keep(record: RunRecord, settings: Settings) -> None:
    """Write the record where the site is drawn from."""
    _write(_records(settings) / f"{record.candidate}.json", record.to_json())


def _write(file: Path, text: str) -> None:
    """The file has all of the text or what it had before."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}")
    unfinished.write_text(text, encoding="utf-8", errors="backslashreplace")
    unfinished.replace(file)


def draw(settings: Settings) -> Path:
    """Draw the site of all records; its index page.

    In a process of its own: importing Great Expectations costs seconds, and a page must never take the gate down.

    Raises:
        martgate.errors.CouldNotRun: a page could not be drawn; the former site is left as it was.
    """
    site, promises = _site(settings), settings.out / "promises.json"
    _write(promises, _promises(settings))
    command = [sys.executable, "-m", "martgate.reports.datadocs", str(_records(settings)), str(site)]
    command += ["--promises", str(promises)]
    for folder in settings.contracts:
        command += ["--contracts", str(folder)]
    with show_progress() as progress:
        progress("drawing the report")
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode:
        raise CouldNotRun(f"the site could not be drawn:\n{done.stderr.strip()[-2000:]}")
    return site / "index.html"


def _promises(settings: Settings) -> str:
    """Whether each table that is made here keeps its promises about time, for the process that draws them."""
    from martgate.builders.model import load
    from martgate.expectations.promises import Window
    from martgate.project.wiring import open_context
    from martgate.publish.sla import of_all
    from martgate.reports.promises import to_json

    try:
        with open_context(settings) as context:
            models = load(folder for folder in settings.models if folder.is_dir())
            return to_json(tuple(of_all(models, context, Window(now=clock.now()))))
    except InvalidInput as error:
        raise CouldNotRun(f"the site could not be drawn:\n{error}") from error


def draw_all(records: Iterable[RunRecord], settings: Settings) -> Path:
    """Write the records anew, as the ledger has them, then draw the site."""
    for record in records:
        keep(record, settings)
    return draw(settings)


def _records(settings: Settings) -> Path:
    return settings.out / "runs"


def _site(settings: Settings) -> Path:
    return settings.out / "site"
