"""Whether promises about time are kept, by what the ledger says was published and what the warehouse holds."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from martgate.builders.model import Model, find_model
from martgate.contracts.catalog import Catalog
from martgate.contracts.day import parse_day
from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile
from martgate.errors import MartgateError
from martgate.expectations.promises import Arrival, Punctuality, Window, assess_punctuality, find_time_slas
from martgate.project.context import Context
from martgate.project.review import raise_for_problems

__all__ = ["check_all_promises", "check_promises", "find_modeled_tables"]


def find_modeled_tables(models: Mapping[str, Model], catalog: Catalog) -> list[tuple[ContractFile, Table]]:
    """The tables that these models make."""
    return [(loaded, table) for loaded, table in catalog.tables() if find_model(table, models)]


def check_all_promises(models: Mapping[str, Model], context: Context, window: Window) -> Iterator[Punctuality]:
    """How the promises about each table stand that a model makes; of one that cannot be judged, why."""
    for loaded, table in find_modeled_tables(models, context.catalog):
        try:
            yield check_promises(loaded, table, context, window)
        except MartgateError as error:
            contract = loaded.contract
            yield Punctuality(
                table=table.qualified_name,
                contract=contract.id,
                contract_version=contract.version,
                zone=contract.zone,
                as_of=window.now,
                reason=str(error),
            )


def check_promises(loaded: ContractFile, table: Table, context: Context, window: Window) -> Punctuality:
    """How the promises about one table stand.

    Raises:
        martgate.errors.InvalidInput: its contract has problems.
        martgate.errors.CouldNotRun: the ledger or the warehouse does not answer.
    """
    raise_for_problems(loaded, context.catalog)
    if not find_time_slas(table):
        return assess_punctuality(table, {}, window)
    live = context.store.days(table)
    arrivals = {
        day: arrival for text, arrival in _arrivals(table, live, context).items() if (day := _named(text, table))
    }
    strays = sum(_named(text, table) is None for text in live)
    return replace(assess_punctuality(table, arrivals, window), strays=strays)


def _named(text: str, table: Table) -> date | None:
    """The day, week or month that a value of the partition names by its first day; None where it names none."""
    day = parse_day(text)
    return day if day and table.publish_period.first(day) == day else None


def _arrivals(table: Table, live: frozenset[str], context: Context) -> dict[str, Arrival]:
    """What is known of each value of the partition; of a table that is published whole, each day is there that was."""
    name = table.qualified_name
    passed = context.ledger.passed(name, "sla|")
    found = {text: Arrival(is_there=True) for text in live}
    for receipt in context.ledger.publications(name):
        if not receipt.is_sound:
            continue
        earlier = found.get(receipt.part_date, Arrival(is_there=table.publish_partition is None))
        found[receipt.part_date] = replace(
            earlier,
            published=earlier.published or receipt.published_at,
            again=earlier.again + (earlier.published is not None),
            passed=frozenset(passed.get(receipt.candidate, ())),
        )
    return found
