"""The command backtest, which replays rules that learn over the published days."""

import click

from martgate.cli.options import json_option, open_project, settings_options
from martgate.exits import ExitCode
from martgate.project.settings import Settings

__all__ = ["backtest"]


@click.command(epilog="Example: martgate backtest orders")
@click.argument("table")
@settings_options("contracts", "expectations", "warehouse", "ledger", "out")
@json_option
def backtest(table: str, *, settings: Settings, as_json: bool) -> ExitCode:
    """Replay TABLE's published days through the rules that learn, and show their alarms and what they would catch.

    Every day is judged by the published days before it, as the gate would have judged it. Then groups are halved,
    doubled and moved one at a time, in the measurements alone, to show how often each of these errors would be caught.
    """
    from martgate.errors import InvalidInput
    from martgate.expectations.backtest import replay
    from martgate.expectations.derive import derive
    from martgate.reports.json_report import render_backtest_json
    from martgate.reports.terminal import render_backtest_text

    with open_project(settings) as context:
        _, mart = context.catalog.find(table)
        rules = [rule for rule in derive(mart) if rule.check.is_learned]
        name = mart.qualified_name
        if not rules:
            raise InvalidInput(f"{name} has no rule that learns; add volume_band or share_shift to its contract")
        replays = [replay(rule, context.ledger.get_history(name)) for rule in rules]
    click.echo(render_backtest_json(name, replays) if as_json else render_backtest_text(name, replays))
    return ExitCode.DONE
