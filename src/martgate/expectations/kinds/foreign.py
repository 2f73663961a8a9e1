"""`foreign`: an expectation of Great Expectations that no kind equals."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from martgate.expectations import wording
from martgate.expectations.kinds.expectations import ExpectationCheck
from martgate.expectations.kinds.fields import Columns

__all__ = ["Foreign"]


@dataclass(frozen=True, slots=True)
class Foreign(ExpectationCheck):
    """An expectation of Great Expectations that a contract names."""

    type: str
    arguments: str
    columns: Columns
    looks_at: Literal["values", "rows", "shape"] = "values"
    kind: ClassVar[str] = "foreign"
    is_declarable: ClassVar[bool] = False

    @property
    def sentence(self) -> str:
        return f"{self.type} of Great Expectations is met, with {wording.single_line(self.arguments)}"
