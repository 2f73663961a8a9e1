"""A model: one table as one query in Spark SQL, and what can be known about it without running it."""

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

__all__ = ["PARAMETERS", "Model", "load", "find_model", "cast_to_contract"]

PARAMETERS: Final[Mapping[str, str]] = {
    "part_date": "the day that is built, or the first day of the week or month, as YYYY-MM-DD",
    "day_end": "the first instant after the day, as an ISO 8601 instant in UTC",
    "run_timestamp": "the instant of the run, the same in every row",
}
"""Every parameter that a model may name, and what it is given."""


@dataclass(frozen=True)
class Model:
    """The query that makes a table. `name` is the file's name without `.sql`, `file` where it was read from.

    Raises:
        martgate.errors.InvalidInput: on making one whose text is not one query, or reads what no engine may be asked for.
    """

    name: str
    sql: str
    file: str = ""

    def __post_init__(self) -> None:
        if problems := _problems(self.sql, self.file or self.name):
            raise InvalidInput(*problems)

    @cached_property
    def _tree(self) -> exp.Query:
        return parse(self.sql, self.file or self.name)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The tables that it reads (`schema.table`), each once, in order of the text."""
        return table_names(self._tree)

    @property
    def parameters(self) -> frozenset[str]:
        """The parameters that it names, without the colon."""
        return parameter_names(self._tree)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns, in order."""
        return tuple(self._tree.named_selects)

    @property
    def canonical(self) -> str:
        """The query in one spelling: without comments, however its lines are broken and its keywords written."""
        return self._tree.sql(dialect=SparkMart, comments=False)

    def lineage(self) -> dict[str, frozenset[str]]:
        """For each column, the `schema.table.column`s whose values it is computed from.

        Columns that only choose rows (in WHERE, in a join's condition, in the order that picks one row) are not
        counted: they decide which value is taken, not what it is.

        Raises:
            martgate.errors.InvalidInput: a column cannot be traced, as under `SELECT *` from a table.
        """
        return {column: frozenset(sources) for column, (_, sources) in self._traced().items()}

    @property
    def run_timestamp_columns(self) -> tuple[str, ...]:
        """The columns that tell the run's instant and nothing of the data: made from `:run_timestamp`, from no column.

        None where a column cannot be traced.
        """
        try:
            traced = self._traced()
        except InvalidInput:
            return ()
        return tuple(name for name, (node, sources) in traced.items() if not sources and _names(node, "run_timestamp"))

    def _traced(self) -> dict[str, tuple[Node, list[str]]]:
        """How each column is made, and the columns of tables that it is made of."""
        try:
            traced = lineage(None, _qualified(self._tree), schema={}, dialect=SparkMart, trim_selects=False)
            return {column: (node, list(_sources(node))) for column, node in traced.items()}
        except SqlglotError as error:
            message = f"lineage cannot be traced: {str(error).splitlines()[0]}"
        raise InvalidInput(Problem(file=self.file or self.name, message=message))


def _qualified(tree: exp.Query) -> exp.Query:
    """A copy in which every column of a SELECT from one source says so; sqlglot gives up on those after the first CTE."""
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
            raise SqlglotError(f"say which table {part.name} is of")
        if isinstance(part.expression, exp.Table | exp.Star) and part.name.endswith("*"):
            raise SqlglotError("name the columns instead of *")
        if isinstance(part.expression, exp.Table) and not part.downstream:
            column = exp.to_column(part.name).name  # sqlglot names a leaf in SQL of no dialect
            yield join_parts([*(name.name for name in part.expression.parts), column])


def _names(node: Node, parameter: str) -> bool:
    return any(parameter in parameter_names(part.expression) for part in node.walk())


def _problems(sql: str, file: str) -> tuple[Problem, ...]:
    try:
        tree = parse(sql, file)
    except InvalidInput as error:
        return error.problems
    unknown = sorted(parameter_names(tree) - PARAMETERS.keys())
    known = ", ".join(f":{name}" for name in PARAMETERS)
    return tuple(
        Problem(
            file=file,
            line=_line_of(f":{name}", sql),
            message=f"unknown parameter :{name}",
            hint=f"a model may name {known}",
        )
        for name in unknown
    ) + find_problems(sql, file)


def _line_of(text: str, sql: str) -> int:
    return next((number for number, line in enumerate(sql.splitlines(), 1) if text in line.partition("--")[0]), 0)


def load(folders: Iterable[Path]) -> dict[str, Model]:
    """All models (`*.sql`) of some folders, by name.

    Raises:
        martgate.errors.InvalidInput: a folder is not there, a file cannot be used, or two files have one name; with every
            problem of every file.
    """
    return load_sql_files(folders, Model, kind="model", kinds="models")


def find_model(table: Table, models: Mapping[str, Model]) -> Model | None:
    """The one of these models that makes a table: the one of its qualified name, else of its bare one."""
    return models.get(table.qualified_name) or models.get(table.name)


def cast_to_contract(model: Model, table: Table) -> str:
    """The model's query with the columns, order and types of its contract.

    Engines disagree about the types of sums, counts and flags; the contract's own types end the discussion.

    Raises:
        martgate.errors.InvalidInput: the query's columns are not the contract's.
    """
    if problems := _differences(model, table):
        raise InvalidInput(*problems)
    casts = ",\n".join(
        f"  CAST({identifier(c.name)} AS {c.physical_type}) AS {identifier(c.name)}" for c in table.columns
    )
    return f"SELECT\n{casts}\nFROM (\n{model.sql.rstrip().removesuffix(';')}\n)"


def _differences(model: Model, table: Table) -> list[Problem]:
    built = {name.lower() for name in model.columns}
    promised = {name.lower() for name in table.column_names}
    file = model.file or model.name
    lost = [name for name in table.column_names if name.lower() not in built]
    extra = [name for name in model.columns if name.lower() not in promised]
    hint = f"the contract of {table.qualified_name} has {len(promised)} columns"
    return [
        *(Problem(file=file, message=f"the query does not return column {name}", hint=hint) for name in lost),
        *(
            Problem(file=file, message=f"the query returns column {name}, which nobody promised", hint=hint)
            for name in extra
        ),
    ]
