"""Kinds that Great Expectations judges: the plan only counts whether there is anything to look at."""

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

_NOT_JUDGED = "nobody here judges expectations of Great Expectations"


class ExpectationCheck(Check):
    """An expectation `type` with its `arguments` (kwargs as JSON) over `columns`.

    What it `looks_at` says when it had nothing to look at: values of its columns, rows (null, too), or the shape of the
    table, which is always there. Failures count rows where it looks at each by itself, else 0 or 1.
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
        """Not judged yet, which is an error until it is, unless there is nothing to look at."""
        del audited_at
        counts = [parse_count(value) for value in numbers]
        seen = {"values": max(counts[1:], default=counts[0]), "rows": counts[0], "shape": 1}[self.looks_at]
        if not seen:
            return Result(Outcome.VACUOUS)
        return Result(Outcome.ERROR, reason=_NOT_JUDGED, is_pending=True)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        """None: Great Expectations hands out its own."""
        del source, names
        return None

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig:
        """Itself, for nothing else says it; a suite leaves it out where it reads protected columns."""
        del types
        arguments = json.loads(self.arguments)
        if "regex" in arguments:  # spelled so that pandas and Spark read it alike
            arguments["regex"] = to_python(arguments["regex"])
        if isinstance(arguments.get("regex_list"), list):
            arguments["regex_list"] = [to_python(pattern) for pattern in arguments["regex_list"]]
        return ExpectationConfig(self.type, arguments)
