"""What can be checked: a closed union of small sentences.

Adding a kind means: a class here, its sentence in `expectations.rules`, its place in the plan; mypy's `assert_never`
finds every `match` that forgot it. SQL inside a check is Spark SQL over the columns of the table under audit, with
`:part_date` and `:day_end` where a day is known. Unless a check says otherwise, null passes (nullness is `not_null`'s
business) and failures count rows.
"""

from dataclasses import dataclass
from typing import Literal

from contracts.model import Metric, Threshold, Unit

__all__ = [
    "LEAST_DAYS",
    "AllOrNone",
    "Check",
    "ConstantWithin",
    "CountMatches",
    "DenseSequence",
    "ExactlyOne",
    "ExtremeOf",
    "Foreign",
    "Fresh",
    "HasColumns",
    "HasType",
    "Holds",
    "Iff",
    "Implies",
    "InPartition",
    "InSet",
    "Length",
    "MultipleOf",
    "NeverDisappears",
    "NeverFalls",
    "NeverRises",
    "NotNull",
    "Pattern",
    "QualityMetric",
    "Range",
    "Reconciles",
    "References",
    "SameSet",
    "Scalar",
    "ShareShift",
    "SqlNumber",
    "UnchangedSince",
    "Unique",
    "VolumeBand",
]

Scalar = str | int | float | bool

LEAST_DAYS = 14
"""From so many published days on there is a past to learn from."""


# The shape of the table: answered by its schema, no row is read.


@dataclass(frozen=True, slots=True)
class HasColumns:
    """The table has exactly these columns, in this order. Failures count columns lost, added or moved."""

    columns: tuple[str, ...]
    kind: Literal["columns"] = "columns"


@dataclass(frozen=True, slots=True)
class HasType:
    """The column has this type (Spark's spelling), to the width. Failures count 0 or 1."""

    column: str
    type: str
    kind: Literal["type"] = "type"


# Each row by itself: one pass answers all of them.


@dataclass(frozen=True, slots=True)
class NotNull:
    column: str
    kind: Literal["not_null"] = "not_null"


