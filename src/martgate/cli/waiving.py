"""The command waive, which records, lists and withdraws waivers."""

import json
from datetime import date

import click

from martgate.cli.options import DAY, json_option, open_project, settings_options
from martgate.exits import ExitCode
from martgate.project.settings import Settings

__all__ = ["waive"]


@click.command(
    epilog="""\b
Examples:
  martgate waive orders 'table|usual_orders' --until 2027-02-01 --owner ana --reason 'the new store opened'
  martgate waive orders --list
  martgate waive orders 'table|usual_orders' --withdraw"""
)
@click.argument("table")
@click.argument("rule", required=False)
@click.option("--until", type=DAY, help="the last day on which it is in force, YYYY-MM-DD")
@click.option("--reason", help="why the rule may fail")
@click.option("--owner", help="who is responsible for it")
@click.option("--partition", metavar="DAY", default="", help="the one day of the table that it covers (default: every)")
@click.option("--max-failed", type=click.IntRange(min=1), help="the most failures that it covers (default: any number)")
@click.option("--list", "is_list", is_flag=True, help="list the waivers of TABLE instead")
@click.option("--withdraw", "is_withdrawn", is_flag=True, help="withdraw the waivers of RULE instead")
@settings_options("contracts", "expectations", "models", "warehouse", "ledger", "out")
@json_option
def waive(  # noqa: PLR0913 - one parameter an option
    table: str,
    rule: str | None,
    *,
    until: date | None,
    reason: str | None,
    owner: str | None,
    partition: str,
    max_failed: int | None,
    is_list: bool,
    is_withdrawn: bool,
    settings: Settings,
    as_json: bool,
) -> ExitCode:
    """Publish TABLE although RULE fails, until a day, for a reason, on the responsibility of an owner.

    The rule still fails, and every report says so. A waiver covers counted failures: not a rule that could not run, nor
    one about the table's columns and types. It applies to candidates, not to data given by --input.
    """
    required = {"--until": until, "--reason": reason, "--owner": owner}
    details = [*required.values(), partition or None, max_failed]
    if (is_list or is_withdrawn) and (is_list is is_withdrawn or any(each is not None for each in details)):
        raise click.UsageError("--list and --withdraw take no other option: they record no waiver")
    if is_list:
        if rule is not None:
            raise click.UsageError("--list lists all waivers of TABLE; give no RULE")
        return _print_waivers(table, settings, as_json=as_json)
    if rule is None:
        raise click.UsageError("give the RULE, by its name in reports and `martgate coverage`")
    if is_withdrawn:
        return _withdraw(table, rule, settings, as_json=as_json)
    missing = [option for option, value in required.items() if value is None]
    if until is None or reason is None or owner is None:
        raise click.UsageError(f"a waiver needs an end, an owner and a reason: give {', '.join(missing)}")
    from martgate.gate.waiver import describe_waiver_terms
    from martgate.project.requests import require_model
    from martgate.publish.waivers import WaiverRequest, waive
    from martgate.reports.waivers import waiver_payload
    from martgate.text.wording import escape_text

    request = WaiverRequest(rule=rule, until=until, reason=reason, owner=owner, partition=partition, most=max_failed)
    with open_project(settings) as context:
        mart_table = context.catalog.find(table)[1]
        require_model(settings, mart_table)
        waiver = waive(request, mart_table, context)
    payload = {"table": waiver.table, **waiver_payload(waiver)}
    click.echo(
        json.dumps(payload)
        if as_json
        else escape_text(f"{waiver.table}: {rule} is waived {describe_waiver_terms(waiver)}")
    )
    return ExitCode.DONE


def _print_waivers(table: str, settings: Settings, *, as_json: bool) -> ExitCode:
    from martgate.publish.waivers import contract_date
    from martgate.reports.waivers import render_waivers_text, waiver_payload, waiver_status

    with open_project(settings) as context:
        mart_table = context.catalog.find(table)[1]
        name, on = mart_table.qualified_name, contract_date(mart_table, context)
        waivers = context.ledger.list_waivers(name)
    payload = [{**waiver_payload(waiver), "standing": waiver_status(waiver, on)} for waiver in waivers]
    click.echo(
        json.dumps({"table": name, "waivers": payload}) if as_json else render_waivers_text(name, waivers, on=on)
    )
    return ExitCode.DONE


def _withdraw(table: str, rule: str, settings: Settings, *, as_json: bool) -> ExitCode:
    from martgate.publish.waivers import withdraw_waivers
    from martgate.text.wording import escape_text, format_count

    with open_project(settings) as context:
        mart_table = context.catalog.find(table)[1]
        number = withdraw_waivers(rule, mart_table, context)
    payload = {"table": mart_table.qualified_name, "rule": rule, "withdrawn": number}
    click.echo(
        json.dumps(payload)
        if as_json
        else escape_text(f"{mart_table.qualified_name}: {format_count(number, 'waivers')} of {rule} withdrawn")
    )
    return ExitCode.DONE
