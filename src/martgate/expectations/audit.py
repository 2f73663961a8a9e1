"""The audit of a relation: runs a plan on an engine and returns one verdict a rule, in the order of the rules.

The schema comes first, then one pass of counts; offenders are queried only for rules that failed. A statement that cannot
run is split until only the rule that causes it is left without an answer.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from martgate.contracts.model import Table
from martgate.errors import QueryFailed
from martgate.expectations import wording
from martgate.expectations.kinds.result import Result, parse_count
from martgate.expectations.measurement import Measurement
from martgate.expectations.measurement_queries import MeasurementPlan, find_countable_values
from martgate.expectations.offenders import as_text, build_example_query, build_frequent_values_query
from martgate.expectations.plan import Plan, Statement, build_plan, merge_statements
from martgate.expectations.ports import AuditEngine
from martgate.expectations.proofs import FROM_STATISTICS, StatisticsProofs
from martgate.expectations.protection import MASK, Protection
from martgate.expectations.rules import Rule
from martgate.expectations.scope import NoPreviousDay, PreviousDay, Scope
from martgate.expectations.source import Source
from martgate.expectations.verdict import Audit, Outcome, OutOfScope, Verdict
from martgate.hints import did_you_mean

__all__ = ["FROM_FILE_COUNTS", "NoPreviousDay", "PreviousDay", "Scope", "audit"]

_REASON_WIDTH = 300

FROM_FILE_COUNTS = "counts of files that have not changed"
"""The `how` of a verdict that reuses counts of files that an earlier audit read."""


def audit(engine: AuditEngine, relation: str, *, table: Table, rules: Sequence[Rule], scope: Scope) -> Audit:
    """Evaluate rules on a relation.

    Args:
        engine: the engine that knows the relation.
        relation: the relation under audit.
        table: the table that it holds, from the contract.
        rules: the rules to evaluate.
        scope: the day, the instant, and the other relations that rules can read.

    Returns:
        One verdict for each rule in scope, in the order of the rules. A rule that cannot run has a verdict, too.

    Raises:
        martgate.errors.QueryFailed: the relation cannot be read at all.
    """
    started = time.perf_counter()
    tables = scope.resolve_tables(rules, table, relation)
    in_scope, out_of_scope = scope.split_rules(rules, tables, relation)
    run = _AuditRun(engine, relation, table, scope, engine.columns(relation), tables)
    verdicts = run.evaluate(in_scope)
    return Audit(
        table=table.qualified_name,
        contract=table.contract.id,
        contract_version=table.contract.version,
        part_date=scope.day.date if scope.day else None,
        audited_at=scope.audited_at,
        rows=run.rows,
        rules=len(in_scope) - len(run.learning),
        queries=run.queries,
        seconds=round(time.perf_counter() - started, 3),
        verdicts=verdicts,
        out_of_scope=(*out_of_scope, *run.learning),
        measurements=tuple(dict.fromkeys(run.measurements)),  # rules that are counted separately may share some
        compared_with=scope.previous_day.day if isinstance(scope.previous_day, PreviousDay) else None,
    )


@dataclass
class _AuditRun:
    """One audit in progress: the engine that it queries, and the results so far."""

    engine: AuditEngine
    relation: str
    table: Table
    scope: Scope
    columns: tuple[tuple[str, str], ...]
    tables: Mapping[str, str]
    queries: int = 0
    rows: int = 0
    learning: list[OutOfScope] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    _verdicts: dict[Rule, Verdict] = field(default_factory=dict)
    _doubtful: list[Rule] = field(default_factory=list)
    _pending: set[Rule] = field(default_factory=set)

    def evaluate(self, rules: Sequence[Rule]) -> tuple[Verdict, ...]:
        answerable = [rule for rule in rules if not self._lacks_column(rule)]
        plan = self._run_plan(answerable, self._statistics)
        if self.scope.file_statistics and self._statistics.rows != self.rows:  # the statistics are those of other files
            plan = self._run_plan(answerable, StatisticsProofs())
        if self._doubtful:
            self._run_plan(self._doubtful, StatisticsProofs(), allow_doubt=False)
        for counts in plan.measurement_plans:
            self._compare_with_history(counts)
        pending = [rule for rule in answerable if rule in self._pending]
        if pending and self.scope.expectation_runner:
            verdicts = self.scope.expectation_runner(self.engine, self.relation, pending, protection=self._protection)
            self._verdicts |= {verdict.rule: verdict for verdict in verdicts}
        return tuple(self._add_offenders(self._verdicts[rule]) for rule in rules if rule in self._verdicts)

    @cached_property
    def _statistics(self) -> StatisticsProofs:
        day = self.scope.day.date if self.scope.day else None
        return StatisticsProofs(self.scope.file_statistics, self._source.types, day)

    @cached_property
    def _protection(self) -> Protection:
        return Protection(self.table, self.scope.catalog_tables)

    @cached_property
    def _source(self) -> Source:
        previous_day, partition_columns = self.scope.previous_day, map(str.casefold, self.table.partition_columns)
        return Source(
            self.relation,
            {name.casefold(): type_ for name, type_ in self.columns},
            self.tables,
            previous_relation=previous_day.relation if isinstance(previous_day, PreviousDay) else "",
            enum_values=find_countable_values(self.table, self._protection),
            path_columns=frozenset(partition_columns) if self.scope.file_counts else None,
        )

    def _lacks_column(self, rule: Rule) -> bool:
        """Whether a rule reads a column that the relation lacks; such a rule has the outcome error at once."""
        names = [name for name, _ in self.columns]
        folded = {name.casefold() for name in names}
        missing = [
            name for name in dict.fromkeys([*rule.check.columns_read, *rule.columns]) if name.casefold() not in folded
        ]
        if missing:
            hint = did_you_mean(missing[0], names)
            names_missing = f"column{'s'[: len(missing) > 1]} {wording.join_names(missing)}"
            self._record_error(rule, f"the data have no {names_missing}" + (f"; {hint}" if hint else ""))
        return bool(missing)

    def _run_plan(self, rules: Sequence[Rule], statistics: StatisticsProofs, *, allow_doubt: bool = True) -> Plan:
        """Evaluate rules. A doubtful result costs a further statement, which some engines would rather not run."""
        allow_doubt = allow_doubt and not self.engine.prefers_one_statement
        plan = build_plan(rules, replace(self._source, statistics=statistics, allow_doubt=allow_doubt))
        if self.engine.prefers_one_statement:
            plan = merge_statements(plan)
        for rule, schema in plan.schema_checks.items():
            self._record(rule, schema.compare(self.columns, self.table.partition_columns))
        for rule, counts in plan.proofs.items():
            self._record(rule, rule.check.result(counts, self.scope.audited_at), how=FROM_STATISTICS)
        for statement in plan.statements:
            self._run_statement(statement)
        return plan

    def _record(self, rule: Rule, result: Result, *, how: str = "") -> None:
        """Record the verdict of a rule, with a protected value masked."""
        is_hidden = result.observed and result.observed_is_value and self._protection.hides_check(rule.check)
        self._verdicts[rule] = Verdict(
            rule=rule,
            outcome=result.outcome,
            failed=result.failed,
            total=result.total,
            unit=result.unit,
            observed=MASK if is_hidden else result.observed,
            reason=result.reason,
            how=how,
        )
        (self._pending.add if result.is_pending else self._pending.discard)(rule)

    def _record_error(self, rule: Rule, reason: str, *, how: str = "") -> None:
        self._record(rule, Result(Outcome.ERROR, reason=reason), how=how)

    def _run_statement(self, statement: Statement) -> None:
        """Record the verdicts of one statement; of its halves where it cannot run as a whole."""
        try:
            rows, how = self._fetch_counts(statement)
        except QueryFailed as error:
            halves = statement.split()
            for half in halves:
                self._run_statement(half)
            if not halves:
                self._record_failed_statement(statement, error)
            return
        row = statement.flatten(rows)
        if statement.row_count_position is not None and row:
            self.rows = parse_count(row[statement.row_count_position])
        for columns in statement.columns:
            numbers = columns.select(row)
            if not numbers:
                self._record_error(columns.rule, "expected one row with one number", how=how)
                continue
            self._record(columns.rule, columns.rule.check.result(numbers, self.scope.audited_at), how=how)
            if columns.is_in_doubt(row):
                self._doubtful.append(columns.rule)

    def _fetch_counts(self, statement: Statement) -> tuple[Sequence[tuple[object, ...]], str]:
        """Fetch the rows of a statement, and say how: counts of unchanged files are loaded, those of the others saved."""
        file_counts = self.scope.file_counts
        if file_counts is None or not statement.additive_list:
            return self._fetch(statement.sql), ""
        try:
            loaded, other_files = file_counts.load(statement.additive_list)
            rows = self._fetch(statement.sql_per_file(other_files)) if other_files else ()
        except QueryFailed:  # some files may not be readable without the others
            loaded, rows = (), ()
        counts = {str(file): tuple(map(parse_count, numbers)) for file, *numbers in rows}
        if not (loaded or counts):
            return self._fetch(statement.sql), ""
        file_counts.save(statement.additive_list, counts)
        return [tuple(map(sum, zip(*loaded, *counts.values(), strict=True)))], FROM_FILE_COUNTS if loaded else ""

    def _compare_with_history(self, counts: MeasurementPlan) -> None:
        """Record the verdicts of rules that share a grouping; of each rule separately where they cannot share one."""
        from martgate.expectations.learned import evaluate_learned_rule  # noqa: PLC0415 - numpy, which few audits need

        history, day = self.scope.history, self.scope.day
        assert history is not None
        assert day is not None
        try:
            measurements = [each for count in counts.queries for each in count.read(self._fetch(count.sql))]
        except QueryFailed as error:
            if len(counts.rules) == 1:
                self._record_error(counts.rules[0], self._error_text(error, counts.rules[0]))
                return
            for rule in counts.rules:
                for separate in build_plan([rule], self._source).measurement_plans:
                    self._compare_with_history(separate)
            return
        self.measurements += measurements
        for rule in counts.rules:
            verdict = evaluate_learned_rule(rule, measurements, history, day.date)
            if isinstance(verdict, Verdict):
                self._verdicts[rule] = verdict
            else:
                self.learning.append(verdict)

    def _record_failed_statement(self, statement: Statement, error: QueryFailed) -> None:
        """Record the error of a rule.

        Raises:
            martgate.errors.QueryFailed: the rows of the table cannot be counted, so that no rule can be evaluated.
        """
        if statement.row_count_position is not None:
            if not statement.columns:
                raise error
            self.rows = parse_count(self._fetch(statement.rebuild(()).sql)[0][0])
        for rule in statement.rules:
            self._record_error(rule, self._error_text(error, rule))

    def _error_text(self, error: QueryFailed, rule: Rule) -> str:
        if self._protection.hides_check(rule.check):
            return "the engine's message is hidden, because the rule reads protected values"
        lines = str(error).strip().splitlines() or ["no reason given"]
        return lines[0][:_REASON_WIDTH]

    def _add_offenders(self, verdict: Verdict) -> Verdict:
        """Add examples and frequent values to a failed verdict. Where their query fails, the verdict stays without them."""
        if verdict.outcome is not Outcome.FAILED:
            return verdict
        names = {name for name, _ in self.columns}
        key = [name for name in self.table.primary_key if name in names]
        query = build_example_query(verdict.rule, self._source, key=key, protection=self._protection)
        rows = self._fetch_or_nothing(query.sql) if query else ()
        examples = tuple(dict(zip(query.names, map(as_text, row), strict=True)) for row in rows) if query else ()
        sql = build_frequent_values_query(verdict.rule.check, self._source, protection=self._protection)
        rows = self._fetch_or_nothing(sql) if sql else ()
        values = tuple((as_text(value), parse_count(number)) for value, number in rows)
        return replace(verdict, examples=examples or verdict.examples, values=values)

    def _fetch_or_nothing(self, sql: str) -> Sequence[tuple[object, ...]]:
        try:
            return self._fetch(sql)
        except QueryFailed:
            return ()

    def _fetch(self, sql: str) -> Sequence[tuple[object, ...]]:
        self.queries += 1
        return self.engine.fetch(sql, self.scope.parameters)
