"""`sql`: a number that a query of the contract returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import ClassVar

from martgate.contracts.quality import Threshold
from martgate.expectations import wording
from martgate.expectations.domain import Requirement, Requirements, threshold_domain
from martgate.expectations.fragments import find_compared_columns
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.evaluation import Evaluation, SeparateStatement
from martgate.expectations.kinds.examples import ExampleColumn, Offenders
from martgate.expectations.kinds.fields import QueryText
from martgate.expectations.kinds.result import Outcome, Result
from martgate.expectations.kinds.thresholds import threshold_condition
from martgate.expectations.source import Source
from martgate.text.quoting import put_table

__all__ = ["SqlNumber"]


@dataclass(frozen=True, slots=True)
class SqlNumber(Check):
    """The one number of a query meets a threshold. `{object}` is the table under audit.

    The query may read any column, so that the check names none.
    """

    query: QueryText
    threshold: Threshold
    kind: ClassVar[str] = "sql"
    failure_unit: ClassVar[str] = "values"
    is_declarable: ClassVar[bool] = False

    @property
    def sentence(self) -> str:
        return f"the number that the contract's query returns is {wording.describe_threshold(self.threshold)}"

    def requirements(self, types: Mapping[str, str]) -> Requirements:
        del types
        domain = threshold_domain(self.threshold)
        if domain is None:
            return Requirements()
        return Requirements((Requirement((self.kind, self.query), domain),), is_exact=True)

    @property
    def compared_with_source(self) -> tuple[str, ...]:
        """The columns that its query compares with columns of other tables."""
        return find_compared_columns(self.query)

    def evaluation(self, source: Source) -> Evaluation:
        return SeparateStatement(self._query(source), is_whole_row=True)

    def result(self, numbers: Sequence[object], audited_at: datetime) -> Result:
        del audited_at
        if len(numbers) != 1:
            return Result(Outcome.ERROR, reason=f"expected one number, found {len(numbers)} columns")
        (value,) = numbers
        if value is None:
            return Result(Outcome.VACUOUS, unit=self.failure_unit, reason="the query answered null")
        number = _parse_number(value)
        if number is None:
            return Result(Outcome.ERROR, reason="expected a number, found something else")
        is_admitted = self.threshold.admits(number)
        outcome = Outcome.PASSED if is_admitted else Outcome.FAILED
        return Result(outcome, int(not is_admitted), 1, self.failure_unit, observed=wording.format_number(number))

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        del source, names
        return None

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        """The number, where the threshold does not admit it."""
        del names
        query = f"  SELECT (\n{self._query(source)}\n  ) AS `number`"
        is_number = "CAST(`number` AS DOUBLE) <= CAST('Infinity' AS DOUBLE)"  # NaN is greater
        admitted = f"COALESCE({threshold_condition('`number`', self.threshold)} AND {is_number}, FALSE)"
        column = ExampleColumn("number", "`number`", sql=(self.query,), is_computed=True)
        return Offenders((column,), f"FROM (\n{query}\n) AS answer\nWHERE NOT {admitted}")

    def count_unexpected_rows(self, outcome: Outcome, failed: int) -> int:
        del failed
        return int(outcome is not Outcome.PASSED)

    def _query(self, source: Source) -> str:
        return put_table(self.query, source.relation)


def _parse_number(value: object) -> float | Decimal | None:
    """Return a number with all of its digits; None for anything else."""
    if isinstance(value, int | float | Decimal):
        return int(value) if isinstance(value, bool) else value
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
