"""The SQL in contracts: expressions over one row or one group, and whole queries.

A fragment goes into statements unchanged, in parentheses. This module parses it with sqlglot's Databricks dialect to find
what it reads and what it must not contain; it writes no SQL.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from martgate.text.quoting import join_parts, put_table

if TYPE_CHECKING:  # sqlglot takes a third of a second to import; a program that only prints its help never needs it
    from sqlglot.expressions import Expr

__all__ = [
    "OBJECT",
    "PARAMETERS",
    "EqualitySide",
    "find_columns",
    "find_compared_columns",
    "find_equation_columns",
    "find_expression_problem",
    "find_parameters",
    "find_query_problem",
    "find_tables",
    "find_upper_ends",
    "match_equality",
    "parse_sql",
]

PARAMETERS = frozenset({"part_date", "day_start", "day_end", "earlier_end", "audited_at"})
"""The names that a fragment may use as `:parameter`; `earlier_end` is the `day_end` of the previous day."""

OBJECT = "{object}"
"""The placeholder of the table under audit in a query, as ODCS defines it."""


def find_columns(fragment: str) -> tuple[str, ...]:
    """Find the columns that an expression reads, in order of appearance; none where it cannot be parsed."""
    from sqlglot import exp  # noqa: PLC0415 (see above)

    trees = parse_sql(fragment)
    if len(trees) != 1 or trees[0] is None:
        return ()
    columns = sorted(trees[0].find_all(exp.Column), key=lambda column: column.this.meta.get("start", 0))
    return tuple(dict.fromkeys(column.parts[0].name for column in columns))  # a struct is read by its first name


def find_equation_columns(expression: str) -> tuple[str, ...]:
    """Find the columns of an equation, exact or with a tolerance; none where the expression is anything else.

    >>> find_equation_columns("total = price * pieces"), find_equation_columns("ABS(a - b) < 0.1"), find_equation_columns("a > b")
    (('total', 'price', 'pieces'), ('a', 'b'), ())
    """
    from sqlglot import exp  # noqa: PLC0415 (see above)

    trees = parse_sql(expression)
    tree = trees[0] if len(trees) == 1 else None
    is_close = (
        isinstance(tree, exp.LT | exp.LTE) and isinstance(tree.this, exp.Abs) and isinstance(tree.this.this, exp.Sub)
    )
    is_equation = is_close or isinstance(tree, exp.EQ | exp.NullSafeEQ)
    columns = find_columns(expression)
    return columns if is_equation and len(columns) > 1 else ()


def find_upper_ends(condition: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Find the columns that a condition keeps at or below an end, each with the columns that its end is computed from.

    >>> find_upper_ends("at <= CAST(:audited_at AS TIMESTAMP) AND until >= at AND n > 3")
    (('at', ()), ('at', ('until',)))
    """
    from sqlglot import exp  # noqa: PLC0415 (see above)

    trees = parse_sql(condition)
    tree = trees[0] if len(trees) == 1 else None
    if tree is None:
        return ()
    ends = []
    for part in tree.unnest().flatten() if isinstance(tree.unnest(), exp.And) else [tree]:
        comparison = part.unnest()
        if isinstance(comparison, exp.LT | exp.LTE):
            ends.append((comparison.this, comparison.expression))
        elif isinstance(comparison, exp.GT | exp.GTE):
            ends.append((comparison.expression, comparison.this))
        elif isinstance(comparison, exp.Between):
            ends.append((comparison.this, comparison.args["high"]))
    return tuple(
        (side.name, find_columns(end.sql(dialect="databricks"))) for side, end in ends if isinstance(side, exp.Column)
    )


def find_compared_columns(query: str) -> tuple[str, ...]:
    """Find the columns that a query over several tables compares with other columns, or with the rows of another query."""
    from sqlglot import exp  # noqa: PLC0415 (see above)

    if not find_tables(query):
        return ()
    trees = [tree for tree in parse_sql(query) if tree is not None]
    sides = [side for tree in trees for node in tree.find_all(*_comparisons()) for side in (node.this, node.expression)]
    pairs = zip(sides[::2], sides[1::2], strict=True)
    compared = [side for pair in pairs if all(each.find(exp.Column) for each in pair) for side in pair]
    compared += [select for tree in trees for node in tree.find_all(exp.SetOperation) for select in node.selects]
    return tuple(dict.fromkeys(column.name for side in compared for column in side.find_all(exp.Column)))


