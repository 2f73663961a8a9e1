"""What the fields of a check hold. A field's type says what a contract may write there, and what a check reads by it.

A kind annotates its fields with the types of this module (`column: Column`), or with `int`, `float` or a `Literal`; so a
column, an expression or a query cannot be in a check unnoticed by lint, plan and protection.
"""

import dataclasses
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from martgate.contracts.model import Scalar, Table
from martgate.expectations.fragments import find_columns, find_expression_problem, find_query_problem
from martgate.expectations.kinds.reading import read_names, read_scalar, read_text, resolve_columns
from martgate.expectations.mistakes import Mistake, is_finite, read_pattern
from martgate.hints import clip

__all__ = [
    "Aggregate",
    "AtLeastTwoColumns",
    "Bound",
    "Column",
    "Columns",
    "Expression",
    "Field",
    "FieldType",
    "GroupColumns",
    "NullPasses",
    "OptionalColumn",
    "OptionalGroupColumns",
    "OtherColumns",
    "OtherExpression",
    "OtherTable",
    "QueryText",
    "RegularExpression",
    "Values",
    "deduplicate",
    "get_fields",
]


class FieldType:
    """What a field holds. By default that is nothing a contract can write, and nothing of the data."""

    leads = False
    """Whether its columns come first where the columns of a check are listed."""

    is_of_other_table = False
    """Whether it is about the columns of the other table that the check names."""

    name_in_contract = ""
    """The key in a contract, where that is not the name of the field."""

    def read(self, value: object, table: Table) -> object:
        """The field's value from what a contract says.

        Raises:
            Mistake: it is none that the field can have.
        """
        raise NotImplementedError

    def columns(self, value: Any) -> tuple[str, ...]:
        """The columns of the table under audit that the value reads."""
        del value
        return ()

    def other_table_columns(self, value: Any) -> tuple[str, ...]:
        """The columns of the other table that it names."""
        del value
        return ()

    def fragments(self, value: Any) -> tuple[str, ...]:
        """The expressions in it that a contract's author wrote as SQL."""
        del value
        return ()

    def queries(self, value: Any) -> tuple[str, ...]:
        """The whole queries in it that a contract's author wrote."""
        del value
        return ()

    def tables(self, value: Any) -> tuple[str, ...]:
        """The other tables that it names as contracts do."""
        del value
        return ()

    def patterns(self, value: Any) -> tuple[str, ...]:
        """The regular expressions in it."""
        del value
        return ()


class _Internal(FieldType):
    """A value that a kind works out for itself."""


class _OneColumn(FieldType):
    def read(self, value: object, table: Table) -> str:
        return resolve_columns((read_text(value),), table)[0]

    def columns(self, value: str | None) -> tuple[str, ...]:
        return (value,) if value else ()


@dataclasses.dataclass(frozen=True)
class _ManyColumns(FieldType):
    least: int = 1
    leads: bool = False

    def read(self, value: object, table: Table) -> tuple[str, ...]:
        return resolve_columns(read_names(value, self.least), table)

    def columns(self, value: tuple[str, ...]) -> tuple[str, ...]:
        return value


@dataclasses.dataclass(frozen=True)
class _Fragment(FieldType):
    """An expression over a row or, as an `aggregate`, over a group; of another table, its columns are not looked up."""

    aggregate: bool = False
    is_of_other_table: bool = False

    def read(self, value: object, table: Table) -> str:
        fragment = read_text(value)
        mistake = find_expression_problem(fragment, aggregate=self.aggregate)
        if mistake:
            raise Mistake(mistake)
        resolve_columns(self.columns(fragment), table)
        return fragment

    def columns(self, value: str) -> tuple[str, ...]:
        return () if self.is_of_other_table else find_columns(value)

    def fragments(self, value: str) -> tuple[str, ...]:
        return (value,) if value else ()


class _WholeQuery(FieldType):
    def read(self, value: object, table: Table) -> str:
        del table  # a query may read any
        query = read_text(value)
        mistake = find_query_problem(query)
        if mistake:
            raise Mistake(mistake)
        return query

    def queries(self, value: str) -> tuple[str, ...]:
        return (value,) if value else ()


class _OtherTable(FieldType):
    def read(self, value: object, table: Table) -> str:
        del table
        return read_text(value)

    def tables(self, value: str) -> tuple[str, ...]:
        return (value,)


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
    name_in_contract = "null"

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
        kinds = (int,) if self.is_whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or value < 0 or not is_finite(value):
            wanted = "a whole number" if self.is_whole else "a number"
            raise Mistake(f"found {clip(value)}, expected {wanted}, 0 or more")
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
AtLeastTwoColumns = Annotated[tuple[str, ...], _ManyColumns(least=2)]

GroupColumns = Annotated[tuple[str, ...], _ManyColumns(leads=True)]
"""Columns that say which rows belong together: a group's, a key's, those that rows are ordered by."""

OptionalGroupColumns = Annotated[tuple[str, ...], _ManyColumns(least=0, leads=True)]
"""As `GroupColumns`; without any, the whole table is one group."""

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

OtherColumns = Annotated[tuple[str, ...], _OtherColumns()]
"""Columns of another table."""

RegularExpression = Annotated[str, _RegularExpression()]
Values = Annotated[tuple[Scalar, ...], _Values()]
Bound = Annotated[Scalar, _Bound()]

NullPasses = Annotated[bool, _NullPasses()]
"""Whether null is let through; a contract writes `null: pass`."""


@dataclasses.dataclass(frozen=True)
class Field:
    """One field of a kind: its name in the class and in a contract, and what it holds."""

    name: str
    key: str
    meaning: FieldType
    is_required: bool

    @property
    def is_readable(self) -> bool:
        return not isinstance(self.meaning, _Internal)


@cache
def get_fields(kind: type) -> tuple[Field, ...]:
    """The fields of a kind's class, in order."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for each in dataclasses.fields(kind):
        meaning = _meaning(hints[each.name])
        key = meaning.name_in_contract or each.name
        found.append(Field(each.name, key, meaning, each.default is dataclasses.MISSING))
    return tuple(found)


def _meaning(hint: object) -> FieldType:
    if get_origin(hint) is Annotated:
        return next((each for each in get_args(hint)[1:] if isinstance(each, FieldType)), _Internal())
    if get_origin(hint) is Literal:
        return _Choice(get_args(hint))
    if hint in (int, float):
        return _Number(is_whole=hint is int)
    return _Internal()


def deduplicate(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Each name once, where it comes first."""
    return tuple(dict.fromkeys(name for group in groups for name in group))
