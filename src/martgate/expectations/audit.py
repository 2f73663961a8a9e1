"""Run a plan on an engine: as many verdicts as there were rules, in their order.

First the schema, then one pass of counts; offenders are looked up only for what failed. A statement that cannot run is
taken apart until only the guilty rule is left without an answer.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from martgate.contracts.model import Table
from martgate.errors import QueryFailed
from martgate.expectations import wording as words
from martgate.expectations.kinds.result import Result, whole_number
from martgate.expectations.measured import Counted, values_of
from martgate.expectations.measurement import Measurement
from martgate.expectations.offenders import as_text, frequent_values, sample
from martgate.expectations.plan import Plan, Query, at_once, plan
from martgate.expectations.ports import AuditEngine
from martgate.expectations.proofs import WRITTEN, Known
from martgate.expectations.protection import MASK, Protection
from martgate.expectations.rules import Rule
from martgate.expectations.scope import Earlier, NoEarlier, Scope
from martgate.expectations.source import Source
from martgate.expectations.verdict import Audit, Outcome, OutOfScope, Verdict
from martgate.hints import did_you_mean

__all__ = ["Earlier", "NoEarlier", "Scope", "audit"]

_REASON_WIDTH = 300

REMEMBERED = "counts of files that have not changed"
"""How a rule was answered, where part of its files were not looked at again."""


def audit(engine: AuditEngine, relation: str, *, table: Table, rules: Sequence[Rule], scope: Scope) -> Audit:
    """What the rules find in a relation that the engine knows.

    Raises:
        martgate.errors.QueryFailed: the relation cannot be read at all. A rule that cannot run is a verdict instead.
    """
    started = time.perf_counter()
    tables = scope.tables(rules, table, relation)
    judged, outside = scope.split(rules, tables, relation)
    run = _Run(engine, relation, table, scope, engine.columns(relation), tables)
    verdicts = run.verdicts(judged)
    return Audit(
        table=table.qualified_name,
        contract=table.contract.id,
        contract_version=table.contract.version,
        part_date=scope.day.date.isoformat() if scope.day else "",
        audited_at=scope.audited_at,
        rows=run.rows,
        rules=len(judged) - len(run.learning),
        queries=run.queries,
        seconds=round(time.perf_counter() - started, 3),
        verdicts=verdicts,
        out_of_scope=(*outside, *run.learning),
        measurements=tuple(dict.fromkeys(run.measurements)),  # rules that were counted apart may share some
        compared_with=scope.earlier.day.isoformat() if isinstance(scope.earlier, Earlier) else "",
    )


@dataclass
class _Run:
    """One audit on its way: what it asks of the engine, and what came back so far."""

    engine: AuditEngine
    relation: str
    table: Table
    scope: Scope
    found: tuple[tuple[str, str], ...]
    tables: Mapping[str, str]
    queries: int = 0
    rows: int = 0
    learning: list[OutOfScope] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    _verdicts: dict[Rule, Verdict] = field(default_factory=dict)
    _doubtful: list[Rule] = field(default_factory=list)
    _pending: set[Rule] = field(default_factory=set)

    def verdicts(self, asked: Sequence[Rule]) -> tuple[Verdict, ...]:
        answerable = [rule for rule in asked if not self._misses_column(rule)]
        planned = self._judge_all(answerable, self._known)
        if self.scope.written and self._known.rows != self.rows:  # they tell of other files than those looked at
            planned = self._judge_all(answerable, Known())
        if self._doubtful:
            self._judge_all(self._doubtful, Known(), may_doubt=False)
        for counted in planned.counted:
            self._hold_against_history(counted)
        self._judge_foreign([rule for rule in answerable if rule in self._pending])
        return tuple(self._with_offenders(self._verdicts[rule]) for rule in asked if rule in self._verdicts)

    def _judge_foreign(self, waiting: Sequence[Rule]) -> None:
        if waiting and self.scope.foreign:
            told = self.scope.foreign(self.engine, self.relation, waiting, protection=self._protection)
            self._verdicts |= {verdict.rule: verdict for verdict in told}

    def _judge_all(self, asked: Sequence[Rule], known: Known, *, may_doubt: bool = True) -> Plan:
        doubts = may_doubt and not self.engine.prefers_one_statement  # which would pay for one more
        planned = plan(asked, replace(self._source, known=known, may_doubt=doubts))
        if self.engine.prefers_one_statement:
            planned = at_once(planned)
        self._judge_schema(planned)
        self._judge_proved(planned)
        for query in planned.queries:
            self._judge(query)
        return planned

    @cached_property
    def _known(self) -> Known:
        return Known(self.scope.written, self._source.types, self.scope.parameters.get("part_date", ""))

    @cached_property
    def _protection(self) -> Protection:
        return Protection(self.table, self.scope.catalog_tables)

    @cached_property
    def _source(self) -> Source:
        types = {name.casefold(): kind for name, kind in self.found}
        earlier = self.scope.earlier
        return Source(
            self.relation,
            types,
            self.tables,
            earlier=earlier.relation if isinstance(earlier, Earlier) else "",
            values=values_of(self.table, self._protection),
            carried=frozenset(map(str.casefold, self.table.partition_columns)) if self.scope.memory else None,
        )

    def _misses_column(self, rule: Rule) -> bool:
        """Whether a rule reads a column that the data do not have; such a rule has its verdict at once."""
        there = {name.casefold() for name, _ in self.found}
        named = dict.fromkeys([*rule.check.columns_read, *rule.columns])
        missing = [name for name in named if name.casefold() not in there]
        if missing:
            hint = did_you_mean(missing[0], [name for name, _ in self.found])
            listed = f"column{'s'[: len(missing) > 1]} {words.listed(missing)}"
            self._cannot_run(rule, f"the data have no {listed}" + (f"; {hint}" if hint else ""))
        return bool(missing)

    def _judge_schema(self, planned: Plan) -> None:
        for rule, schema in planned.by_schema.items():
            self._keep(rule, schema.compare(self.found, self.table.partition_columns))

    def _judge_proved(self, planned: Plan) -> None:
        for rule, numbers in planned.proved.items():
            self._keep(rule, rule.check.result(numbers, self.scope.audited_at), how=WRITTEN)

    def _keep(self, rule: Rule, result: Result, *, how: str = "") -> None:
        """Make a verdict of what a check says of its numbers; a protected value is not shown."""
        hidden = result.observed and result.observed_is_value and self._protection.hides_check(rule.check)
        self._verdicts[rule] = Verdict(
            rule=rule,
            outcome=result.outcome,
            failed=result.failed,
            total=result.total,
            unit=result.unit,
            observed=MASK if hidden else result.observed,
            reason=result.reason,
            how=how,
        )
        (self._pending.add if result.is_pending else self._pending.discard)(rule)

    def _judge(self, query: Query) -> None:
        """The verdicts of one statement; of its halves where it cannot run as a whole."""
        try:
            fetched, how = self._answered(query)
        except QueryFailed as error:
            halves = query.halves()
            for half in halves:
                self._judge(half)
            if not halves:
                self._without_answer(query, error)
            return
        row = query.numbers(fetched)
        if query.rows is not None and row:
            self.rows = whole_number(row[query.rows])
        for answer in query.answers:
            numbers = answer.numbers(row)
            if not numbers:
                self._cannot_run(answer.rule, "expected one row with one number", how=how)
                continue
            self._keep(answer.rule, answer.rule.check.result(numbers, self.scope.audited_at), how=how)
            if answer.is_in_doubt(row):
                self._doubtful.append(answer.rule)

    def _answered(self, query: Query) -> tuple[Sequence[tuple[object, ...]], str]:
        """A statement's rows, and what answered for files that nobody looked at anew."""
        memory = self.scope.memory
        if memory is None or not query.by_file:
            return self._fetch(query.sql), ""
        try:
            remembered, unseen = memory.recall(query.by_file)
            counted = self._counted_by_file(query, unseen) if unseen else {}
        except QueryFailed:  # some files may not be readable without the others
            remembered, counted = (), {}
        if not (remembered or counted):
            return self._fetch(query.sql), ""
        memory.keep(query.by_file, counted)
        return [tuple(map(sum, zip(*remembered, *counted.values(), strict=True)))], REMEMBERED if remembered else ""

    def _counted_by_file(self, query: Query, unseen: str) -> dict[str, tuple[int, ...]]:
        return {
            str(file): tuple(map(whole_number, numbers)) for file, *numbers in self._fetch(query.of_each_file(unseen))
        }

    def _hold_against_history(self, counted: Counted) -> None:
        """The verdicts of rules that share a grouping; of each by itself where they cannot be counted together."""
        from martgate.expectations.learned import judged  # noqa: PLC0415 - numpy, which few audits need

        history, day = self.scope.history, self.scope.day
        assert history is not None
        assert day is not None
        try:
            found = [each for count in counted.counts for each in count.read(self._fetch(count.sql))]
        except QueryFailed as error:
            if len(counted.rules) == 1:
                self._cannot_run(counted.rules[0], self._words_of(error, counted.rules[0]))
                return
            for alone in (each for rule in counted.rules for each in plan([rule], self._source).counted):
                self._hold_against_history(alone)
            return
        self.measurements += found
        for rule in counted.rules:
            told = judged(rule, found, history, day.date)
            if isinstance(told, Verdict):
                self._verdicts[rule] = told
            else:
                self.learning.append(told)

    def _without_answer(self, query: Query, error: QueryFailed) -> None:
        """One rule is guilty, unless the table itself cannot be counted: then nothing here can be judged."""
        if query.rows is not None:
            if not query.answers:
                raise error
            self.rows = whole_number(self._fetch(query.rebuild(()).sql)[0][0])
        for rule in query.rules:
            self._cannot_run(rule, self._words_of(error, rule))

    def _words_of(self, error: QueryFailed, rule: Rule) -> str:
        if self._protection.hides_check(rule.check):
            return "the engine's words are not shown, since the rule reads protected values"
        return _first_line(error)

    def _cannot_run(self, rule: Rule, reason: str, *, how: str = "") -> None:
        self._keep(rule, Result(Outcome.ERROR, reason=reason), how=how)

    def _with_offenders(self, verdict: Verdict) -> Verdict:
        """A failed verdict with what there is to show of it."""
        if verdict.outcome is not Outcome.FAILED:
            return verdict
        return replace(self._with_examples(verdict), values=self._frequent_values(verdict.rule))

    def _with_examples(self, verdict: Verdict) -> Verdict:
        there = {name for name, _ in self.found}
        key = [name for name in self.table.primary_key if name in there]
        asked = sample(verdict.rule, self._source, key=key, protection=self._protection)
        if asked is None:
            return verdict
        try:
            rows = self._fetch(asked.sql)
        except QueryFailed:
            return verdict  # the count stands; an example is a courtesy
        examples = tuple(dict(zip(asked.names, map(as_text, row), strict=True)) for row in rows)
        return replace(verdict, examples=examples)

    def _frequent_values(self, rule: Rule) -> tuple[tuple[str, int], ...]:
        asked = frequent_values(rule.check, self._source, protection=self._protection)
        try:
            rows = self._fetch(asked) if asked else ()
        except QueryFailed:
            return ()  # as above
        return tuple((as_text(value), whole_number(number)) for value, number in rows)

    def _fetch(self, sql: str) -> Sequence[tuple[object, ...]]:
        self.queries += 1
        return self.engine.fetch(sql, self.scope.parameters)


def _first_line(error: QueryFailed) -> str:
    lines = str(error).strip().splitlines() or ["no reason given"]
    return lines[0][:_REASON_WIDTH]
