"""Exports a table as a pandera schema in Python code, for polars or for Spark."""

from collections.abc import Iterator
from datetime import date, datetime

from martgate.contracts.export import python
from martgate.contracts.export.constraints import (
    SCOPE_NOTE,
    Bound,
    Constraints,
    read_constraints,
    source_title,
    standard_imports,
)
from martgate.contracts.export.ports import ExportRequest
from martgate.contracts.model import Table
from martgate.errors import InvalidInput
from martgate.text.lists import join_words
from martgate.text.quoting import identifier, text
from martgate.text.regex import to_rust, to_sql

__all__ = ["FLAVOURS", "export", "render_schema"]

FLAVOURS = ("polars", "pyspark")


def export(request: ExportRequest) -> str:
    """Write the table of a request; see `render_schema`."""
    return render_schema(request.table, flavour=request.flavour)


def render_schema(table: Table, *, flavour: str = "polars") -> str:
    """Write a `DataFrameSchema` that requires exactly the columns of a table, in their order.

    Args:
        table: The table.
        flavour: The library of the data frames, one of `FLAVOURS`.

    Raises:
        martgate.errors.InvalidInput: The flavour is unknown, or the contract has invalid types or limits.
    """
    if flavour not in FLAVOURS:
        raise InvalidInput(f"found the flavour {flavour!r}, expected {join_words(FLAVOURS, 'or')}")
    return (_polars if flavour == "polars" else _pyspark)(table, read_constraints(table))


def _frame(table: Table, columns: tuple[python.Source, ...], *more: python.Source) -> python.Source:
    items: list[python.Source] = [python.Call("{", columns, "}"), *more]
    if len(table.primary_key) > 1:
        items.append(python.bind_name("unique", python.list_literal(table.primary_key)))
    items += [python.bind_name("name", python.text_literal(table.qualified_name)), "strict=True"]
    if table.description:
        items.append(python.bind_name("description", python.text_literal(table.description)))
    return python.bind_name("schema ", python.Call("pa.DataFrameSchema(", tuple(items)))


def _column(one: Constraints, kind: str, *more: python.Source) -> python.Source:
    items: list[python.Source] = [kind, *more]
    if not one.required:
        items.append("nullable=True")
    if one.column.business_name:
        items.append(python.bind_name("title", python.text_literal(one.column.business_name)))
    if one.column.description:
        items.append(python.bind_name("description", python.text_literal(one.column.description)))
    return python.dict_entry(one.column.name, python.Call("pa.Column(", tuple(items)))


def _is_unique(one: Constraints, table: Table) -> bool:
    return one.column.unique or table.primary_key == (one.column.name,)


def _is_binary(one: Constraints) -> bool:
    """Return whether the step is a binary fraction, whose multiples need a tolerance: 0.3 is a multiple of 0.1."""
    return isinstance(one.multiple_of, float)


# polars

_LAZY = "A LazyFrame is checked for names and types only, unless PANDERA_VALIDATION_DEPTH=SCHEMA_AND_DATA is set."


_MULTIPLES_HELPER = '''\
def multiple_of(step: float) -> pa.Check:
    """Multiples of a binary fraction, with a tolerance."""

    def is_multiple(data):
        times = pl.col(data.key) / step
        return data.lazyframe.select((times - times.round()).abs() < 1e-9)

    return pa.Check(is_multiple, name="multiple_of")
'''


def _polars(table: Table, limits: tuple[Constraints, ...]) -> str:
    columns = tuple(_column(one, one.type.polars, *_polars_checks(one, table)) for one in limits)
    head = map(python.comment, (source_title(table), *SCOPE_NOTE, _LAZY))
    imports = (*standard_imports(limits), "import pandera.polars as pa", "import polars as pl")
    helpers = [_MULTIPLES_HELPER] if any(map(_is_binary, limits)) else []
    body = "\n\n".join([*helpers, python.format_source(_frame(table, columns, "ordered=True"))])
    return python.format_module(head, (*imports, *([""] if helpers else [])), (body,))


def _polars_checks(one: Constraints, table: Table) -> Iterator[python.Source]:
    """Yield the arguments of a column that express its limits."""
    checks = list(_limits(one))
    if _is_unique(one, table):
        if one.required:
            yield "unique=True"
        else:  # to pandera, two nulls are a repeated value
            checks.append(_lambda("pl.col(data.key).is_null() | pl.col(data.key).is_unique()", "unique"))
    if checks:
        yield python.bind_name("checks", python.Call("[", tuple(checks), "]"))


