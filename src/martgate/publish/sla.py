"""Checks the time promises of contracts against the receipts of the ledger and the days in the warehouse."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from martgate.builders.model import Model, find_model
from martgate.contracts.catalog import Catalog
from martgate.contracts.day import parse_day
from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile
from martgate.contracts.partition import format_day
from martgate.errors import MartgateError
from martgate.expectations.promises import Arrival, Punctuality, Window
from martgate.expectations.punctuality import assess_punctuality, find_time_slas
from martgate.project.context import Context
from martgate.project.review import raise_for_problems
from martgate.publish.receipts import find_live_candidates

__all__ = ["check_all_promises", "check_promises", "find_modeled_tables"]


def find_modeled_tables(models: Mapping[str, Model], catalog: Catalog) -> list[tuple[ContractFile, Table]]:
    """Find the tables of the project that a model makes."""
    return [(contract_file, table) for contract_file, table in catalog.tables() if find_model(table, models)]


def check_all_promises(models: Mapping[str, Model], context: Context, window: Window) -> Iterator[Punctuality]:
    """Check the time promises of every table that a model makes; a table that cannot be checked says why."""
    for contract_file, table in find_modeled_tables(models, context.catalog):
        try:
            yield check_promises(contract_file, table, context, window)
        except MartgateError as error:
            contract = contract_file.contract
            yield Punctuality(
                table=table.qualified_name,
                contract=contract.id,
                contract_version=contract.version,
                zone=contract.zone,
                as_of=window.now,
                reason=str(error),
            )


def check_promises(contract_file: ContractFile, table: Table, context: Context, window: Window) -> Punctuality:
    """Check the time promises of a table.

    Args:
        contract_file: the contract.
        table: the table of the contract.
        context: the adapters of the run.
        window: the days to check.

    Raises:
        martgate.errors.InvalidInput: the contract has problems.
        martgate.errors.CouldNotRun: the ledger or the warehouse does not answer.
    """
    raise_for_problems(contract_file, context.catalog)
    if not find_time_slas(table):
        return assess_punctuality(table, {}, window)
    live = context.store.list_partition_values(table)
    arrivals = {
        day: arrival
        for text, arrival in _find_arrivals(table, live, context).items()
        if (day := _parse_period(text, table))
    }
    strays = sum(_parse_period(text, table) is None for text in live)
    return replace(assess_punctuality(table, arrivals, window), stray_partitions=strays)


def _parse_period(text: str, table: Table) -> date | None:
    """Parse the first day of a period; None if the value names none."""
    day = parse_day(text)
    return day if day and table.publish_period.first(day) == day else None


def _find_arrivals(table: Table, live: frozenset[str], context: Context) -> dict[str, Arrival]:
    """Find when each value of the partition was published.

    A day that is there, and is not what its newest receipt is about, was published by nobody knows whom. For a table that
    is published whole, each day with a receipt counts as there, and the newest one only if it is what readers see.
    """
    name = table.qualified_name
    passed = context.ledger.list_passed_rules(name, "sla|")
    arrivals = {text: Arrival(is_in_table=True) for text in live}
    receipts = [receipt for receipt in context.ledger.list_receipts(name) if receipt.is_sound]
    for receipt in receipts:
        former = arrivals.get(format_day(receipt.part_date), Arrival(is_in_table=table.publish_partition is None))
        arrivals[format_day(receipt.part_date)] = replace(
            former,
            published=former.published or receipt.published_at,
            republications=former.republications + (former.published is not None),
            passed_rules=frozenset(passed.get(receipt.candidate, ())),
        )
    newest = {format_day(receipt.part_date): receipt for receipt in receipts}
    if table.publish_partition is None:
        newest = dict([*newest.items()][-1:])
    seen = find_live_candidates(table, newest.values(), context)
    for day in (day for day, receipt in newest.items() if receipt.candidate not in seen):
        if table.publish_partition is None:
            arrivals[day] = replace(arrivals[day], is_in_table=False)
        elif arrivals[day].is_in_table:
            arrivals[day] = Arrival(is_in_table=True)
    return arrivals
