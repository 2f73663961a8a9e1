"""How a check is counted: the shapes of question that the plan can put together, one of which every check names.

The plan asks a check for its shape and never for its kind: what shares a shape shares a statement where it can.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from martgate.expectations.kinds.result import Result

if TYPE_CHECKING:  # they return these shapes themselves
    from martgate.expectations.kinds.days import DayCheck
    from martgate.expectations.kinds.learned import LearnedCheck

__all__ = [
    "DayComparison",
    "Evaluation",
    "GroupParts",
    "Grouping",
    "HistoryComparison",
    "Scan",
    "SchemaComparison",
    "SeparateStatement",
]


@dataclass(frozen=True, slots=True)
class SchemaComparison:
    """Answered by the columns that a relation has, without a statement.

    `compare` takes their names and types in order, and the names of the table's partition columns.
    """

    compare: Callable[[Sequence[tuple[str, str]], Sequence[str]], Result]


@dataclass(frozen=True, slots=True)
class Scan:
    """Aggregates over all rows, which one pass answers for all checks together.

    `numbers` are handed to the check's `result` in this order. With `is_additive`, those of a table are the sum_counts of those of
    its files. If `doubt` is not 0, the numbers are in doubt, and the question is asked again without that shortcut.
    """

    numbers: tuple[str, ...]
    is_additive: bool = True
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class GroupParts:
    """One check's share of a grouping.

    `windows` are window functions under names of their own, which rows need first; `aggregates` are computed for each
    group, under names of their own; `numbers` and `doubt` (as in `Scan`) are aggregates over all groups, each of which
    has its rows as `__rows`.
    """

    aggregates: tuple[str, ...]
    numbers: tuple[str, ...]
    windows: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Grouping:
    """Groups of rows; checks that group by the same columns share one statement.

    `parts` is called with a number that no other check of the statement has, for the names it makes up.
    """

    by: tuple[str, ...]
    parts: Callable[[int], GroupParts]


@dataclass(frozen=True, slots=True)
class DayComparison:
    """Rows of an earlier day beside those of this one; checks that share a key share one join."""

    check: "DayCheck"


@dataclass(frozen=True, slots=True)
class HistoryComparison:
    """Numbers of this day beside those of earlier days; checks that group alike are counted together."""

    check: "LearnedCheck"


@dataclass(frozen=True, slots=True)
class SeparateStatement:
    """A statement that one check has for itself, returning one row: what failed, what was looked at.

    With `is_whole_row`, the check takes the row as it comes, however many numbers it has.
    """

    sql: str
    is_whole_row: bool = False


Evaluation = SchemaComparison | Scan | Grouping | DayComparison | HistoryComparison | SeparateStatement
