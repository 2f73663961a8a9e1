"""The whole product in one go, on data of its own."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import click

from martgate.cli.options import open_project
from martgate.cli.reporting import draw, keep, suggest_data_docs
from martgate.exits import ExitCode
from martgate.project.progress import show_progress
from martgate.project.settings import Settings
from martgate.project.wiring import demand_extras, publish_request
from martgate.publish.run import run
from martgate.publish.samples import write_samples
from martgate.reports.machine import run_json
from martgate.reports.text import run_text

__all__ = ["play"]

_TABLE = "we_mart.wv_comm_user"


def play(settings: Settings, *, members: int, dates: Sequence[date], as_json: bool) -> ExitCode:
    """Make upstreams under `out/demo`, publish each day, draw the site; the last line says where to look."""
    folder = settings.out / "demo"
    own = replace(
        settings,
        upstreams=str(folder / "upstreams"),
        upstream_locations={},
        warehouse=str(folder / "warehouse"),
        ledger=f"sqlite:///{folder / 'ledger.db'}",
        out=folder,
    )
    demand_extras(own)
    with show_progress() as progress:
        progress(f"making upstreams of {members:,} memberships")
        write_samples(own, folder / "upstreams", {"members": members, "date": dates[-1], "days": len(dates)}, progress)
    records = []
    for day in dates:
        with open_project(own) as context:
            record = run(publish_request(own, context, _TABLE, day), context)
        keep(record, own)
        records.append(record)
        if not as_json:
            click.echo(run_text(record))
    index = draw(own)
    suggest_data_docs(own, as_json=as_json)
    if as_json:
        click.echo(json.dumps({"site": str(index), "runs": [json.loads(run_json(record)) for record in records]}))
    else:
        click.echo(f"Open {index} to see what was checked, found and published.")
    return ExitCode.REFUSED if any(record.decision == "refused" for record in records) else ExitCode.DONE
