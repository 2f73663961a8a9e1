"""`columns`: the columns of a table, by name and in order."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from martgate.expectations import wording
from martgate.expectations.kinds.base import Check, ExpectationConfig
from martgate.expectations.kinds.evaluation import Evaluation, SchemaComparison
from martgate.expectations.kinds.examples import Offenders
from martgate.expectations.kinds.result import Outcome, Result
from martgate.expectations.source import Source

__all__ = ["HasColumns"]


@dataclass(frozen=True, slots=True)
class HasColumns(Check):
    """The table has exactly these columns, in this order; failures count columns lost, added or moved."""

    columns: tuple[str, ...]
    kind: ClassVar[str] = "columns"
    failure_unit: ClassVar[str] = "columns"
    is_declarable: ClassVar[bool] = False
    is_structural: ClassVar[bool] = True

    @property
    def sentence(self) -> str:
        columns = self.columns
        return f"the table has exactly these {len(columns)} columns, in this order: {wording.join_names(columns)}"

    @property
    def expected_types(self) -> Mapping[str, str]:
        return dict.fromkeys(self.columns, "")

    @property
    def expected_value(self) -> object:
        return list(self.columns)

    def evaluation(self, source: Source) -> Evaluation:
        del source
        return SchemaComparison(self._compare)

    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        del source, names
        return None

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig | None:
        del types
        arguments: dict[str, object] = {"column_list": list(self.columns)}
        return ExpectationConfig("expect_table_columns_to_match_ordered_list", arguments, quotes_values=False)

    def _compare(self, columns: Sequence[tuple[str, str]], partitions: Sequence[str]) -> Result:
        """Partition columns may also come last, because files keep them in their paths."""
        expected, names = list(self.columns), [name for name, _ in columns]
        lost = [name for name in expected if name not in names]
        added = [name for name in names if name not in expected]
        common = [name for name in expected if name in names]
        has_partitions_last = _has_partitions_last(names, expected, partitions)
        moved = [] if has_partitions_last else _find_moved(common, [name for name in names if name in expected])
        differences = {"lost": lost, "added": added, "moved": moved}
        failed = sum(map(len, differences.values()))
        return Result(
            Outcome.FAILED if failed else Outcome.PASSED,
            failed,
            len(expected),
            self.failure_unit,
            observed="; ".join(f"{word}: {wording.join_names(which)}" for word, which in differences.items() if which),
            observed_is_value=False,
        )


def _has_partitions_last(names: Sequence[str], expected: Sequence[str], partitions: Sequence[str]) -> bool:
    """Whether the names are as expected, except for the partition columns, which are together at the end."""
    in_files = [name for name in expected if name not in partitions]
    end = len(names) - len(partitions)
    return list(names[:end]) == in_files and sorted(names[end:]) == sorted(partitions)


def _find_moved(expected: Sequence[str], names: Sequence[str]) -> list[str]:
    """The fewest names without which the others are in the expected order: all but a longest increasing subsequence."""
    positions = {name: position for position, name in enumerate(expected)}
    order = [positions[name] for name in names]
    tails: list[int] = []
    lengths = []
    for position in order:
        length = bisect_left(tails, position)
        tails[length : length + 1] = [position]
        lengths.append(length)
    in_order, length = set(), len(tails) - 1
    for index in range(len(order) - 1, -1, -1):
        if lengths[index] == length:
            in_order.add(names[index])
            length -= 1
    return [name for name in expected if name not in in_order]
