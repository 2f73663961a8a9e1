"""Rules into the fewest statements: one pass answers every check that looks at rows, one grouping all that share it, one
join with an earlier day all that share a key.

Every statement is Spark SQL and knows which of its numbers answer which rule: those of one row, or of several that were
put one below the other (for rules that learn one a group, see `expectations.measured`). A statement can be taken apart,
so that a rule that cannot run does not take its neighbours with it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from typing import Any

from contracts.quoting import identifier, identifiers, relation
from contracts.types import INTEGER_RANGES
from expectations import rules, wholes
from expectations.days import AcrossDays, allowances, both_days, day_test
from expectations.fragments import parameters_read
from expectations.measured import Counted, Learned, counted
from expectations.ports import FILE
from expectations.predicates import group_test, row_test
from expectations.proofs import Known
from expectations.rules import Check, Rule, Scalar, columns_of, statements_in

__all__ = ["Answer", "Plan", "Query", "Source", "at_once", "plan"]


@dataclass(frozen=True, slots=True)
class Source:
    """What is audited: its relation, the types it really has, and where the other tables are.

    `types` are in Spark's spelling, by casefolded column name. `tables` leads from the name that a contract gives to
    another table to the name under which the engine knows it. `earlier` is the relation of the earlier day, empty where
    there is none. `values` are those by which a column may be counted, by casefolded column name. `known` is what the
    statistics of the files prove. `carried` are the columns that may stand in the paths of files, casefolded, where counts
    are taken file by file; None where the table is counted as a whole. With `may_doubt`, places in a group are looked up
    for no more rows than need it, and numbers told by their least and greatest, at the risk of an answer in doubt.
    """

    relation: str
    types: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    earlier: str = ""
    values: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    carried: frozenset[str] | None = None
    may_doubt: bool = False

    def varying(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the columns that are not known to have one value in all rows: only they tell groups apart."""
        constant = self.known.constant
        return tuple(name for name in columns if name.casefold() not in constant)


