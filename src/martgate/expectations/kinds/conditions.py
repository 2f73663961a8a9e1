"""`holds`, `implies` and `iff`: conditions that a contract's author writes in SQL.

What comes out null is broken, unless `null_passes`; then it was not looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.kinds.fields import Expression, NullPasses
from martgate.expectations.kinds.rows import RowCheck, RowTest
from martgate.expectations.proofs import StatisticsProofs

__all__ = ["Holds", "Iff", "Implies"]


@dataclass(frozen=True, slots=True)
class Holds(RowCheck):
    """A boolean expression is true. Null counts as failed, unless `null_passes`."""

    expression: Expression
    null_passes: NullPasses = False
    kind: ClassVar[str] = "holds"

    @property
    def sentence(self) -> str:
        return f"{wording.single_line(self.expression)} is true in every row{_null_words(null_passes=self.null_passes)}"

    def row_test(self, types: Mapping[str, str]) -> RowTest:
        del types
        return _test(f"({self.expression})", null_passes=self.null_passes)

    def prove(self, statistics: StatisticsProofs) -> tuple[int, int] | None:
        return (0, statistics.rows) if statistics.proves_equality(self.expression) else None


@dataclass(frozen=True, slots=True)
class Implies(RowCheck):
    """Where `when` is true, `then` is true; looks only at rows where `when` is true."""

    when: Expression
    then: Expression
    null_passes: NullPasses = False
    kind: ClassVar[str] = "implies"

    @property
    def sentence(self) -> str:
        nulls = _null_words(null_passes=self.null_passes)
        return f"where {wording.single_line(self.when)}, also {wording.single_line(self.then)}{nulls}"

    def row_test(self, types: Mapping[str, str]) -> RowTest:
        del types
        return _test(f"({self.then})", within=f"({self.when})", null_passes=self.null_passes)


@dataclass(frozen=True, slots=True)
class Iff(RowCheck):
    """Both expressions are true, or both are false. Null on either side counts as failed, unless `null_passes`."""

    left: Expression
    right: Expression
    null_passes: NullPasses = False
    kind: ClassVar[str] = "iff"

    @property
    def sentence(self) -> str:
        nulls = _null_words(null_passes=self.null_passes)
        return f"{wording.single_line(self.left)} exactly where {wording.single_line(self.right)}{nulls}"

    def row_test(self, types: Mapping[str, str]) -> RowTest:
        del types
        return _test(f"(({self.left}) = ({self.right}))", null_passes=self.null_passes)


def _test(holds: str, *, within: str = "", null_passes: bool) -> RowTest:
    both = f"{within} AND " if within else ""
    if null_passes:
        return RowTest(f"COUNT_IF({both}{holds} IS NOT NULL)", f"{both}NOT {holds}")
    return RowTest(f"COUNT_IF({within})" if within else "COUNT(*)", f"{both}NOT COALESCE({holds}, FALSE)")


def _null_words(*, null_passes: bool) -> str:
    return " (where it is not null)" if null_passes else ""
