"""A named query: a question that published tables answer, in Spark SQL, with parameters of declared kinds.

The comment on top of its file says what it asks, and declares each parameter in a line of its own:

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
from martgate.contracts.day import day_of
from martgate.errors import InvalidInput, Problem
from martgate.hints import clip, did_you_mean

__all__ = ["ParameterType", "Parameter", "Query", "load"]

_DECLARED: Final = re.compile(r"-- :(?P<name>\w+) (?P<kind>\w+): (?P<told>.+)")
_LONGEST_NUMBER: Final = 18


class ParameterType(StrEnum):
    """What the value of a parameter must be."""

    DAY = "day"
    NUMBER = "number"
    COUNTRY = "country"

    @property
    def example(self) -> str:
        return {ParameterType.DAY: "2024-01-01", ParameterType.NUMBER: "1", ParameterType.COUNTRY: "KR"}[self]

    def admits(self, text: str) -> bool:
        match self:
            case ParameterType.DAY:
                return day_of(text) is not None
            case ParameterType.NUMBER:
                digits = text.removeprefix("-")
                return digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER
            case ParameterType.COUNTRY:
                return re.fullmatch(r"[A-Z]{2}", text) is not None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as the query's file declares it."""

    name: str
    kind: ParameterType
    description: str


@dataclass(frozen=True)
class Query:
    """A query by its file's name without `.sql`.

    Raises:
        martgate.errors.InvalidInput: on making one whose text is not one query, takes whole rows, or whose parameters are
            not those that it declares.
    """

    name: str
    sql: str
    file: str = ""

    def __post_init__(self) -> None:
        problems = [Problem(file=self.file or self.name, message=message) for message in self._mistakes()]
        if problems:
            raise InvalidInput(*problems)

    def _mistakes(self) -> Iterator[str]:
        declared = [line["name"] for line in self._declarations]
        named = parameter_names(self._tree)
        yield from (f":{name} is not declared: add `-- :{name} day: ..` on top" for name in sorted(named - {*declared}))
        yield from (f":{name} is declared and never used" for name in sorted({*declared} - named))
        for line in self._declarations:
            if line["kind"] not in set(ParameterType):
                yield f":{line['name']} is a {line['kind']}; kinds are {', '.join(ParameterType)}"
        if any(select.is_star for select in self._tree.find_all(exp.Select)):
            yield "a query names its columns instead of *"

    @cached_property
    def _tree(self) -> exp.Query:
        return parse(self.sql, self.file or self.name)

    @property
    def _comments(self) -> list[str]:
        lines = self.sql.splitlines()
        return lines[: next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))]

    @property
    def _declarations(self) -> list[re.Match[str]]:
        return [found for found in map(_DECLARED.fullmatch, self._comments) if found]

    @property
    def title(self) -> str:
        """What it asks."""
        return " ".join(line.removeprefix("--").strip() for line in self._comments if not _DECLARED.fullmatch(line))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(Parameter(line["name"], ParameterType(line["kind"]), line["told"]) for line in self._declarations)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The tables that it reads, as they are written, each once."""
        return table_names(self._tree)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its answer's columns, in order."""
        return tuple(self._tree.named_selects)

    @property
    def columns_read(self) -> frozenset[str]:
        """The name of every column that stands anywhere in it."""
        return frozenset(column.name for column in self._tree.find_all(exp.Column))

    def read_from(self, relations: Mapping[str, str]) -> str:
        """Its text, as it is written but for the tables; `relations` leads from each to what is read in its place."""
        return rename_tables(self.sql, self._tree, {name.lower(): relation for name, relation in relations.items()})

    def bind(self, given: Mapping[str, str]) -> dict[str, str]:
        """The values of its parameters.

        Raises:
            martgate.errors.InvalidInput: with every parameter that is unknown, missing, or not of its kind.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        listed = ", ".join(f"{name} ({parameter.kind})" for name, parameter in known.items()) or "none"
        problems = [
            *(
                f"query {self.name} has no parameter {clip(name)}; {_near(name, known)}"
                for name in given.keys() - known
            ),
            *(f"query {self.name} needs the parameter {name}; it takes {listed}" for name in known.keys() - given),
            *(
                f"parameter {name} is {clip(value)}; expected a {known[name].kind}, as {known[name].kind.example}"
                for name, value in given.items()
                if name in known and not known[name].kind.admits(value)
            ),
        ]
        if problems:
            raise InvalidInput(*sorted(problems))
        return dict(given)


def _near(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, known) or "it takes none"


def load(folders: Iterable[Path]) -> dict[str, Query]:
    """All queries (`*.sql`) of some folders, by name.

    Raises:
        martgate.errors.InvalidInput: with every problem of every file.
    """
    return load_sql_files(folders, Query, kind="query", kinds="queries")
