"""The rule: a check, the clauses of the contract that it enforces, and what its failure means for a publish."""

import hashlib
from dataclasses import dataclass

from martgate.contracts.quality import Severity
from martgate.expectations.kinds.base import Check

__all__ = ["Rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One checkable sentence of a contract.

    Attributes:
        name: its name in messages, reports and records: `column|rule`, `table|rule`, or the id that the contract gives.
        check: what must be true.
        clauses: the leaves of the contract that it enforces.
        columns: the columns that it is about.
        severity: whether a failure refuses the publish.
        dimension: the quality dimension of ODCS; empty where the contract names none.
        description: the contract's description; empty where it has none.
        allow_vacuous: whether a publish is possible where the rule has nothing in scope.
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
        """What must be true, as one English sentence."""
        return self.check.sentence

    @property
    def digest(self) -> str:
        """The SHA-256 of what it checks, and whether a failure refuses the publish; its name and its words do not count."""
        return hashlib.sha256(f"{self.severity.value}\0{self.check!r}".encode()).hexdigest()

    @property
    def suite(self) -> str:
        """The place in the suite that states it, as `expectations/x.json#expectations[0]`; empty for a rule of a contract."""
        return next((clause for clause in self.clauses if ".json#" in clause), "")
