"""Kinds that Great Expectations evaluates; the plan only counts whether anything is in scope."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Literal

from martgate.expectations.kinds.base import Check, ExpectationConfig
from martgate.expectations.kinds.evaluation import Evaluation, Scan
from martgate.expectations.kinds.examples import Offenders
from martgate.expectations.kinds.result import Outcome, Result, parse_count
from martgate.expectations.source import Source
from martgate.text.quoting import identifier
from martgate.text.regex import to_python

__all__ = ["ExpectationCheck"]

_NOT_EVALUATED = "no verdict yet: Great Expectations evaluates this rule, and it was not run"


class ExpectationCheck(Check):
    """An expectation of Great Expectations.

    Failures count rows where it looks at each row by itself, else 0 or 1.

    Attributes:
        type: the type of the expectation.
        arguments: its arguments (kwargs) as JSON.
        columns: the columns that it reads.
        looks_at: what must exist for it to be in scope: values of its columns, rows, or the shape of the table, which
            always exists.
    """

    __slots__ = ()

    type: str
    arguments: str
    columns: tuple[str, ...]
    looks_at: Literal["values", "rows", "shape"]
    is_foreign: ClassVar[bool] = True

    def evaluation(self, source: Source) -> Evaluation:
        del source
        return Scan(("COUNT(*)", *(f"COUNT({identifier(name)})" for name in self.columns)))

    def result(self, numbers: Sequence[object], audited_at: datetime) -> Result:
        """The result until Great Expectations evaluates it: an error, or vacuous where nothing is in scope."""
        del audited_at
        counts = [parse_count(value) for value in numbers]
        in_scope = {"values": max(counts[1:], default=counts[0]), "rows": counts[0], "shape": 1}[self.looks_at]
        if not in_scope:
            return Result(Outcome.VACUOUS)
        return Result(Outcome.ERROR, reason=_NOT_EVALUATED, is_pending=True)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        """None, because Great Expectations returns its own."""
        del source, names
        return None

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig:
        """The expectation itself; a suite leaves it out where it reads protected columns."""
        del types
        arguments = json.loads(self.arguments)
        if "regex" in arguments:  # pandas and Spark then read it alike
            arguments["regex"] = to_python(arguments["regex"])
        if isinstance(arguments.get("regex_list"), list):
            arguments["regex_list"] = [to_python(pattern) for pattern in arguments["regex_list"]]
        return ExpectationConfig(self.type, arguments)
