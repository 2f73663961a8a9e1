"""What can be checked: a closed union of small sentences, and the rule that carries one of them.

A `Check` says what must be true; a `Rule` adds where it comes from and what happens when it is broken. Adding a kind
means: a class here, its sentence below, its place in the plan; mypy's `assert_never` finds every `match` that forgot it.
SQL inside a check is Spark SQL over the columns of the table under audit, with `:part_date` and `:day_end` where a day
is known. Unless a check says otherwise, null passes (nullness is `not_null`'s business) and failures count rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, assert_never

from contracts.model import Metric, Severity, Threshold, Unit
from expectations import words
from expectations.fragments import columns_read

__all__ = [
    "AllOrNone",
    "Check",
    "ConstantWithin",
    "CountMatches",
    "DenseSequence",
    "ExactlyOne",
    "ExtremeOf",
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
    "NotNull",
    "Pattern",
    "QualityMetric",
    "Range",
    "Reconciles",
    "References",
    "Rule",
    "SameSet",
    "SqlNumber",
    "Unique",
    "columns_of",
    "sentence",
    "statements_in",
]

Scalar = str | int | float | bool


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
    """The whole value matches a regular expression (ECMA-262, anchored at both ends)."""

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
    | QualityMetric
    | SqlNumber
    | Fresh
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One checkable sentence of a contract.

    `name` is its address in data, message and report alike: `column|rule`, `table|rule`, or the id a contract gave.
    `clauses` are the leaves of the contract that it enforces. With `allow_vacuous`, having had nothing to look at does
    not block. `description` is the contract's own wording, empty where it has none.
    """

    name: str
    check: Check
    clauses: tuple[str, ...]
    columns: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR
    dimension: str = ""
    description: str = ""
    allow_vacuous: bool = False

    @property
    def sentence(self) -> str:
        """What must be true, in plain English, from the check itself."""
        return sentence(self.check)


def sentence(check: Check) -> str:  # noqa: C901, PLR0911, PLR0912 (one line a kind is the shortest way to say them all)
    """What must be true, as one plain English sentence without its full stop."""
    match check:
        case HasColumns(columns):
            return f"the table has exactly these {len(columns)} columns, in this order: {words.listed(columns)}"
        case HasType(column, kind):
            return f"{column} has type {kind}"
        case NotNull(column):
            return f"{column} is never null"
        case InSet(column, values):
            return f"{column} is one of {words.listed(map(words.shown, values), most=12)}"
        case Pattern(column, pattern):
            return f"{column} matches {pattern} from its first character to its last"
        case Length(column, bound, value):
            return f"{column} has at {'least' if bound == 'minimum' else 'most'} {words.plural(value, 'character')}"
        case Range(column, bound, value):
            return f"{column} is {words.BOUNDS[bound]} {words.shown(value)}"
        case MultipleOf(column, value):
            return f"{column} is a multiple of {words.number(value)}"
        case InPartition(columns, day_column):
            day = f", and {day_column} is the day under audit" if day_column else ""
            return f"every row says which partition it belongs to ({words.listed(columns)}){day}"
        case Holds(expression):
            return f"{words.flat(expression)} is true in every row{_nulls(check)}"
        case Implies(when, then):
            return f"where {words.flat(when)}, also {words.flat(then)}{_nulls(check)}"
        case Iff(left, right):
            return f"{words.flat(left)} exactly where {words.flat(right)}{_nulls(check)}"
        case AllOrNone(columns):
            return f"{words.listed(columns)} are all set or all null"
        case Unique(columns):
            return f"no two rows share the same {words.listed(columns)}"
        case ConstantWithin(columns, by):
            return (
                f"{words.listed(columns)} {words.agree(columns, 'has', 'have')} one value for each {words.listed(by)}"
            )
        case DenseSequence(column, by, order_by, length):
            end = f" up to {length}" if length else ""
            return f"{column} counts 1, 2, 3 ..{end} for each {words.listed(by)}, in order of {words.listed(order_by)}"
        case CountMatches(column, by):
            return f"{column} is the number of rows of its {words.listed(by)}"
        case ExtremeOf(column, of, by, extreme):
            word = "smallest" if extreme == "min" else "greatest"
            return f"{column} is the {word} {words.flat(of)} of its {words.listed(by)}"
        case ExactlyOne(by, distinct, where):
            return f"for each {words.listed(by)}, the rows where {words.flat(where)} hold exactly one {words.flat(distinct)}"
        case References(columns, to, to_columns, where):
            return f"every {words.listed(columns)} is a {words.listed(to_columns)} of {to}{words.of_those_where(where)}"
        case SameSet(columns, to, to_columns, where):
            verb = words.agree(columns, "takes", "take")
            return f"{words.listed(columns)} {verb} exactly the values of {words.listed(to_columns)} in {to}{words.of_those_where(where)}"
        case Reconciles(measure, _, by, tolerance):
            slack = f", give or take {words.number(tolerance)}" if tolerance else ""
            return f"{words.flat(measure)}{f' for each {words.listed(by)}' if by else ''} agrees with its source{slack}"
        case QualityMetric(metric, columns, threshold, unit):
            return f"{words.METRICS[metric]}{f' of {words.listed(columns)}' if columns else ''} is {words.held(threshold, unit)}"
        case SqlNumber(_, threshold):
            return f"the number that the contract's query returns is {words.held(threshold)}"
        case Fresh(column, seconds):
            return f"the latest {column} is at most {words.duration(seconds)} old"
        case _:
            assert_never(check)


