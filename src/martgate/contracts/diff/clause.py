"""A clause that differs between two versions of a contract, and the impacts that a change can have on consumers.

A change that weakens what consumers rely on is breaking; one that adds to it or tightens it is additive; one that changes
the wording or the meaning, but no requirement, is semantic. A change of an unknown key is breaking.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

from martgate.contracts.documentation import is_documentation
from martgate.contracts.model import Column, Contract, Sla, Table
from martgate.contracts.quality import Quality
from martgate.hints import clip

__all__ = [
    "ABSENT",
    "Bump",
    "ChangeKind",
    "ClauseChange",
    "Impact",
    "additive",
    "breaking",
    "classify_entry",
    "classify_strictness",
    "classify_unlisted",
    "editorial",
    "parse_instant",
    "semantic",
]


class ChangeKind(StrEnum):
    """The kind of a change: it takes a guarantee away, adds one, or changes the meaning."""

    BREAKING = "breaking"
    ADDITIVE = "additive"
    SEMANTIC = "semantic"


class Bump(IntEnum):
    """The part of a version number that has to grow."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def word(self) -> str:
        return self.name.lower()


class Impact(NamedTuple):
    """The effect of a change on consumers: its kind, the version part that it requires, and a sentence about it."""

    kind: ChangeKind
    bump: Bump
    detail: str


ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "absent"})()
"""The value of a clause that a document does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseChange:
    """A clause whose value differs between two documents. Each pair is old and new.

    Attributes:
        path: The address in the new document; in the old one for a clause that was removed.
        shape: The address without indices.
        old: The old value, or `ABSENT`.
        new: The new value, or `ABSENT`.
        contracts: Both contracts.
        tables: The tables of the clause; None unless both documents have the table.
        columns: The columns of the clause; None unless both documents have the column.
        qualities: The quality entries of the clause; None unless both documents have the entry.
        slas: The service levels of the clause; None unless both documents have the entry.
        custom: The name of the custom property of the clause; empty for other clauses.
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
    def is_added(self) -> bool:
        return self.old is ABSENT

    @property
    def is_removed(self) -> bool:
        return self.new is ABSENT

    @property
    def values(self) -> str:
        """Both values as text, except those of a protected column."""
        if self.columns and any(column.is_protected for column in self.columns):
            return "values of a protected column are not shown"
        return " -> ".join("absent" if value is ABSENT else clip(value) for value in (self.old, self.new))


def breaking(detail: str) -> Impact:
    """Return the impact of a weaker clause: consumers may rely on less."""
    return Impact(ChangeKind.BREAKING, Bump.MAJOR, detail)


def additive(detail: str) -> Impact:
    """Return the impact of a stronger clause: consumers may rely on more."""
    return Impact(ChangeKind.ADDITIVE, Bump.MINOR, detail)


def semantic(detail: str) -> Impact:
    """Return the impact of a clause that may mean something else now."""
    return Impact(ChangeKind.SEMANTIC, Bump.MINOR, detail)


def editorial(detail: str) -> Impact:
    """Return the impact of a clause on which no consumer relies."""
    return Impact(ChangeKind.SEMANTIC, Bump.PATCH, detail)


_MEANS = frozenset(
    [
        *("description", "purpose", "usage", "limitations", "businessName", "dataGranularityDescription"),
        *("semanticType", "deprecated", "format", "timezone", "defaultTimezone", "name", "encryptedName"),
        *("transformLogic", "transformDescription", "price", "roles", "status"),
    ]
)
"""Keys of documentation that say what the data mean, or who may read them."""


def classify_unlisted(clause: ClauseChange) -> Impact:
    """Classify documentation as semantic, and unknown keys as breaking."""
    if not is_documentation(clause.path):
        return breaking(f"is not a known clause, so it counts as breaking: {clause.values}")
    parts = re.split(r"[.\[\]]+", clause.path)
    if clause.key in _MEANS or parts[0] in _MEANS or "transformSourceObjects" in parts:
        return semantic(f"changed: {clause.values}")
    return editorial(f"is worded differently: {clause.values}")


def classify_entry(what: str) -> Callable[[ClauseChange], Impact]:
    """Return a classifier of list entries that are guarantees as a whole: new ones are additive, gone ones breaking."""

    def classify(clause: ClauseChange) -> Impact:
        value = clause.new if clause.is_added else clause.old
        keys = ("physicalName", "name", "id", "property", "server", "metric")
        name = next((f": {clip(value[key])}" for key in keys if key in value), "") if isinstance(value, Mapping) else ""
        return additive(f"{what} is new{name}") if clause.is_added else breaking(f"{what} is gone{name}")

    return classify


def classify_strictness(tighter: bool | None, clause: ClauseChange, what: str) -> Impact:  # noqa: FBT001 - None is neither
    """Classify a limit that became tighter (additive) or looser (breaking); None cannot be compared (breaking)."""
    if tighter is None:
        return breaking(f"{what} cannot be compared: {clause.values}")
    return (
        additive(f"{what} is tighter: {clause.values}") if tighter else breaking(f"{what} is looser: {clause.values}")
    )


def parse_instant(text: str) -> datetime | None:
    """Parse a day or an instant in ISO 8601; return None for any other text."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
