"""The rows that break a check, as one Spark SQL query over `{batch}`: what `UnexpectedRowsExpectation` asks for.

The rows are those that the check itself names (`Check.unexpected_rows`); here it is decided what is selected. A query shows the table's
key and the columns that the check reads, never a hidden one; where nothing may be shown, it returns a mere 1 a row.
"""

import re
from collections.abc import Mapping

from martgate.contracts.model import Table
from martgate.contracts.types import canonical_type
from martgate.expectations.kinds.base import Check, ExampleColumn
from martgate.expectations.protection import Protection
from martgate.expectations.source import Source
from martgate.text.quoting import escape_variables, identifier, relation, text

__all__ = ["inline_parameters", "find_unbound_parameters", "read_column_types", "build_unexpected_rows_query"]

_BATCH = "__the_batch__"
_EARLIER = "__the_earlier_day__"
_NOTHING = "1 AS `offending`"
_OURS = re.compile(
    r"""'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `[^`]*` | --[^\n]* | /\*.*?\*/ | (?<!:):(?P<name>[A-Za-z_]\w*)""",
    re.DOTALL | re.VERBOSE,
)


def read_column_types(table: Table) -> dict[str, str]:
    """Each column's type in Spark's spelling, by casefolded name; empty where the contract's word is no type."""
    return {column.name.casefold(): _kind(column.physical_type) for column in table.columns}


def _kind(physical_type: str) -> str:
    try:
        return canonical_type(physical_type)
    except ValueError:
        return ""


def build_unexpected_rows_query(check: Check, protection: Protection) -> str:
    """The query, with `{batch}` for the table and every other brace doubled; `:parameters` stay as they are."""
    sql = _query(check, protection)
    if relation(_EARLIER) in sql:
        sql = sql.replace(relation(_EARLIER), _newest_before(protection.table))
    doubled = escape_variables(sql).replace("{", "{{").replace("}", "}}")  # the session is not ours
    return doubled.replace(relation(_BATCH), "{batch}")


def _newest_before(table: Table) -> str:
    """The rows of the newest day before the one under audit, as the table itself has them."""
    assert table.publish_partition is not None  # without days, no rule that looks back is derived
    name, day = relation(table.qualified_name), identifier(table.publish_partition)
    newest = f"SELECT MAX({day}) FROM {name} WHERE {day} < :part_date"
    return f"(SELECT * FROM {name} WHERE {day} = ({newest})) AS days"


def inline_parameters(sql: str, parameters: Mapping[str, str]) -> str:
    """The SQL with the `:parameters` that are known as literals; the time of the audit becomes the time of the query."""

    def spelled(found: re.Match[str]) -> str:
        name = found["name"]
        if name in parameters:
            return text(parameters[name])
        return "CURRENT_TIMESTAMP()" if name == "audited_at" else found[0]

    return _OURS.sub(spelled, sql)


def find_unbound_parameters(sql: str) -> frozenset[str]:
    """The `:parameters` that a query still waits for."""
    return frozenset(found["name"] for found in _OURS.finditer(sql) if found["name"])


def _query(check: Check, protection: Protection) -> str:
    table = protection.table
    source = Source(_BATCH, read_column_types(table), {name: name for name in check.tables}, previous_relation=_EARLIER)
    spelled = {name.casefold(): name for name in table.column_names}
    names = (name for name in (*table.primary_key, *check.columns_read) if not protection.hides(name))
    found = check.unexpected_rows(source, tuple(dict.fromkeys(spelled[name.casefold()] for name in names)))
    listed = ", ".join(_selected(shown) for shown in found.shown if not protection.hides_example(shown)) or _NOTHING
    return f"SELECT {listed}\n{found.rows}"


def _selected(shown: ExampleColumn) -> str:
    name = identifier(shown.name)
    is_named = shown.expression == name or shown.expression.endswith(f".{name}")
    return shown.expression if is_named else f"{shown.expression} AS {name}"
