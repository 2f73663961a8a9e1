"""`holds`, `implies` and `iff`: SQL conditions from the contract.

A condition that is null fails, unless `null_passes`: then the row is not in scope.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.comparisons import constant_value, read_condition
from martgate.expectations.domain import Domain, Requirement, Requirements
from martgate.expectations.fragments import find_columns, find_equation_columns, find_upper_ends
from martgate.expectations.kinds.fields import Expression, NullPasses
from martgate.expectations.kinds.rows import RowCheck, RowTest
from martgate.expectations.proofs import StatisticsProofs

__all__ = ["Holds", "Iff", "Implies"]


@dataclass(frozen=True, slots=True)
class Holds(RowCheck):
    """A boolean expression is true in every row."""

    expression: Expression
    null_passes: NullPasses = False
    kind: ClassVar[str] = "holds"

    @property
    def is_symmetric(self) -> bool:
        return True

    @property
    def sentence(self) -> str:
        return (
            f"{wording.single_line(self.expression)} is true in every row{_null_phrase(null_passes=self.null_passes)}"
        )

    @property
    def compared_with_source(self) -> tuple[str, ...]:
        """The columns of an equation: each follows from the others."""
        return find_equation_columns(self.expression)

    @property
    def upper_ends(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return find_upper_ends(self.expression)

    def row_test(self, types: Mapping[str, str]) -> RowTest:
        del types
        return _row_test(f"({self.expression})", null_passes=self.null_passes)

    def requirements(self, types: Mapping[str, str]) -> Requirements:
        condition = read_condition(self.expression, types)
        if not self.null_passes:
            return condition
        return replace(condition, each=tuple(map(_admit_null, condition.each)))

    def can_fail(self, never_null: frozenset[str]) -> bool:
        del never_null
        return constant_value(self.expression) is not True

    def prove(self, statistics: StatisticsProofs) -> tuple[int, int] | None:
        return (0, statistics.rows) if statistics.proves_equality(self.expression) else None


@dataclass(frozen=True, slots=True)
class Implies(RowCheck):
    """Where `when` is true, `then` is true; only rows where `when` is true are in scope."""

    when: Expression
    then: Expression
    null_passes: NullPasses = False
    kind: ClassVar[str] = "implies"

    @property
    def sentence(self) -> str:
        nulls = _null_phrase(null_passes=self.null_passes)
        return f"where {wording.single_line(self.when)}, also {wording.single_line(self.then)}{nulls}"

    def row_test(self, types: Mapping[str, str]) -> RowTest:
        del types
        return _row_test(f"({self.then})", within=f"({self.when})", null_passes=self.null_passes)

    @property
    def upper_ends(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The ends of columns that are in scope wherever they are not null."""
        ends = find_upper_ends(self.then)
        set_columns = {
            name
            for name in find_columns(self.when)
            if _normalize(self.when).casefold() == f"{name} is not null".casefold()
        }
        return tuple(end for end in ends if end[0] in set_columns)

    def scope(self, types: Mapping[str, str]) -> Requirements:
        return read_condition(self.when, types)

    def can_fail(self, never_null: frozenset[str]) -> bool:
        del never_null
        return constant_value(self.then) is not True and _normalize(self.when) != _normalize(self.then)


@dataclass(frozen=True, slots=True)
class Iff(RowCheck):
    """Two expressions are both true or both false; null on either side makes the condition null."""

    left: Expression
    right: Expression
    null_passes: NullPasses = False
    kind: ClassVar[str] = "iff"

    @property
    def sentence(self) -> str:
        nulls = _null_phrase(null_passes=self.null_passes)
        return f"{wording.single_line(self.left)} exactly where {wording.single_line(self.right)}{nulls}"

    def row_test(self, types: Mapping[str, str]) -> RowTest:
        del types
        return _row_test(f"(({self.left}) = ({self.right}))", null_passes=self.null_passes)

    def can_fail(self, never_null: frozenset[str]) -> bool:
        """Two equal sides fail only where they are null."""
        del never_null
        is_same = _normalize(self.left) == _normalize(self.right)
        return not (is_same and self.null_passes)


def _normalize(sql: str) -> str:
    return wording.single_line(sql)


def _admit_null(requirement: Requirement) -> Requirement:
    """Admit null, for which a comparison is null; IS NULL never is."""
    is_of_null = requirement.domain.members == frozenset() or requirement.domain == Domain(has_null=False)
    return requirement if is_of_null else replace(requirement, domain=replace(requirement.domain, has_null=True))


def _row_test(condition: str, *, within: str = "", null_passes: bool) -> RowTest:
    scope = f"{within} AND " if within else ""
    if null_passes:
        return RowTest(f"COUNT_IF({scope}{condition} IS NOT NULL)", f"{scope}NOT {condition}")
    return RowTest(f"COUNT_IF({within})" if within else "COUNT(*)", f"{scope}NOT COALESCE({condition}, FALSE)")


def _null_phrase(*, null_passes: bool) -> str:
    return " (where it is not null)" if null_passes else ""
