"""Runs the demonstration: samples, publication and site of a small project."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import click

from martgate.builders.model import load_models
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
from martgate.reports.reporters import SITE

__all__ = ["run_demo", "run_starter_demo"]


def run_starter_demo(folder: Path, spec: Mapping[str, object], dates: Sequence[date], *, as_json: bool) -> ExitCode:
    """Write the starter project into a folder and run the demonstration there.

    The settings are those of its own file alone, so that it never writes to a warehouse that the environment names.

    Args:
        folder: becomes the folder of the project.
        spec: the values of the plug-in's own arguments.
        dates: the days to publish, the earliest first.
        as_json: whether to print one JSON object.
    """
    if write_starter(folder) and not as_json:
        click.echo(
            f"A small project is in {folder}: contracts, a model, a query and a sample, to read and to change.\n"
        )
    settings = load_settings(folder, environment={})
    return run_demo(settings, settings.out, load_sample(settings.sample), spec, dates, as_json=as_json)


def run_demo(  # noqa: PLR0913 - independent values of one caller
    settings: Settings,
    folder: Path,
    sample: Sample,
    spec: Mapping[str, object],
    dates: Sequence[date],
    *,
    as_json: bool,
) -> ExitCode:
    """Generate upstreams, publish each day, draw the site, and print where it is.

    Args:
        settings: of the project.
        folder: where upstreams, published tables, ledger and site go, whatever the settings say.
        sample: the project's plug-in.
        spec: the values of the plug-in's own arguments.
        dates: the days to publish, the earliest first.
        as_json: whether to print one JSON object.

    Raises:
        martgate.errors.InvalidInput: the contracts or models have problems, or no table is selected; nothing was
            written.
    """
    demo_settings = replace(
        settings,
        upstreams=str(folder / "upstreams"),
        upstream_locations={},
        warehouse=str(folder / "warehouse"),
        ledger=f"sqlite:///{folder / 'ledger.db'}",
        out=folder,
        lineage="none",
    )
    require_extras(demo_settings)
    with open_project(demo_settings) as opened:
        context = replace(opened, reporter=SITE)  # the whole site, with Data Docs where they can be drawn
        models = load_models(demo_settings.models)
        graph = build_graph(models, context.catalog)
        tables = select(demo_settings.demo or sorted(graph), graph, context.catalog)
        if not tables:
            raise InvalidInput("no model makes a table with a contract, so there is nothing to publish")
        requests = {day: create_requests(tables, day, models, context) for day in dates}
        with show_progress() as progress:
            values = {"date": dates[-1], "days": len(dates), "seed": 0, "clean": False, **spec}
            write_samples(demo_settings, folder / "upstreams", values, progress, sample)
        outcomes = (outcome for day in dates for outcome in run_tables(requests[day], day, graph, context))
        return report_runs(outcomes, demo_settings, context, as_json=as_json, names_site=True)
