"""Commands about what was published: history and verify."""

from datetime import date

import click

from martgate.cli.options import DAY, json_option, open_project, settings_options
from martgate.exits import ExitCode
from martgate.project.settings import Settings

__all__ = ["history", "verify"]


@click.command(
    epilog="""\b
Examples:
  martgate history orders
  martgate history orders --from 2024-01-01 --to 2024-01-31"""
)
@click.argument("table")
@click.option("--date", "day", type=DAY, help="one day, YYYY-MM-DD")
@click.option("--from", "first", type=DAY, help="the first day, YYYY-MM-DD")
@click.option("--to", "last", type=DAY, help="the last day, YYYY-MM-DD")
@settings_options("contracts", "expectations", "warehouse", "ledger", "engine", "spark_master", "out", "memory_limit")
@json_option
def history(  # noqa: PLR0913 - one parameter an option
    table: str, *, day: date | None, first: date | None, last: date | None, settings: Settings, as_json: bool
) -> ExitCode:
    """Show which days of TABLE were published, each with all of its receipts, the newest day first.

    A day says so if readers see something else by now, and a version if it has no receipt.
    """
    if day is not None and (first is not None or last is not None):
        raise click.UsageError("--date and --from or --to exclude each other: give one day, or a range")
    if first is not None and last is not None and last < first:
        raise click.UsageError(f"--from {first} is after --to {last}; give the earlier day first")
    from martgate.publish.receipts import read_history
    from martgate.reports.receipts import render_history_json, render_history_text

    since, until = day or first or date.min, day or last or date.max
    with open_project(settings) as context:
        found = read_history(context.catalog.find(table)[1], context, since=since, until=until)
    click.echo((render_history_json if as_json else render_history_text)(found))
    return ExitCode.DONE


@click.command(
    epilog="""\b
Examples:
  martgate verify orders
  martgate verify orders --date 2024-01-01"""
)
@click.argument("table")
@click.option("--date", "day", type=DAY, help="this day alone, YYYY-MM-DD; it is broken if it is not published")
@settings_options("contracts", "expectations", "warehouse", "ledger", "engine", "spark_master", "out", "memory_limit")
@json_option
def verify(table: str, *, day: date | None, settings: Settings, as_json: bool) -> ExitCode:
    """Verify what readers of TABLE see, day by day, against the receipts and verdicts of the ledger.

    Exit code 1 if a day is broken: its commit has no receipt, its receipt, candidate or verdict was altered, no verdict
    approves it, or readers see other bytes than those that were approved.
    """
    from martgate.publish.verification import verify as verify_days
    from martgate.reports.receipts import render_verify_json, render_verify_text

    with open_project(settings) as context:
        mart = context.catalog.find(table)[1]
        results = verify_days(mart, context, day)
    click.echo((render_verify_json if as_json else render_verify_text)(mart.qualified_name, results))
    return ExitCode.REFUSED if any(result.problems for result in results) else ExitCode.DONE
