"""The rule that carries a check: where it comes from, and what happens when it is broken."""

from dataclasses import dataclass

from martgate.contracts.model import Severity
from martgate.expectations.kinds.base import Check

__all__ = ["Rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One checkable sentence of a contract.

    `name` is its address in data, message and report alike: `column|rule`, `table|rule`, or the id a contract gave.
    `clauses` are the leaves of the contract that it enforces. With `allow_vacuous`, having had nothing to look at does
    not block. `description` is the contract's own wording, empty where it has none.
    """

    name: str
    check: Check
    clauses: tuple[str, ...]
    columns: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR
    dimension: str = ""
    description: str = ""
    allow_vacuous: bool = False

    @property
    def sentence(self) -> str:
        """What must be true, in plain English, from the check itself."""
        return self.check.sentence

    @property
    def suite(self) -> str:
        """Where in which suite it was written by hand, as `expectations/x.json#expectations[0]`; empty for a contract's."""
        return next((clause for clause in self.clauses if ".json#" in clause), "")
