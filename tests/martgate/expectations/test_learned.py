"""Rules that learn: what is counted, what is expected, and what is reported while there are too few days."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from martgate.contracts.day import Day
from martgate.contracts.quality import Severity
from martgate.expectations import measurement_queries
from martgate.expectations.audit import Scope, audit
from martgate.expectations.kinds.share_shift import ShareShift, fisher_exact_probability
from martgate.expectations.kinds.volume_band import VolumeBand
from martgate.expectations.measurement import InMemoryHistory, Measurement
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Outcome

FIRST = date(2024, 1, 1)
VOLUME = VolumeBand(("c",), 60, 1)
SHARES = ShareShift(("flag", "name", "kind"), 0.1, ("c",))
ALPHABET = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl")


def rule_of(check, name="table|learns"):
    return Rule(name=name, check=check, clauses=(), columns=check.columns_read)


@pytest.fixture
def table(make):
    return make.table(
        make.column("c", at=0),
        make.column("flag", at=1, enum=(0, 1)),
        make.column("name", "string", at=2, enum=("Ann", "Bo"), classification="personal"),
        make.column("kind", "string", at=3, enum=ALPHABET),
    )


@pytest.fixture
def run(engine, register, make, table):
    """run(checks, rows, history): the audit of a day; rows are (c, flag, name, kind)."""

    def _run(checks, rows, history=None, *, day=FIRST, heads=("c bigint", "flag int", "name string", "kind string")):
        columns = dict(zip(heads, map(list, zip(*rows, strict=True)), strict=False))
        register("s.t", columns)
        scope = Scope(
            Day(day, "Asia/Seoul") if day else None,
            datetime(2024, 9, 1, tzinfo=UTC),
            history=None if history is None else InMemoryHistory(history),
        )
        rules = [rule_of(check, f"table|{place}") for place, check in enumerate(checks)]
        return audit(engine, "s.t", table=table, rules=rules, scope=scope)

    return _run


ROWS = [(1, 0, "Ann", "A"), (1, 1, None, None), (1, None, "Bo", "l"), (2, 1, "Ann", "A"), (None, 0, None, "?")]
ENGINES = pytest.mark.parametrize("engine", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)], indirect=True)


@ENGINES
def test_rows_are_counted_by_group_and_by_value_and_protected_columns_by_null_alone(run):
    found = Counter({replace(each, rows=0): each.rows for each in run([VOLUME, SHARES], ROWS, {}).measurements})
    counts = {(each.group, each.column, each.value): rows for each, rows in found.items() if rows}
    assert counts == {
        (("1",), "", None): 3,
        (("1",), "flag", "0"): 1,
        (("1",), "flag", "1"): 1,
        (("1",), "flag", None): 1,
        (("1",), "name", None): 1,
        (("1",), "kind", "A"): 1,
        (("1",), "kind", "l"): 1,
        (("1",), "kind", None): 1,
        (("2",), "", None): 1,
        (("2",), "flag", "1"): 1,
        (("2",), "kind", "A"): 1,
        ((None,), "", None): 1,
        ((None,), "flag", "0"): 1,
        ((None,), "name", None): 1,
    }


@ENGINES
def test_a_table_may_be_one_group(run):
    checks = [VolumeBand((), 60, 1), ShareShift(("flag",), 0.1)]
    found = run(checks, ROWS, {}).measurements
    counts = {(each.group, each.column, each.value): each.rows for each in found}
    assert counts == {
        ((), "", None): 5,
        ((), "flag", None): 1,
        ((), "flag", "0"): 2,
        ((), "flag", "1"): 2,
    }


def test_one_statement_counts_for_all_rules_of_a_grouping_and_one_more_for_a_long_list(run):
    assert run([VOLUME, SHARES, ShareShift(("flag",), 0.2, ("c",))], ROWS, {}).queries == 1 + 2


def sizes(**groups):
    return [Measurement(("c",), (name.removeprefix("c"),), rows) for name, rows in groups.items()]


def days_before(day, number, numbers):
    return {day - timedelta(back): numbers for back in range(1, number + 1)}


DAY = date(2024, 3, 1)


def test_a_rule_that_is_still_learning_says_so_blocks_nothing_and_never_passes(run):
    found = run([VOLUME, SHARES], ROWS, days_before(DAY, 13, sizes(c1=3)), day=DAY)
    assert (found.rules, found.verdicts, found.blocking) == (0, (), ())
    assert [item.reason for item in found.out_of_scope] == [
        "learning: 13 of 14 days published and measured",
        "learning: 0 of 1 day published and measured",
    ]
    assert len(found.measurements) > 3


def test_days_beyond_the_history_do_not_count_as_learned_from(run):
    history = days_before(DAY - timedelta(61), 30, sizes(c1=3))
    (item,) = run([VOLUME], ROWS, history, day=DAY).out_of_scope
    assert item.reason == "learning: 0 of 14 days published and measured"


def test_without_a_history_or_a_day_nothing_is_measured_and_the_rule_is_out_of_scope(run):
    found = run([VOLUME], ROWS, None)
    assert [item.reason for item in found.out_of_scope] == [
        "it learns from the table's history, which is not part of this audit"
    ]
    assert found.measurements == ()
    (item,) = run([VOLUME], ROWS, {}, day=None).out_of_scope
    assert item.reason == "it is about a day, and no day was given"


def of_sizes(**groups):
    return [(int(name.removeprefix("c")), 0, "Ann", "A") for name, rows in groups.items() for _ in range(rows)]


def test_groups_as_large_as_ever_pass_and_new_ones_are_not_looked_at(run):
    history = days_before(DAY, 30, sizes(c1=1000, c2=200))
    (verdict,) = run([VOLUME], of_sizes(c1=1010, c2=195, c3=500), history, day=DAY).verdicts
    assert (verdict.outcome, verdict.failed, verdict.total, verdict.unit) == (Outcome.PASSED, 0, 2, "groups")


@pytest.mark.parametrize(
    ("rows", "found"), [({"c1": 500}, "500"), ({"c1": 2000}, "2,000"), ({"c2": 1}, "0")], ids=["half", "twice", "gone"]
)
def test_a_group_outside_of_its_band_fails_and_is_named_with_what_was_expected(run, rows, found):
    history = days_before(DAY, 30, sizes(c1=1000))
    (verdict,) = run([VOLUME], of_sizes(**rows), history, day=DAY).verdicts
    assert (verdict.outcome, verdict.failed, verdict.total, verdict.blocks) == (Outcome.FAILED, 1, 1, True)
    (example,) = verdict.examples
    assert (example["c"], example["(found)"]) == ("1", found)
    low, _, high = example["(expected)"].partition(" to ")
    assert 800 < int(low.replace(",", "")) < 1000 < int(high.replace(",", "")) < 1250


def test_a_group_that_is_gone_for_long_is_expected_to_be(run):
    history = days_before(DAY, 20, sizes(c1=1000)) | days_before(DAY - timedelta(20), 20, sizes(c1=1000, c2=1000))
    (verdict,) = run([VOLUME], of_sizes(c1=1000), history, day=DAY).verdicts
    assert (verdict.outcome, verdict.total) == (Outcome.PASSED, 2)


def shares(ones, rows, group="1"):
    return [
        Measurement(("c",), (group,), rows),
        Measurement(("c",), (group,), ones, "flag", "1"),
        Measurement(("c",), (group,), rows - ones, "flag", "0"),
        Measurement(("c",), (group,), 0, "flag", None),
    ]


FLAG = ShareShift(("flag",), 0.1, ("c",))


def flags(ones, rows, group=1):
    return [(group, int(place < ones), "Ann", "A") for place in range(rows)]


def test_a_share_that_moved_no_further_than_stated_passes(run):
    (verdict,) = run([FLAG], flags(600, 1000), {FIRST: shares(500, 1000)}, day=DAY).verdicts
    assert (verdict.outcome, verdict.failed, verdict.total, verdict.unit) == (Outcome.PASSED, 0, 3, "shares")


def test_a_share_that_moved_further_fails_and_is_named_with_both_numbers(run):
    (verdict,) = run([FLAG], flags(610, 1000), {FIRST: shares(500, 1000)}, day=DAY).verdicts
    assert (verdict.outcome, verdict.failed, verdict.total) == (Outcome.FAILED, 2, 3)
    assert verdict.examples[1] == {
        "c": "1",
        "(column)": "flag",
        "(value)": "1",
        "(found)": "61.00 %",
        "(expected)": "40.00 % to 60.00 %",
    }


def by_weekday(sundays, others, days=50):
    """Days before DAY, a Friday, in which a share is another one on Sundays."""
    each = [DAY - timedelta(back) for back in range(1, days + 1)]
    return {day: shares(sundays if day.weekday() == 6 else others, 1000) for day in each}


SUNDAY = DAY + timedelta(2)


@pytest.mark.parametrize(
    ("distance", "history_days", "day", "ones", "outcome"),
    [
        (0.15, 60, SUNDAY, 500, Outcome.PASSED),
        (0.15, 0, SUNDAY, 500, Outcome.FAILED),
        (0.15, 60, DAY, 500, Outcome.FAILED),
        (0.15, 60, SUNDAY, 610, Outcome.FAILED),
        (0.09, 60, SUNDAY, 500, Outcome.FAILED),
    ],
    ids=["a Sunday like others", "not asked for", "no Sunday", "unlike a Sunday", "more than twice the distance"],
)
def test_a_share_may_move_as_it_is_used_to_up_to_twice_the_distance(run, distance, history_days, day, ones, outcome):
    check = ShareShift(("flag",), distance, ("c",), history_days=history_days)
    history = by_weekday(500, 300) | {DAY: shares(300, 1000), DAY + timedelta(1): shares(300, 1000)}
    (verdict,) = run([check], flags(ones, 1000), history, day=day).verdicts
    assert verdict.outcome is outcome


def test_shares_that_learn_from_many_days_say_so_until_they_know_them(run):
    check = ShareShift(("flag",), 0.1, ("c",), history_days=60)
    history = by_weekday(300, 300, days=13) | days_before(DAY - timedelta(13), 9, sizes(c1=9))  # not counted by flag
    (item,) = run([check], flags(900, 1000), history, day=DAY).out_of_scope
    assert item.reason == "learning: 13 of 14 days published and measured"


def test_only_the_newest_earlier_day_is_looked_at(run):
    history = {FIRST: shares(100, 1000), FIRST + timedelta(1): shares(500, 1000), DAY: shares(900, 1000)}
    (verdict,) = run([FLAG], flags(550, 1000), history, day=DAY).verdicts
    assert verdict.outcome is Outcome.PASSED


def test_what_chance_explains_in_a_small_group_is_no_move(run):
    (verdict,) = run([FLAG], flags(3, 5), {FIRST: shares(1, 5)}, day=DAY).verdicts
    assert verdict.outcome is Outcome.PASSED


def test_nulls_that_come_from_nowhere_are_found_in_a_protected_column_too(run):
    check = ShareShift(("name",), 0.05)
    before = run([check], [(1, 0, "Ann", "A")] * 300, {}).measurements
    (verdict,) = run([check], [(1, 0, None, "A")] * 300, {FIRST: before}, day=DAY).verdicts
    assert verdict.examples == (
        {"(column)": "name", "(value)": "null", "(found)": "100.00 %", "(expected)": "0.00 % to 5.00 %"},
    )


def test_a_value_of_a_long_list_that_is_gone_has_a_share_of_nothing(run):
    check = ShareShift(("kind",), 0.05)
    before = run([check], [(1, 0, "Ann", kind) for kind in "AB" * 200], {}).measurements
    (verdict,) = run([check], [(1, 0, "Ann", "A")] * 400, {FIRST: before}, day=DAY).verdicts
    assert [(example["(value)"], example["(found)"]) for example in verdict.examples] == [
        ("A", "100.00 %"),
        ("B", "0.00 %"),
    ]


def test_groups_that_are_not_there_on_both_days_have_no_shares_to_compare(run):
    history = {FIRST: shares(1, 500, group="2")}
    (verdict,) = run([FLAG], flags(600, 1000), history, day=DAY).verdicts
    assert (verdict.outcome, verdict.reason, verdict.blocks) == (
        Outcome.VACUOUS,
        "no group of today was there before",
        True,
    )


def test_a_rule_that_cannot_count_is_an_error_even_while_it_would_be_learning(run):
    found = run([VOLUME, FLAG], [(1,)], {}, day=DAY, heads=("c bigint",))
    assert [(each.rule.name, each.outcome) for each in found.verdicts] == [("table|1", Outcome.ERROR)]
    assert [item.rule.name for item in found.out_of_scope] == ["table|0"]


def test_only_the_guilty_rule_of_a_grouping_is_left_without_an_answer(run):
    bad, good = ShareShift(("flag",), 0.1, ("c",)), ShareShift(("name",), 0.1, ("c",))
    heads = ("c bigint", "name string", "flag timestamp")  # no number compares with a timestamp
    rows = [(1, "Ann", datetime(2024, 1, 1, tzinfo=UTC))]
    found = run([VOLUME, bad, good], rows, days_before(DAY, 20, sizes(c1=1)), day=DAY, heads=heads)
    assert [each.outcome for each in found.verdicts] == [Outcome.PASSED, Outcome.ERROR]
    assert [(each.column, each.rows) for each in found.measurements] == [("", 1), ("name", 0)]


def test_a_grouping_of_more_than_can_be_kept_every_day_is_an_error(run, monkeypatch):
    monkeypatch.setattr(measurement_queries, "MAX_MEASUREMENTS", 2)
    (verdict,) = run([VOLUME], ROWS, {}).verdicts
    assert (verdict.outcome, verdict.blocks) == (Outcome.ERROR, True)
    assert verdict.reason == "more than 2 numbers a day would be kept: group by fewer, or coarser, columns"


def test_a_warning_that_learned_of_something_blocks_nothing(run):
    history = days_before(DAY, 30, sizes(c1=1000))
    (verdict,) = run([VOLUME], of_sizes(c1=10), history, day=DAY).verdicts
    assert verdict.blocks
    assert not replace(verdict, rule=replace(verdict.rule, severity=Severity.WARNING)).blocks


@given(st.data())
def test_chance_is_fisher_s(data):
    from scipy.stats import hypergeom

    size, then_size = data.draw(st.integers(1, 300)), data.draw(st.integers(1, 300))
    rows, then = data.draw(st.integers(0, size)), data.draw(st.integers(0, then_size))
    of_all = hypergeom(size + then_size, rows + then, size)
    more = rows / size >= then / then_size
    expected = of_all.sf(rows - 1) if more else of_all.cdf(rows)
    assert fisher_exact_probability(rows, size, then, then_size) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_chance_among_a_billion_rows_is_quick_and_small():
    assert fisher_exact_probability(510_000_000, 10**9, 500_000_000, 10**9) < 1e-12
