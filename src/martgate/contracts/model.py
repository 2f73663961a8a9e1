"""The model of a contract: frozen values with the clauses of a document that martgate uses.

The terms are those of the Open Data Contract Standard (ODCS) 3.x; only `martgate.contracts.odcs` knows its keys. Every
part that can be enforced has a `path`, its address in the document (as in `schema[0].properties[3].required`), so that
rules, verdicts and reports can refer to the line of the clause.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from martgate.contracts.day import parse_day
from martgate.contracts.period import Period
from martgate.contracts.quality import Quality

__all__ = [
    "UNPROTECTED_CLASSIFICATIONS",
    "Column",
    "Contract",
    "Relationship",
    "Sla",
    "Table",
]

UNPROTECTED_CLASSIFICATIONS = frozenset({"public", "internal"})
"""The classifications whose values may be shown. Any other word, known or not, makes a column protected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """A foreign key: the values of `columns` exist in `to_columns` of another table.

    Attributes:
        path: Its address in the document.
        columns: The columns of this table.
        to_table: The other table, as `schema.table` or a bare name.
        to_columns: The columns of the other table, one for each of `columns`.
    """

    path: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: a property, in the terms of ODCS.

    Attributes:
        path: Its address in the document.
        name: Its name in the data (`physicalName`, else `name`).
        logical_type: The `logicalType`; empty where none is stated.
        physical_type: The `physicalType`, or what follows from the logical type; empty where neither says enough.
        description: The description for people.
        business_name: The name for people.
        required: Whether null values are forbidden.
        unique: Whether each value occurs once.
        primary_key_position: The position in the primary key, from 1; None outside the key.
        partition_position: The position among the partition columns, from 1; None for other columns.
        classification: The classification; see `is_protected`.
        enum: The allowed values.
        options: The `logicalTypeOptions`.
        relationships: The foreign keys of this column.
        quality: The entries of its `quality` list.
        sources: The columns that it is computed from (`transformSourceObjects`).
        transform_logic: The SQL that computes it.
        transform_description: How it is computed, for people.
        tags: The tags.
        custom: The custom properties, by name.
    """

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
        """Whether values must never be shown: the classification is neither empty, nor public, nor internal."""
        return bool(self.classification) and self.classification.lower() not in UNPROTECTED_CLASSIFICATIONS

    @property
    def is_retroactive(self) -> bool:
        """Whether its clauses also apply to the days of earlier versions (`retroactive`)."""
        return self.custom.get("retroactive") is True

    @property
    def can_be_vacuous(self) -> bool:
        """Whether a vacuous rule on this column does not block a publish (`allowVacuous`)."""
        return self.custom.get("allowVacuous") is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of a contract: an entry of `schema`, in the terms of ODCS.

    Attributes:
        path: Its address in the document.
        name: The short name.
        qualified_name: The name in SQL, as `schema.table`.
        columns: The columns, in order.
        description: The description for people.
        business_name: The name for people.
        granularity: What one row is, for people.
        relationships: The foreign keys of several columns.
        quality: The entries of its `quality` list.
        tags: The tags.
        custom: The custom properties, by name.
        parent: The contract, set by `Contract`; None for a table outside any contract.
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
        """The contract of the table.

        Raises:
            LookupError: The table belongs to no contract.
        """
        if self.parent is None:
            raise LookupError(f"table {self.qualified_name} belongs to no contract")
        return self.parent

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of a name; raise KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def resolve_column(self, reference: str) -> str | None:
        """Return the name of the column in `column`, `table.column` or `schema.table.column`; None for another table.

        The name of a column can contain dots. A name after this table's name is returned even if no column has it.
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
        """The partition column of which a publish replaces one value (the day).

        The custom property `publishPartition` names it; otherwise it is the only partition column, or None.
        """
        named = self.custom.get("publishPartition")
        if isinstance(named, str):
            return named
        return self.partition_columns[0] if len(self.partition_columns) == 1 else None

    @property
    def publish_period(self) -> Period:
        """The time that one value of the publish partition covers (`publishPeriod`); a day by default.

        Raises:
            ValueError: The property is none of `Period`; lint reports such a contract.
        """
        return Period(str(self.custom.get("publishPeriod", Period.DAY)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sla:
    """A service level about time, as in `{property: freshness, value: 26, unit: h, element: t.run_timestamp}`."""

    path: str
    property: str
    value: str | int | float
    unit: str = ""
    element: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """An ODCS document.

    Attributes:
        file: The file that it was read from, as the user typed its path.
        id: The id, which all versions of a contract share.
        version: The version of the contract.
        api_version: The version of ODCS.
        name: The name for people.
        status: The status, as in `active`.
        domain: The domain of the data.
        description: The parts of the description that are text, by key.
        tables: The tables; each refers back to this contract.
        slas: The service levels.
        team: The members of the team.
        tags: The tags.
        custom: The custom properties, by name.
    """

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
        """Set the contract of each table; a copy of the contract gets copies of the tables."""
        object.__setattr__(self, "tables", tuple(replace(table, parent=self) for table in self.tables))

    @property
    def zone(self) -> str:
        """The time zone of its days (`dayBoundary`); UTC by default."""
        return str(self.custom.get("dayBoundary", "UTC"))

    @property
    def valid_from(self) -> date:
        """The first day on which this version is valid (`validFrom`); the earliest date by default."""
        return parse_day(str(self.custom.get("validFrom"))) or date.min

    @property
    def qualities(self) -> tuple[Quality, ...]:
        """The quality entries of all tables and columns."""
        lists = (
            each for table in self.tables for each in (table.quality, *(column.quality for column in table.columns))
        )
        return tuple(quality for entries in lists for quality in entries)

    def table(self, name: str) -> Table:
        """Return the table of a short or qualified name; raise KeyError where there is none."""
        for table in self.tables:
            if name in (table.name, table.qualified_name):
                return table
        raise KeyError(name)
