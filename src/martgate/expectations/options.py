"""Reads the `logicalTypeOptions` of a column as checks. Null passes all of them; `required` is about null."""

from martgate.contracts.model import Column
from martgate.contracts.quality import Scalar
from martgate.expectations.formats import read_format
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.conditions import Holds
from martgate.expectations.kinds.length import Length
from martgate.expectations.kinds.multiple_of import MultipleOf
from martgate.expectations.kinds.pattern import Pattern
from martgate.expectations.kinds.range import Range
from martgate.expectations.mistakes import Mistake, is_finite, read_pattern
from martgate.hints import clip
from martgate.text.quoting import identifier

__all__ = ["read_option"]


def read_option(  # noqa: PLR0911 (one return an option)
    column: Column, option: str, value: object, kind: str
) -> tuple[str, Check] | None:
    """Read one of `logicalTypeOptions`.

    Args:
        column: the column that has the option.
        option: its key.
        value: its value.
        kind: the column's type, in Spark's spelling.

    Returns:
        The name of the rule and its check; None where no row can break the option.

    Raises:
        Mistake: the value is invalid for the option, or cannot be checked.
    """
    match option:
        case "minLength" | "maxLength":
            is_minimum = option == "minLength"
            check = Length(column.name, "minimum" if is_minimum else "maximum", _read_whole_number(value))
            return "min_length" if is_minimum else "max_length", check
        case "minItems" | "maxItems":
            sign, name = (">=", "min_items") if option == "minItems" else ("<=", "max_items")
            return name, Holds(
                f"ARRAY_SIZE({identifier(column.name)}) {sign} {_read_whole_number(value)}", null_passes=True
            )
        case "pattern":
            return "pattern", Pattern(column.name, read_pattern(value))
        case "minimum" | "maximum":
            return option, Range(column.name, option, _read_bound(value))
        case "exclusiveMinimum":
            return "exclusive_minimum", Range(column.name, "exclusive_minimum", _read_bound(value))
        case "exclusiveMaximum":
            return "exclusive_maximum", Range(column.name, "exclusive_maximum", _read_bound(value))
        case "multipleOf":
            return "multiple_of", MultipleOf(column.name, _read_positive(value))
        case "format":
            format_check = read_format(column, value, kind)
            return ("format", format_check) if format_check else None
        case _:
            return None  # `coverage` finds what no rule enforces, leaf by leaf


def _read_whole_number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Mistake(f"expected a whole number, 0 or more, found {clip(value)}")
    return value


def _read_positive(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0 or not is_finite(value):
        raise Mistake(f"expected a number greater than 0, found {clip(value)}")
    return value


def _read_bound(value: object) -> Scalar:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not is_finite(value):
        raise Mistake(f"expected a number, a date or an instant, found {clip(value)}")
    return value
