"""Checks of the contract as a whole, and of its service levels."""

from collections.abc import Iterator
from zoneinfo import available_timezones

from martgate.contracts.day import parse_day
from martgate.contracts.durations import UNITS, parse_time_of_day
from martgate.contracts.lint.tables import custom_path
from martgate.contracts.model import Column, Contract, Sla
from martgate.contracts.odcs import ContractFile
from martgate.contracts.quality import Quality
from martgate.contracts.versions import version_numbers
from martgate.contracts.yaml.document import Document
from martgate.errors import Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words

__all__ = ["find_problems"]

GATED = frozenset({"freshness", "latency"})
"""The service levels that a gate measures; `martgate sla` reports on the others."""
DURATIONS = GATED | {"frequency", "retention"}


def find_problems(contract_file: ContractFile) -> Iterator[Problem]:
    document, contract = contract_file.document, contract_file.contract
    if not version_numbers(contract.version):
        message = f"found {clip(contract.version)}, expected a version with a number, by which versions are ordered"
        yield document.problem("version", message, "three numbers, as in 1.0.0: major, minor, patch")
    yield from _zone(document, contract)
    yield from _valid_from(document, contract)
    yield from _retroactive(document, contract)
    for sla in contract.slas:
        yield from _element(document, contract, sla)
        yield from _duration(document, sla)
        yield from _time_of_day(document, sla)


def _zone(document: Document, contract: Contract) -> Iterator[Problem]:
    """Check the time zone, without which a day has no cutoff."""
    zones = available_timezones()
    if contract.zone not in zones:
        message = f"dayBoundary: {clip(contract.zone)} is not a time zone"
        hint = did_you_mean(contract.zone, zones)
        yield document.problem("customProperties", message, hint if "Did" in hint else "write it as in Asia/Seoul")


def _valid_from(document: Document, contract: Contract) -> Iterator[Problem]:
    value = contract.custom.get("validFrom")
    if value is not None and parse_day(str(value)) is None:
        message = f"validFrom: {clip(value)} is not a day"
        yield document.problem(custom_path(document, "", "validFrom"), message, "write it as in 2024-01-31")


def _retroactive(document: Document, contract: Contract) -> Iterator[Problem]:
    """Check `retroactive`: any value but true would silently leave the days of earlier versions unchecked."""
    for table in contract.tables:
        parts: list[Column | Quality] = [*table.columns, *table.quality]
        for part in (*parts, *(each for column in table.columns for each in column.quality)):
            value = part.custom.get("retroactive", False)
            if not isinstance(value, bool):
                path = custom_path(document, part.path, "retroactive")
                yield document.problem(path, f"found {clip(value)}, expected true or false")


def _element(document: Document, contract: Contract, sla: Sla) -> Iterator[Problem]:
    path = f"{sla.path}.element" if document.at(f"{sla.path}.element") is not None else "slaDefaultElement"
    if not sla.element and sla.property in GATED:
        yield document.problem(sla.path, f"{sla.property} names no element", "add element: table.column")
    columns = _column_names(document, contract)
    for element in filter(None, (part.strip() for part in sla.element.split(","))):
        if element not in columns and element not in _table_names(contract):
            message = f"{clip(element)} is not a table or column of this contract"
            yield document.problem(path, message, did_you_mean(element, columns))
        elif element not in columns and sla.property in GATED:
            message = f"{clip(element)} is a table; {sla.property} is measured on a column"
            yield document.problem(path, message, "write table.column")


def _column_names(document: Document, contract: Contract) -> set[str]:
    """Return each column as `table.column`, with every combination of the names of both."""
    return {
        f"{name}.{word}"
        for table in contract.tables
        for name in (table.name, table.qualified_name)
        for column in table.columns
        for word in (column.name, document.at(f"{column.path}.name"))
    }


def _table_names(contract: Contract) -> set[str]:
    return {name for table in contract.tables for name in (table.name, table.qualified_name)}


def _duration(document: Document, sla: Sla) -> Iterator[Problem]:
    if sla.property not in DURATIONS:
        return
    if isinstance(sla.value, bool | str) or sla.value <= 0:
        message = f"found {clip(sla.value)}, expected a number greater than 0"
        yield document.problem(f"{sla.path}.value", message, "write the unit in the key unit, as in unit: h")
    if sla.unit.lower() not in UNITS:
        found = f"found {clip(sla.unit)}" if sla.unit else "found no unit"
        # A single letter is similar to too many units.
        near = did_you_mean(sla.unit, UNITS) if len(sla.unit) > 1 else ""
        known = f"known: {join_words(('s', 'min', 'h', 'd', 'w', 'mo', 'y'), 'or')}"
        yield document.problem(
            f"{sla.path}.unit", f"{found}, expected a unit of time", near if "Did" in near else known
        )


def _time_of_day(document: Document, sla: Sla) -> Iterator[Problem]:
    if sla.property == "timeOfAvailability" and parse_time_of_day(str(sla.value)) is None:
        message = f"found {clip(sla.value)}, expected a time of day"
        yield document.problem(f"{sla.path}.value", message, "with its offset from UTC, as in 06:00+09:00")
