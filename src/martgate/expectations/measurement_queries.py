"""The statements that count the rows of a day by group and value, for rules that learn.

Their numbers are kept in the ledger, and later days are compared with them. A hidden column is counted by null alone, so
that no protected value gets into the ledger.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from martgate.contracts.model import Table
from martgate.contracts.quality import Scalar
from martgate.errors import QueryFailed
from martgate.expectations import wording
from martgate.expectations.kinds.days import KEY_EXISTS, join_days
from martgate.expectations.kinds.learned import LearnedCheck
from martgate.expectations.measurement import Counts, Measurement
from martgate.expectations.protection import Protection
from martgate.expectations.rules import Rule
from martgate.expectations.source import Source
from martgate.text.comparison import write_comparison, write_in_list
from martgate.text.quoting import identifier, identifiers, relation

__all__ = ["MeasurementPlan", "MeasurementQuery", "find_countable_values", "plan_measurements"]

MAX_MEASUREMENTS = 50_000
"""The greatest number of measurements of one grouping of one day; a grouping with more is refused."""

_MAX_PIVOTED = 32
"""With more values than this, a grouping by value costs less than an aggregate for each value."""

_MAX_TEXT = 200
"""The length to which a value is cut before it is kept."""


@dataclass(frozen=True, slots=True)
class MeasurementQuery:
    """One statement that counts rows by group.

    Attributes:
        sql: returns one row a group: the values of `by`, then one count for each of `items`.
        by: the columns that rows are grouped by.
        items: the column and the value that each count is about; `("", None)` for all rows of the group.
        counts: which rows it counts.
        spread: a column whose values are part of the grouping, after those of `by`; empty where none is.
    """

    sql: str
    by: tuple[str, ...]
    items: tuple[tuple[str, str | None], ...]
    spread: str = ""
    counts: Counts = "rows"

    def read(self, rows: Sequence[tuple[object, ...]]) -> Iterator[Measurement]:
        """Convert the statement's rows to measurements.

        Raises:
            martgate.errors.QueryFailed: there are more measurements than a day may keep.
        """
        if len(rows) * len(self.items) > MAX_MEASUREMENTS:
            raise QueryFailed(
                f"more than {MAX_MEASUREMENTS:,} numbers a day would be kept: group by fewer, or coarser, columns"
            )
        for row in rows:
            values = [_as_text(value) for value in row]
            group, counts = tuple(values[: len(self.by)]), row[-len(self.items) :]
            for (column, value), count in zip(self.items, counts, strict=True):
                subject = (self.spread, values[len(self.by)]) if self.spread else (column, value)
                yield Measurement(self.by, group, int(str(count)), *subject, counts=self.counts)


@dataclass(frozen=True, slots=True)
class MeasurementPlan:
    """The rules that share a grouping, and the queries that count for them."""

    rules: tuple[Rule, ...]
    queries: tuple[MeasurementQuery, ...]


def find_countable_values(table: Table, protection: Protection) -> dict[str, tuple[Scalar, ...]]:
    """Return the values by which columns may be counted, by casefolded name: the enum of each column that is not hidden."""
    columns = (column for column in table.columns if column.enum and not protection.hides(column.name))
    return {column.name.casefold(): column.enum for column in columns}


def plan_measurements(rules: Sequence[Rule], source: Source) -> MeasurementPlan:
    """Plan the queries of rules that group by the same columns: one for all, and one for each column of many values."""
    checks = [rule.check for rule in rules if isinstance(rule.check, LearnedCheck)]
    by = checks[0].by
    if checks[0].compared_key:
        return MeasurementPlan(tuple(rules), (_change_query(checks, source),))
    columns = dict.fromkeys(name for check in checks for name in check.value_columns)
    values = {name: source.enum_values.get(name.casefold(), ()) for name in columns}
    pivoted = {name: enum for name, enum in values.items() if len(enum) <= _MAX_PIVOTED}
    queries = [_pivot_query(by, pivoted, source.relation, source.types)]
    queries += [
        _spread_query(by, name, values[name], source.relation, source.types) for name in values if name not in pivoted
    ]
    return MeasurementPlan(tuple(rules), tuple(queries))


def _change_query(checks: Sequence[LearnedCheck], source: Source) -> MeasurementQuery:
    """Count the keys of both days, in one join with the previous day, and those whose value changed, by column."""
    by, key = checks[0].by, checks[0].compared_key
    columns = tuple(dict.fromkeys(name for check in checks for name in check.value_columns))
    changes = (f"COUNT_IF(NOT (here.{identifier(name)} <=> earlier.{identifier(name)}))" for name in columns)
    groups = [f"here.{identifier(name)}" for name in by]
    counts = (f"{count} AS m{place}" for place, count in enumerate(["COUNT(*)", *changes]))
    select_list = ",\n  ".join([*groups, *counts])
    grouping = f"\nGROUP BY {', '.join(groups)}" if by else ""
    rows = f"{join_days(checks, key, source)}\nWHERE {KEY_EXISTS}{grouping}"
    limit = MAX_MEASUREMENTS // (1 + len(columns)) + 1
    items = (("", None), *((name, None) for name in columns))
    return MeasurementQuery(f"SELECT\n  {select_list}\n{rows}\nLIMIT {limit}", by, items, counts="changes")


def _pivot_query(
    by: tuple[str, ...], values: Mapping[str, Sequence[Scalar]], audited: str, types: Mapping[str, str]
) -> MeasurementQuery:
    """Count all rows, and those of each column and value, by one aggregate each."""
    counts: dict[tuple[str, str | None], str] = {("", None): "COUNT(*)"}
    for name, enum in values.items():
        counts[name, None] = f"COUNT_IF({identifier(name)} IS NULL)"
        for value in enum:
            is_value = write_comparison(identifier(name), "=", value, types.get(name.casefold(), ""))
            counts[name, wording.format_value(value)] = f"COUNT_IF({is_value})"
    return MeasurementQuery(_grouping(by, counts.values(), audited), by, tuple(counts))


def _spread_query(
    by: tuple[str, ...], name: str, values: Sequence[Scalar], audited: str, types: Mapping[str, str]
) -> MeasurementQuery:
    """Count rows by the values of one more column."""
    column = identifier(name)
    is_listed = write_in_list(column, values, types.get(name.casefold(), ""))
    sql = _grouping((*by, name), ["COUNT(*)"], audited, having=f"{column} IS NULL OR {is_listed}")
    return MeasurementQuery(sql, by, ((name, None),), spread=name)


def _grouping(by: tuple[str, ...], counts: Iterable[str], audited: str, *, having: str = "") -> str:
    """Limited to one row more than may be kept, which is enough to see that there are too many."""
    aggregates = [f"{count} AS m{place}" for place, count in enumerate(counts)]
    columns = ",\n  ".join([*map(identifier, by), *aggregates])
    grouping = f"\nGROUP BY {identifiers(by)}" if by else ""
    filtering = f"\nHAVING {having}" if having else ""
    limit = MAX_MEASUREMENTS // len(aggregates) + 1
    return f"SELECT\n  {columns}\nFROM {relation(audited)}{grouping}{filtering}\nLIMIT {limit}"


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value if value is None else value[:_MAX_TEXT]
    return str(value).lower() if isinstance(value, bool) else str(value)
