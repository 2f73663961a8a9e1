"""The ways to evaluate a check, one of which every check chooses.

The plan combines checks by the way they are evaluated and does not know their kinds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from martgate.expectations.kinds.result import Result

if TYPE_CHECKING:  # both modules import this one
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
    """A comparison of the columns that a relation has, without a statement.

    Attributes:
        compare: called with the name and type of each column, in order, and the names of the table's partition columns.
    """

    compare: Callable[[Sequence[tuple[str, str]], Sequence[str]], Result]


@dataclass(frozen=True, slots=True)
class Scan:
    """Aggregates over all rows; one pass over the table computes those of all checks.

    Attributes:
        numbers: the aggregates, in the order in which the check's `result` takes them.
        is_additive: whether the numbers of a table are the sums of those of its files.
        doubt: an aggregate that is 0 where the numbers are certain. Otherwise the check is evaluated again, with
            `allow_doubt` off. Empty where they always are certain.
    """

    numbers: tuple[str, ...]
    is_additive: bool = True
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class GroupParts:
    """The part of one check in a grouping.

    Attributes:
        aggregates: aggregates of a group, each with a name.
        numbers: aggregates over all groups, in the order in which the check's `result` takes them. They may use the names of
            `aggregates`, and `__rows` for the number of rows of a group.
        windows: window functions that the aggregates need, each with a name.
        doubt: see `Scan.doubt`; an aggregate over all groups.
    """

    aggregates: tuple[str, ...]
    numbers: tuple[str, ...]
    windows: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Grouping:
    """Aggregates over groups of rows; checks that group by the same columns share one statement.

    Attributes:
        by: the columns that rows are grouped by.
        parts: builds the part of the check. It is called with a number, different for each check of the statement, that
            makes the names in it unique.
    """

    by: tuple[str, ...]
    parts: Callable[[int], GroupParts]


@dataclass(frozen=True, slots=True)
class DayComparison:
    """A join of the rows of the previous day with those of this day; checks that share a key share one join."""

    check: "DayCheck"


@dataclass(frozen=True, slots=True)
class HistoryComparison:
    """A comparison with the measurements of earlier days; checks that group by the same columns are measured together."""

    check: "LearnedCheck"


@dataclass(frozen=True, slots=True)
class SeparateStatement:
    """A statement for one check alone.

    Attributes:
        sql: returns one row: how many failed, how many were in scope, and any further numbers of the check.
        numbers: how many numbers the check's `result` takes from the row.
        is_whole_row: whether the check's `result` takes the whole row instead, however many numbers it has.
    """

    sql: str
    numbers: int = 2
    is_whole_row: bool = False


Evaluation = SchemaComparison | Scan | Grouping | DayComparison | HistoryComparison | SeparateStatement
