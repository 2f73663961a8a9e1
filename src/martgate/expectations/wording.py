"""The words that sentences about data are made of: lists, numbers, thresholds, durations."""

from collections.abc import Iterable

from martgate.contracts.model import Metric, Operator, Threshold, Unit

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


def listed(names: Iterable[str], most: int = 8) -> str:
    """`a`, `a and b`, `a, b and c`; a long list is cut, and says so."""
    every = list(names)
    if len(every) > most:
        return f"{', '.join(every[: most - 2])} and {len(every) - most + 2} more"
    return " and ".join(filter(None, [", ".join(every[:-1]), *every[-1:]]))


def flat(fragment: str) -> str:
    return " ".join(fragment.split())


def of_those_where(where: str) -> str:
    return f" (of its rows where {flat(where)})" if where else ""


def of_each(by: tuple[str, ...]) -> str:
    return f" of each {listed(by)}" if by else ""


def agree(things: tuple[str, ...], one: str, many: str) -> str:
    return one if len(things) == 1 else many


def shown(value: str | float | bool) -> str:  # noqa: FBT001 (the value itself, not a switch)
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else number(value)


def number(value: float) -> str:
    return str(int(value)) if isinstance(value, int) or value.is_integer() else repr(value)


def plural(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def held(threshold: Threshold, unit: Unit = "rows") -> str:
    words = _OPERATORS[threshold.operator].format(*map(number, threshold.values))
    return f"{words} percent" if unit == "percent" else words


def duration(seconds: int) -> str:
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % size == 0 and seconds >= size:
            return plural(seconds // size, name)
    return plural(seconds, "second")
