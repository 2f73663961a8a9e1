"""What the renderers share: the record of one run as it is kept, and the words in which every output tells it."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from expectations.verdict import Audit

if TYPE_CHECKING:  # three quarters of a second to import, and only those who read or write records need it
    from pydantic import TypeAdapter

__all__ = ["Decision", "RunRecord"]

Decision = Literal["approved", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run of the gate: what was audited, what was decided and why, and what became of it.

    `date` is the day as `YYYY-MM-DD`, empty where there was none. `candidate` names the staged partition, empty where
    data was audited where it lay. `reasons` says why a refused run was refused, most telling first.
    `published_version` is the table's version that holds the candidate, None where nothing was published. `report` is
    the page a reader can open, empty where none was written.
    """

    table: str
    date: str
    candidate: str
    decision: Decision
    reasons: tuple[str, ...] = ()
    published_version: int | None = None
    audit: Audit
    dry_run: bool = False
    report: str = ""

    def to_json(self) -> str:
        """The record as one JSON object; `from_json` gives the same record back."""
        return _adapter().dump_json(self, indent=1).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "RunRecord":
        """The record that `to_json` wrote.

        Raises:
            ValueError: the text is not such a record; the message says where.
        """
        return _adapter().validate_json(text)


@cache
def _adapter() -> "TypeAdapter[RunRecord]":
    from pydantic import TypeAdapter  # noqa: PLC0415 - see above

    return TypeAdapter(RunRecord)
