"""Classification of changes to columns: types, keys, ranges, values."""

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


def flag(clause: ClauseChange) -> Impact:
    """Classify a clause that is on or off; on is stronger."""
    before, after = clause.old is True, clause.new is True
    if before == after:
        return editorial(f"requires the same: {clause.values}")
    loss = {"required": "may be null now", "unique": "may repeat values now"}.get(clause.key, "is no longer required")
    return additive(f"is required now: {clause.values}") if after else breaking(f"{loss}: {clause.values}")


def key(clause: ClauseChange) -> Impact:
    """Classify a change to the primary key, in any of its columns."""
    before, after = (table.primary_key for table in clause.tables or ())
    if before == after:
        return editorial(f"the key is the same: {clause.values}")
    if set(before) == set(after):
        return semantic(f"the columns of the key are in another order: {clause.values}")
    return breaking(f"the key changed: {clause.values}") if before else additive("the table has a key now")


def partition(clause: ClauseChange) -> Impact:
    """Classify a change to the partition columns, in any of them."""
    before, after = (table.partition_columns for table in clause.tables or ())
    if before == after:
        return editorial(f"the partition columns are the same: {clause.values}")
    return breaking(f"the partition columns changed: {clause.values}")


def physical_type(clause: ClauseChange) -> Impact:
    """Classify a change to the type: of the type in the data first, then of the way it is stated."""
    before, after = clause.columns or (None, None)
    if before is None or after is None:
        return classify_unlisted(clause)
    if _canonical(before.physical_type) != _canonical(after.physical_type):
        return breaking(f"the type is {clip(after.physical_type)}, and was {clip(before.physical_type)}")
    if clause.key == "logicalType":
        return additive(f"is stated now: {clause.values}") if clause.is_added else breaking(f"changed: {clause.values}")
    if clause.key != "physicalType":
        return semantic(f"changed: {clause.values}")
    old, new = _max_length(before.physical_type), _max_length(after.physical_type)
    if old == new:
        return editorial(f"the same type in other words: {clause.values}")
    return classify_strictness(new < old, clause, "the length of the text")


def _canonical(kind: str) -> str:
    try:
        return canonical_type(kind)
    except ValueError:
        return kind


def _max_length(kind: str) -> float:
    """Return the length limit of a text type; infinity where it has none."""
    match = re.fullmatch(r"[a-z ]+\(\s*(\d+)\s*\)", kind.strip(), re.IGNORECASE)
    return int(match[1]) if match and _canonical(kind) == "string" else float("inf")


def bound(clause: ClauseChange) -> Impact:
    """Classify a change to a bound; a bound and its exclusive form are the same end of a range."""
    upper = clause.key.lower().endswith("maximum")
    before, after = (_end(column.options, upper=upper) for column in clause.columns or ())
    what = f"the {'upper' if upper else 'lower'} end"
    if before == after:
        return editorial(f"{what} is the same: {clause.values}")
    if before is None or after is None:
        return classify_strictness(before is None, clause, what)
    try:
        tighter = after < before if upper else after > before
    except TypeError:
        return classify_strictness(None, clause, what)
    return classify_strictness(tighter, clause, what)


def _end(options: Mapping[str, object], *, upper: bool) -> tuple[Any, int] | None:
    """Return an end of a range; the second value orders inclusive and exclusive ends at the same bound."""
    name = "Maximum" if upper else "Minimum"
    if f"exclusive{name}" in options:
        return _comparable(options[f"exclusive{name}"]), -1 if upper else 1
    return (_comparable(options[name.lower()]), 0) if name.lower() in options else None


def _comparable(value: object) -> Any:
    """Return a bound with its order: days and instants are stated as text, which orders differently."""
    return (parse_instant(value) or object()) if isinstance(value, str) else value


def size(clause: ClauseChange) -> Impact:
    """Classify a change to a limit of length or count."""
    if not all(value is ABSENT or _is_number(value) for value in (clause.old, clause.new)):
        return classify_strictness(None, clause, clause.key)
    if clause.is_added or clause.is_removed:
        return classify_strictness(clause.is_added, clause, clause.key)
    return classify_strictness(
        clause.new < clause.old if clause.key.startswith("max") else clause.new > clause.old, clause, clause.key
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def multiple(clause: ClauseChange) -> Impact:
    """Classify a change to `multipleOf`; a multiple of the old step allows fewer numbers."""
    if clause.is_added or clause.is_removed:
        return classify_strictness(clause.is_added, clause, "the step")
    whole = all(isinstance(value, int) and value > 0 for value in (clause.old, clause.new))
    return classify_strictness(clause.new % clause.old == 0 if whole else None, clause, "the step")


def pattern(clause: ClauseChange) -> Impact:
    """Classify a change to a pattern; two patterns cannot be compared."""
    return classify_strictness(clause.is_added or (False if clause.is_removed else None), clause, "the pattern")


def enum(clause: ClauseChange) -> Impact:
    """Classify a change to an allowed value."""
    before, after = (column.enum for column in clause.columns or ((), ()))  # type: ignore[union-attr]
    if not clause.shape.endswith(("[]", ".value")):
        return semantic(f"the description of an allowed value changed: {clause.values}")
    value = "a value" if any(each.is_protected for each in clause.columns or ()) else clip(_value_of(clause))
    if not before:
        return additive(f"only some values are allowed now, among them {value}")
    if not after:
        return breaking(f"every value is allowed now, not only {value}")
    return breaking(f"{value} is allowed as well") if clause.is_added else additive(f"{value} is no longer allowed")


def _value_of(clause: ClauseChange) -> object:
    item = clause.old if clause.new is ABSENT else clause.new
    return item.get("value") if isinstance(item, Mapping) else item


def name(clause: ClauseChange) -> Impact:
    """Classify a change to the business name of a column; another physical name is another column."""
    return semantic(f"has another name outside the data: {clause.values}")


def classification(clause: ClauseChange) -> Impact:
    """Classify a change to the classification, which decides whether values may be shown."""
    before, after = (column.is_protected for column in clause.columns or ())
    if after and not before:
        return breaking(f"values may no longer be shown: {clip(clause.new)}")
    return semantic("values may be shown now" if before and not after else "changed")
