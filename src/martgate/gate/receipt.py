"""Receipts of published days, and what verification says about them."""

from dataclasses import dataclass
from datetime import date, datetime

from martgate.expectations.restatement import Restatement
from martgate.gate.basis import ReceiptBasis
from martgate.gate.waiver import AppliedWaiver

__all__ = ["Approval", "LostReceipt", "Receipt", "TableHistory", "VerificationResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The record of one publish.

    Attributes:
        table: the qualified name of the table.
        part_date: the day that was published; None only in an altered receipt.
        candidate: the id of the candidate.
        version: the version of the table that holds the candidate.
        published_at: when the candidate was published.
        fingerprint: the hash of the candidate's bytes.
        restatement: how the candidate differed from the published day that it replaced; None if it replaced none.
        waived: the waivers that let a failure through.
        basis: the contract, the rules, the model and the inputs of the candidate; None in receipts of earlier versions.
        is_sound: whether the receipt is as it was recorded. An altered one proves nothing.
    """

    table: str
    part_date: date | None
    candidate: str
    version: int
    published_at: datetime
    fingerprint: str
    restatement: Restatement | None = None
    waived: tuple[AppliedWaiver, ...] = ()
    basis: ReceiptBasis | None = None
    is_sound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LostReceipt:
    """A commit of martgate that has no receipt: its run was killed, or the ledger lost it.

    Attributes:
        version: the version of the table.
        candidate: the id of the candidate that it published.
        day: the day of the candidate.
    """

    version: int
    candidate: str
    day: str


@dataclass(frozen=True, slots=True)
class Approval:
    """The approving run of a candidate in brief: its contract, and the number of its rows and rules."""

    contract: str
    contract_version: str
    rows: int
    rules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableHistory:
    """The receipts of a table, and what the warehouse says about them.

    Attributes:
        table: the qualified name of the table.
        receipts: the receipts, the oldest first.
        approvals: the approving run of each candidate in brief, by the id of the candidate.
        live: the ids of the candidates that readers see.
        lost: the commits of martgate that have no receipt.
        others: the number of receipts that are about other warehouses, by the location of the warehouse.
    """

    table: str
    receipts: tuple[Receipt, ...]
    approvals: dict[str, Approval]
    live: frozenset[str]
    lost: tuple[LostReceipt, ...]
    others: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationResult:
    """What verification says about one published partition.

    Attributes:
        value: the value of the partition column; empty for a table that is published whole and has no receipt.
        version: the version of the newest commit about the partition, or else of its newest receipt; None without both.
        candidate: the id of the candidate of that commit or receipt; empty without both.
        problems: why the partition is not what the gate approved; empty if it is.
    """

    value: str
    version: int | None
    candidate: str
    problems: tuple[str, ...]
