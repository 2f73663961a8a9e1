"""`metric`: the library metrics of ODCS."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import ClassVar

from martgate.contracts.quality import Metric, Scalar, Threshold, Unit
from martgate.expectations import wording
from martgate.expectations.domain import (
    Domain,
    Interval,
    Requirement,
    Requirements,
    forbid_null,
    list_values,
    null_count,
    require,
    threshold_domain,
)
from martgate.expectations.kinds.base import Check, ExpectationConfig
from martgate.expectations.kinds.evaluation import Evaluation, Scan, SeparateStatement
from martgate.expectations.kinds.examples import Offenders, show_columns, show_count
from martgate.expectations.kinds.fields import Columns, RegularExpression
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.pattern import Pattern
from martgate.expectations.kinds.result import Outcome, Result, parse_count
from martgate.expectations.kinds.rows import RowTest
from martgate.expectations.kinds.statements import count_repeated_rows, find_repeated_values
from martgate.expectations.kinds.thresholds import threshold_condition
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.proofs import StatisticsProofs
from martgate.expectations.source import Source
from martgate.text.comparison import write_in_list
from martgate.text.quoting import identifier, relation

__all__ = ["QualityMetric"]


@dataclass(frozen=True, slots=True)
class QualityMetric(Check):
    """One of the library metrics of ODCS; in percent, the number is a share of the rows in scope."""

    metric: Metric
    columns: Columns
    threshold: Threshold
    unit: Unit = "rows"
    missing_values: tuple[Scalar | None, ...] = ()
    valid_values: tuple[Scalar, ...] = ()
    pattern: RegularExpression = ""
    kind: ClassVar[str] = "metric"
    is_declarable: ClassVar[bool] = False

    @property
    def sentence(self) -> str:
        columns = f" of {wording.join_names(self.columns)}" if self.columns else ""
        return f"{wording.METRICS[self.metric]}{columns} is {wording.describe_threshold(self.threshold, self.unit)}"

    def evaluation(self, source: Source) -> Evaluation:
        if self.metric == "duplicateValues":
            columns = source.drop_constant_columns(self.columns) if len(self.columns) > 1 else self.columns
            return SeparateStatement(count_repeated_rows(columns or self.columns, source.relation))
        if self.metric == "rowCount":
            return Scan(("COUNT(*)", "COUNT(*)"))
        test = self._row_test(source.types)
        return Scan((f"COUNT_IF({test.failure})", test.total))

    def result(self, numbers: Sequence[object], audited_at: datetime) -> Result:
        """A metric with no rows in scope is vacuous, except for the number of rows."""
        del audited_at
        count, total = parse_count(numbers[0]), parse_count(numbers[1])
        if self.metric == "rowCount":
            is_admitted = self.threshold.admits(count)
            outcome = Outcome.PASSED if is_admitted else Outcome.FAILED
            return Result(outcome, int(not is_admitted), 1, "tables", observed=f"{count} rows", observed_is_value=False)
        if total == 0:
            return Result(Outcome.VACUOUS)
        in_percent = self.unit == "percent"
        number = 100 * count / total if in_percent else count
        observed = f"{number:.6g} percent" if in_percent else str(count)
        is_admitted = self.threshold.admits(number)
        outcome = Outcome.PASSED if is_admitted else Outcome.FAILED
        failed = 0 if is_admitted else max(count, 1)
        return Result(outcome, failed, total, observed=observed, observed_is_value=False)

    def requirements(self, types: Mapping[str, str]) -> Requirements:
        """What it requires of each value, where not a single one may be counted; else of the number that it counts."""
        domain, values = threshold_domain(self.threshold), self._value_domain(types)
        if domain is None:
            return Requirements()
        if self.metric == "nullValues" and self._admits_none_only:
            return forbid_null(self.columns[0])
        if values is not None and self._admits_none_only:
            return require(self.columns[0], values)
        if self.unit == "percent":
            universe = Domain(interval=Interval(Fraction(0), Fraction(100)), has_null=False)
        else:
            universe = Domain(interval=Interval(Fraction(0), None), step=Fraction(1), has_null=False)
        subject: Hashable = replace(self, threshold=Threshold("mustBe", (0,)))
        if self.metric == "nullValues":
            subject = null_count(self.columns[0], self.unit)
        return Requirements((Requirement(subject, domain, universe),), is_exact=True)

    def follows_from(self, other: Check, never_null: frozenset[str]) -> bool:
        is_key = isinstance(other, Unique) and self.metric == "duplicateValues" and self._admits_none_only
        return (is_key and Unique(self.columns).follows_from(other, never_null)) or self == other

    @property
    def _admits_none_only(self) -> bool:
        """Whether no other number than 0 passes."""
        least = Fraction(1) if self.unit == "rows" else Fraction(1, 10**12)
        return self.threshold.admits(0) and not self.threshold.admits(float(least)) and not self.threshold.admits(1e18)

    def _value_domain(self, types: Mapping[str, str]) -> Domain | None:
        """The values that are not counted; None where values are not counted one by one."""
        kind = types.get(self.columns[0].casefold(), "") if self.columns else ""
        if self.metric == "missingValues":
            missing = list_values([value for value in self.missing_values if value is not None], kind)
            return None if missing is None else Domain(excluded=missing, has_null=None not in self.missing_values)
        if self.metric == "invalidValues":
            valid = list_values(self.valid_values, kind) if self.valid_values else None
            patterns = frozenset({self.pattern} if self.pattern and kind == "string" else ())
            is_known = valid is not None or not self.valid_values
            return Domain(members=valid, patterns=patterns) if is_known and (valid is not None or patterns) else None
        return None

    def prove(self, statistics: StatisticsProofs) -> tuple[int, int] | None:
        if self.metric != "nullValues" or len(self.columns) != 1:
            return None
        nulls = statistics.null_count(self.columns[0])
        return None if nulls is None else (nulls, statistics.rows)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        if self.metric == "rowCount":
            return None
        if self.metric == "duplicateValues":
            return find_repeated_values(self.columns, source.relation)
        failure = self._row_test(source.types).failure
        return Offenders(show_columns(names), f"FROM {relation(source.relation)}\nWHERE {failure}")

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig | None:
        del types
        is_whole = all(value == int(value) for value in self.threshold.values)
        if self.metric != "rowCount" or self.unit != "rows" or not is_whole:
            return None
        first, last = int(self.threshold.values[0]), int(self.threshold.values[-1])
        between: Mapping[str, dict[str, object]] = {
            "mustBeGreaterThan": {"min_value": first, "strict_min": True},
            "mustBeGreaterOrEqualTo": {"min_value": first},
            "mustBeLessThan": {"max_value": first, "strict_max": True},
            "mustBeLessOrEqualTo": {"max_value": first},
            "mustBeBetween": {"min_value": first, "max_value": last},
        }
        if self.threshold.operator == "mustBe":
            return ExpectationConfig("expect_table_row_count_to_equal", {"value": first}, quotes_values=False)
        arguments = between.get(self.threshold.operator)
        if arguments is None:
            return None
        return ExpectationConfig("expect_table_row_count_to_be_between", arguments, quotes_values=False)

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        """The measured number, where the threshold does not admit it."""
        del names
        if self.metric == "duplicateValues":
            counts = count_repeated_rows(self.columns, source.relation)
        elif self.metric == "rowCount":
            counts = f"SELECT COUNT(*) AS m0, COUNT(*) AS m1 FROM {relation(source.relation)}"
        else:
            test = self._row_test(source.types)
            counts = f"SELECT COUNT_IF({test.failure}) AS m0, {test.total} AS m1 FROM {relation(source.relation)}"
        number = "100 * m0 / NULLIF(m1, 0)" if self.unit == "percent" else "m0"
        measured = f"  SELECT {number} AS `number` FROM (\n{counts}\n) AS counted"
        rows = f"FROM (\n{measured}\n) AS measured\nWHERE NOT ({threshold_condition('`number`', self.threshold)})"
        return Offenders((show_count("number", "`number`"),), rows)

    def count_unexpected_rows(self, outcome: Outcome, failed: int) -> int:
        del outcome
        return min(failed, 1)

    def _row_test(self, types: Mapping[str, str]) -> RowTest:
        column = self.columns[0]
        name, kind = identifier(column), types.get(column.casefold(), "")
        if self.metric == "nullValues":
            return RowTest("COUNT(*)", f"{name} IS NULL")
        if self.metric == "missingValues":
            values = [value for value in self.missing_values if value is not None]
            failures = [f"{name} IS NULL"] if None in self.missing_values else []
            failures += [write_in_list(name, values, kind)] if values else []
            return RowTest("COUNT(*)", " OR ".join(failures))
        failures = [InSet(column, self.valid_values).failure_condition(name, kind)] if self.valid_values else []
        failures += [Pattern(column, self.pattern).failure_condition(name, kind)] if self.pattern else []
        return RowTest(f"COUNT({name})", " OR ".join(failures))
