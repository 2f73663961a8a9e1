"""The record of one run of the gate, which the ledger stores and every report renders."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from martgate.contracts.partition import OptionalDate
from martgate.errors import CouldNotRun
from martgate.expectations.restatement import Restatement
from martgate.expectations.verdict import Audit
from martgate.gate.basis import InputPin, VerdictBasis
from martgate.gate.waiver import AppliedWaiver

if TYPE_CHECKING:  # three quarters of a second to import, and only reading and writing records needs it
    from pydantic import TypeAdapter

__all__ = ["Decision", "RunRecord"]

Decision = Literal["approved", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run of the gate: its audit, its decision, and what was published.

    Attributes:
        table: the qualified name of the table.
        date: the day that was audited; None if the run was about no day.
        candidate: the id of the staged candidate, or of the run if it audited data in place.
        decision: `approved` or `refused`.
        reasons: why the run was refused, the most important reason first; empty if it was approved.
        published_version: the version of the table that holds the candidate; None if nothing was published.
        audit: the verdicts.
        dry_run: whether the run publishes nothing even if it is approved.
        report: the page of the run; empty if none was written.
        restatement: how an approved candidate differs from the published day that it replaces; None if there is none.
        waivers: the waivers that affected the decision, or should have.
        basis: the contract and the rules that it was decided by; None if nothing was audited.
        inputs: the state of the tables that the candidate was made from; of data that was audited in place, its own.
    """

    table: str
    date: OptionalDate
    candidate: str
    decision: Decision
    reasons: tuple[str, ...] = ()
    published_version: int | None = None
    audit: Audit
    dry_run: bool = False
    report: str = ""
    restatement: Restatement | None = None
    waivers: tuple[AppliedWaiver, ...] = ()
    basis: VerdictBasis | None = None
    inputs: tuple[InputPin, ...] = ()

    def to_json(self) -> str:
        """Render the record as one JSON object, which `from_json` reads."""
        return _adapter().dump_json(self, indent=1).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "RunRecord":
        """Read a record that `to_json` rendered.

        Raises:
            martgate.errors.CouldNotRun: the text is not a record; the message says where, and shows no value.
        """
        from pydantic import ValidationError  # noqa: PLC0415 - see above

        try:
            return _adapter().validate_json(text)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the whole text"
            raise CouldNotRun(f"not the record of a run: {place}: {first['msg']}") from None


@cache
def _adapter() -> "TypeAdapter[RunRecord]":
    from pydantic import TypeAdapter  # noqa: PLC0415 - see above

    return TypeAdapter(RunRecord)
