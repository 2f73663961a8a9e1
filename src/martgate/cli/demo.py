"""The whole product in one go, on data of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import click

from martgate.builders.model import load
from martgate.cli.options import open_project
from martgate.cli.reporting import report_runs
from martgate.errors import InvalidInput
from martgate.exits import ExitCode
from martgate.project.graph import build_graph, select
from martgate.project.progress import show_progress
from martgate.project.sample import Sample, load_sample
from martgate.project.settings import Settings, load_settings
from martgate.project.starter import write_starter
from martgate.project.wiring import require_extras
from martgate.publish.samples import write_samples
from martgate.publish.selection import create_requests, run_tables

__all__ = ["run_demo", "run_starter_demo"]


def run_starter_demo(folder: Path, spec: Mapping[str, object], dates: Sequence[date], *, as_json: bool) -> ExitCode:
    """Write the starter into a folder and play it there, as the project that it is then.

    Its settings are those of its own file alone: a warehouse that the environment names is not for a demonstration.
    """
    if write_starter(folder) and not as_json:
        click.echo(
            f"A small project is in {folder}: contracts, a model, a query and a sample, to read and to change.\n"
        )
    settings = load_settings(folder, environment={})
    return run_demo(settings, settings.out, load_sample(settings.sample), spec, dates, as_json=as_json)


def run_demo(  # noqa: PLR0913 - what is played, where, and how
    settings: Settings,
    folder: Path,
    sample: Sample,
    spec: Mapping[str, object],
    dates: Sequence[date],
    *,
    as_json: bool,
) -> ExitCode:
    """Make upstreams, publish each day, draw the site; the last line says where to look.

    Args:
        settings: the project that is played.
        folder: where upstreams, published tables, ledger and site go, whatever places the project names.
        sample: the project's plug-in.
        spec: the values of the plug-in's own arguments.
        dates: the days to publish, the earliest first.
        as_json: whether the answer is one JSON object.

    Raises:
        martgate.errors.InvalidInput: the contracts or models cannot be used, or no table is selected; nothing was written.
    """
    own = replace(
        settings,
        upstreams=str(folder / "upstreams"),
        upstream_locations={},
        warehouse=str(folder / "warehouse"),
        ledger=f"sqlite:///{folder / 'ledger.db'}",
        out=folder,
        lineage="none",
        report="full",
    )
    require_extras(own)
    with open_project(own) as context:
        models = load(own.models)
        graph = build_graph(models, context.catalog)
        tables = select(own.demo or sorted(graph), graph, context.catalog)
        if not tables:
            raise InvalidInput("no model makes a table that has a contract, so there is nothing to publish")
        requests = {day: create_requests(tables, day, models, context) for day in dates}
        with show_progress() as progress:
            values = {"date": dates[-1], "days": len(dates), "seed": 0, "clean": False, **spec}
            write_samples(own, folder / "upstreams", values, progress, sample)
        outcomes = (outcome for day in dates for outcome in run_tables(requests[day], day, graph, context))
        return report_runs(outcomes, own, context, as_json=as_json, names_site=True)
