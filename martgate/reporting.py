"""From a decision to what people and programs see of it; the decision is made by then."""

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import click

from contracts.errors import CouldNotRun
from martgate.candidate import Candidate
from martgate.config import Settings
from martgate.exits import ExitCode
from martgate.progress import progress
from reports.datadocs import page_path
from reports.machine import run_json
from reports.text import run_text
from reports.view import RunRecord

__all__ = ["announce", "answer", "draw", "draw_all", "keep"]


def answer(record: RunRecord, settings: Settings, *, as_json: bool) -> ExitCode:
    """Keep the record, draw its page, tell it, and turn the decision into an exit code.

    Raises:
        contracts.errors.CouldNotRun: the page could not be drawn; the decision stands, and has been told.
    """
    full = settings.report == "full"
    record = replace(record, report=str(page_path(_site(settings), record.candidate))) if full else record
    keep(record, settings)
    if not as_json:
        click.echo(run_text(record))
    if full:
        draw(settings)
    if as_json:
        click.echo(run_json(record))
    return ExitCode.DONE if record.decision == "approved" else ExitCode.REFUSED


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


def keep(record: RunRecord, settings: Settings) -> None:
    """Write the record where the site is drawn from."""
    folder = _records(settings)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{record.candidate}.json"
    unfinished.write_text(record.to_json(), encoding="utf-8")
    unfinished.replace(folder / f"{record.candidate}.json")


def draw(settings: Settings) -> Path:
    """Draw the site of all records; its index page.

    In a process of its own: importing Great Expectations costs seconds, and a page must never take the gate down.

    Raises:
        contracts.errors.CouldNotRun: a page could not be drawn; the former site is left as it was.
    """
    site = _site(settings)
    command = [sys.executable, "-m", "reports.datadocs", str(_records(settings)), str(site)]
    for folder in settings.contracts:
        command += ["--contracts", str(folder)]
    with progress() as say:
        say("drawing the report")
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode:
        raise CouldNotRun(f"the report could not be drawn, the decision stands:\n{done.stderr.strip()[-2000:]}")
    return site / "index.html"


def draw_all(records: Iterable[RunRecord], settings: Settings) -> Path:
    """Write the records anew, as the ledger has them, then draw the site."""
    for record in records:
        keep(record, settings)
    return draw(settings)


def _records(settings: Settings) -> Path:
    return settings.out / "runs"


def _site(settings: Settings) -> Path:
    return settings.out / "site"
