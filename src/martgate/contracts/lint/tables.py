"""Checks of tables: names, keys, partitions and custom properties."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile
from martgate.contracts.period import Period
from martgate.contracts.yaml.document import Document
from martgate.errors import Problem
from martgate.hints import clip, did_you_mean
from martgate.text.quoting import find_name_problem

__all__ = ["custom_path", "find_problems"]

KEY = ("primaryKey", "primaryKeyPosition", "key")
PARTITION = ("partitioned", "partitionKeyPosition", "partition")


def find_problems(contract_file: ContractFile) -> Iterator[Problem]:
    document = contract_file.document
    tables = contract_file.contract.tables
    yield from _twice(document, ((table.path, table.name) for table in tables), "table")
    yield from _custom_twice(document, "")
    for table in tables:
        yield from _parts(document, table)
        yield from _twice(document, ((column.path, column.name) for column in table.columns), "column")
        yield from _positions(document, table, KEY, {c.path: c.primary_key_position for c in table.columns})
        yield from _positions(document, table, PARTITION, {c.path: c.partition_position for c in table.columns})
        yield from _publish_partition(document, table)
        yield from _publish_period(document, table)
        yield from _open_days(document, table)
        for path in (table.path, *(column.path for column in table.columns)):
            yield from _custom_twice(document, path)


def custom_path(document: Document, path: str, name: str) -> str:
    """Return the address of the value of a custom property.

    Args:
        document: The document.
        path: The address of the table, column or quality entry; empty for the contract itself.
        name: The name of the property.
    """
    prefix = f"{path}.customProperties" if path else "customProperties"
    for index, item in enumerate(document.at(prefix) or []):
        if item.get("property") == name:
            return f"{prefix}[{index}].value"
    return prefix


def _twice(document: Document, named: Iterable[tuple[str, str]], what: str) -> Iterator[Problem]:
    """Report names that differ only in case, which Spark and most databases ignore."""
    first: dict[str, tuple[str, str]] = {}
    for path, name in named:
        other = first.setdefault(name.casefold(), (path, name))
        if other[0] != path:
            message = f"found a second {what} {clip(name)}"
            if other[1] != name:
                message += f", which is the same as {clip(other[1])} to Spark"
            hint = f"the first is in line {document.locate(f'{other[0]}.name')[0]}"
            yield document.problem(f"{path}.name", message, hint)


def _parts(document: Document, table: Table) -> Iterator[Problem]:
    """Report a table whose name has a part with a dot, which no statement can name."""
    if problem := find_name_problem(table.qualified_name):
        key = "physicalName" if document.at(f"{table.path}.physicalName") else "name"
        message = f"the table name {clip(table.qualified_name)} {problem}"
        yield document.problem(f"{table.path}.{key}", message, "write it without quotes, as in schema.my-table")


def _custom_twice(document: Document, path: str) -> Iterator[Problem]:
    prefix = f"{path}.customProperties" if path else "customProperties"
    seen: set[str] = set()
    for index, item in enumerate(document.at(prefix) or []):
        name = str(item.get("property"))
        if name in seen:
            message = f"found a second custom property {clip(name)}"
            yield document.problem(f"{prefix}[{index}].property", message, "keep one")
        seen.add(name)


def _positions(
    document: Document, table: Table, words: tuple[str, str, str], model: dict[str, int | None]
) -> Iterator[Problem]:
    """Check that the flagged columns have positions 1, 2, 3, or none, where the order of the file counts."""
    flag, position, what = words
    values = {column.path: document.at(f"{column.path}.{position}") for column in table.columns}
    for column in table.columns:
        place = values[column.path]
        if model[column.path] is None and isinstance(place, int) and place >= 1:
            message = f"found a {position} on a column that is not {flag}"
            yield document.problem(f"{column.path}.{position}", message, f"add {flag}: true, or remove the position")
    places = {path: values[path] for path, number in model.items() if number is not None}
    if set(places.values()) <= {None, -1}:
        return
    times = Counter(places.values())
    for path, place in places.items():
        problem = _misplaced(place, times, what, position)
        if problem is not None:
            yield document.problem(f"{path}.{position}", *problem)


def _misplaced(place: Any, times: Counter[Any], what: str, position: str) -> tuple[str, str] | None:
    """Return message and hint for a position that is not one of 1 to n, or occurs twice."""
    count = times.total()
    if place in {None, -1}:
        return f"the {what} has {count} columns, and this one has no {position}", f"number them 1 to {count}"
    if not 1 <= place <= count:
        return f"found {place}, expected 1 to {count}, one for each {what} column", ""
    return (f"more than one {what} column has the {position} {place}", "") if times[place] > 1 else None


def _publish_partition(document: Document, table: Table) -> Iterator[Problem]:
    if "publishPartition" not in table.custom:
        return
    name = table.custom["publishPartition"]
    if name not in table.partition_columns:
        path = custom_path(document, table.path, "publishPartition")
        hint = did_you_mean(str(name), table.partition_columns) or "mark the column with partitioned: true"
        yield document.problem(path, f"publishPartition is {clip(name)}, which is not a partition column", hint)


def _open_days(document: Document, table: Table) -> Iterator[Problem]:
    """Check `openDays`: any value but true would silently keep the days of a table closed until their end."""
    value = table.custom.get("openDays", False)
    if not isinstance(value, bool):
        path = custom_path(document, table.path, "openDays")
        yield document.problem(path, f"found {clip(value)}, expected true or false")


def _publish_period(document: Document, table: Table) -> Iterator[Problem]:
    name = str(table.custom.get("publishPeriod", Period.DAY))
    if name not in set(Period):
        path = custom_path(document, table.path, "publishPeriod")
        yield document.problem(
            path, f"publishPeriod is {clip(name)}, which is not a period", did_you_mean(name, Period)
        )
