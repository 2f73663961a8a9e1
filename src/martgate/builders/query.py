"""Named queries: Spark SQL files over published tables, with typed parameters.

The comment at the top of a file is the query's title, and declares each parameter on a line of its own:

    -- How many customers one store had on a day.
    -- :store_id number: the store
    -- :part_date day: the day
    SELECT COUNT(DISTINCT customer_id) AS customers ..
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final

from sqlglot import exp

from martgate.builders.dialect import parameter_names, parse, rename_tables, table_names
from martgate.builders.sqlfiles import load_sql_files
from martgate.contracts.day import parse_day
from martgate.errors import InvalidInput, Problem
from martgate.hints import clip, did_you_mean

__all__ = ["Parameter", "ParameterType", "Query", "load_queries"]

_DECLARED: Final = re.compile(r"-- :(?P<name>\w+) (?P<kind>\w+): (?P<description>.+)")
_LONGEST_NUMBER: Final = 18


class ParameterType(StrEnum):
    """Type of a parameter's value."""

    DAY = "day"
    NUMBER = "number"
    COUNTRY = "country"

    @property
    def example(self) -> str:
        """A valid value, for messages."""
        return {ParameterType.DAY: "2024-01-01", ParameterType.NUMBER: "1", ParameterType.COUNTRY: "KR"}[self]

    def accepts(self, text: str) -> bool:
        """Check whether a text is a value of this type."""
        match self:
            case ParameterType.DAY:
                return parse_day(text) is not None
            case ParameterType.NUMBER:
                digits = text.removeprefix("-")
                return digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER
            case ParameterType.COUNTRY:
                return re.fullmatch(r"[A-Z]{2}", text) is not None


@dataclass(frozen=True, slots=True)
class Parameter:
    """Parameter that a query's file declares."""

    name: str
    kind: ParameterType
    description: str


@dataclass(frozen=True)
class Query:
    """Named query over published tables.

    Attributes:
        name: the file's name without `.sql`.
        sql: the text of the file.
        file: the path of the file, for messages.

    Raises:
        martgate.errors.InvalidInput: the text is not one query, selects `*`, or its parameters differ from those that it
            declares.
    """

    name: str
    sql: str
    file: str = ""

    def __post_init__(self) -> None:
        problems = [Problem(file=self.file or self.name, message=message) for message in self._problems()]
        if problems:
            raise InvalidInput(*problems)

    def _problems(self) -> Iterator[str]:
        declared = [line["name"] for line in self._declarations]
        used = parameter_names(self._tree)
        yield from (
            f":{name} is not declared: add `-- :{name} day: ..` at the top" for name in sorted(used - {*declared})
        )
        yield from (f":{name} is declared but not used" for name in sorted({*declared} - used))
        for line in self._declarations:
            if line["kind"] not in set(ParameterType):
                yield f":{line['name']} has the type {line['kind']}; expected one of {', '.join(ParameterType)}"
        if any(select.is_star for select in self._tree.find_all(exp.Select)):
            yield "the query selects *; name the columns"

    @cached_property
    def _tree(self) -> exp.Query:
        return parse(self.sql, self.file or self.name)

    @property
    def _comments(self) -> list[str]:
        lines = self.sql.splitlines()
        return lines[: next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))]

    @property
    def _declarations(self) -> list[re.Match[str]]:
        return [match for match in map(_DECLARED.fullmatch, self._comments) if match]

    @property
    def title(self) -> str:
        """The comment at the top of the file, without the declarations."""
        return " ".join(line.removeprefix("--").strip() for line in self._comments if not _DECLARED.fullmatch(line))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The declared parameters, in order."""
        return tuple(
            Parameter(line["name"], ParameterType(line["kind"]), line["description"]) for line in self._declarations
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """The tables that the query reads, spelled as in the text, without duplicates."""
        return table_names(self._tree)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that the query returns, in order."""
        return tuple(self._tree.named_selects)

    @property
    def columns_read(self) -> frozenset[str]:
        """The names of all columns that the query mentions anywhere."""
        return frozenset(column.name for column in self._tree.find_all(exp.Column))

    def read_from(self, relations: Mapping[str, str]) -> str:
        """Replace tables in the query's text.

        Args:
            relations: the SQL to read instead of each table, by the name that the query uses.

        Returns:
            The text, unchanged except for the tables.
        """
        return rename_tables(self.sql, self._tree, {name.lower(): relation for name, relation in relations.items()})

    def bind(self, values: Mapping[str, str]) -> dict[str, str]:
        """Validate the values of the parameters.

        Raises:
            martgate.errors.InvalidInput: parameters are unknown, missing, or have a value of another type; with a problem
                for each of them.
        """
        declared = {parameter.name: parameter for parameter in self.parameters}
        expected = ", ".join(f"{name} ({parameter.kind})" for name, parameter in declared.items()) or "none"
        problems = [
            *(
                f"query {self.name} has no parameter {clip(name)}; {did_you_mean(name, declared) or 'it takes none'}"
                for name in values.keys() - declared
            ),
            *(
                f"query {self.name} needs the parameter {name}; it takes {expected}"
                for name in declared.keys() - values
            ),
            *(
                f"parameter {name} is {clip(value)}; expected a {declared[name].kind}, such as {declared[name].kind.example}"
                for name, value in values.items()
                if name in declared and not declared[name].kind.accepts(value)
            ),
        ]
        if problems:
            raise InvalidInput(*sorted(problems))
        return dict(values)


def load_queries(folders: Iterable[Path]) -> dict[str, Query]:
    """Load all queries (`*.sql`) of some folders, by name.

    Raises:
        martgate.errors.InvalidInput: a folder does not exist or a file is not valid; with every problem of every file.
    """
    return load_sql_files(folders, Query, kind="query", kinds="queries")