@dataclass(frozen=True, slots=True)
class Answer:
    """Where in a statement's row a rule's numbers stand: what failed, what was looked at, and what else it needs.

    Where a source may doubt, a dense sequence and a set of neighbouring numbers have a third: if it is not 0, the first is
    in doubt.
    """

    rule: Rule
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """One statement and the rules it answers. `rows` is the place of the table's row count, if it has one.

    `by_file` is its list where it only counts what stands in the files themselves, so that its numbers are the sums of
    those of each file; empty for every other statement. It returns so many `lines`, each led by its number where they are
    several.
    """

    sql: str
    answers: tuple[Answer, ...]
    rebuild: "Callable[[Sequence[Rule]], Query]"
    rows: int | None = None
    by_file: str = ""
    lines: int = 1

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(answer.rule for answer in self.answers)

    def numbers(self, fetched: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
        """All that the statement returned as one row; empty where it returned more or fewer rows than it should."""
        if len(fetched) != self.lines:
            return ()
        lines = sorted(fetched, key=itemgetter(0)) if self.lines > 1 else fetched
        return tuple(value for line in lines for value in line)

    def halves(self) -> "tuple[Query, ...]":
        """The same questions in two statements; nothing where there is but one rule."""
        middle = len(self.answers) // 2
        return (self.rebuild(self.rules[:middle]), self.rebuild(self.rules[middle:])) if middle else ()

    def of_each_file(self, relation_of_files: str) -> str:
        """The statement with one row a file of another relation, led by what its column `FILE` says."""
        file = identifier(FILE)
        return f"SELECT\n  {file},{self.by_file}\nFROM {relation(relation_of_files)}\nGROUP BY {file}"


@dataclass(frozen=True, slots=True)
class Plan:
    """`by_schema` are the rules that the table's schema answers, without a statement; `counted` those that learn.

    `proved` are those that the statistics of its files answer: what failed of each, and what it is about.
    """

    queries: tuple[Query, ...]
    by_schema: tuple[Rule, ...] = ()
    proved: Mapping[Rule, tuple[int, int]] = field(default_factory=dict)
    counted: tuple[Counted, ...] = ()


def plan(asked: Iterable[Rule], source: Source) -> Plan:
    """The statements that answer the rules; the first one always counts the rows."""
    by_schema: list[Rule] = []
    proved: dict[Rule, tuple[int, int]] = {}
    scanned: list[Rule] = []
    lasting: list[Rule] = []
    grouped: dict[tuple[str, ...], list[Rule]] = {}
    across: dict[tuple[str, ...], list[Rule]] = {}
    learned: dict[tuple[str, ...], list[Rule]] = {}
    alone: list[Rule] = []
    for rule in asked:
        if isinstance(rule.check, rules.HasColumns | rules.HasType):
            by_schema.append(rule)
        elif proof := source.known.proof(rule.check):
            proved[rule] = proof
        elif _is_scanned(rule.check):
            (lasting if _lasts(rule.check, source.carried) else scanned).append(rule)
        elif _is_one_group(rule.check, source):
            scanned.append(rule)
        elif isinstance(rule.check, _GROUPED):
            grouped.setdefault(source.varying(rule.check.by) or rule.check.by, []).append(rule)
        elif isinstance(rule.check, AcrossDays):
            across.setdefault(rule.check.key, []).append(rule)
        elif isinstance(rule.check, Learned):
            learned.setdefault(rule.check.by, []).append(rule)
        else:
            alone.append(rule)
    queries = [
        _scan(scanned, source),
        *([_scan_by_file(lasting, source)] if lasting else []),
        *(_group(by, members, source=source) for by, members in grouped.items()),
        *(_compared(key, members, source=source) for key, members in across.items()),
        *(_whole([rule], source=source) for rule in alone),
    ]
    counts = [counted(members, source.relation, source.types, source.values) for members in learned.values()]
    return Plan(tuple(queries), tuple(by_schema), proved, tuple(counts))


def at_once(planned: Plan) -> Plan:
    """The same plan with one statement for all that more than a pass, and no query of the contract's own, answers."""
    scan, *others = planned.queries
    apart = tuple(query for query in others if _stands_alone(query))
    shared = tuple(query for query in others if not _stands_alone(query))
    return replace(planned, queries=(scan, *((_joined(shared),) if shared else ()), *apart))


def _stands_alone(query: Query) -> bool:
    return bool(query.by_file) or any(isinstance(rule.check, rules.SqlNumber) for rule in query.rules)


def _joined(parts: tuple[Query, ...]) -> Query:
    """The rows of these statements one below the other, each with its number before it, all of one width."""
    if len(parts) == 1:
        return parts[0]
    widths = [1 + max(place for answer in query.answers for place in answer.places) for query in parts]
    lines, answers = [], []
    for number, (query, own) in enumerate(zip(parts, widths, strict=True)):
        numbers = [
            f"CAST({f'm{place}' if place < own else 'NULL'} AS BIGINT) AS m{place}" for place in range(max(widths))
        ]
        lines.append(f"SELECT {number} AS line, {', '.join(numbers)} FROM (\n{query.sql}\n) AS line{number}")
        start = 1 + number * (1 + max(widths))
        answers += [Answer(each.rule, tuple(start + place for place in each.places)) for each in query.answers]
    return Query("\nUNION ALL\n".join(lines), tuple(answers), partial(_again, parts), lines=len(parts))


def _again(parts: tuple[Query, ...], asked: Sequence[Rule]) -> Query:
    """A statement for some of the rules of these."""
    kept = [(query, [rule for rule in query.rules if rule in asked]) for query in parts]
    return _joined(tuple(query.rebuild(some) for query, some in kept if some))


_GROUPED = rules.ConstantWithin | rules.CountMatches | rules.ExtremeOf | rules.ExactlyOne | rules.DenseSequence


_LONG = 32
"""From so many values on, a list costs more in every row than a grouping by value does."""


def _is_scanned(check: Check) -> bool:
    if isinstance(check, rules.InSet) and len(check.values) > _LONG:
        return False
    is_count = isinstance(check, rules.QualityMetric) and check.metric == "rowCount"
    return is_count or isinstance(check, rules.Fresh | rules.Foreign) or row_test(check, {}) is not None


def _lasts(check: Check, carried: frozenset[str] | None) -> bool:
    """Whether a file's part in a count is the same on any day and under any name, as long as its bytes are."""
    if carried is None or isinstance(check, rules.Fresh):
        return False
    read = {name.casefold() for name in columns_of(check)}
    return carried.isdisjoint(read) and not any(map(parameters_read, statements_in(check)))


def _is_one_group(check: Check, source: Source) -> bool:
    """Whether all rows are known to be one group; only a place within it needs more than a pass."""
    if isinstance(check, rules.DenseSequence) or not isinstance(check, _GROUPED):
        return False
    return not source.varying(check.by)


class _Select:
    """The list of a SELECT, in which every expression stands once."""

    def __init__(self, *expressions: str) -> None:
        self._places = {expression: place for place, expression in enumerate(expressions)}

    def place(self, expression: str) -> int:
        return self._places.setdefault(expression, len(self._places))

    def sql(self) -> str:
        return ",\n  ".join(f"{expression} AS m{place}" for expression, place in self._places.items())


def _scan(asked: Sequence[Rule], source: Source) -> Query:
    """One pass over the table."""
    select = _Select("COUNT(*)")
    answers = tuple(
        Answer(rule, tuple(select.place(expression) for expression in _scanned(rule.check, source))) for rule in asked
    )
    sql = f"SELECT\n  {select.sql()}\nFROM {relation(source.relation)}"
    return Query(sql, answers, partial(_scan, source=source), rows=0)


def _scan_by_file(asked: Sequence[Rule], source: Source) -> Query:
    """One pass over the table, whose numbers add up over its files."""
    whole = _scan(asked, source)
    listed = whole.sql.removeprefix("SELECT").rpartition("\nFROM ")[0]
    return replace(whole, rebuild=partial(_scan_by_file, source=source), rows=None, by_file=listed)


def _scanned(check: Check, source: Source) -> tuple[str, ...]:
    if isinstance(check, rules.Foreign):
        return "COUNT(*)", *(f"COUNT({identifier(name)})" for name in check.columns)
    if isinstance(check, rules.Fresh):
        return "COUNT(*)", f"COUNT({identifier(check.column)})", f"MAX({identifier(check.column)})"
    if broken := group_test(check):
        return f"CASE WHEN {broken} THEN 1 ELSE 0 END", "CASE WHEN COUNT(*) > 0 THEN 1 ELSE 0 END"
    if isinstance(check, rules.NotNull):  # cheaper than a condition on every row
        return f"COUNT(*) - COUNT({identifier(check.column)})", "COUNT(*)"
    if isinstance(check, rules.InSet) and source.may_doubt and (bounds := _bounds(check, source.types)):
        name, (least, most) = identifier(check.column), bounds
        outside = f"CASE WHEN MIN({name}) < {least} OR MAX({name}) > {most} THEN 1 ELSE 0 END"
        return outside, f"COUNT({name})", outside
    test = row_test(check, source.types)
    return (f"COUNT_IF({test.broken})", test.total) if test else ("COUNT(*)", "COUNT(*)")


def _bounds(check: rules.InSet, types: Mapping[str, str]) -> tuple[int, int] | None:
    """Least and greatest of a set that holds all whole numbers between them; None for every other set and column."""
    whole = [value for value in check.values if isinstance(value, int) and not isinstance(value, bool)]
    if types.get(check.column.casefold()) not in INTEGER_RANGES or not whole or len(whole) < len(check.values):
        return None
    least, most = min(whole), max(whole)
    return (least, most) if most - least + 1 == len(set(whole)) else None


def _group(by: tuple[str, ...], asked: Sequence[Rule], *, source: Source) -> Query:
    """One grouping, and over it one row. A check that needs a row's place in its group brings window functions."""
    select, windows, inner = _Select("COUNT(*)"), [], ["COUNT(*) AS __rows"]
    answers = []
    for number, rule in enumerate(asked):
        if isinstance(rule.check, rules.DenseSequence) and rule.check.length and source.may_doubt:
            broken, belied = wholes.misplaced(rule.check, source.relation)
            inner.append(f"{belied} AS __belied{number}")
            expressions: tuple[str, ...] = (broken, "SUM(__rows)", f"COUNT_IF(__belied{number})")
        elif isinstance(rule.check, rules.DenseSequence):
            over, broken = wholes.place_in_group(rule.check, f"__place{number}", f"__length{number}")
            windows += over
            inner.append(f"COUNT_IF({broken}) AS __broken{number}")
            expressions = (f"SUM(__broken{number})", "SUM(__rows)")
        else:
            inner.append(f"{group_test(rule.check)} AS __broken{number}")
            expressions = (f"COUNT_IF(__broken{number})", "COUNT(*)")
        answers.append(Answer(rule, tuple(map(select.place, expressions))))
    rows = wholes.with_windows(windows, source.relation)
    listed = ",\n    ".join(inner)
    grouped = f"  SELECT\n    {listed}\n  FROM {rows}\n  GROUP BY {identifiers(by)}"
    sql = f"SELECT\n  {select.sql()}\nFROM (\n{grouped}\n) AS grouped"
    return Query(sql, tuple(answers), partial(_group, by, source=source))


def _compared(key: tuple[str, ...], asked: Sequence[Rule], *, source: Source) -> Query:
    """One join of the earlier day with this one."""
    checks = [rule.check for rule in asked if isinstance(rule.check, AcrossDays)]
    select, allowed = _Select(), allowances(checks)
    tests = [day_test(check, allowed) for check in checks]
    places = [(select.place(f"COUNT_IF({test.broken})"), select.place(test.total)) for test in tests]
    sql = f"SELECT\n  {select.sql()}\n{both_days(checks, key, source.relation, source.earlier)}"
    return Query(sql, tuple(map(Answer, asked, places)), partial(_compared, key, source=source))


def _whole(asked: Sequence[Rule], *, source: Source) -> Query:
    """A statement of its own for one rule."""
    (rule,) = asked
    sql = wholes.statement(_narrowed(rule.check, source), source.relation, source.tables, types=source.types)
    places = (0,) if isinstance(rule.check, rules.SqlNumber) else (0, 1)
    return Query(sql, (Answer(rule, places),), partial(_whole, source=source))


def _narrowed(check: Check, source: Source) -> Check:
    """The check over fewer columns that says the same: those with one value in all rows tell no two rows apart."""
    if isinstance(check, rules.Unique | rules.QualityMetric) and len(check.columns) > 1:
        return replace(check, columns=source.varying(check.columns) or check.columns)
    return check
