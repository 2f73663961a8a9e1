"""Rules combined into as few SQL statements as possible, so that a large table is read few times.

One scan counts for every rule that looks at single rows, one grouping for all rules that group alike, and one join with the
previous day for all rules that share a key. Every statement is Spark SQL and records which of its columns belong to which
rule. A statement can be split, so that a rule that cannot run does not keep its neighbours from a verdict.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from typing import Any, assert_never

from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.days import DayCheck, join_days, name_queries
from martgate.expectations.kinds.evaluation import (
    DayComparison,
    Grouping,
    HistoryComparison,
    Scan,
    SchemaComparison,
    SeparateStatement,
)
from martgate.expectations.kinds.statements import add_window_columns
from martgate.expectations.measurement_queries import MeasurementPlan, plan_measurements
from martgate.expectations.ports import FILE_COLUMN
from martgate.expectations.rules import Rule
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, identifiers, relation

__all__ = ["Plan", "RuleColumns", "Statement", "build_plan", "merge_statements"]


@dataclass(frozen=True, slots=True)
class RuleColumns:
    """The columns of a statement's result row that belong to one rule.

    Attributes:
        rule: the rule.
        positions: the positions of its numbers, in the order that its check expects; empty for the whole row.
        doubt_position: the position of a number that is 0 where the rule's numbers are certain; None where they always are.
    """

    rule: Rule
    positions: tuple[int, ...]
    doubt_position: int | None = None

    def select(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """Select the rule's numbers from a row; empty where the row is too short."""
        if not self.positions:
            return tuple(row)
        return tuple(row[position] for position in self.positions) if len(row) > max(self.positions) else ()

    def is_in_doubt(self, row: Sequence[Any]) -> bool:
        """Whether the rule's numbers in a row are uncertain."""
        return self.doubt_position is not None and len(row) > self.doubt_position and bool(row[self.doubt_position])

    def shift(self, offset: int) -> "RuleColumns":
        """Return the same columns of a row that begins `offset` positions later."""
        positions = tuple(offset + position for position in self.positions)
        doubt_position = None if self.doubt_position is None else offset + self.doubt_position
        return replace(self, positions=positions, doubt_position=doubt_position)

    @property
    def width(self) -> int:
        """The least number of columns that a row must have."""
        return 1 + max(*self.positions, self.doubt_position or 0, 0)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement, and the rules whose numbers it returns.

    Attributes:
        sql: the statement in Spark SQL.
        columns: which columns of its result belong to which rule.
        rebuild: builds the same kind of statement for other rules.
        row_count_position: the position of the table's row count; None where the statement does not count rows.
        additive_list: the SELECT list, where its numbers are the sums of those of each file; empty otherwise.
        result_rows: the number of rows that it returns. Where there are several, each begins with its own number.
    """

    sql: str
    columns: tuple[RuleColumns, ...]
    rebuild: "Callable[[Sequence[Rule]], Statement]"
    row_count_position: int | None = None
    additive_list: str = ""
    result_rows: int = 1

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules whose numbers the statement returns."""
        return tuple(each.rule for each in self.columns)

    def flatten(self, rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        """Return the rows of the result as a single one; empty where there are more or fewer than expected."""
        if len(rows) != self.result_rows:
            return ()
        in_order = sorted(rows, key=itemgetter(0)) if self.result_rows > 1 else rows
        return tuple(value for row in in_order for value in row)

    def split(self) -> "tuple[Statement, ...]":
        """Return two statements, each for half of the rules; empty where there is only one rule."""
        middle = len(self.columns) // 2
        return (self.rebuild(self.rules[:middle]), self.rebuild(self.rules[middle:])) if middle else ()

    def sql_per_file(self, relation_of_files: str) -> str:
        """Return the statement over another relation, with one row a file, led by the relation's `FILE_COLUMN`."""
        file = identifier(FILE_COLUMN)
        return f"SELECT\n  {file},{self.additive_list}\nFROM {relation(relation_of_files)}\nGROUP BY {file}"


@dataclass(frozen=True, slots=True)
class Plan:
    """How an audit evaluates its rules.

    Attributes:
        statements: the statements to run; the first one counts the rows of the table.
        schema_checks: the rules that the table's schema decides, and how.
        proofs: the rules that file statistics decide, each with its counts (failed, in scope).
        measurement_plans: what to count for the rules that compare a day with its history.
    """

    statements: tuple[Statement, ...]
    schema_checks: Mapping[Rule, SchemaComparison] = field(default_factory=dict)
    proofs: Mapping[Rule, tuple[int, int]] = field(default_factory=dict)
    measurement_plans: tuple[MeasurementPlan, ...] = ()


def build_plan(rules: Iterable[Rule], source: Source) -> Plan:
    """Combine rules into a plan.

    Args:
        rules: the rules to evaluate.
        source: the relation under audit. Its file statistics decide a rule where they can, without a statement.
    """
    schema_checks: dict[Rule, SchemaComparison] = {}
    proofs: dict[Rule, tuple[int, int]] = {}
    scan: list[Rule] = []
    additive_scan: list[Rule] = []
    groupings: dict[tuple[str, ...], list[Rule]] = {}
    day_joins: dict[tuple[str, ...], list[Rule]] = {}
    histories: dict[tuple[object, ...], list[Rule]] = {}
    separate: list[Rule] = []
    for rule in rules:
        evaluation = rule.check.evaluation(source)
        if isinstance(evaluation, SchemaComparison):
            schema_checks[rule] = evaluation
            continue
        proof = None if source.statistics.is_empty else rule.check.prove(source.statistics)
        if proof:
            proofs[rule] = proof
            continue
        match evaluation:
            case Scan(is_additive=is_additive):
                is_stable = is_additive and _depends_on_bytes_only(rule.check, source.path_columns)
                (additive_scan if is_stable else scan).append(rule)
            case Grouping(by):
                groupings.setdefault(by, []).append(rule)
            case DayComparison(check):
                day_joins.setdefault(check.key, []).append(rule)
            case HistoryComparison(check):
                histories.setdefault(check.query_group, []).append(rule)
            case SeparateStatement():
                separate.append(rule)
            case _:
                assert_never(evaluation)
    statements = [
        _build_scan(scan, source),
        *([_build_additive_scan(additive_scan, source)] if additive_scan else []),
        *(_build_grouping(by, members, source=source) for by, members in groupings.items()),
        *(_build_day_join(key, members, source=source) for key, members in day_joins.items()),
        *(_build_separate([rule], source=source) for rule in separate),
    ]
    measurement_plans = [plan_measurements(members, source) for members in histories.values()]
    return Plan(tuple(statements), schema_checks, proofs, tuple(measurement_plans))


def merge_statements(plan: Plan) -> Plan:
    """Merge the statements of a plan into one, for an engine on which each statement has a high fixed cost.

    The first scan, additive scans and queries from the contract stay separate.
    """
    scan, *others = plan.statements
    separate = tuple(statement for statement in others if _is_separate(statement))
    shared = tuple(statement for statement in others if not _is_separate(statement))
    return replace(plan, statements=(scan, *((_union(shared),) if shared else ()), *separate))


def _is_separate(statement: Statement) -> bool:
    return bool(statement.additive_list) or any(not each.positions for each in statement.columns)


def _union(parts: tuple[Statement, ...]) -> Statement:
    """Combine statements by UNION ALL: each row has the number of its statement, and NULLs up to a common width."""
    if len(parts) == 1:
        return parts[0]
    widths = [max(each.width for each in part.columns) for part in parts]
    selects, columns = [], []
    for number, (part, width) in enumerate(zip(parts, widths, strict=True)):
        numbers = [
            f"CAST({f'm{position}' if position < width else 'NULL'} AS BIGINT) AS m{position}"
            for position in range(max(widths))
        ]
        selects.append(f"SELECT {number} AS line, {', '.join(numbers)} FROM (\n{part.sql}\n) AS line{number}")
        offset = 1 + number * (1 + max(widths))
        columns += [each.shift(offset) for each in part.columns]
    return Statement(
        "\nUNION ALL\n".join(selects), tuple(columns), partial(_rebuild_union, parts), result_rows=len(parts)
    )


def _rebuild_union(parts: tuple[Statement, ...], rules: Sequence[Rule]) -> Statement:
    rules_of_parts = [(part, [rule for rule in part.rules if rule in rules]) for part in parts]
    return _union(tuple(part.rebuild(members) for part, members in rules_of_parts if members))


def _depends_on_bytes_only(check: Check, path_columns: frozenset[str] | None) -> bool:
    """Whether a file's share of a count is the same on any day and under any name, as long as its bytes are."""
    if path_columns is None:
        return False
    return path_columns.isdisjoint(name.casefold() for name in check.columns_read) and not check.parameters


class _SelectList:
    """The expressions of a SELECT, each of them once."""

    def __init__(self, *expressions: str) -> None:
        self._positions = {expression: position for position, expression in enumerate(expressions)}

    def add(self, expression: str) -> int:
        """Add an expression unless it is there already, and return its position."""
        return self._positions.setdefault(expression, len(self._positions))

    def sql(self) -> str:
        return ",\n  ".join(f"{expression} AS m{position}" for expression, position in self._positions.items())


def _build_scan(rules: Sequence[Rule], source: Source) -> Statement:
    """One pass over the table."""
    select, columns = _SelectList("COUNT(*)"), []
    for rule in rules:
        scan = rule.check.evaluation(source)
        assert isinstance(scan, Scan)
        positions = tuple(map(select.add, scan.numbers))
        columns.append(RuleColumns(rule, positions, select.add(scan.doubt) if scan.doubt else None))
    sql = f"SELECT\n  {select.sql()}\nFROM {relation(source.relation)}"
    return Statement(sql, tuple(columns), partial(_build_scan, source=source), row_count_position=0)


def _build_additive_scan(rules: Sequence[Rule], source: Source) -> Statement:
    """One pass over the table, with numbers that can be added up over its files."""
    scan = _build_scan(rules, source)
    select_list = scan.sql.removeprefix("SELECT").rpartition("\nFROM ")[0]
    rebuild = partial(_build_additive_scan, source=source)
    return replace(scan, rebuild=rebuild, row_count_position=None, additive_list=select_list)


def _build_grouping(by: tuple[str, ...], rules: Sequence[Rule], *, source: Source) -> Statement:
    """One grouping, aggregated to one row. A check that needs the position of a row in its group adds window columns."""
    select, columns = _SelectList("COUNT(*)"), []
    windows: list[str] = []
    aggregates = ["COUNT(*) AS __rows"]
    for number, rule in enumerate(rules):
        grouping = rule.check.evaluation(source)
        assert isinstance(grouping, Grouping)
        parts = grouping.parts(number)
        windows += parts.windows
        aggregates += parts.aggregates
        positions = tuple(map(select.add, parts.numbers))
        columns.append(RuleColumns(rule, positions, select.add(parts.doubt) if parts.doubt else None))
    rows = add_window_columns(windows, source.relation)
    select_list = ",\n    ".join(aggregates)
    groups = f"  SELECT\n    {select_list}\n  FROM {rows}\n  GROUP BY {identifiers(by)}"
    sql = f"SELECT\n  {select.sql()}\nFROM (\n{groups}\n) AS grouped"
    return Statement(sql, tuple(columns), partial(_build_grouping, by, source=source))


def _build_day_join(key: tuple[str, ...], rules: Sequence[Rule], *, source: Source) -> Statement:
    """One join of the previous day with the day under audit."""
    checks = [rule.check for rule in rules if isinstance(rule.check, DayCheck)]
    select, names = _SelectList(), name_queries(checks)
    tests = [check.day_test(names) for check in checks]
    positions = [(select.add(f"COUNT_IF({test.failure})"), select.add(test.total)) for test in tests]
    sql = f"SELECT\n  {select.sql()}\n{join_days(checks, key, source)}"
    columns = tuple(map(RuleColumns, rules, positions))
    return Statement(sql, columns, partial(_build_day_join, key, source=source))


def _build_separate(rules: Sequence[Rule], *, source: Source) -> Statement:
    """One statement for one rule."""
    (rule,) = rules
    evaluation = rule.check.evaluation(source)
    assert isinstance(evaluation, SeparateStatement)
    positions = () if evaluation.is_whole_row else tuple(range(evaluation.numbers))
    return Statement(evaluation.sql, (RuleColumns(rule, positions),), partial(_build_separate, source=source))
