"""The rule that carries a check: where it comes from, what happens when it is broken, and what its check says and reads.

A `Check` (see `expectations.checks`) says what must be true; all of them are names of this module, too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from contracts.model import Severity
from expectations import words
from expectations.checks import (
    AllOrNone,
    Check,
    ConstantWithin,
    CountMatches,
    DenseSequence,
    ExactlyOne,
    ExtremeOf,
    Foreign,
    Fresh,
    HasColumns,
    HasType,
    Holds,
    Iff,
    Implies,
    InPartition,
    InSet,
    Length,
    MultipleOf,
    NeverDisappears,
    NeverFalls,
    NeverRises,
    NotNull,
    Pattern,
    QualityMetric,
    Range,
    Reconciles,
    References,
    SameSet,
    Scalar,
    ShareShift,
    SqlNumber,
    UnchangedSince,
    Unique,
    VolumeBand,
)
from expectations.fragments import columns_read, parameters_read

__all__ = [
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
    "Rule",
    "SameSet",
    "Scalar",
    "ShareShift",
    "SqlNumber",
    "UnchangedSince",
    "Unique",
    "VolumeBand",
    "columns_of",
    "looks_back",
    "reads_earlier_day",
    "sentence",
    "statements_in",
]


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
            return f"{column} matches {pattern}"
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
        case UnchangedSince(columns, key):
            return f"{words.listed(columns)} {words.agree(columns, 'is', 'are')} what {words.agree(columns, 'it was', 'they were')} on the earlier day for each {words.listed(key)}"
        case NeverDisappears(key):
            return f"every {words.listed(key)} of the earlier day is still there"
        case NeverFalls(column, key) | NeverRises(column, key):
            least = "least" if isinstance(check, NeverFalls) else "most"
            slack = ", but for its allowance" if check.allowance else ""
            return f"{column} is at {least} what it was on the earlier day for each {words.listed(key)}{slack}"
        case VolumeBand(by, days, alarms):
            budget = (
                "at most one false alarm a year"
                if alarms == 1
                else f"at most {words.number(alarms)} false alarms a year"
            )
            return f"the number of rows{words.of_each(by)} is as the last {words.plural(days, 'day')} let expect ({budget})"
        case ShareShift(columns, distance, by, _, days):
            points = f"{100 * distance:g} percentage points"
            used = f", or twice as far where the last {words.plural(days, 'day')} let expect it" if days else ""
            shares = f"each share of {words.listed(columns)}{words.of_each(by)}"
            return f"{shares} is within {points} of that of the day before{used}"
        case QualityMetric(metric, columns, threshold, unit):
            return f"{words.METRICS[metric]}{f' of {words.listed(columns)}' if columns else ''} is {words.held(threshold, unit)}"
        case SqlNumber(_, threshold):
            return f"the number that the contract's query returns is {words.held(threshold)}"
        case Fresh(column, seconds):
            return f"the latest {column} is at most {words.duration(seconds)} old"
        case Foreign(kind, arguments):
            return f"{kind} of Great Expectations is met, with {words.flat(arguments)}"
        case _:
            assert_never(check)


def columns_of(check: Check) -> tuple[str, ...]:  # noqa: C901, PLR0911, PLR0912 (as above)
    """The columns of the table under audit that a check reads, each once, in order; those of other tables are not named.

    A whole query (`SqlNumber`) is not taken apart: it may read any column, so it names none.
    """
    match check:
        case HasColumns() | SqlNumber():
            return ()
        case HasType() | NotNull() | InSet() | Pattern() | Length() | Range() | MultipleOf() | Fresh():
            return (check.column,)
        case InPartition() | AllOrNone() | Unique() | References() | SameSet() | QualityMetric() | Foreign():
            return check.columns
        case ConstantWithin(columns, by) | UnchangedSince(columns, by) | ShareShift(columns, _, by):
            return _once(by, columns)
        case VolumeBand(by):
            return by
        case DenseSequence(column, by, order_by, length):
            return _once(by, order_by, [column], [length] if length else [])
        case CountMatches(column, by) | NeverFalls(column, by) | NeverRises(column, by):
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
        case NeverDisappears(key):
            return key
        case _:
            assert_never(check)


def looks_back(check: Check) -> bool:
    """Whether a check is about earlier days of the same table: their rows, or what was measured of them.

    >>> looks_back(NeverDisappears(("comm_user_id",))), looks_back(NotNull("comm_user_id"))
    (True, False)
    """
    return isinstance(check, VolumeBand | ShareShift) or reads_earlier_day(check)


def reads_earlier_day(check: Check) -> bool:
    """Whether a check compares with rows of an earlier day of the same table, or asks when that day ended."""
    if isinstance(check, UnchangedSince | NeverDisappears | NeverFalls | NeverRises):
        return True
    return any("earlier_end" in parameters_read(statement) for statement in statements_in(check))


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
        case NeverFalls() | NeverRises():
            return (check.allowance,) if check.allowance else ()
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
