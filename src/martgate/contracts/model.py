"""A contract as the rest of the house sees it: frozen, total, typed, and nothing but what the gate needs.

The terms are those of the Open Data Contract Standard (ODCS) 3.x; `martgate.contracts.odcs` is the only module that spells its
keys. Every part that can be enforced carries `path`, its address in the document (`schema[0].properties[3].required`
is the path of one leaf), so that a rule, a verdict and a report can point back at the very line that asked for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Literal

from martgate.contracts.day import parse_day
from martgate.contracts.period import Period

__all__ = [
    "UNPROTECTED_CLASSIFICATIONS",
    "Column",
    "Contract",
    "Metric",
    "Operator",
    "Quality",
    "QualityType",
    "Relationship",
    "Severity",
    "Sla",
    "Table",
    "Threshold",
    "Unit",
]

UNPROTECTED_CLASSIFICATIONS = frozenset({"public", "internal"})
"""The classifications whose values may be shown. Any other word, known or not, protects the column."""


class Severity(StrEnum):
    """What a broken rule does: an error blocks the publish, a warning is told."""

    ERROR = "error"
    WARNING = "warning"


class QualityType(StrEnum):
    LIBRARY = "library"
    SQL = "sql"
    CUSTOM = "custom"
    TEXT = "text"


Metric = Literal["nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount"]
Unit = Literal["rows", "percent"]
Scalar = str | int | float | bool
Operator = Literal[
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
]


@dataclass(frozen=True, slots=True)
class Threshold:
    """One comparison of a measured number, as ODCS spells it. `between` includes both ends.

    >>> Threshold("mustBeBetween", (0, 5)).admits(5)
    True
    >>> Threshold("mustBe", (0,)).admits(1)
    False
    """

    operator: Operator
    values: tuple[float, ...]

    def admits(self, number: float) -> bool:  # noqa: PLR0911 - one answer an operator
        first, last = self.values[0], self.values[-1]
        match self.operator:
            case "mustBe":
                return number == first
            case "mustNotBe":
                return number != first
            case "mustBeGreaterThan":
                return number > first
            case "mustBeGreaterOrEqualTo":
                return number >= first
            case "mustBeLessThan":
                return number < first
            case "mustBeLessOrEqualTo":
                return number <= first
            case "mustBeBetween":
                return first <= number <= last
            case "mustNotBeBetween":
                return not first <= number <= last


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """One entry of a `quality` list, on a table or on a column, before it becomes a rule.

    `suite` names the Great Expectations suite that it stands in, as `expectations/x.json`; empty where it is the contract.
    """

    path: str
    id: str
    type: QualityType
    severity: Severity = Severity.ERROR
    dimension: str = ""
    description: str = ""
    metric: Metric | None = None
    threshold: Threshold | None = None
    unit: Unit = "rows"
    arguments: Mapping[str, object] = field(default_factory=dict)
    query: str = ""
    engine: str = ""
    implementation: Mapping[str, object] = field(default_factory=dict)
    custom: Mapping[str, object] = field(default_factory=dict)
    suite: str = ""

    @property
    def is_retroactive(self) -> bool:
        """Whether it is asked of days of earlier versions, too."""
        return self.custom.get("retroactive") is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """A foreign key: `columns` of this table exist as `to_columns` of `to_table` (`schema.table`, or a bare name)."""

    path: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One property of a table. `options` holds `logicalTypeOptions` as written; `enum` the admitted values as text."""

    path: str
    name: str
    logical_type: str
    physical_type: str
    description: str = ""
    business_name: str = ""
    required: bool = False
    unique: bool = False
    primary_key_position: int | None = None
    partition_position: int | None = None
    classification: str = ""
    enum: tuple[str | int | float, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    relationships: tuple[Relationship, ...] = ()
    quality: tuple[Quality, ...] = ()
    sources: tuple[str, ...] = ()
    transform_logic: str = ""
    transform_description: str = ""
    tags: tuple[str, ...] = ()
    custom: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_protected(self) -> bool:
        """Whether values of this column must never be shown: it is classified as anything but public or internal."""
        return bool(self.classification) and self.classification.lower() not in UNPROTECTED_CLASSIFICATIONS

    @property
    def is_retroactive(self) -> bool:
        """Whether what it states is asked of days of earlier versions, too."""
        return self.custom.get("retroactive") is True

    @property
    def can_be_vacuous(self) -> bool:
        """Whether a rule with nothing to look at in this column still lets a publish through (`allowVacuous`)."""
        return self.custom.get("allowVacuous") is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One entry of `schema`. `name` is the short name, `qualified_name` the `schema.table` that SQL uses.

    A table of a `Contract` knows it (`contract`); one that was made by itself does not.
    """

    path: str
    name: str
    qualified_name: str
    columns: tuple[Column, ...]
    description: str = ""
    business_name: str = ""
    granularity: str = ""
    relationships: tuple[Relationship, ...] = ()
    quality: tuple[Quality, ...] = ()
    tags: tuple[str, ...] = ()
    custom: Mapping[str, object] = field(default_factory=dict)
    parent: "Contract | None" = field(default=None, compare=False, repr=False)

    @property
    def contract(self) -> "Contract":
        """The contract that states the table.

        Raises:
            LookupError: the table was made by itself, outside of any contract.
        """
        if self.parent is None:
            raise LookupError(f"table {self.qualified_name} belongs to no contract")
        return self.parent

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def resolve_column(self, reference: str) -> str | None:
        """The column that `column`, `table.column` or `schema.table.column` names; None where it is about another table.

        A column's name may have dots of its own. One after this table's name is returned, whether there is such a column.
        """
        if reference in self.column_names:
            return reference
        owners = (f"{owner}." for owner in (self.qualified_name, self.name) if reference.startswith(f"{owner}."))
        return next((reference.removeprefix(owner) for owner in owners), None)

    @property
    def primary_key(self) -> tuple[str, ...]:
        keyed = [(c.primary_key_position, c.name) for c in self.columns if c.primary_key_position is not None]
        return tuple(name for _, name in sorted(keyed))

    @property
    def partition_columns(self) -> tuple[str, ...]:
        parts = [(c.partition_position, c.name) for c in self.columns if c.partition_position is not None]
        return tuple(name for _, name in sorted(parts))

    @property
    def publish_partition(self) -> str | None:
        """The partition column whose one value (the day) a publish replaces whole.

        The custom property `publishPartition` names it; without one, a table's only partition column is meant.
        """
        named = self.custom.get("publishPartition")
        if isinstance(named, str):
            return named
        return self.partition_columns[0] if len(self.partition_columns) == 1 else None

    @property
    def publish_period(self) -> Period:
        """What one value of that column stands for, as the custom property `publishPeriod` says; a day without one.

        Raises:
            ValueError: it is none of `Period`; lint tells such a contract.
        """
        return Period(str(self.custom.get("publishPeriod", Period.DAY)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sla:
    """One promise about time, as in `{property: freshness, value: 26, unit: h, element: t.run_timestamp}`."""

    path: str
    property: str
    value: str | int | float
    unit: str = ""
    element: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One ODCS document. `file` is where it was read from, as the user would type it."""

    file: str
    id: str
    version: str
    api_version: str
    name: str = ""
    status: str = ""
    domain: str = ""
    description: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    slas: tuple[Sla, ...] = ()
    team: tuple[Mapping[str, object], ...] = ()
    tags: tuple[str, ...] = ()
    custom: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let each table know this contract; a copy of the contract has tables of its own."""
        object.__setattr__(self, "tables", tuple(replace(table, parent=self) for table in self.tables))

    @property
    def zone(self) -> str:
        """The time zone in which its days begin and end (`dayBoundary`)."""
        return str(self.custom.get("dayBoundary", "UTC"))

    @property
    def valid_from(self) -> date:
        """The first day that this version is about (`validFrom`); without one, it is about every day there was."""
        return parse_day(str(self.custom.get("validFrom"))) or date.min

    def table(self, name: str) -> Table:
        """The table of that short or qualified name; KeyError where there is none."""
        for table in self.tables:
            if name in (table.name, table.qualified_name):
                return table
        raise KeyError(name)