@dataclass(frozen=True, slots=True)
class InSet:
    column: str
    values: tuple[Scalar, ...]
    kind: Literal["in_set"] = "in_set"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression (ECMA-262) is found in the value: anywhere, unless it has anchors."""

    column: str
    pattern: str
    kind: Literal["pattern"] = "pattern"


@dataclass(frozen=True, slots=True)
class Length:
    """The text has at least or at most `value` characters (code points)."""

    column: str
    bound: Literal["minimum", "maximum"]
    value: int
    kind: Literal["length"] = "length"


@dataclass(frozen=True, slots=True)
class Range:
    """The value is on the right side of one bound. A bound on a date or timestamp is ISO 8601 text."""

    column: str
    bound: Literal["minimum", "maximum", "exclusive_minimum", "exclusive_maximum"]
    value: Scalar
    kind: Literal["range"] = "range"


@dataclass(frozen=True, slots=True)
class MultipleOf:
    column: str
    value: float
    kind: Literal["multiple_of"] = "multiple_of"


@dataclass(frozen=True, slots=True)
class InPartition:
    """Every row carries its partition columns, not null and not empty, and belongs to the partition under audit.

    `day_column` must equal `:part_date`; where it is None (a partitioned table without days) only presence is checked.
    """

    columns: tuple[str, ...]
    day_column: str | None = None
    kind: Literal["partitions"] = "partitions"


@dataclass(frozen=True, slots=True)
class Holds:
    """A boolean expression is true. Null counts as failed, unless `null_passes`."""

    expression: str
    null_passes: bool = False
    kind: Literal["holds"] = "holds"


@dataclass(frozen=True, slots=True)
class Implies:
    """Where `when` is true, `then` is true; looks only at rows where `when` is true."""

    when: str
    then: str
    null_passes: bool = False
    kind: Literal["implies"] = "implies"


@dataclass(frozen=True, slots=True)
class Iff:
    """Both expressions are true, or both are false. Null on either side counts as failed, unless `null_passes`."""

    left: str
    right: str
    null_passes: bool = False
    kind: Literal["iff"] = "iff"


@dataclass(frozen=True, slots=True)
class AllOrNone:
    """The columns are all null or all set."""

    columns: tuple[str, ...]
    kind: Literal["all_or_none"] = "all_or_none"


# Groups of rows: failures count groups, except where said.


@dataclass(frozen=True, slots=True)
class Unique:
    """No two rows share the values of these columns (rows with a null in one are not looked at).

    Failures count the rows that share a value, all of them: 3 equal rows are 3 failures.
    """

    columns: tuple[str, ...]
    kind: Literal["unique"] = "unique"


@dataclass(frozen=True, slots=True)
class ConstantWithin:
    """Each of `columns` has one value within each group of `by`; null is a value like any other."""

    columns: tuple[str, ...]
    by: tuple[str, ...]
    kind: Literal["constant_within"] = "constant_within"


@dataclass(frozen=True, slots=True)
class DenseSequence:
    """Within each group of `by`, ordered by `order_by`, `column` counts 1, 2, 3 .. up to `length` (a column, if given).

    Failures count rows whose number is not their place, or whose group is not as long as `length` says.
    """

    column: str
    by: tuple[str, ...]
    order_by: tuple[str, ...]
    length: str | None = None
    kind: Literal["dense_sequence"] = "dense_sequence"


@dataclass(frozen=True, slots=True)
class CountMatches:
    """`column` says how many rows its group of `by` has."""

    column: str
    by: tuple[str, ...]
    kind: Literal["count_matches"] = "count_matches"


@dataclass(frozen=True, slots=True)
class ExtremeOf:
    """`column` is the smallest or greatest value of the expression `of` over its group of `by`."""

    column: str
    of: str
    by: tuple[str, ...]
    extreme: Literal["min", "max"]
    kind: Literal["extreme_of"] = "extreme_of"


@dataclass(frozen=True, slots=True)
class ExactlyOne:
    """Within each group of `by`, the rows where `where` is true hold exactly one value of `distinct`."""

    by: tuple[str, ...]
    distinct: str
    where: str
    kind: Literal["exactly_one"] = "exactly_one"


# Other tables.


@dataclass(frozen=True, slots=True)
class References:
    """Every row whose `columns` are all set has its match in `to_columns` of table `to` (of those rows where `where`)."""

    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]
    where: str = ""
    kind: Literal["references"] = "references"


@dataclass(frozen=True, slots=True)
class SameSet:
    """The distinct values of `columns` equal those of `to_columns` in `to` (of those rows where `where`).

    Failures count values missing here and values that should not be here.
    """

    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]
    where: str = ""
    kind: Literal["same_set"] = "same_set"


@dataclass(frozen=True, slots=True)
class Reconciles:
    """The aggregate `measure`, per group of `by`, agrees with the same group of the query `against`.

    `against` returns the columns of `by` and one number named `measure`; a group missing on either side counts as 0.
    """

    measure: str
    against: str
    by: tuple[str, ...]
    tolerance: float = 0
    kind: Literal["reconciles"] = "reconciles"


# Days before: each key is held against its row on the newest earlier day that is published. Failures count keys of that
# day; rows with a null in their key are not looked at, and where a day repeats a key, each pair of its rows counts.


@dataclass(frozen=True, slots=True)
class UnchangedSince:
    """For each `key` of both days, each of `columns` is what it was; null is a value like any other.

    A value that was lost has changed, and so has one that was set where there was none.
    """

    columns: tuple[str, ...]
    key: tuple[str, ...]
    kind: Literal["unchanged_since"] = "unchanged_since"


@dataclass(frozen=True, slots=True)
class NeverDisappears:
    """Each `key` of the earlier day is still there."""

    key: tuple[str, ...]
    kind: Literal["never_disappears"] = "never_disappears"


@dataclass(frozen=True, slots=True)
class NeverFalls:
    """For each `key` of both days that had a value, `column` is at least what it was; a value that was lost has fallen.

    `allowance` is a query that returns the columns of `key` and one number named `measure`: by so much may the column
    fall for that key (by nothing, where the query does not name it). It knows the end of the earlier day as
    `:earlier_end`, so that it can look at what happened in between.
    """

    column: str
    key: tuple[str, ...]
    allowance: str = ""
    kind: Literal["never_falls"] = "never_falls"


@dataclass(frozen=True, slots=True)
class NeverRises:
    """For each `key` of both days that had a value, `column` is at most what it was; a value that was lost has risen.

    `allowance` is as in `NeverFalls`.
    """

    column: str
    key: tuple[str, ...]
    allowance: str = ""
    kind: Literal["never_rises"] = "never_rises"


# The table's own past: how many rows there are of what, held against the published days before (`expectations.learned`).
# A table that comes from outside has no published days here, so that such a rule is out of scope for it.


@dataclass(frozen=True, slots=True)
class VolumeBand:
    """Each group of `by` has as many rows as the last `history_days` days let expect (see `expectations.bands`).

    `false_alarms_per_year` is the budget: so often may one of all groups lie outside of its band though nothing is wrong.
    Only published days teach: a change that is there to stay is refused until somebody lets it through, as a waiver does.
    A group that had rows and has none any more has 0 of them; one that is new is looked at after its first 14 days. Failures
    count groups.
    """

    by: tuple[str, ...]
    history_days: int
    false_alarms_per_year: float
    kind: Literal["volume_band"] = "volume_band"


@dataclass(frozen=True, slots=True)
class ShareShift:
    """In each group of `by`, no share of the rows is further than `max_distance` from what it was on the day before.

    The shares are those of null and, where a column has an enum, of each of its values; the day before is the newest
    earlier one that is published. Each share is judged by itself (the largest move decides, not the sum of all), so that
    the distance can be read off any chart. A move that chance explains in a group as small as this one is none:
    `false_alarms_per_year` is how often chance alone may be taken for more. Groups that are not there on both days are
    not looked at (their rows are `VolumeBand`'s business), nor is a column on the first day that it is listed. Failures
    count shares.

    With `history_days`, a share may also move as it is used to, by weekday and by the noise of that many days (see
    `expectations.bands`), but never further than twice the distance.
    """

    columns: tuple[str, ...]
    max_distance: float
    by: tuple[str, ...] = ()
    false_alarms_per_year: float = 1
    history_days: int = 0
    kind: Literal["share_shift"] = "share_shift"


# One number of the whole table, held against a threshold.


@dataclass(frozen=True, slots=True)
class QualityMetric:
    """One of ODCS's library metrics. In percent, the number is a share of the rows looked at."""

    metric: Metric
    columns: tuple[str, ...]
    threshold: Threshold
    unit: Unit = "rows"
    missing_values: tuple[Scalar | None, ...] = ()
    valid_values: tuple[Scalar, ...] = ()
    pattern: str = ""
    kind: Literal["metric"] = "metric"


@dataclass(frozen=True, slots=True)
class SqlNumber:
    """A query's one number. `{object}` stands for the table under audit."""

    query: str
    threshold: Threshold
    kind: Literal["sql"] = "sql"


@dataclass(frozen=True, slots=True)
class Fresh:
    """The greatest value of `column` is at most `seconds` older than the audit (`:audited_at`)."""

    column: str
    seconds: int
    kind: Literal["fresh"] = "fresh"


# What is judged elsewhere.


@dataclass(frozen=True, slots=True)
class Foreign:
    """An expectation of Great Expectations that has no equal here, and is judged by it.

    `arguments` are its kwargs as JSON, `columns` those of the table that they name. What it `looks_at` says when it
    had nothing to look at: values of its columns, rows (null, too), or the shape of the table, which is always there.
    Failures count rows where it looks at each by itself, else 0 or 1.
    """

    type: str
    arguments: str
    columns: tuple[str, ...]
    looks_at: Literal["values", "rows", "shape"] = "values"
    kind: Literal["foreign"] = "foreign"


Check = (
    HasColumns
    | HasType
    | NotNull
    | InSet
    | Pattern
    | Length
    | Range
    | MultipleOf
    | InPartition
    | Holds
    | Implies
    | Iff
    | AllOrNone
    | Unique
    | ConstantWithin
    | DenseSequence
    | CountMatches
    | ExtremeOf
    | ExactlyOne
    | References
    | SameSet
    | Reconciles
    | UnchangedSince
    | NeverDisappears
    | NeverFalls
    | NeverRises
    | VolumeBand
    | ShareShift
    | QualityMetric
    | SqlNumber
    | Fresh
    | Foreign
)
