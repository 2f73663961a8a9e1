"""The types of the fields of a check. The type of a field defines its values in a contract, and what the check reads.

A kind annotates its fields with the types of this module (`column: Column`), or with `int`, `float` or a `Literal`. Lint,
plan and protection therefore know every column, expression and query in a check.
"""

import dataclasses
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from martgate.contracts.model import Table
from martgate.contracts.quality import Scalar
from martgate.expectations.fragments import find_columns, find_expression_problem, find_query_problem
from martgate.expectations.kinds.reading import insert_constants, read_names, read_scalar, read_text, resolve_columns
from martgate.expectations.mistakes import Mistake, is_finite, read_pattern
from martgate.hints import clip

__all__ = [
    "Aggregate",
    "AtLeastTwoColumns",
    "Bound",
    "Column",
    "ColumnValues",
    "Columns",
    "CopiedColumns",
    "Expression",
    "Field",
    "FieldType",
    "GroupColumns",
    "NullPasses",
    "OptionalColumn",
    "OptionalGroupColumns",
    "OtherColumns",
    "OtherExpression",
    "OtherExpressions",
    "OtherTable",
    "QueryText",
    "RegularExpression",
    "SourceTable",
    "Values",
    "deduplicate",
    "get_fields",
]


class FieldType:
    """The type of a field. By default a contract cannot set it, and it reads nothing of the data."""

    is_grouping = False
    """Whether its columns group or order rows; they come first among the columns of a check."""

    is_of_other_table = False
    """Whether it reads the other table that the check names."""

    contract_key = ""
    """Its key in a contract, where that differs from the name of the field."""

    def read(self, value: object, table: Table) -> object:
        """Read the value of the field from a contract.

        Args:
            value: the value in the contract.
            table: the table of the rule.

        Raises:
            Mistake: the field cannot have this value.
        """
        raise NotImplementedError

    def columns(self, value: Any) -> tuple[str, ...]:
        """Return the columns of the table under audit that the value reads."""
        del value
        return ()

    def other_table_columns(self, value: Any) -> tuple[str, ...]:
        """Return the columns of the other table that the value names."""
        del value
        return ()

    def fragments(self, value: Any) -> tuple[str, ...]:
        """Return the SQL expressions in the value."""
        del value
        return ()

    def queries(self, value: Any) -> tuple[str, ...]:
        """Return the whole queries in the value."""
        del value
        return ()

    def tables(self, value: Any) -> tuple[str, ...]:
        """Return the other tables that the value names."""
        del value
        return ()

    def patterns(self, value: Any) -> tuple[str, ...]:
        """Return the regular expressions in the value."""
        del value
        return ()


class _Internal(FieldType):
    """A value that a kind computes."""


class _OneColumn(FieldType):
    def read(self, value: object, table: Table) -> str:
        return resolve_columns((read_text(value),), table)[0]

    def columns(self, value: str | None) -> tuple[str, ...]:
        return (value,) if value else ()


@dataclasses.dataclass(frozen=True)
class _ManyColumns(FieldType):
    minimum: int = 1
    is_grouping: bool = False

    def read(self, value: object, table: Table) -> tuple[str, ...]:
        return resolve_columns(read_names(value, self.minimum), table)

    def columns(self, value: tuple[str, ...]) -> tuple[str, ...]:
        return value


@dataclasses.dataclass(frozen=True)
class _Fragment(FieldType):
    """An expression over a row or, as an `aggregate`, over a group. Columns of another table are not checked."""

    aggregate: bool = False
    is_of_other_table: bool = False

    def read(self, value: object, table: Table) -> str:
        fragment = insert_constants(read_text(value), table)
        problem = find_expression_problem(fragment, aggregate=self.aggregate)
        if problem:
            raise Mistake(problem)
        resolve_columns(self.columns(fragment), table)
        return fragment

    def columns(self, value: str) -> tuple[str, ...]:
        return () if self.is_of_other_table else find_columns(value)

    def fragments(self, value: str) -> tuple[str, ...]:
        return (value,) if value else ()


