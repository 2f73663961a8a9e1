"""One clause of a contract in two versions, and the ways in which it can have moved, as its readers see it.

Whatever weakens what readers may rely on is breaking, whatever adds to it or tightens it is additive, and whatever
changes what is said without changing what is asked is semantic. What is not known is breaking.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

from martgate.contracts.documentation import is_documentation
from martgate.contracts.model import Column, Contract, Quality, Sla, Table
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


class Impact(NamedTuple):
    kind: ChangeKind
    bump: Bump
    detail: str


ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "absent"})()
"""Stands where a document has nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseChange:
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


def breaking(detail: str) -> Impact:
    """Readers may rely on less."""
    return Impact(ChangeKind.BREAKING, Bump.MAJOR, detail)


def additive(detail: str) -> Impact:
    """Readers may rely on more."""
    return Impact(ChangeKind.ADDITIVE, Bump.MINOR, detail)


def semantic(detail: str) -> Impact:
    """Readers have to look at it, for it may mean something else now."""
    return Impact(ChangeKind.SEMANTIC, Bump.MINOR, detail)


def editorial(detail: str) -> Impact:
    """Nothing that readers rely on."""
    return Impact(ChangeKind.SEMANTIC, Bump.PATCH, detail)


_MEANS = frozenset(
    [
        *("description", "purpose", "usage", "limitations", "businessName", "dataGranularityDescription"),
        *("semanticType", "deprecated", "format", "timezone", "defaultTimezone", "name", "encryptedName"),
        *("transformLogic", "transformDescription", "price", "roles", "status"),
    ]
)
"""Keys of documentation that say what data mean, or who may read them."""


def classify_unlisted(moved: ClauseChange) -> Impact:
    """What is documentation, and whatever nobody has thought of."""
    if not is_documentation(moved.path):
        return breaking(f"is not classified, so it counts as a promise that changed: {moved.shown}")
    parts = re.split(r"[.\[\]]+", moved.path)
    if moved.key in _MEANS or parts[0] in _MEANS or "transformSourceObjects" in parts:
        return semantic(f"says something else: {moved.shown}")
    return editorial(f"is told differently: {moved.shown}")


def classify_entry(what: str, *, gone: str = "") -> Callable[[ClauseChange], Impact]:
    """An entry of a list that is a promise as a whole."""

    def judging(moved: ClauseChange) -> Impact:
        found = moved.new if moved.came else moved.old
        keys = ("physicalName", "name", "id", "property", "server", "metric")
        name = next((f": {clip(found[key])}" for key in keys if key in found), "") if isinstance(found, Mapping) else ""
        return additive(f"{what} is new{name}") if moved.came else breaking(f"{gone or f'{what} is gone'}{name}")

    return judging


def classify_strictness(tighter: bool | None, moved: ClauseChange, what: str) -> Impact:  # noqa: FBT001 - None is neither
    if tighter is None:
        return breaking(f"{what} cannot be compared with what it was: {moved.shown}")
    return additive(f"{what} is tighter: {moved.shown}") if tighter else breaking(f"{what} is looser: {moved.shown}")


def parse_instant(text: str) -> datetime | None:
    """The day or instant that a text names; None where it names none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
