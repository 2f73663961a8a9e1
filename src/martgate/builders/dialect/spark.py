"""Parses Spark SQL with sqlglot's Databricks dialect, and lists and renames the tables of a query.

In the Databricks dialect, unlike the Spark one, CAST stays strict as in ANSI mode.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import sqlglot
from sqlglot import exp
from sqlglot.dialects.databricks import Databricks
from sqlglot.errors import ParseError, SqlglotError

from martgate.builders.dialect.macros import RENAMED
from martgate.errors import CouldNotRun, InvalidInput, Problem
from martgate.text.lists import join_words
from martgate.text.quoting import identifier, join_parts

__all__ = ["SparkMart", "parameter_names", "parse", "rename_tables", "table_names"]


_AS_WRITTEN: Final = {*RENAMED, "FROM_UTC_TIMESTAMP", "TO_UTC_TIMESTAMP"}
"""Functions that sqlglot would map to one with another behaviour; those without a macro fail on other engines."""


class SparkMart(Databricks):
    """Databricks dialect that keeps the functions in `_AS_WRITTEN` unchanged."""

    class Tokenizer(Databricks.Tokenizer):
        STRING_ESCAPES: ClassVar = ["\\", "'", '"']  # since Spark 4, a doubled quote is a quote

    class Parser(Databricks.Parser):  # type: ignore[misc, valid-type]  # sqlglot sets it on the class at run time
        FUNCTIONS: ClassVar = {k: v for k, v in Databricks.Parser.FUNCTIONS.items() if k not in _AS_WRITTEN}
        FUNCTION_PARSERS: ClassVar = {
            k: v for k, v in Databricks.Parser.FUNCTION_PARSERS.items() if k not in _AS_WRITTEN
        }

    def parser(self, **options: Any) -> sqlglot.Parser:
        """Create the parser of this dialect.

        Raises:
            martgate.errors.CouldNotRun: sqlglot is installed in its compiled form, whose dialects cannot be extended.
        """
        try:
            return super().parser(**options)
        except TypeError as error:
            if "compiled" not in str(error):
                raise
            raise CouldNotRun(
                "sqlglotc, a compiled sqlglot, is installed, and its dialects cannot be extended; "
                "uninstall sqlglotc: sqlglot works without it"
            ) from error


def parse(sql: str, file: str = "SQL") -> exp.Query:
    """Parse one query.

    Args:
        sql: the text.
        file: the file for problems.

    Returns:
        The syntax tree.

    Raises:
        martgate.errors.InvalidInput: the text is not exactly one query; with line and column if they are known.
    """
    try:
        statements = [statement for statement in sqlglot.parse(sql, dialect=SparkMart) if statement is not None]
    except SqlglotError as error:
        problem = _syntax_problem(error, file)
    except RecursionError:
        problem = Problem(file=file, message="the SQL is nested too deeply to parse")
    else:
        if len(statements) == 1 and isinstance(statements[0], exp.Query) and not statements[0].find(exp.DML):
            return statements[0]
        kinds = [(statement.find(exp.DML) or statement).key.upper() for statement in statements]
        found = join_words(kinds) or "nothing"
        problem = Problem(file=file, message=f"expected one query (SELECT or WITH .. SELECT), found {found}")
    raise InvalidInput(problem)


def _syntax_problem(error: SqlglotError, file: str) -> Problem:
    """Report sqlglot's first error, without the excerpt that it underlines with terminal codes."""
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        near = f" near {first['highlight']!r}" if first.get("highlight") else ""
        text = re.sub(r"<class '[\w.]*?(\w+)'>", r"\1", first.get("description") or "syntax error").rstrip(".")
        return Problem(file=file, line=first.get("line") or 0, column=first.get("col") or 0, message=f"{text}{near}")
    return Problem(file=file, message="the SQL cannot be parsed: a quote or a comment is not closed")


def parameter_names(tree: exp.Expr) -> frozenset[str]:
    """Collect the names of the parameters (`:name`) that a statement uses."""
    return frozenset(node.name for node in tree.find_all(exp.Placeholder))


def table_names(tree: exp.Expr) -> tuple[str, ...]:
    """List the tables (`schema.table`) that a query reads, without CTEs and duplicates, in order of the text.

    A table function (`read_csv(..)`) is listed as the whole call, so that it never equals the name of a table.
    """
    return tuple(dict.fromkeys(_table_name(table) for table in _base_tables(tree)))


def rename_tables(sql: str, tree: exp.Expr, names: Mapping[str, str]) -> str:
    """Replace names of tables in the text of a query, leaving the rest unchanged.

    A table without an alias gets its bare name as an alias, because columns may be qualified by it.

    Args:
        sql: the text.
        tree: the syntax tree of that text.
        names: the replacement, as SQL, by the name in lower case.

    >>> sql = "SELECT t.a /* s.t */ FROM s.t JOIN u AS v"
    >>> rename_tables(sql, parse(sql), {"s.t": "`s_t`", "u": "`w`"})
    'SELECT t.a /* s.t */ FROM `s_t` AS `t` JOIN `w` AS v'
    """
    for table in sorted(_base_tables(tree), key=_start, reverse=True):
        new = names.get(_table_name(table).lower())
        if new is not None:
            alias = "" if table.alias else f" AS {identifier(table.name)}"
            sql = sql[: _start(table)] + new + alias + sql[table.parts[-1].meta["end"] + 1 :]
    return sql


def _start(table: exp.Table) -> int:
    return int(table.parts[0].meta.get("start", 0))


def _base_tables(tree: exp.Expr) -> Iterator[exp.Table]:
    return (table for table in tree.find_all(exp.Table, bfs=False) if not _is_cte(table))


def _table_name(table: exp.Table) -> str:
    if not isinstance(table.this, exp.Identifier):
        return str(table.this.sql(SparkMart))
    return join_parts(part.name for part in table.parts)


def _is_cte(table: exp.Table) -> bool:
    """Whether a name refers to a CTE: one defined earlier, or the enclosing one if it is recursive."""
    if table.db or not isinstance(table.this, exp.Identifier):
        return False
    inside: list[exp.Expr] = [table]
    while (ancestor := inside[-1].parent) is not None:
        inside.append(ancestor)
    for ancestor in inside:
        clause = ancestor.args.get("with_")
        if clause and table.name.lower() in _cte_names(clause, inside):
            return True
    return False


def _cte_names(clause: exp.With, inside: list[exp.Expr]) -> Iterator[str]:
    for cte in clause.expressions:
        is_own = any(cte is outer for outer in inside)
        if not is_own or clause.recursive:
            yield cte.alias.lower()
        if is_own:
            return
