"""A day against the one before: hand-made rows and hand-counted answers, on every engine."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from martgate.expectations.audit import NoPreviousDay, PreviousDay, Scope, audit
from martgate.expectations.kinds.conditions import Holds
from martgate.expectations.kinds.moves import NeverFalls, NeverRises
from martgate.expectations.kinds.never_disappears import NeverDisappears
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.unchanged_since import UnchangedSince
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Outcome

PASSED, FAILED, ERROR, VACUOUS = Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.VACUOUS
NAN = float("nan")


def unchanged(*columns):
    return UnchangedSince(columns or ("v",), ("k",))


def rows(**of_keys):
    """rows(a=1, b=None): keys with their values."""
    return {"k string": list(of_keys), "v int": list(of_keys.values())}


GONE, FALLS, RISES = NeverDisappears(("k",)), NeverFalls("v", ("k",)), NeverRises("v", ("k",))
NEXT_DAYS = [
    # never_disappears: every key of the earlier day is looked at, and new ones are nobody's business
    (GONE, rows(a=1, b=2), rows(a=9, b=None, c=3), PASSED, 0, 2),
    (GONE, rows(a=1, b=2, c=3), rows(b=2), FAILED, 2, 3),
    (GONE, rows(a=1), rows(), FAILED, 1, 1),
    (GONE, rows(), rows(a=1), VACUOUS, 0, 0),
    (GONE, {"k string": ["a", None], "v int": [1, 2]}, rows(a=1), PASSED, 0, 1),
    (GONE, rows(a=1), {"k string": [None], "v int": [1]}, FAILED, 1, 1),
    # unchanged_since: keys of both days, and null is a value like any other
    (unchanged(), rows(a=1, b=None), rows(a=1, b=None, c=3), PASSED, 0, 2),
    (unchanged(), rows(a=1, b=2, c=3), rows(a=1, b=7), FAILED, 1, 2),
    (unchanged(), rows(a=1, b=None), rows(a=None, b=2), FAILED, 2, 2),
    (unchanged(), rows(a=1), rows(b=1), VACUOUS, 0, 0),
    (
        unchanged("v", "w"),
        rows(a=1, b=2, c=3) | {"w string": ["x", "y", None]},
        rows(a=1, b=9, c=3) | {"w string": ["X", "Y", None]},
        FAILED,
        2,
        3,
    ),
    # never_falls: what was lost has fallen, and where nothing was there is nothing to compare
    (FALLS, rows(a=1, b=2), rows(a=1, b=3), PASSED, 0, 2),
    (FALLS, rows(a=1, b=2, c=3), rows(a=0, b=2), FAILED, 1, 2),
    (FALLS, rows(a=1, b=None, c=None), rows(a=None, b=2, c=None), FAILED, 1, 1),
    (FALLS, rows(a=None), rows(a=1), VACUOUS, 0, 0),
    # never_rises: as above, the other way round
    (RISES, rows(a=1, b=2), rows(a=1, b=1), PASSED, 0, 2),
    (RISES, rows(a=1, b=2), rows(a=1, b=3), FAILED, 1, 2),
    (RISES, rows(a=1, b=None), rows(a=None, b=2), FAILED, 1, 1),
    (RISES, rows(a=None), rows(a=1), VACUOUS, 0, 0),
]


@pytest.mark.parametrize(("check", "earlier", "columns", "outcome", "failed", "total"), NEXT_DAYS)
def test_finds_what_a_person_counts(find, check, earlier, columns, outcome, failed, total):
    verdict = find(check, columns, earlier=earlier)
    assert (verdict.outcome, verdict.failed, verdict.total) == (outcome, failed, total), verdict.reason


def test_a_key_that_a_day_repeats_counts_once_for_each_pair_of_its_rows(find):
    then, now = {"k int": [1], "v int": [5]}, {"k int": [1, 1, 1], "v int": [5, 4, 4]}
    verdict = find(FALLS, now, earlier=then)
    assert (verdict.failed, verdict.total, verdict.unit) == (2, 3, "keys")


@pytest.mark.spark
@pytest.mark.parametrize("engine", ["spark"], indirect=True, scope="session")
@pytest.mark.parametrize("case", [NEXT_DAYS[n] for n in (1, 4, 8, 10, 13, 17)])
def test_spark_finds_the_same(find, case):
    check, earlier, columns, outcome, failed, total = case
    verdict = find(check, columns, earlier=earlier)
    assert (verdict.outcome, verdict.failed, verdict.total) == (outcome, failed, total), verdict.reason


VALUES = [
    ("timestamp", datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, 0, 0, 1, tzinfo=UTC)),
    ("date", date(2023, 12, 31), date(2024, 1, 1)),
    ("string", "a", "b"),
    ("double", 1.5, NAN),
    ("boolean", False, True),
]


@pytest.mark.parametrize(("kind", "less", "more"), VALUES)
@pytest.mark.parametrize("check", [FALLS, RISES, unchanged()], ids=lambda check: check.kind)
def test_values_of_any_type_move(find, check, kind, less, more):
    then, now = (more, less) if check is FALLS else (less, more)
    same = find(check, {"k int": [1], f"v {kind}": [then]}, earlier={"k int": [1], f"v {kind}": [then]})
    moved = find(check, {"k int": [1], f"v {kind}": [now]}, earlier={"k int": [1], f"v {kind}": [then]})
    assert (same.outcome, moved.outcome) == (PASSED, FAILED)


def test_a_key_of_several_columns_is_compared_as_a_whole(find):
    then = {"k int": [1, 1, 2], "l string": ["x", "y", "x"], "v int": [5, 6, 7]}
    now = {"k int": [1, 1, 2], "l string": ["x", "z", "x"], "v int": [5, 6, 6]}
    gone = find(NeverDisappears(("k", "l")), now, earlier=then)
    fallen = find(NeverFalls("v", ("k", "l")), now, earlier=then)
    assert (gone.failed, gone.total, fallen.failed, fallen.total) == (1, 3, 1, 2)


ALLOWED = {
    "o.cancelled": {
        "k string": ["a", "a", "b", "c"],
        "at timestamp": [
            datetime(2023, 12, 29, 15, tzinfo=UTC),  # the earlier day ends here, in Seoul
            datetime(2024, 1, 1, 14, 59, 59, tzinfo=UTC),
            datetime(2023, 12, 29, 14, 59, 59, tzinfo=UTC),
            datetime(2024, 1, 1, 15, tzinfo=UTC),
        ],
    }
}
BETWEEN = (
    "SELECT k, 1 AS measure FROM o.cancelled"
    " WHERE at >= CAST(:earlier_end AS TIMESTAMP) AND at < CAST(:day_end AS TIMESTAMP)"
)


def by_allowance(find, kind, then, now):
    return find(kind("v", ("k",), BETWEEN), now, earlier=then, others=ALLOWED)


def test_an_allowance_is_what_its_query_counts_between_the_two_ends(find):
    then = rows(a=5, b=5, c=5, d=5)
    assert by_allowance(find, NeverFalls, then, rows(a=3, b=5, c=5, d=6)).outcome is PASSED
    too_far = by_allowance(find, NeverFalls, then, rows(a=2, b=4, c=4, d=4))
    assert (too_far.outcome, too_far.failed, too_far.total) == (FAILED, 4, 4)
    risen = by_allowance(find, NeverRises, then, rows(a=7, b=6, c=6, d=6))
    assert (risen.outcome, risen.failed, risen.total) == (FAILED, 3, 4)


@pytest.fixture
def run(engine, register, make):
    """run(rules, columns): the audit of hand-made rows, with whatever the scope says of an earlier day."""

    def _run(checks, columns, *, earlier=NoPreviousDay.NONE_PUBLISHED, table=None):
        table = table or make.table(make.column("k", "string"), make.column("v", "int"))
        register("s.t", columns)
        if isinstance(earlier, dict):
            earlier = PreviousDay(register("s.earlier", earlier), date(2023, 12, 29))
        scope = Scope(make.day, make.noon, previous_day=earlier)
        rules = [Rule(name=n, check=check, clauses=(), columns=check.columns_read) for n, check in checks.items()]
        return audit(engine, "s.t", table=table, rules=rules, scope=scope)

    return _run


EVERY = {"gone": GONE, "same": unchanged(), "falls": FALLS, "rises": RISES}


def test_rules_that_share_a_key_share_one_statement(run):
    result = run(EVERY, rows(a=1), earlier=rows(a=1))
    assert [verdict.outcome for verdict in result.verdicts] == [PASSED] * 4
    assert (result.queries, result.compared_with) == (2, date(2023, 12, 29))  # one pass, one join


@pytest.mark.parametrize("reason", list(NoPreviousDay))
def test_without_an_earlier_day_they_are_out_of_scope_and_say_why(run, reason):
    ends = Holds("CAST(:earlier_end AS TIMESTAMP) IS NOT NULL")
    result = run({**EVERY, "ends": ends, "set": NotNull("v")}, rows(a=1), earlier=reason)
    assert [verdict.rule.name for verdict in result.verdicts] == ["set"]
    assert {item.rule.name: item.reason for item in result.out_of_scope} == dict.fromkeys(
        [*EVERY, "ends"], reason.value
    )
    assert (result.rules, result.compared_with) == (1, None)


def test_an_earlier_day_that_cannot_be_read_is_an_error_and_takes_no_neighbour_along(run):
    result = run({**EVERY, "set": NotNull("v")}, rows(a=1), earlier=PreviousDay("s.nowhere", date(2023, 12, 29)))
    assert [verdict.outcome for verdict in result.verdicts] == [ERROR] * 4 + [PASSED]
    assert all("nowhere" in verdict.reason for verdict in result.verdicts[:4])


def test_a_column_that_the_earlier_day_lacks_is_an_error_of_the_rules_that_read_it(run):
    result = run(EVERY, rows(a=1), earlier={"k string": ["a"]})
    assert [verdict.outcome for verdict in result.verdicts] == [PASSED, ERROR, ERROR, ERROR]


def test_an_allowance_from_a_table_that_is_not_there_is_out_of_scope(run):
    result = run({"falls": NeverFalls("v", ("k",), BETWEEN)}, rows(a=1), earlier=rows(a=1))
    assert [item.reason for item in result.out_of_scope] == ["it looks at o.cancelled, which is not part of this audit"]


def test_offenders_show_the_key_and_both_values(run):
    result = run(EVERY, rows(a=0, b=3), earlier=rows(a=1, b=2, c=3))
    examples = {verdict.rule.name: verdict.examples for verdict in result.verdicts}
    assert examples == {
        "gone": ({"k": "c"},),
        "same": ({"k": "a", "v (earlier)": "1", "v": "0"}, {"k": "b", "v (earlier)": "2", "v": "3"}),
        "falls": ({"k": "a", "v (earlier)": "1", "v": "0"},),
        "rises": ({"k": "b", "v (earlier)": "2", "v": "3"},),
    }


def test_protected_values_of_neither_day_are_shown(run, make):
    table = make.table(
        make.column("k", "string", classification="personal"), make.column("v", "int", classification="personal")
    )
    result = run(
        EVERY,
        {"k string": ["ann"], "v int": [7007]},
        earlier={"k string": ["ann", "bo"], "v int": [6006, 1]},
        table=table,
    )
    shown = str([verdict.examples for verdict in result.verdicts])
    assert "[protected]" in shown
    assert not any(secret in shown for secret in ("ann", "bo", "7007", "6006"))


MOVES = {
    "gone": lambda _: None,
    "same": lambda row: row | {"born": (row["born"] or 0) + 1},
    "falls": lambda row: row | {"score": row["score"] - 1},
    "rises": lambda row: row | {"rank": row["rank"] + 1},
    "falls, lost": lambda row: row | {"score": None},
    "rises, lost": lambda row: row | {"rank": None},
    "same, lost": lambda row: row | {"born": None if row["born"] is not None else 0},
}
RULES = {
    "gone": NeverDisappears(("k",)),
    "same": UnchangedSince(("born",), ("k",)),
    "falls": NeverFalls("score", ("k",)),
    "rises": NeverRises("rank", ("k",)),
}
HEADS = {"k": "string", "born": "int", "score": "int", "rank": "int"}
whole = st.integers(-100, 100)
members = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    st.fixed_dictionaries({"born": st.none() | whole, "score": whole, "rank": whole}),
    min_size=1,
    max_size=8,
)


def build_columns(rows):
    return {f"{name} {kind}": [row[name] for row in rows] for name, kind in HEADS.items()}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(every=members, new=st.integers(0, 3), move=st.none() | st.sampled_from(sorted(MOVES)), data=st.data())
def test_a_day_like_its_predecessor_with_new_keys_keeps_all_and_one_change_breaks_its_rule_alone(
    run, every, new, move, data
):
    then = [{"k": key} | row for key, row in every.items()]
    now = data.draw(st.permutations(then))
    if move:
        now = [row for row in [MOVES[move](now[0]), *now[1:]] if row]
    added = [{"k": f"a new key {n}", "born": None, "score": -999, "rank": 999} for n in range(new)]
    result = run(RULES, build_columns([*added, *now]), earlier=build_columns(then))
    broken = {verdict.rule.name: verdict.failed for verdict in result.verdicts if verdict.outcome is FAILED}
    assert broken == ({move.partition(",")[0]: 1} if move else {})
    assert not result.count(ERROR)
