"""Rules into the fewest statements: one pass answers every check that looks at rows, one grouping all that share it, one
join with an earlier day all that share a key.

Every statement is Spark SQL and knows which of its numbers answer which rule: those of one row, or of several that were
put one below the other (for rules that learn one a group, see `martgate.expectations.measured`). A statement can be taken apart,
so that a rule that cannot run does not take its neighbours with it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from typing import Any, assert_never

from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.counting import AcrossDays, BySchema, FromHistory, Grouping, Scan, Statement
from martgate.expectations.kinds.days import DayCheck, both_days, names_of_queries
from martgate.expectations.kinds.statements import with_windows
from martgate.expectations.measured import Counted, counted
from martgate.expectations.ports import FILE
from martgate.expectations.rules import Rule
from martgate.expectations.source import Source
from martgate.text.quoting import identifier, identifiers, relation

__all__ = ["Answer", "Plan", "Query", "at_once", "plan"]


@dataclass(frozen=True, slots=True)
class Answer:
    """Where in a statement's row a rule's numbers stand, in the order in which its check asked for them.

    Without `places` the whole row is the answer. If the number at `doubt` is not 0, the answer is in doubt.
    """

    rule: Rule
    places: tuple[int, ...]
    doubt: int | None = None

    def numbers(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """The rule's numbers in a row; empty where the row is too short for them."""
        if not self.places:
            return tuple(row)
        return tuple(row[place] for place in self.places) if len(row) > max(self.places) else ()

    def is_in_doubt(self, row: Sequence[Any]) -> bool:
        """Whether the row says that this answer is not to be trusted."""
        return self.doubt is not None and len(row) > self.doubt and bool(row[self.doubt])

    def moved(self, start: int) -> "Answer":
        """The same answer where the row begins at another place."""
        places = tuple(start + place for place in self.places)
        return replace(self, places=places, doubt=None if self.doubt is None else start + self.doubt)

    @property
    def width(self) -> int:
        """How many numbers a row must have."""
        return 1 + max(*self.places, self.doubt or 0, 0)


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
    """`by_schema` are the rules that the table's schema answers, and how; `counted` those that learn.

    `proved` are those that the statistics of its files answer: what failed of each, and what it is about.
    """

    queries: tuple[Query, ...]
    by_schema: Mapping[Rule, BySchema] = field(default_factory=dict)
    proved: Mapping[Rule, tuple[int, int]] = field(default_factory=dict)
    counted: tuple[Counted, ...] = ()


def plan(asked: Iterable[Rule], source: Source) -> Plan:
    """The statements that answer the rules; the first one always counts the rows."""
    by_schema: dict[Rule, BySchema] = {}
    proved: dict[Rule, tuple[int, int]] = {}
    scanned: list[Rule] = []
    lasting: list[Rule] = []
    grouped: dict[tuple[str, ...], list[Rule]] = {}
    across: dict[tuple[str, ...], list[Rule]] = {}
    learned: dict[tuple[str, ...], list[Rule]] = {}
    alone: list[Rule] = []
    for rule in asked:
        counting = rule.check.counting(source)
        if isinstance(counting, BySchema):
            by_schema[rule] = counting
            continue
        proof = None if source.known.is_empty else rule.check.proof(source.known)
        if proof:
            proved[rule] = proof
            continue
        match counting:
            case Scan(adds_up=adds_up):
                (lasting if adds_up and _lasts(rule.check, source.carried) else scanned).append(rule)
            case Grouping(by):
                grouped.setdefault(by, []).append(rule)
            case AcrossDays(check):
                across.setdefault(check.key, []).append(rule)
            case FromHistory(learner):
                learned.setdefault(learner.by, []).append(rule)
            case Statement():
                alone.append(rule)
            case _:
                assert_never(counting)
    queries = [
        _scan(scanned, source),
        *([_scan_by_file(lasting, source)] if lasting else []),
        *(_group(by, members, source=source) for by, members in grouped.items()),
        *(_compared(key, members, source=source) for key, members in across.items()),
        *(_alone([rule], source=source) for rule in alone),
    ]
    counts = [counted(members, source) for members in learned.values()]
    return Plan(tuple(queries), by_schema, proved, tuple(counts))


def at_once(planned: Plan) -> Plan:
    """The same plan with one statement for all that more than a pass, and no query of the contract's own, answers."""
    scan, *others = planned.queries
    apart = tuple(query for query in others if _stands_alone(query))
    shared = tuple(query for query in others if not _stands_alone(query))
    return replace(planned, queries=(scan, *((_joined(shared),) if shared else ()), *apart))