def columns_of(check: Check) -> tuple[str, ...]:  # noqa: C901, PLR0911 (as above)
    """The columns of the table under audit that a check reads, each once, in order; those of other tables are not named.

    A whole query (`SqlNumber`) is not taken apart: it may read any column, so it names none.
    """
    match check:
        case HasColumns() | SqlNumber():
            return ()
        case HasType() | NotNull() | InSet() | Pattern() | Length() | Range() | MultipleOf() | Fresh():
            return (check.column,)
        case InPartition() | AllOrNone() | Unique() | References() | SameSet() | QualityMetric():
            return check.columns
        case ConstantWithin(columns, by):
            return _once(by, columns)
        case DenseSequence(column, by, order_by, length):
            return _once(by, order_by, [column], [length] if length else [])
        case CountMatches(column, by):
            return _once(by, [column])
        case ExtremeOf(column, of, by):
            return _once(by, [column], columns_read(of))
        case ExactlyOne(by, distinct, where):
            return _once(by, columns_read(distinct), columns_read(where))
        case Holds(expression):
            return columns_read(expression)
        case Implies(first, second) | Iff(first, second):
            return _once(columns_read(first), columns_read(second))
        case Reconciles(measure, _, by):
            return _once(by, columns_read(measure))
        case _:
            assert_never(check)


def statements_in(check: Check) -> tuple[str, ...]:
    """The Spark SQL that a contract's author wrote into a check, as statements; `{object}` stays as it is.

    >>> statements_in(Iff("is_fc = 1", "fc_id IS NOT NULL"))
    ('SELECT is_fc = 1', 'SELECT fc_id IS NOT NULL')
    """
    match check:
        case SqlNumber(query):
            return (query,)
        case Reconciles(measure, against):
            return (f"SELECT {measure}", against)
        case Holds(expression):
            fragments: tuple[str, ...] = (expression,)
        case Implies(first, second) | Iff(first, second):
            fragments = (first, second)
        case ExtremeOf(_, of):
            fragments = (of,)
        case ExactlyOne(_, distinct, where):
            fragments = (distinct, where)
        case References() | SameSet():
            fragments = (check.where,)
        case _:
            return ()
    return tuple(f"SELECT {fragment}" for fragment in fragments if fragment)


def _once(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _nulls(check: Holds | Implies | Iff) -> str:
    return " (where it is not null)" if check.null_passes else ""