def _limits(one: Constraints) -> Iterator[python.Source]:
    if one.values:
        yield python.Call("pa.Check.isin(", (python.list_literal(one.values),))
    if one.pattern:
        yield python.Call("pa.Check.str_contains(", (python.text_literal(to_rust(one.pattern)),))
    lengths = {"min_value": one.min_length, "max_value": one.max_length}
    arguments = [python.bind_name(name, str(length)) for name, length in lengths.items() if length is not None]
    if arguments:
        yield python.Call("pa.Check.str_length(", tuple(arguments))
    for sign, bound in one.bounds:
        yield python.Call(f"pa.Check.{_COMPARISONS[sign]}(", (python.literal(bound),))
    if one.multiple_of is not None:
        step = python.literal(one.multiple_of)
        exact = _lambda(f"pl.col(data.key) % {step} == 0", "multiple_of")
        yield f"multiple_of({step})" if _is_binary(one) else exact


_COMPARISONS = {">=": "ge", "<=": "le", ">": "gt", "<": "lt"}


def _lambda(expression: str, name: str) -> python.Source:
    function = python.Call("lambda data: data.lazyframe.select(", (expression,))
    return python.Call("pa.Check(", (function, python.bind_name("name", python.text_literal(name))))


# Spark. The checks of pandera support some types only, so each limit is a condition in Spark SQL.

_HELPER = '''\
def holds(column: str, condition: str) -> pa.Check:
    """Every row satisfies a condition in Spark SQL; null satisfies it."""

    def is_true(df):
        return df.filter(f"NOT ({condition})").isEmpty()

    return pa.Check(is_true, name=column, error=condition)
'''
_ORDER_HELPER = '''\
def in_order() -> pa.Check:
    """The columns are in the order of the schema (`ordered` of pandera compares a set)."""
    return pa.Check(lambda df: df.columns == list(schema.columns), error="in order")
'''
_TYPE_HELPER = '''\
def has_type(column: str, kind: str) -> pa.Check:
    """The column has a type that pandera cannot express."""

    def is_type(df):
        return df.schema[column].dataType.simpleString() == kind

    return pa.Check(is_type, name=column, error=f"{column} has type {kind}")
'''
_UNIQUE_HELPER = '''\
def is_unique(column: str) -> pa.Check:
    """No two rows have the same value; nulls are not compared."""

    def has_no_repeats(df):
        counts = df.dropna(subset=[column]).groupBy(column).count()
        return counts.filter("count > 1").isEmpty()

    return pa.Check(has_no_repeats, name=column, error=f"{column} is unique")
'''


def _pyspark(table: Table, limits: tuple[Constraints, ...]) -> str:
    columns = tuple(_column(one, "None" if _is_struct(one) else one.type.pyspark) for one in limits)
    checks: dict[str, list[python.Source]] = {
        _ORDER_HELPER: [_call("in_order")],
        _TYPE_HELPER: [_call("has_type", one.column.name, one.type.spark) for one in limits if _is_struct(one)],
        _HELPER: [_call("holds", one.column.name, condition) for one in limits for condition in _conditions(one)],
        _UNIQUE_HELPER: [_call("is_unique", one.column.name) for one in limits if _is_unique(one, table)],
    }
    every = tuple(check for some in checks.values() for check in some)
    helpers = [helper for helper, some in checks.items() if some]
    frame = _frame(table, columns, python.bind_name("checks", python.Call("[", every, "]")))
    body = "\n\n".join([*helpers, python.format_source(frame)])
    imports = ("import pandera.pyspark as pa", "from pyspark.sql import types as T", "")
    return python.format_module(map(python.comment, (source_title(table), *SCOPE_NOTE)), imports, (body,))


def _call(helper: str, *words: str) -> python.Source:
    return python.Call(f"{helper}(", tuple(map(python.text_literal, words)))


def _is_struct(one: Constraints) -> bool:
    """Return whether the type contains a struct, which pandera does not support."""
    return "struct<" in one.type.spark


def _conditions(one: Constraints) -> Iterator[str]:
    name = identifier(one.column.name)
    if one.values:
        yield f"{name} IN ({', '.join(_sql(value) for value in one.values)})"
    if one.pattern:
        yield f"{name} RLIKE {text(to_sql(one.pattern))}"
    if one.min_length is not None:
        yield f"LENGTH({name}) >= {one.min_length}"
    if one.max_length is not None:
        yield f"LENGTH({name}) <= {one.max_length}"
    for sign, bound in one.bounds:
        yield f"{name} {sign} {_sql(bound)}"
    if one.multiple_of is not None:
        step = _sql(one.multiple_of)
        nearly = f"ABS({name} / {step} - ROUND({name} / {step})) < 1e-9"
        yield nearly if _is_binary(one) else f"{name} % {step} = 0"


def _sql(value: Bound) -> str:
    """Write a value as a literal of Spark SQL."""
    match value:
        case bool():
            return str(value).upper()
        case str():
            return text(value)
        case datetime():
            kind = "TIMESTAMP" if value.tzinfo else "TIMESTAMP_NTZ"
            return f"{kind} {text(value.isoformat(sep=' '))}"
        case date():
            return f"DATE {text(value.isoformat())}"
        case float():
            return f"{value!r}D"
        case _:
            return str(value)
