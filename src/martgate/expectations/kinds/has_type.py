"""`type`: the type of a column, to the width."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from martgate.contracts.types import canonical_type, translate_type
from martgate.expectations.domain import Requirements, require, type_domain
from martgate.expectations.kinds.base import Check, ExpectationConfig
from martgate.expectations.kinds.evaluation import Evaluation, SchemaComparison
from martgate.expectations.kinds.examples import Offenders, show_count
from martgate.expectations.kinds.fields import Column
from martgate.expectations.kinds.result import Outcome, Result
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, relation, text

__all__ = ["HasType"]


@dataclass(frozen=True, slots=True)
class HasType(Check):
    """The column has this type (Spark's spelling), to the width; failures count 0 or 1."""

    column: Column
    type: str
    kind: ClassVar[str] = "type"
    failure_unit: ClassVar[str] = "columns"
    is_declarable: ClassVar[bool] = False
    is_structural: ClassVar[bool] = True

    @property
    def sentence(self) -> str:
        return f"{self.column} has type {self.type}"

    @property
    def expected_types(self) -> Mapping[str, str]:
        return {self.column: self.type}

    def evaluation(self, source: Source) -> Evaluation:
        del source
        return SchemaComparison(self._compare)

    def requirements(self, types: Mapping[str, str]) -> Requirements:
        """A type that only a suite expects says nothing about the values of a column of another one."""
        is_own = types.get(self.column.casefold()) == self.type
        return require(self.column, type_domain(self.type), is_exact=False) if is_own else Requirements()

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        del source, names
        return None

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig | None:
        """The classes of Spark distinguish widths, but not the parameters of a decimal or the elements of an array."""
        del types
        try:
            name = translate_type(self.type).pyspark.removeprefix("T.").removesuffix("()")
        except ValueError:
            return None
        if not name.isalnum():
            return None
        arguments: dict[str, object] = {"column": self.column, "type_": name}
        return ExpectationConfig("expect_column_values_to_be_of_type", arguments, quotes_values=False)

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        """An aggregate, because a table without rows has types, too."""
        del names
        actual = f"TYPEOF(FIRST({identifier(self.column)}))"
        rows = f"FROM {relation(source.relation)}\nHAVING {actual} <> {text(self.type)}"
        return Offenders((show_count("found", actual),), rows)

    def _compare(self, columns: Sequence[tuple[str, str]], partitions: Sequence[str]) -> Result:
        del partitions
        actual = {name.casefold(): type_ for name, type_ in columns}[self.column.casefold()]
        is_same = _canonical(actual) == _canonical(self.type)
        return Result(
            Outcome.PASSED if is_same else Outcome.FAILED,
            int(not is_same),
            1,
            self.failure_unit,
            observed=actual if is_same else f"{actual}, not {self.type}",
            observed_is_value=False,
        )


def _canonical(type_: str) -> str:
    try:
        return canonical_type(type_)
    except ValueError:
        return type_.casefold()  # a type that only this engine has: it equals only itself
