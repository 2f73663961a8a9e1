"""The record of one run of the gate, as the ledger keeps it and every report renders it."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from martgate.contracts.partition import OptionalDate
from martgate.errors import CouldNotRun
from martgate.expectations.restatement import Restatement
from martgate.expectations.verdict import Audit
from martgate.gate.waiver import Applied

if TYPE_CHECKING:  # three quarters of a second to import, and only reading and writing records needs it
    from pydantic import TypeAdapter

__all__ = ["Decision", "RunRecord"]

Decision = Literal["approved", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run of the gate: what was audited, what was decided and why, and what became of it.

    `date` is the day as `YYYY-MM-DD`, empty where there was none. `candidate` names the staged partition, or the run
    where data was audited where it lay. `reasons` says why a refused run was refused, most telling first.
    `published_version` is the table's version that holds the candidate, None where nothing was published. `report` is
    the page a reader can open, empty where none was written. `restatement` is how an approved candidate differs from
    the published day that it replaces, None where there is no such day. `waivers` are those that had a part in the
    decision, or should have had.
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
    waivers: tuple[Applied, ...] = ()

    def to_json(self) -> str:
        """The record as one JSON object; `from_json` gives the same record back."""
        return _adapter().dump_json(self, indent=1).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "RunRecord":
        """The record that `to_json` wrote.

        Raises:
            martgate.errors.CouldNotRun: the text is not such a record; the message says where, and shows no value.
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
