"""What was promised about time, and whether it was kept."""

from datetime import date

import click

from martgate.cli.options import DAY, json_option, open_project, settings_options
from martgate.exits import ExitCode
from martgate.project.settings import Settings

__all__ = ["sla"]


@click.command(
    epilog="""\b
Examples:
  martgate sla
  martgate sla orders --last 7
  martgate sla orders --date 2024-01-01"""
)
@click.argument("table", required=False)
@click.option("--date", "day", type=DAY, help="one day, or the week or month that it lies in, YYYY-MM-DD")
@click.option("--last", type=click.IntRange(min=1), help="how many days, weeks or months, the newest (default: 30)")
@settings_options(
    "contracts", "expectations", "models", "warehouse", "ledger", "engine", "spark_master", "out", "memory_limit"
)
@json_option
def sla(table: str | None, *, day: date | None, last: int | None, settings: Settings, as_json: bool) -> ExitCode:
    """Tell whether TABLE, or every table that a model makes, is there when its contract promises it.

    A broken promise is exit code 1, and so is one that cannot be judged.
    """
    if day is not None and last is not None:
        raise click.UsageError("--date and --last exclude each other: one day is looked at, or the newest")
    from martgate.builders.model import load
    from martgate.expectations.promises import Window
    from martgate.project.requests import require_model
    from martgate.publish.sla import check_promises, find_modeled_tables
    from martgate.reports.promises import render_sla_json, render_sla_text

    with open_project(settings) as context:
        window = Window(now=context.now(), on=day, last=last or 30)
        if table is None:
            asked = find_modeled_tables(load(settings.models), context.catalog)
        else:
            asked = [context.catalog.find(table)]
            require_model(settings, asked[0][1])
        found = [check_promises(*each, context, window) for each in asked]
    click.echo(render_sla_json(found) if as_json else render_sla_text(found))
    return ExitCode.REFUSED if any(one.is_broken for one in found) else ExitCode.DONE