def _comparisons() -> "tuple[type[Expr], ...]":
    from sqlglot import exp  # noqa: PLC0415 (see above)

    return (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


@dataclass(frozen=True, slots=True)
class EqualitySide:
    """A column as one side of an equality.

    Attributes:
        column: its name.
        as_day: whether its date is formatted as text, `2024-01-01`.
    """

    column: str
    as_day: bool = False


def match_equality(expression: str) -> tuple[EqualitySide, EqualitySide] | None:
    """Find the two columns of an expression that is an equality; None for every other expression.

    >>> match_equality("DATE_FORMAT(key_date, 'yyyy-MM-dd') = part_date")
    (EqualitySide(column='key_date', as_day=True), EqualitySide(column='part_date', as_day=False))
    """
    from sqlglot import exp  # noqa: PLC0415 (see above)

    trees = parse_sql(expression)
    if len(trees) != 1 or not isinstance(trees[0], exp.EQ):
        return None
    left, right = _side(trees[0].left), _side(trees[0].right)
    return (left, right) if left and right else None


def _side(tree: "Expr") -> EqualitySide | None:
    from sqlglot import exp  # noqa: PLC0415 (see above)

    columns = list(tree.find_all(exp.Column))
    if len(columns) != 1 or len(columns[0].parts) != 1:
        return None
    column = columns[0].sql(dialect="databricks")
    shapes = {column: False, f"DATE_FORMAT({column}, 'yyyy-MM-dd')": True}
    name = columns[0].name
    return next((EqualitySide(name, as_day) for shape, as_day in shapes.items() if parse_sql(shape) == (tree,)), None)


def find_parameters(sql: str) -> frozenset[str]:
    """Find the names of `:parameters` in an expression or a query."""
    from sqlglot import exp  # noqa: PLC0415 (see above)

    trees = [tree for tree in parse_sql(sql) if tree is not None]
    return frozenset(node.name for tree in trees for node in tree.find_all(exp.Placeholder))


def find_tables(query: str) -> tuple[str, ...]:
    """Find the tables that a query reads, as it spells them, without `{object}` and its CTEs."""
    from sqlglot import exp  # noqa: PLC0415 (see above)

    trees = [tree for tree in parse_sql(query) if tree is not None]
    tables = [table for tree in trees for table in tree.find_all(exp.Table)]
    ctes = {cte.alias_or_name.casefold() for tree in trees for cte in tree.find_all(exp.CTE)}
    names = (join_parts(part.name for part in table.parts) for table in tables)
    return tuple(dict.fromkeys(n for n in names if n != OBJECT and n.casefold() not in ctes))


def find_expression_problem(fragment: str, *, aggregate: bool = False) -> str | None:
    """Find what is wrong with an expression.

    Args:
        fragment: the expression.
        aggregate: whether it must aggregate a group; otherwise it must be about one row.

    Returns:
        The message; None where nothing is wrong.
    """
    from sqlglot import exp  # noqa: PLC0415 (see above)

    problem = _find_sql_problem(fragment)
    if problem:
        return problem
    tree = parse_sql(fragment)[0]
    assert tree is not None
    aggregates = tree.find(exp.AggFunc) is not None
    problems = {
        "a fragment reads columns of the row only, not other tables": tree.find(exp.Query),
        "expected one expression, without `*` and without a name of its own (`AS ..`)": not isinstance(
            tree, exp.Condition
        ),
        "a fragment looks at one row, so it has no window functions": tree.find(exp.Window),
        "expected an aggregate, as in COUNT(*) or SUM(column)": aggregate and not aggregates,
        "a fragment looks at one row, so it has no aggregates": aggregates and not aggregate,
    }
    return next((message for message, is_found in problems.items() if is_found), None)


def find_query_problem(query: str) -> str | None:
    """Find what is wrong with a query, which must be one SELECT; None where nothing is."""
    from sqlglot import exp  # noqa: PLC0415 (see above)

    problem = _find_sql_problem(query, comments=True)
    if problem:
        return problem
    tree = parse_sql(query)[0]
    return None if isinstance(tree, exp.Query) else "expected one SELECT"


def _find_sql_problem(sql: str, *, comments: bool = False) -> str | None:
    """Find what is wrong with a text, be it an expression or a query."""
    from sqlglot.errors import SqlglotError  # noqa: PLC0415 (see above)

    if not sql.strip():
        return "expected SQL, found nothing"
    try:
        trees = _parse(sql)
    except SqlglotError as error:
        return f"not readable as Spark SQL: {_first_sentence(error)}"
    except RecursionError:
        return "nested too deeply to read"
    unknown = sorted(find_parameters(sql) - PARAMETERS)
    problems = {
        "expected one expression or query, without `;`": len(trees) != 1 or trees[0] is None or _has_semicolon(sql),
        "a fragment has no comments; put them into the description of the quality": not comments
        and any(node.comments for tree in trees if tree for node in tree.walk()),
        f"unknown parameter {_list_parameters(unknown)}; known are {_list_parameters(sorted(PARAMETERS))}": unknown,
    }
    return next((message for message, is_found in problems.items() if is_found), None)


def _list_parameters(names: list[str]) -> str:
    return ", ".join(f":{name}" for name in names)


def _has_semicolon(sql: str) -> bool:
    """Whether there is a `;` outside of all literals."""
    from sqlglot.dialects import Databricks  # noqa: PLC0415 (see above)
    from sqlglot.tokenizer_core import TokenType  # noqa: PLC0415 (see above)

    return any(token.token_type is TokenType.SEMICOLON for token in Databricks().tokenize(sql))


def parse_sql(sql: str) -> "tuple[Expr | None, ...]":
    """Parse the statements of a text; empty where it cannot be parsed."""
    from sqlglot.errors import SqlglotError  # noqa: PLC0415 (see above)

    try:
        return _parse(sql)
    except (SqlglotError, RecursionError):
        return ()


@lru_cache(maxsize=4096)
def _parse(sql: str) -> "tuple[Expr | None, ...]":
    import sqlglot  # noqa: PLC0415 (see above)

    return tuple(sqlglot.parse(put_table(sql, OBJECT), dialect="databricks"))


def _first_sentence(error: Exception) -> str:
    """The first sentence of a parser's message, without its terminal colours."""
    details = getattr(error, "errors", None)
    if details:
        place = f" at line {details[0].get('line')}, column {details[0].get('col')}"
        return str(details[0].get("description", "")).rstrip(".") + place
    return str(error).splitlines()[0]
