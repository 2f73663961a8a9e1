"""The offenders of a check as a report shows them: example rows, and the invalid values of a column."""

from collections.abc import Sequence
from dataclasses import dataclass

from martgate.text.quoting import identifier

__all__ = ["MAX_EXAMPLES", "ExampleColumn", "InvalidValues", "Offenders", "show_columns", "show_count"]

MAX_EXAMPLES = 5
"""The greatest number of offenders in a report, and of the groups that they come from."""


@dataclass(frozen=True, slots=True)
class ExampleColumn:
    """One column of the examples of a check's offenders.

    A column that names no source of its values (`columns`, `others`, `sql`) is hidden, unless it `is_count`.

    Attributes:
        name: its name.
        expression: the SQL expression of its value.
        columns: the columns of the table under audit whose values it shows.
        others: the columns of other tables whose values it shows, as pairs of table and column.
        sql: the expressions and queries from the contract whose values it shows.
        is_computed: whether it is computed, rather than a column of the table; it then has its name in parentheses.
        is_count: whether it is a number of rows, a type or a side, which is no value of the data.
    """

    name: str
    expression: str
    columns: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    sql: tuple[str, ...] = ()
    is_computed: bool = False
    is_count: bool = False


def show_columns(names: Sequence[str], prefix: str = "") -> tuple[ExampleColumn, ...]:
    """Show columns of the table under audit, from the relation that `prefix` names."""
    return tuple(ExampleColumn(name, f"{prefix}{identifier(name)}", columns=(name,)) for name in names)


def show_count(name: str, expression: str) -> ExampleColumn:
    """Show a number of rows, or anything else that is no value of the data."""
    return ExampleColumn(name, expression, is_computed=True, is_count=True)


@dataclass(frozen=True, slots=True)
class Offenders:
    """The offenders of a check.

    Attributes:
        columns: what an example shows of them.
        from_clause: the FROM of the query that finds them, with all that follows.
    """

    columns: tuple[ExampleColumn, ...]
    from_clause: str


@dataclass(frozen=True, slots=True)
class InvalidValues:
    """The invalid values of a check about one column.

    Attributes:
        column: the column.
        condition: the SQL condition that is true on the rows with an invalid value.
    """

    column: str
    condition: str
