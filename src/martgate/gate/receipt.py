"""The receipt of a published day, what approved it, and what verification found of it."""

from dataclasses import dataclass
from datetime import date, datetime

from martgate.expectations.restatement import Restatement
from martgate.gate.waiver import Applied

__all__ = ["Approval", "Receipt", "Verified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Which candidate became which version of a table, when, with which bytes, in place of what, and by which waivers.

    `is_sound` is false where the receipt is not the one that was given: then nothing that it says counts.
    """

    table: str
    part_date: date | None
    candidate: str
    version: int
    published_at: datetime
    fingerprint: str
    restatement: Restatement | None = None
    waived: tuple[Applied, ...] = ()
    is_sound: bool = True


@dataclass(frozen=True, slots=True)
class Approval:
    """What approved a candidate: which version of a contract, of how many rows, by how many rules."""

    contract: str
    contract_version: str
    rows: int
    rules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A published day as it was found: `problems` says why it is not what the gate let through, empty where it is.

    `version` and `candidate` are those of the newest commit about it, or else of its newest receipt.
    """

    value: str
    version: int | None
    candidate: str
    problems: tuple[str, ...]
