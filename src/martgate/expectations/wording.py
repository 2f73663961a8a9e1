"""The parts of the sentences that describe rules: lists, numbers, thresholds and durations."""

from collections.abc import Iterable
from decimal import Decimal

from martgate.contracts.quality import Metric, Operator, Threshold, Unit
from martgate.text.lists import join_words

BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusive_minimum": "greater than",
    "exclusive_maximum": "less than",
}
METRICS: dict[Metric, str] = {
    "nullValues": "the number of null values",
    "missingValues": "the number of missing values",
    "invalidValues": "the number of invalid values",
    "duplicateValues": "the number of rows that repeat a value",
    "rowCount": "the number of rows",
}
_OPERATORS: dict[Operator, str] = {
    "mustBe": "exactly {0}",
    "mustNotBe": "anything but {0}",
    "mustBeGreaterThan": "more than {0}",
    "mustBeGreaterOrEqualTo": "at least {0}",
    "mustBeLessThan": "less than {0}",
    "mustBeLessOrEqualTo": "at most {0}",
    "mustBeBetween": "between {0} and {1} (both included)",
    "mustNotBeBetween": "outside {0} to {1} (both included)",
}


def join_names(names: Iterable[str], most: int = 8) -> str:
    """Join names to `a, b and c`; of a list longer than `most`, show all but the last few and count those."""
    return join_words(names, limit=most, shown=most - 2)


def single_line(fragment: str) -> str:
    """Replace each run of white space by one space."""
    return " ".join(fragment.split())


def where_phrase(where: str) -> str:
    """Phrase a condition on the rows of another table; empty where there is none."""
    return f" (of its rows where {single_line(where)})" if where else ""


def group_phrase(by: tuple[str, ...]) -> str:
    """Phrase a grouping; empty where there is none."""
    return f" of each {join_names(by)}" if by else ""


def agree(things: tuple[str, ...], one: str, many: str) -> str:
    """Choose the singular or plural of a word, to agree with a list of things."""
    return one if len(things) == 1 else many


def format_value(value: str | float | bool) -> str:  # noqa: FBT001 (the value itself, not a switch)
    """Format a value of a contract; booleans are `true` and `false`."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else format_number(value)


def format_number(value: float | Decimal) -> str:
    """Format a number with all of its digits, a whole one without decimals."""
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    return str(int(value)) if isinstance(value, int) or value.is_integer() else repr(value)


def format_count(count: int, thing: str) -> str:
    """Format a count with its noun, given in the singular."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def describe_threshold(threshold: Threshold, unit: Unit = "rows") -> str:
    """Describe the numbers that a threshold admits."""
    description = _OPERATORS[threshold.operator].format(*map(format_number, threshold.values))
    return f"{description} percent" if unit == "percent" else description


def format_duration(seconds: int) -> str:
    """Format a duration in the largest unit that it is a multiple of."""
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % size == 0 and seconds >= size:
            return format_count(seconds // size, name)
    return format_count(seconds, "second")