def _stands_alone(query: Query) -> bool:
    return bool(query.by_file) or any(not answer.places for answer in query.answers)


def _joined(parts: tuple[Query, ...]) -> Query:
    """The rows of these statements one below the other, each with its number before it, all of one width."""
    if len(parts) == 1:
        return parts[0]
    widths = [max(answer.width for answer in query.answers) for query in parts]
    lines, answers = [], []
    for number, (query, own) in enumerate(zip(parts, widths, strict=True)):
        numbers = [
            f"CAST({f'm{place}' if place < own else 'NULL'} AS BIGINT) AS m{place}" for place in range(max(widths))
        ]
        lines.append(f"SELECT {number} AS line, {', '.join(numbers)} FROM (\n{query.sql}\n) AS line{number}")
        start = 1 + number * (1 + max(widths))
        answers += [each.moved(start) for each in query.answers]
    return Query("\nUNION ALL\n".join(lines), tuple(answers), partial(_again, parts), lines=len(parts))


def _again(parts: tuple[Query, ...], asked: Sequence[Rule]) -> Query:
    """A statement for some of the rules of these."""
    kept = [(query, [rule for rule in query.rules if rule in asked]) for query in parts]
    return _joined(tuple(query.rebuild(some) for query, some in kept if some))


def _lasts(check: Check, carried: frozenset[str] | None) -> bool:
    """Whether a file's part in a count is the same on any day and under any name, as long as its bytes are."""
    if carried is None:
        return False
    return carried.isdisjoint(name.casefold() for name in check.columns_read) and not check.parameters


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
    answers = tuple(_answer(rule, select, source) for rule in asked)
    sql = f"SELECT\n  {select.sql()}\nFROM {relation(source.relation)}"
    return Query(sql, answers, partial(_scan, source=source), rows=0)


def _answer(rule: Rule, select: _Select, source: Source) -> Answer:
    counting = rule.check.counting(source)
    assert isinstance(counting, Scan)
    places = tuple(map(select.place, counting.numbers))
    return Answer(rule, places, select.place(counting.doubt) if counting.doubt else None)


def _scan_by_file(asked: Sequence[Rule], source: Source) -> Query:
    """One pass over the table, whose numbers add up over its files."""
    whole = _scan(asked, source)
    listed = whole.sql.removeprefix("SELECT").rpartition("\nFROM ")[0]
    return replace(whole, rebuild=partial(_scan_by_file, source=source), rows=None, by_file=listed)


def _group(by: tuple[str, ...], asked: Sequence[Rule], *, source: Source) -> Query:
    """One grouping, and over it one row. A check that needs a row's place in its group brings window functions."""
    select, answers = _Select("COUNT(*)"), []
    windows: list[str] = []
    inner = ["COUNT(*) AS __rows"]
    for number, rule in enumerate(asked):
        counting = rule.check.counting(source)
        assert isinstance(counting, Grouping)
        parts = counting.parts(number)
        windows += parts.windows
        inner += parts.aggregates
        places = tuple(map(select.place, parts.numbers))
        answers.append(Answer(rule, places, select.place(parts.doubt) if parts.doubt else None))
    rows = with_windows(windows, source.relation)
    listed = ",\n    ".join(inner)
    grouped = f"  SELECT\n    {listed}\n  FROM {rows}\n  GROUP BY {identifiers(by)}"
    sql = f"SELECT\n  {select.sql()}\nFROM (\n{grouped}\n) AS grouped"
    return Query(sql, tuple(answers), partial(_group, by, source=source))


def _compared(key: tuple[str, ...], asked: Sequence[Rule], *, source: Source) -> Query:
    """One join of the earlier day with this one."""
    checks = [rule.check for rule in asked if isinstance(rule.check, DayCheck)]
    select, names = _Select(), names_of_queries(checks)
    tests = [check.day_test(names) for check in checks]
    places = [(select.place(f"COUNT_IF({test.broken})"), select.place(test.total)) for test in tests]
    sql = f"SELECT\n  {select.sql()}\n{both_days(checks, key, source)}"
    return Query(sql, tuple(map(Answer, asked, places)), partial(_compared, key, source=source))


def _alone(asked: Sequence[Rule], *, source: Source) -> Query:
    """A statement of its own for one rule."""
    (rule,) = asked
    counting = rule.check.counting(source)
    assert isinstance(counting, Statement)
    places = () if counting.is_whole_row else (0, 1)
    return Query(counting.sql, (Answer(rule, places),), partial(_alone, source=source))
