"""What a day's rows count up to, group by group: the numbers that are kept, and that later days are held against.

A hidden column is counted by null alone; nobody's values become numbers that the ledger would keep.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from martgate.contracts.model import Scalar, Table
from martgate.errors import QueryFailed
from martgate.expectations import wording as words
from martgate.expectations.kinds.learned import LearnedCheck
from martgate.expectations.measurement import Measurement
from martgate.expectations.protection import Protection
from martgate.expectations.rules import Rule
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, identifiers, literal, relation

__all__ = ["Count", "Counted", "counted", "values_of"]

_MOST = 50_000
"""So many numbers are kept of one grouping of one day; a grouping with more of them is refused."""

_LONG = 32
"""From so many values on, a grouping by value costs less than a list in every row."""

_WIDTH = 200


@dataclass(frozen=True, slots=True)
class Count:
    """One statement: a row a group, in it the values of `by`, then a number for each pair of column and value.

    Where `spread` names a column, its values are part of the grouping instead, after those of `by`.
    """

    sql: str
    by: tuple[str, ...]
    items: tuple[tuple[str, str | None], ...]
    spread: str = ""

    def read(self, fetched: Sequence[tuple[object, ...]]) -> Iterator[Measurement]:
        """What the statement's rows say.

        Raises:
            martgate.errors.QueryFailed: it is too much to be kept every day.
        """
        if len(fetched) * len(self.items) > _MOST:
            raise QueryFailed(f"more than {_MOST:,} numbers a day would be kept: group by fewer, or coarser, columns")
        for row in fetched:
            values = [_text(value) for value in row]
            group, numbers = tuple(values[: len(self.by)]), row[-len(self.items) :]
            for (column, value), number in zip(self.items, numbers, strict=True):
                counted_as = (self.spread, values[len(self.by)]) if self.spread else (column, value)
                yield Measurement(self.by, group, int(str(number)), *counted_as)


@dataclass(frozen=True, slots=True)
class Counted:
    """The rules that share a grouping, and the statements that count for them."""

    rules: tuple[Rule, ...]
    counts: tuple[Count, ...]


def values_of(table: Table, protection: Protection) -> dict[str, tuple[Scalar, ...]]:
    """The values by which a column may be counted: those of its enum, unless it is hidden; by casefolded name."""
    shown = (column for column in table.columns if column.enum and not protection.hides(column.name))
    return {column.name.casefold(): column.enum for column in shown}


def counted(asked: Sequence[Rule], source: Source) -> Counted:
    """How to count for rules that group by the same columns: once for all of them, and once more a column of many values."""
    checks = [rule.check for rule in asked if isinstance(rule.check, LearnedCheck)]
    by, audited, types = checks[0].by, source.relation, source.types
    columns = dict.fromkeys(name for check in checks for name in check.columns_by_value)
    lists = {name: source.values.get(name.casefold(), ()) for name in columns}
    short = {name: listed for name, listed in lists.items() if len(listed) <= _LONG}
    counts = [_together(by, short, audited, types)]
    counts += [_spread(by, name, lists[name], audited, types) for name in lists if name not in short]
    return Counted(tuple(asked), tuple(counts))


def _together(
    by: tuple[str, ...], lists: Mapping[str, Sequence[Scalar]], audited: str, types: Mapping[str, str]
) -> Count:
    numbers: dict[tuple[str, str | None], str] = {("", None): "COUNT(*)"}
    for name, listed in lists.items():
        numbers[name, None] = f"COUNT_IF({identifier(name)} IS NULL)"
        for value in listed:
            one = literal(value, types.get(name.casefold(), ""))
            numbers[name, words.shown(value)] = f"COUNT_IF({identifier(name)} = {one})"
    return Count(_grouping(by, numbers.values(), audited), by, tuple(numbers))


def _spread(by: tuple[str, ...], name: str, listed: Sequence[Scalar], audited: str, types: Mapping[str, str]) -> Count:
    column = identifier(name)
    known = ", ".join(literal(value, types.get(name.casefold(), "")) for value in listed)
    sql = _grouping((*by, name), ["COUNT(*)"], audited, having=f"{column} IS NULL OR {column} IN ({known})")
    return Count(sql, by, ((name, None),), spread=name)


def _grouping(by: tuple[str, ...], numbers: Iterable[str], audited: str, *, having: str = "") -> str:
    """One row more than may be kept is enough to see that there are too many."""
    counts = [f"{number} AS m{place}" for place, number in enumerate(numbers)]
    listed = ",\n  ".join([*map(identifier, by), *counts])
    grouping = f"\nGROUP BY {identifiers(by)}" if by else ""
    within = f"\nHAVING {having}" if having else ""
    return f"SELECT\n  {listed}\nFROM {relation(audited)}{grouping}{within}\nLIMIT {_MOST // len(counts) + 1}"


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value if value is None else value[:_WIDTH]
    return str(value).lower() if isinstance(value, bool) else str(value)