def _read_expression(value: object, table: Table, *, key: str = "") -> str:
    """Read an expression over a row of another table."""
    fragment = insert_constants(read_text(value), table)
    problem = find_expression_problem(fragment)
    if problem:
        raise Mistake(f"{key}: {problem}" if key else problem)
    return fragment


class _WholeQuery(FieldType):
    def read(self, value: object, table: Table) -> str:
        query = insert_constants(read_text(value), table)
        problem = find_query_problem(query)
        if problem:
            raise Mistake(problem)
        return query

    def queries(self, value: str) -> tuple[str, ...]:
        return (value,) if value else ()


@dataclasses.dataclass(frozen=True)
class _OtherTable(FieldType):
    contract_key: str = ""

    def read(self, value: object, table: Table) -> str:
        del table
        return read_text(value)

    def tables(self, value: str) -> tuple[str, ...]:
        return (value,) if value else ()


@dataclasses.dataclass(frozen=True)
class _CopiedColumns(FieldType):
    """Columns, each with an expression over the other table; without one the column has the same name there."""

    is_of_other_table = True

    def read(self, value: object, table: Table) -> tuple[tuple[str, str], ...]:
        if not isinstance(value, dict):
            return tuple((name, "") for name in resolve_columns(read_names(value), table))
        names = resolve_columns(read_names(list(value)), table)
        expressions = [_read_expression(each, table, key=str(key)) for key, each in value.items()]
        return tuple(zip(names, expressions, strict=True))

    def columns(self, value: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        return tuple(name for name, _ in value)

    def fragments(self, value: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        return tuple(expression for _, expression in value if expression)


@dataclasses.dataclass(frozen=True)
class _OtherExpressions(FieldType):
    is_of_other_table = True

    def read(self, value: object, table: Table) -> tuple[str, ...]:
        return tuple(_read_expression(each, table) for each in (value if isinstance(value, list | tuple) else [value]))

    def fragments(self, value: tuple[str, ...]) -> tuple[str, ...]:
        return value


@dataclasses.dataclass(frozen=True)
class _ColumnValues(FieldType):
    """Columns, each with a value."""

    def read(self, value: object, table: Table) -> tuple[tuple[str, Scalar], ...]:
        if not isinstance(value, dict) or not value:
            raise Mistake(f"found {clip(value)}, expected a value for each column, as in {{column: 0}}")
        names = resolve_columns(read_names(list(value)), table)
        return tuple(zip(names, map(read_scalar, value.values()), strict=True))

    def columns(self, value: tuple[tuple[str, Scalar], ...]) -> tuple[str, ...]:
        return tuple(name for name, _ in value)


class _OtherColumns(FieldType):
    def read(self, value: object, table: Table) -> tuple[str, ...]:
        del table
        return read_names(value)

    def other_table_columns(self, value: tuple[str, ...]) -> tuple[str, ...]:
        return value


class _RegularExpression(FieldType):
    def read(self, value: object, table: Table) -> str:
        del table
        return read_pattern(value)

    def patterns(self, value: str) -> tuple[str, ...]:
        return (value,) if value else ()


class _Values(FieldType):
    def read(self, value: object, table: Table) -> tuple[Scalar, ...]:
        del table
        if not isinstance(value, list | tuple) or not value:
            raise Mistake(f"found {clip(value)}, expected a list of values")
        return tuple(read_scalar(item) for item in value)


class _Bound(FieldType):
    def read(self, value: object, table: Table) -> Scalar:
        del table
        return read_scalar(value)


class _NullPasses(FieldType):
    contract_key = "null"

    def read(self, value: object, table: Table) -> bool:
        del table
        if value not in ("pass", "fail", True, False):
            raise Mistake(f"found {clip(value)}, expected pass or fail")
        return value in ("pass", True)


@dataclasses.dataclass(frozen=True)
class _Number(FieldType):
    is_whole: bool

    def read(self, value: object, table: Table) -> float:
        del table
        types = (int,) if self.is_whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, types) or value < 0 or not is_finite(value):
            expected = "a whole number" if self.is_whole else "a number"
            raise Mistake(f"found {clip(value)}, expected {expected}, 0 or more")
        return value


@dataclasses.dataclass(frozen=True)
class _Choice(FieldType):
    choices: tuple[str, ...]

    def read(self, value: object, table: Table) -> str:
        del table
        if value not in self.choices:
            raise Mistake(f"found {clip(value)}, expected one of {', '.join(self.choices)}")
        return str(value)


Column = Annotated[str, _OneColumn()]
"""A column of the table under audit."""

OptionalColumn = Annotated[str | None, _OneColumn()]
Columns = Annotated[tuple[str, ...], _ManyColumns()]
AtLeastTwoColumns = Annotated[tuple[str, ...], _ManyColumns(minimum=2)]

GroupColumns = Annotated[tuple[str, ...], _ManyColumns(is_grouping=True)]
"""Columns that group or order rows: those of a group, of a key, or of an order."""

OptionalGroupColumns = Annotated[tuple[str, ...], _ManyColumns(minimum=0, is_grouping=True)]
"""As `GroupColumns`; without any, the table is one group."""

Expression = Annotated[str, _Fragment()]
"""A Spark SQL expression over the columns of a row."""

Aggregate = Annotated[str, _Fragment(aggregate=True)]
"""A Spark SQL expression over the columns of a group."""

OtherExpression = Annotated[str, _Fragment(is_of_other_table=True)]
"""A Spark SQL expression over the columns of another table."""

QueryText = Annotated[str, _WholeQuery()]
"""A whole SELECT, which may read any table and column."""

OtherTable = Annotated[str, _OtherTable()]
"""The name that a contract gives to another table."""

SourceTable = Annotated[str, _OtherTable(contract_key="from")]
"""As `OtherTable`; a contract writes `from: TABLE`."""

OtherColumns = Annotated[tuple[str, ...], _OtherColumns()]
"""Columns of another table."""

OtherExpressions = Annotated[tuple[str, ...], _OtherExpressions()]
"""Spark SQL expressions over the columns of another table."""

CopiedColumns = Annotated[tuple[tuple[str, str], ...], _CopiedColumns()]
"""Columns of the table under audit, each with an expression over the columns of another table; empty for the same name."""

ColumnValues = Annotated[tuple[tuple[str, Scalar], ...], _ColumnValues()]
"""Columns of the table under audit, each with a value."""

RegularExpression = Annotated[str, _RegularExpression()]
Values = Annotated[tuple[Scalar, ...], _Values()]
Bound = Annotated[Scalar, _Bound()]

NullPasses = Annotated[bool, _NullPasses()]
"""Whether null passes; a contract writes `null: pass`."""


@dataclasses.dataclass(frozen=True)
class Field:
    """One field of a kind.

    Attributes:
        name: its name in the class.
        key: its key in a contract.
        type: its type.
        is_required: whether it has no default.
    """

    name: str
    key: str
    type: FieldType
    is_required: bool

    @property
    def is_readable(self) -> bool:
        """Whether a contract can set it."""
        return not isinstance(self.type, _Internal)


@cache
def get_fields(kind: type) -> tuple[Field, ...]:
    """Return the fields of the class of a kind, in order."""
    hints = get_type_hints(kind, include_extras=True)
    fields = []
    for each in dataclasses.fields(kind):
        field_type = _find_type(hints[each.name])
        key = field_type.contract_key or each.name
        fields.append(Field(each.name, key, field_type, each.default is dataclasses.MISSING))
    return tuple(fields)


def _find_type(hint: object) -> FieldType:
    if get_origin(hint) is Annotated:
        return next((each for each in get_args(hint)[1:] if isinstance(each, FieldType)), _Internal())
    if get_origin(hint) is Literal:
        return _Choice(get_args(hint))
    if hint in (int, float):
        return _Number(is_whole=hint is int)
    return _Internal()


def deduplicate(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return each name once, where it comes first."""
    return tuple(dict.fromkeys(name for group in groups for name in group))
