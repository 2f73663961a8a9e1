"""The command sla, which checks the time promises of contracts."""

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
@click.option("--date", "day", type=DAY, help="this day alone, or the week or month that contains it, YYYY-MM-DD")
@click.option("--last", type=click.IntRange(min=1), help="the newest days, weeks or months (default: 30)")
@settings_options(
    "contracts", "expectations", "models", "warehouse", "ledger", "engine", "spark_master", "out", "memory_limit"
)
@json_option
def sla(table: str | None, *, day: date | None, last: int | None, settings: Settings, as_json: bool) -> ExitCode:
    """Check whether TABLE, or every table with a model, is available when its contract promises it.

    Exit code 1 if a promise is broken, or cannot be judged.
    """
    if day is not None and last is not None:
        raise click.UsageError("--date and --last exclude each other: give one day, or the number of the newest")
    from martgate.builders.model import load_models
    from martgate.expectations.promises import Window
    from martgate.project.requests import require_model
    from martgate.publish.sla import check_promises, find_modeled_tables
    from martgate.reports.promises import render_sla_json, render_sla_text

    with open_project(settings) as context:
        window = Window(now=context.now(), on=day, last=last or 30)
        if table is None:
            tables = find_modeled_tables(load_models(settings.models), context.catalog)
        else:
            tables = [context.catalog.find(table)]
            require_model(settings, tables[0][1])
        results = [check_promises(*each, context, window) for each in tables]
    click.echo(render_sla_json(results) if as_json else render_sla_text(results))
    return ExitCode.REFUSED if any(result.is_broken for result in results) else ExitCode.DONE
