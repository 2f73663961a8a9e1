"""Which way one clause of a contract moved, as its readers see it.

Whatever weakens what readers may rely on is breaking, whatever adds to it or tightens it is additive, and whatever
changes what is said without changing what is asked is semantic. What is not known here is breaking.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import IntEnum, StrEnum
from itertools import pairwise
from typing import Any, NamedTuple

from contracts.documentation import is_documentation
from contracts.durations import duration, time_of_day
from contracts.hints import clip
from contracts.model import Column, Contract, Quality, QualityType, Severity, Sla, Table, Threshold
from contracts.odcs import OPERATORS
from contracts.types import canonical

__all__ = ["ABSENT", "Bump", "Judgement", "Kind", "Moved", "judge"]


class Kind(StrEnum):
    """What a change does to readers: takes something away, adds something, or says something else."""

    BREAKING = "breaking"
    ADDITIVE = "additive"
    SEMANTIC = "semantic"


class Bump(IntEnum):
    """The part of a version's number that has to grow."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def word(self) -> str:
        return self.name.lower()


class Judgement(NamedTuple):
    kind: Kind
    bump: Bump
    detail: str


ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "absent"})()
"""Stands where a document has nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One address in two documents, and what holds it there; each pair is what was, and what is.

    `path` is its address where it stands, `shape` the same without indices. A pair of parts is None where
    the address is in none, or in one document only.
    """

    path: str
    shape: str
    old: Any
    new: Any
    contracts: tuple[Contract, Contract]
    tables: tuple[Table, Table] | None = None
    columns: tuple[Column, Column] | None = None
    qualities: tuple[Quality, Quality] | None = None
    slas: tuple[Sla, Sla] | None = None
    custom: str = ""

    @property
    def key(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def came(self) -> bool:
        return self.old is ABSENT

    @property
    def went(self) -> bool:
        return self.new is ABSENT

    @property
    def shown(self) -> str:
        """Both values; those of a protected column are not for everybody."""
        if self.columns and any(column.is_protected for column in self.columns):
            return "values of a protected column are not shown"
        return " -> ".join("absent" if value is ABSENT else clip(value) for value in (self.old, self.new))


def judge(moved: Moved) -> Judgement:
    """What the change of one clause, or the coming or going of one entry, does to readers."""
    judging = next((judging for pattern, judging in _RULES if pattern.fullmatch(moved.shape)), _otherwise)
    return judging(moved)


def _breaking(detail: str) -> Judgement:
    return Judgement(Kind.BREAKING, Bump.MAJOR, detail)


def _additive(detail: str) -> Judgement:
    return Judgement(Kind.ADDITIVE, Bump.MINOR, detail)


def _meaning(detail: str) -> Judgement:
    """Readers have to look at it, for it may mean something else now."""
    return Judgement(Kind.SEMANTIC, Bump.MINOR, detail)


def _told(detail: str) -> Judgement:
    """Nothing that readers rely on."""
    return Judgement(Kind.SEMANTIC, Bump.PATCH, detail)


_MEANS = frozenset(
    [
        *("description", "purpose", "usage", "limitations", "businessName", "dataGranularityDescription"),
        *("semanticType", "deprecated", "format", "timezone", "defaultTimezone", "name", "encryptedName"),
        *("transformLogic", "transformDescription", "price", "roles", "status"),
    ]
)
"""Keys of documentation that say what data mean, or who may read them."""


def _otherwise(moved: Moved) -> Judgement:
    """What is documentation, and whatever nobody has thought of."""
    if not is_documentation(moved.path):
        return _breaking(f"is not classified, so it counts as a promise that changed: {moved.shown}")
    parts = re.split(r"[.\[\]]+", moved.path)
    if moved.key in _MEANS or parts[0] in _MEANS or "transformSourceObjects" in parts:
        return _meaning(f"says something else: {moved.shown}")
    return _told(f"is told differently: {moved.shown}")


def _entry(what: str, *, gone: str = "") -> Callable[[Moved], Judgement]:
    """An entry of a list that is a promise as a whole."""

    def judging(moved: Moved) -> Judgement:
        entry = moved.new if moved.came else moved.old
        keys = ("physicalName", "name", "id", "property", "server", "metric")
        name = next((f": {clip(entry[key])}" for key in keys if key in entry), "") if isinstance(entry, Mapping) else ""
        return _additive(f"{what} is new{name}") if moved.came else _breaking(f"{gone or f'{what} is gone'}{name}")

    return judging


def _direction(tighter: bool | None, moved: Moved, what: str) -> Judgement:  # noqa: FBT001 - None is neither
    if tighter is None:
        return _breaking(f"{what} cannot be compared with what it was: {moved.shown}")
    return _additive(f"{what} is tighter: {moved.shown}") if tighter else _breaking(f"{what} is looser: {moved.shown}")


# Columns


def _flag(moved: Moved) -> Judgement:
    before, after = moved.old is True, moved.new is True
    if before == after:
        return _told(f"asks the same: {moved.shown}")
    lost = {"required": "may be null now", "unique": "may repeat values now"}.get(moved.key, "is no longer asked")
    return _additive(f"is asked now: {moved.shown}") if after else _breaking(f"{lost}: {moved.shown}")


def _key(moved: Moved) -> Judgement:
    before, after = (table.primary_key for table in moved.tables or ())
    if before == after:
        return _told(f"the key is the same: {moved.shown}")
    if set(before) == set(after):
        return _meaning(f"the columns of the key stand in another order: {moved.shown}")
    return _breaking(f"the key is another one: {moved.shown}") if before else _additive("the table has a key now")


def _partition(moved: Moved) -> Judgement:
    before, after = (table.partition_columns for table in moved.tables or ())
    same = before == after
    return (_told if same else _breaking)(f"the partitions are {'the same' if same else 'others'}: {moved.shown}")


def _type(moved: Moved) -> Judgement:
    """The type in the data first; then the words in which it is stated."""
    before, after = moved.columns or (None, None)
    if before is None or after is None:
        return _otherwise(moved)
    if _canonical(before.physical_type) != _canonical(after.physical_type):
        return _breaking(f"the type is {clip(after.physical_type)}, and was {clip(before.physical_type)}")
    if moved.key == "logicalType":
        return _additive(f"is stated now: {moved.shown}") if moved.came else _breaking(f"is another: {moved.shown}")
    if moved.key != "physicalType":
        return _meaning(f"says something else: {moved.shown}")
    longest, now = _length(before.physical_type), _length(after.physical_type)
    if longest == now:
        return _told(f"the same type in other words: {moved.shown}")
    return _direction(now < longest, moved, "the length of the text")


def _canonical(kind: str) -> str:
    try:
        return canonical(kind)
    except ValueError:
        return kind


def _length(kind: str) -> float:
    """The most characters that a type of text lets in."""
    found = re.fullmatch(r"[a-z ]+\(\s*(\d+)\s*\)", kind.strip(), re.IGNORECASE)
    return int(found[1]) if found and _canonical(kind) == "string" else float("inf")


def _bound(moved: Moved) -> Judgement:
    """A bound and its exclusive form are one end of a range."""
    upper = moved.key.lower().endswith("maximum")
    before, after = (_end(column.options, upper=upper) for column in moved.columns or ())
    what = f"the {'upper' if upper else 'lower'} end"
    if before == after:
        return _told(f"{what} is the same: {moved.shown}")
    if before is None or after is None:
        return _direction(before is None, moved, what)
    try:
        tighter = after < before if upper else after > before
    except TypeError:
        return _direction(None, moved, what)
    return _direction(tighter, moved, what)


def _end(options: Mapping[str, object], *, upper: bool) -> tuple[Any, int] | None:
    """The end of a range, and whether it lies just within (for the order of ends that differ in nothing else)."""
    name = "Maximum" if upper else "Minimum"
    if f"exclusive{name}" in options:
        return _comparable(options[f"exclusive{name}"]), -1 if upper else 1
    return (_comparable(options[name.lower()]), 0) if name.lower() in options else None


def _comparable(value: object) -> Any:
    """A bound of days and instants is written as text, which has another order."""
    return (_dated(value) or object()) if isinstance(value, str) else value


def _size(moved: Moved) -> Judgement:
    if not all(value is ABSENT or _is_number(value) for value in (moved.old, moved.new)):
        return _direction(None, moved, moved.key)
    if moved.came or moved.went:
        return _direction(moved.came, moved, moved.key)
    return _direction(moved.new < moved.old if moved.key.startswith("max") else moved.new > moved.old, moved, moved.key)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _multiple(moved: Moved) -> Judgement:
    if moved.came or moved.went:
        return _direction(moved.came, moved, "the step")
    whole = all(isinstance(value, int) and value > 0 for value in (moved.old, moved.new))
    return _direction(moved.new % moved.old == 0 if whole else None, moved, "the step")


def _pattern(moved: Moved) -> Judgement:
    return _direction(moved.came or (False if moved.went else None), moved, "the pattern")


def _enum(moved: Moved) -> Judgement:
    before, after = (column.enum for column in moved.columns or ((), ()))  # type: ignore[union-attr]
    if not moved.shape.endswith(("[]", ".value")):
        return _meaning(f"says something else of an admitted value: {moved.shown}")
    value = "a value" if any(each.is_protected for each in moved.columns or ()) else clip(_value_of(moved))
    if not before:
        return _additive(f"only some values are admitted now: {value} is one of them")
    if not after:
        return _breaking(f"every value is admitted now, not only {value}")
    return _breaking(f"{value} is admitted, too") if moved.came else _additive(f"{value} is no longer admitted")


def _value_of(moved: Moved) -> object:
    item = moved.old if moved.new is ABSENT else moved.new
    return item.get("value") if isinstance(item, Mapping) else item


def _name(moved: Moved) -> Judgement:
    """Data have the physical name; where that changes, a column goes and another comes."""
    return _meaning(f"goes by another name outside of the data: {moved.shown}")


def _classification(moved: Moved) -> Judgement:
    before, after = (column.is_protected for column in moved.columns or ())
    if after and not before:
        return _breaking(f"values may no longer be shown: {clip(moved.new)}")
    return _meaning(f"{'values may be shown now' if before and not after else 'says something else'}")


# Rules


def _quality(moved: Moved) -> Judgement:
    """A rule as a whole, or whatever of it is not looked at more closely."""
    if moved.shape.endswith("quality[]"):
        if (moved.new if moved.came else moved.old).get("type") == QualityType.TEXT:
            return _meaning(f"a rule for people is {'new' if moved.came else 'gone'}")
        return _entry("a rule")(moved)
    if moved.qualities and all(quality.type is QualityType.TEXT for quality in moved.qualities):
        return _meaning(f"a rule for people says something else: {moved.shown}")
    inside = moved.shape.rpartition("quality[].")[2]
    if inside == "description":
        return _meaning(f"says something else: {moved.shown}")
    if re.match(r"(dimension|businessImpact|name|tags|authoritativeDefinitions)\b", inside):
        return _told(f"is told differently: {moved.shown}")
    return _breaking(f"another rule under the same name: {moved.shown}")


def _severity(moved: Moved) -> Judgement:
    before, after = moved.qualities or (None, None)
    if before is None or after is None or before.type is QualityType.TEXT:
        return _quality(moved)
    if before.severity == after.severity:
        return _told(f"blocks as before: {moved.shown}")
    return _direction(after.severity is Severity.ERROR, moved, "the severity")


def _threshold(moved: Moved) -> Judgement:
    before, after = moved.qualities or (None, None)
    if before is None or after is None or before.type is QualityType.TEXT or after.type is QualityType.TEXT:
        return _quality(moved)
    if before.threshold is None or after.threshold is None:
        return _direction(None, moved, "what the rule admits")
    if before.unit != after.unit or before.metric != after.metric or before.query != after.query:
        return _quality(moved)
    narrower = _is_within(after.threshold, before.threshold)
    if narrower and _is_within(before.threshold, after.threshold):
        return _told(f"admits the same: {moved.shown}")
    return _direction(narrower, moved, "what the rule admits")


def _is_within(inner: Threshold, outer: Threshold) -> bool:
    """Whether every number that one admits is admitted by the other: at each end of theirs, between and beyond them."""
    ends = sorted({float(end) for end in (*inner.values, *outer.values)})
    between = [(low + high) / 2 for low, high in pairwise(ends)]
    numbers = [ends[0] - 1, *ends, *between, ends[-1] + 1]
    return all(outer.admits(number) for number in numbers if inner.admits(number))


def _vacuous(moved: Moved) -> Judgement:
    before, after = moved.old is True, moved.new is True
    if before == after:
        return _told(f"asks the same: {moved.shown}")
    return _direction(before, moved, "what happens when there is nothing to look at")


def _tolerance(moved: Moved) -> Judgement:
    """No tolerance is a tolerance of nothing."""
    none = 0 if moved.key == "tolerance" else None
    before, after = (none if value is ABSENT else value for value in (moved.old, moved.new))
    if before == after:
        return _told(f"asks the same: {moved.shown}")
    if isinstance(before, int | float) and isinstance(after, int | float):
        return _direction(after < before, moved, moved.key)
    return _quality(moved)


# Promises about time

_LESS = frozenset(
    [
        *("freshness", "latency", "timeOfAvailability", "frequency", "timeToDetect", "timeToNotify", "timeToRepair"),
        *("errorRate", "generalAvailability"),
    ]
)
_MORE = frozenset({"retention", "availability", "throughput", "endOfSupport", "endOfLife"})


def _sla(moved: Moved) -> Judgement:
    if moved.shape == "slaProperties[]":
        return _entry("a promise about time")(moved)
    if moved.key in ("description", "customProperties"):
        return _meaning(f"says something else: {moved.shown}")
    if moved.key in ("id", "driver"):
        return _told(f"is told differently: {moved.shown}")
    before, after = moved.slas or (None, None)
    if before is None or after is None or moved.key not in ("value", "unit"):
        return _breaking(f"another promise about time: {moved.shown}")
    if before.property not in _LESS | _MORE or before.property != after.property:
        return _direction(None, moved, "the promise about time")
    return _direction(_is_more(before, after), moved, before.property)


def _is_more(before: Sla, after: Sla) -> bool | None:
    """Whether the later promise is the stronger; None where they cannot be compared."""
    was, now = _amount(before), _amount(after)
    try:
        if was is None or now is None or was == now:
            return None
        return bool(now < was) if after.property in _LESS else bool(now > was)
    except TypeError:
        return None


def _amount(sla: Sla) -> Any:
    """Something that can be compared with the same of another version: a length of time, a time or a day, a number."""
    if isinstance(sla.value, str):
        found = time_of_day(sla.value)
        return _timed(found) if found else _dated(sla.value)
    length = duration(sla.value, sla.unit)
    if length is not None:
        return datetime(2000, 1, 1, tzinfo=UTC) + length
    return None if sla.unit else sla.value


def _timed(found: time) -> datetime:
    return datetime.combine(date(2000, 1, 1), found)


def _dated(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


# The contract


_STANDING = frozenset({"active", "deprecated"})
"""The statuses of a contract that is in force."""


def _status(moved: Moved) -> Judgement:
    before, after = (contract.status in _STANDING for contract in moved.contracts)
    if before == after:
        return _meaning(f"says something else: {moved.shown}")
    return _additive(f"is in force now: {moved.shown}") if after else _breaking(f"is not in force: {moved.shown}")


def _identity(moved: Moved) -> Judgement:
    return _breaking(f"is another contract: {moved.shown}")


def _server(moved: Moved) -> Judgement:
    if moved.shape == "servers[]":
        return _entry("a place to read it", gone="a place to read it is gone")(moved)
    inside = moved.shape.removeprefix("servers[].")
    if re.match(r"(id|description|environment|roles|customProperties)\b", inside):
        return _told(f"is told differently: {moved.shown}")
    return _breaking(f"readers find it elsewhere: {moved.shown}")


_PAGE = frozenset(
    [
        *("inferred", "about", "tableType", "repository", "collaborators", "changeHistory", "notice", "howToUse"),
        *("pipeline", "upstreams", "consumers", "furtherConsumers", "downstreamInfo"),
    ]
)
"""Custom properties that only the page of a table prints, and `diff` itself."""


def _custom(moved: Moved) -> Judgement:
    name = moved.custom
    if name in _PAGE:
        return _told(f"{name} is told differently")
    if name == "validFrom":
        return _meaning(f"it is about other days: {moved.shown}")
    if name in ("allowVacuous", "retroactive"):
        return _switch(moved)
    asked = _asked(moved)
    if asked and asked[0] == asked[1]:
        return _told(f"{name} asks the same as before")
    if asked:
        return _breaking(f"{name} is {clip(asked[1])}, and was {clip(asked[0])}")
    return _breaking(f"the custom property {clip(name)} is not classified, so it counts as a promise that changed")


def _switch(moved: Moved) -> Judgement:
    """`retroactive` asks more where it is on, `allowVacuous` less."""
    before, after = (part.get("value") if isinstance(part, Mapping) else part for part in (moved.old, moved.new))
    if (before is True) == (after is True):
        return _told(f"{moved.custom} asks the same as before")
    tighter = (after is True) == (moved.custom == "retroactive")
    return _direction(tighter, moved, moved.custom)


def _asked(moved: Moved) -> tuple[object, object] | None:
    match moved.custom:
        case "dayBoundary":
            return moved.contracts[0].zone, moved.contracts[1].zone
        case "publishPartition" if moved.tables:
            return moved.tables[0].publish_partition, moved.tables[1].publish_partition
        case "publishPeriod" if moved.tables:
            before, after = (table.custom.get("publishPeriod", "day") for table in moved.tables)
            return before, after
    return None


def _order(moved: Moved) -> Judgement:
    """A list whose entries stand in another order; only of columns do readers see it."""
    if moved.shape.endswith("properties#order"):
        return _breaking("columns stand in another order")
    if re.search(r"\.(from|to|implementation|arguments)\b", moved.shape):
        return _breaking("stands in another order, which may matter")
    return _told("stands in another order")


_COLUMN = r"schema\[\]\.properties\[\]"
_OPTION = rf"{_COLUMN}\.logicalTypeOptions"
_QUALITY = r"schema\[\](\.properties\[\])?\.quality\[\]"

_RULES: Sequence[tuple[re.Pattern[str], Callable[[Moved], Judgement]]] = [
    (re.compile(pattern, re.DOTALL), judging)
    for pattern, judging in (
        (r".*#order", _order),
        (r"id", _identity),
        (r"status", _status),
        (r"servers\[\].*", _server),
        (r"(.*\.)?customProperties\[\].*", _custom),
        (r"schema\[\]", _entry("a table")),
        (_COLUMN, _entry("a column")),
        (rf"{_COLUMN}\.(required|unique)|{_OPTION}\.uniqueItems", _flag),
        (rf"{_COLUMN}\.primaryKey(Position)?", _key),
        (rf"{_COLUMN}\.(partitioned|partitionKeyPosition)", _partition),
        (rf"{_COLUMN}\.(physicalType|logicalType)|{_OPTION}\.(format|timezone|defaultTimezone)", _type),
        (rf"{_OPTION}\.(minimum|maximum|exclusiveMinimum|exclusiveMaximum)", _bound),
        (rf"{_OPTION}\.(min|max)(Length|Items|Properties)", _size),
        (rf"{_OPTION}\.multipleOf", _multiple),
        (rf"{_OPTION}\.pattern", _pattern),
        (rf"{_OPTION}\.required\[\]", _entry("a field that is asked for")),
        (rf"{_COLUMN}\.enum\[\].*", _enum),
        (rf"{_COLUMN}\.classification", _classification),
        (rf"{_COLUMN}\.name", _name),
        (r"schema\[\](\.properties\[\])?\.relationships\[\]", _entry("a foreign key")),
        (rf"{_QUALITY}\.severity", _severity),
        (rf"{_QUALITY}\.({'|'.join(OPERATORS)})(\[\])?", _threshold),
        (rf"{_QUALITY}\.implementation\.allow_vacuous", _vacuous),
        (rf"{_QUALITY}\.implementation\.(tolerance|max_distance)", _tolerance),
        (rf"{_QUALITY}.*", _quality),
        (r"slaProperties\[\].*", _sla),
    )
]
"""The first that knows the shape judges."""
