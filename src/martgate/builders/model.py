"""Models: the Spark SQL query that builds a table, with the inputs, columns and lineage read from its syntax tree."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.scope import traverse_scope

from martgate.builders.dialect import SparkMart, find_problems, parameter_names, parse, table_names
from martgate.builders.sqlfiles import load_sql_files
from martgate.contracts.model import Table
from martgate.errors import InvalidInput, Problem
from martgate.text.quoting import identifier, join_parts

__all__ = ["PARAMETERS", "Model", "cast_to_contract", "find_model", "load_models"]

PARAMETERS: Final[Mapping[str, str]] = {
    "part_date": "the day to build, or the first day of the week or month, as YYYY-MM-DD",
    "day_start": "the first instant of the day, as an ISO 8601 instant in UTC",
    "day_end": "the first instant after the day, as an ISO 8601 instant in UTC",
    "run_timestamp": "the instant of the run, the same in every row",
}
"""The parameters that a model may use, with a description of each value."""


@dataclass(frozen=True)
class Model:
    """Query that builds a table.

    Attributes:
        name: the file's name without `.sql`.
        sql: the text of the file.
        file: the path of the file, for messages.

    Raises:
        martgate.errors.InvalidInput: the text is not one query, or uses SQL that engines disagree about.
    """

    name: str
    sql: str
    file: str = ""

    def __post_init__(self) -> None:
        if problems := _find_problems(self.sql, self.file or self.name):
            raise InvalidInput(*problems)

    @cached_property
    def _tree(self) -> exp.Query:
        return parse(self.sql, self.file or self.name)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The tables that the query reads (`schema.table`), without duplicates, in order of the text."""
        return table_names(self._tree)

    @property
    def parameters(self) -> frozenset[str]:
        """The names of the parameters that the query uses, without the colon."""
        return parameter_names(self._tree)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that the query returns, in order."""
        return tuple(self._tree.named_selects)

    @property
    def canonical(self) -> str:
        """The query in a normal form, independent of comments, line breaks and the case of keywords."""
        return self._tree.sql(dialect=SparkMart, comments=False)

    def lineage(self) -> dict[str, frozenset[str]]:
        """Trace each column to the columns (`schema.table.column`) that its values are computed from.

        Columns that only select rows (in WHERE, in a join condition, in an ORDER BY that picks one row) are not
        included.

        Raises:
            martgate.errors.InvalidInput: a column cannot be traced, for example through `SELECT *` from a table.
        """
        return {column: frozenset(sources) for column, (_, sources) in self._trace().items()}

    @property
    def run_timestamp_columns(self) -> tuple[str, ...]:
        """The columns that are computed from `:run_timestamp` alone; empty if a column cannot be traced."""
        try:
            traced = self._trace()
        except InvalidInput:
            return ()
        return tuple(name for name, (node, sources) in traced.items() if not sources and _uses(node, "run_timestamp"))

    def _trace(self) -> dict[str, tuple[Node, list[str]]]:
        """Compute the lineage node and the source columns of each column."""
        try:
            traced = lineage(None, _qualify_columns(self._tree), schema={}, dialect=SparkMart, trim_selects=False)
            return {column: (node, list(_sources(node))) for column, node in traced.items()}
        except SqlglotError as error:
            message = f"cannot trace lineage: {str(error).splitlines()[0]}"
        raise InvalidInput(Problem(file=self.file or self.name, message=message))


def _qualify_columns(tree: exp.Query) -> exp.Query:
    """Copy a query and qualify the columns of each SELECT with a single source; sqlglot does so in the first CTE only."""
    copy = tree.copy()
    for scope in traverse_scope(copy):
        if len(scope.selected_sources) == 1:
            (source,) = scope.selected_sources
            for column in scope.columns:
                if not column.table:
                    column.set("table", exp.to_identifier(source, quoted=True))
    return copy


def _sources(node: Node) -> Iterable[str]:
    for part in node.walk():
        if isinstance(part.expression, exp.Placeholder) and part.name != part.expression.name:
            raise SqlglotError(f"qualify {part.name} with its table")
        if isinstance(part.expression, exp.Table | exp.Star) and part.name.endswith("*"):
            raise SqlglotError("the query selects *; name the columns")
        if isinstance(part.expression, exp.Table) and not part.downstream:
            column = exp.to_column(part.name).name  # sqlglot names leaves in its own dialect
            yield join_parts([*(name.name for name in part.expression.parts), column])


def _uses(node: Node, parameter: str) -> bool:
    return any(parameter in parameter_names(part.expression) for part in node.walk())


def _find_problems(sql: str, file: str) -> tuple[Problem, ...]:
    try:
        tree = parse(sql, file)
    except InvalidInput as error:
        return error.problems
    unknown = sorted(parameter_names(tree) - PARAMETERS.keys())
    expected = ", ".join(f":{name}" for name in PARAMETERS)
    return tuple(
        Problem(
            file=file,
            line=_line_of(f":{name}", sql),
            message=f"unknown parameter :{name}",
            hint=f"a model may use {expected}",
        )
        for name in unknown
    ) + find_problems(sql, file)


def _line_of(text: str, sql: str) -> int:
    return next((number for number, line in enumerate(sql.splitlines(), 1) if text in line.partition("--")[0]), 0)


def load_models(folders: Iterable[Path]) -> dict[str, Model]:
    """Load all models (`*.sql`) of some folders, by name.

    Raises:
        martgate.errors.InvalidInput: a folder does not exist, a file is not valid, or two files have the same name; with
            every problem of every file.
    """
    return load_sql_files(folders, Model, kind="model", kinds="models")


def find_model(table: Table, models: Mapping[str, Model]) -> Model | None:
    """Find the model that builds a table: by the table's qualified name, else by its bare name."""
    return models.get(table.qualified_name) or models.get(table.name)


def cast_to_contract(model: Model, table: Table) -> str:
    """Wrap the model's query in a SELECT that has the columns, order and types of the contract.

    Engines return different types for sums, counts and flags; the casts make them equal.

    Raises:
        martgate.errors.InvalidInput: the query returns other columns than the contract has.
    """
    if problems := _column_problems(model, table):
        raise InvalidInput(*problems)
    casts = ",\n".join(
        f"  CAST({identifier(c.name)} AS {c.physical_type}) AS {identifier(c.name)}" for c in table.columns
    )
    return f"SELECT\n{casts}\nFROM (\n{model.sql.rstrip().removesuffix(';')}\n)"


def _column_problems(model: Model, table: Table) -> list[Problem]:
    returned = {name.lower() for name in model.columns}
    expected = {name.lower() for name in table.column_names}
    file = model.file or model.name
    missing = [name for name in table.column_names if name.lower() not in returned]
    extra = [name for name in model.columns if name.lower() not in expected]
    hint = f"the contract of {table.qualified_name} has {len(expected)} columns"
    return [
        *(Problem(file=file, message=f"the query does not return column {name}", hint=hint) for name in missing),
        *(
            Problem(file=file, message=f"the query returns column {name}, which the contract does not have", hint=hint)
            for name in extra
        ),
    ]
