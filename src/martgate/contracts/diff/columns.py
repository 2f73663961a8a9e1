"""How the clauses of a column move: types, keys, ranges, values."""

import re
from collections.abc import Mapping
from typing import Any

from martgate.contracts.diff.clause import (
    ABSENT,
    ClauseChange,
    Impact,
    additive,
    breaking,
    classify_strictness,
    classify_unlisted,
    editorial,
    parse_instant,
    semantic,
)
from martgate.contracts.types import canonical_type
from martgate.hints import clip

__all__ = [
    "bound",
    "classification",
    "enum",
    "flag",
    "key",
    "multiple",
    "name",
    "partition",
    "pattern",
    "physical_type",
    "size",
]


def flag(moved: ClauseChange) -> Impact:
    """A clause that is on or off: on is the stronger."""
    before, after = moved.old is True, moved.new is True
    if before == after:
        return editorial(f"asks the same: {moved.shown}")
    lost = {"required": "may be null now", "unique": "may repeat values now"}.get(moved.key, "is no longer asked")
    return additive(f"is asked now: {moved.shown}") if after else breaking(f"{lost}: {moved.shown}")


def key(moved: ClauseChange) -> Impact:
    """The primary key, whichever of its columns says so."""
    before, after = (table.primary_key for table in moved.tables or ())
    if before == after:
        return editorial(f"the key is the same: {moved.shown}")
    if set(before) == set(after):
        return semantic(f"the columns of the key stand in another order: {moved.shown}")
    return breaking(f"the key is another one: {moved.shown}") if before else additive("the table has a key now")


def partition(moved: ClauseChange) -> Impact:
    """The partitions of the table, whichever of its columns says so."""
    before, after = (table.partition_columns for table in moved.tables or ())
    same = before == after
    return (editorial if same else breaking)(f"the partitions are {'the same' if same else 'others'}: {moved.shown}")


def physical_type(moved: ClauseChange) -> Impact:
    """The type in the data first; then the words in which it is stated."""
    before, after = moved.columns or (None, None)
    if before is None or after is None:
        return classify_unlisted(moved)
    if _canonical(before.physical_type) != _canonical(after.physical_type):
        return breaking(f"the type is {clip(after.physical_type)}, and was {clip(before.physical_type)}")
    if moved.key == "logicalType":
        return additive(f"is stated now: {moved.shown}") if moved.came else breaking(f"is another: {moved.shown}")
    if moved.key != "physicalType":
        return semantic(f"says something else: {moved.shown}")
    longest, now = _length(before.physical_type), _length(after.physical_type)
    if longest == now:
        return editorial(f"the same type in other words: {moved.shown}")
    return classify_strictness(now < longest, moved, "the length of the text")


def _canonical(kind: str) -> str:
    try:
        return canonical_type(kind)
    except ValueError:
        return kind


def _length(kind: str) -> float:
    """The most characters that a type of text lets in."""
    found = re.fullmatch(r"[a-z ]+\(\s*(\d+)\s*\)", kind.strip(), re.IGNORECASE)
    return int(found[1]) if found and _canonical(kind) == "string" else float("inf")


def bound(moved: ClauseChange) -> Impact:
    """A bound and its exclusive form are one end of a range."""
    upper = moved.key.lower().endswith("maximum")
    before, after = (_end(column.options, upper=upper) for column in moved.columns or ())
    what = f"the {'upper' if upper else 'lower'} end"
    if before == after:
        return editorial(f"{what} is the same: {moved.shown}")
    if before is None or after is None:
        return classify_strictness(before is None, moved, what)
    try:
        tighter = after < before if upper else after > before
    except TypeError:
        return classify_strictness(None, moved, what)
    return classify_strictness(tighter, moved, what)


def _end(options: Mapping[str, object], *, upper: bool) -> tuple[Any, int] | None:
    """The end of a range, and whether it lies just within (for the order of ends that differ in nothing else)."""
    name = "Maximum" if upper else "Minimum"
    if f"exclusive{name}" in options:
        return _comparable(options[f"exclusive{name}"]), -1 if upper else 1
    return (_comparable(options[name.lower()]), 0) if name.lower() in options else None


def _comparable(value: object) -> Any:
    """A bound of days and instants is written as text, which has another order."""
    return (parse_instant(value) or object()) if isinstance(value, str) else value


def size(moved: ClauseChange) -> Impact:
    """How long a text, or how many the entries, may or must be."""
    if not all(value is ABSENT or _is_number(value) for value in (moved.old, moved.new)):
        return classify_strictness(None, moved, moved.key)
    if moved.came or moved.went:
        return classify_strictness(moved.came, moved, moved.key)
    return classify_strictness(
        moved.new < moved.old if moved.key.startswith("max") else moved.new > moved.old, moved, moved.key
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def multiple(moved: ClauseChange) -> Impact:
    """The step between numbers; a multiple of what it was admits less."""
    if moved.came or moved.went:
        return classify_strictness(moved.came, moved, "the step")
    whole = all(isinstance(value, int) and value > 0 for value in (moved.old, moved.new))
    return classify_strictness(moved.new % moved.old == 0 if whole else None, moved, "the step")


def pattern(moved: ClauseChange) -> Impact:
    """Which of two patterns admits less, nobody can tell."""
    return classify_strictness(moved.came or (False if moved.went else None), moved, "the pattern")


def enum(moved: ClauseChange) -> Impact:
    """One of the admitted values."""
    before, after = (column.enum for column in moved.columns or ((), ()))  # type: ignore[union-attr]
    if not moved.shape.endswith(("[]", ".value")):
        return semantic(f"says something else of an admitted value: {moved.shown}")
    value = "a value" if any(each.is_protected for each in moved.columns or ()) else clip(_value_of(moved))
    if not before:
        return additive(f"only some values are admitted now: {value} is one of them")
    if not after:
        return breaking(f"every value is admitted now, not only {value}")
    return breaking(f"{value} is admitted, too") if moved.came else additive(f"{value} is no longer admitted")


def _value_of(moved: ClauseChange) -> object:
    item = moved.old if moved.new is ABSENT else moved.new
    return item.get("value") if isinstance(item, Mapping) else item


def name(moved: ClauseChange) -> Impact:
    """Data have the physical name; where that changes, a column goes and another comes."""
    return semantic(f"goes by another name outside of the data: {moved.shown}")


def classification(moved: ClauseChange) -> Impact:
    """Whether values may be shown."""
    before, after = (column.is_protected for column in moved.columns or ())
    if after and not before:
        return breaking(f"values may no longer be shown: {clip(moved.new)}")
    return semantic(f"{'values may be shown now' if before and not after else 'says something else'}")
