"""Queries of `UnexpectedRowsExpectation`: the rows that break a check, in Spark SQL over `{batch}`.

The check itself says which rows these are (`Check.unexpected_rows`). A query selects the table's key and the columns that the
check reads, never a hidden one; where nothing may be shown, it selects 1 for each row.
"""

import re
from collections.abc import Mapping

from martgate.contracts.model import Table
from martgate.contracts.types import canonical_type
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.examples import ExampleColumn
from martgate.expectations.protection import Protection
from martgate.expectations.source import Source
from martgate.text.quoting import escape_variables, identifier, relation, text

__all__ = ["build_unexpected_rows_query", "find_unbound_parameters", "inline_parameters", "read_column_types"]

_BATCH = "__the_batch__"
_PREVIOUS = "__the_previous_day__"
_PLACEHOLDER = "1 AS `offending`"
_TOKENS = re.compile(
    r"""'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `[^`]*` | --[^\n]* | /\*.*?\*/ | (?<!:):(?P<name>[A-Za-z_]\w*)""",
    re.DOTALL | re.VERBOSE,
)


def read_column_types(table: Table) -> dict[str, str]:
    """Return each column's type in Spark's spelling, by casefolded name; empty where the contract names no known type."""
    return {column.name.casefold(): _canonical_type(column.physical_type) for column in table.columns}


def _canonical_type(physical_type: str) -> str:
    try:
        return canonical_type(physical_type)
    except ValueError:
        return ""


def build_unexpected_rows_query(check: Check, protection: Protection) -> str:
    """Build the query of a check, with `{batch}` for the table and every other brace doubled; `:parameters` stay."""
    sql = _query(check, protection)
    if relation(_PREVIOUS) in sql:
        sql = sql.replace(relation(_PREVIOUS), _previous_day_rows(protection.table))
    doubled = escape_variables(sql).replace("{", "{{").replace("}", "}}")  # the session is not ours
    return doubled.replace(relation(_BATCH), "{batch}")


def _previous_day_rows(table: Table) -> str:
    """The rows of the newest day before the one under audit, read from the table itself."""
    assert table.publish_partition is not None  # without days, no rule that looks back is derived
    name, day = relation(table.qualified_name), identifier(table.publish_partition)
    newest = f"SELECT MAX({day}) FROM {name} WHERE {day} < :part_date"
    return f"(SELECT * FROM {name} WHERE {day} = ({newest})) AS days"


def inline_parameters(sql: str, parameters: Mapping[str, str]) -> str:
    """Replace the `:parameters` that are known by literals, and the time of the audit by the time of the query."""

    def inline(token: re.Match[str]) -> str:
        name = token["name"]
        if name in parameters:
            return text(parameters[name])
        return "CURRENT_TIMESTAMP()" if name == "audited_at" else token[0]

    return _TOKENS.sub(inline, sql)


def find_unbound_parameters(sql: str) -> frozenset[str]:
    """Return the `:parameters` that a query still needs."""
    return frozenset(token["name"] for token in _TOKENS.finditer(sql) if token["name"])


def _query(check: Check, protection: Protection) -> str:
    table = protection.table
    source = Source(
        _BATCH, read_column_types(table), {name: name for name in check.tables}, previous_relation=_PREVIOUS
    )
    declared = {name.casefold(): name for name in table.column_names}
    names = (name for name in (*table.primary_key, *check.columns_read) if not protection.hides(name))
    offenders = check.unexpected_rows(source, tuple(dict.fromkeys(declared[name.casefold()] for name in names)))
    columns = [_select(column) for column in offenders.columns if not protection.hides_example(column)]
    return f"SELECT {', '.join(columns) or _PLACEHOLDER}\n{offenders.from_clause}"


def _select(column: ExampleColumn) -> str:
    name = identifier(column.name)
    is_named = column.expression == name or column.expression.endswith(f".{name}")
    return column.expression if is_named else f"{column.expression} AS {name}"
