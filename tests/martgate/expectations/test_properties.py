"""Rows drawn from a contract pass it; one planted defect fails the rule that names it, and no other."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from martgate.contracts.day import Day
from martgate.expectations.audit import Scope, audit
from martgate.expectations.derive import derive

DAY_END = datetime(2024, 1, 1, 15, tzinfo=UTC)
HEADS = {
    "id": "bigint",
    "pair": "bigint",
    "seq": "int",
    "n": "int",
    "first_at": "timestamp",
    "at": "timestamp",
    "flag": "tinyint",
    "code": "string",
    "label": "string",
    "day": "date",
    "part_date": "string",
}


@pytest.fixture
def contract(make):
    """Memberships of pairs, as a mart keeps them, in eleven columns."""

    def column(name, at, *qualities, **more):
        quality = tuple(
            make.quality(name_, f"schema[0].properties[{at}].quality[{n}]", **implementation)
            for n, (name_, implementation) in enumerate(qualities)
        )
        return make.column(name, HEADS[name], at=at, quality=quality, **more)

    table = make.table(
        column("id", 0, required=True, primary_key_position=1, options={"minimum": 1}),
        column("pair", 1, required=True),
        column("seq", 2, ("dense", {"rule": "dense_sequence", "by": ["pair"], "order_by": ["at", "id"]})),
        column("n", 3, ("counts", {"rule": "count_matches", "by": ["pair"]})),
        column("first_at", 4, ("least", {"rule": "extreme_of", "of": "at", "by": ["pair"], "extreme": "min"})),
        column("at", 5, ("before", {"rule": "holds", "expression": "at < CAST(:day_end AS TIMESTAMP)"}), required=True),
        column("flag", 6, ("iff_code", {"rule": "iff", "left": "flag = 1", "right": "code IS NOT NULL"}), enum=(0, 1)),
        column("code", 7, options={"pattern": "^[A-Z]{2}$"}, custom={"allowVacuous": True}),
        column("label", 8, ("constant", {"rule": "constant_within", "by": ["pair"]})),
        column("day", 9, ("is_part_date", {"rule": "holds", "expression": "day = CAST(part_date AS DATE)"})),
        column("part_date", 10, required=True, partition_position=1),
    )
    return make.contract(table)


@st.composite
def good_rows(draw):
    """Rows that keep the contract, in no particular order."""
    rows = []
    for pair, size in enumerate(draw(st.lists(st.integers(1, 3), min_size=1, max_size=5))):
        seconds = sorted(draw(st.lists(st.integers(1, 10**6), min_size=size, max_size=size)))
        label = draw(st.sampled_from([None, "", "x", "한글", "it's"]))
        for place, second in enumerate(seconds, start=1):
            code = draw(st.sampled_from([None, "NO", "KR"]))
            rows.append(
                {
                    "id": len(rows) + 1,
                    "pair": pair,
                    "seq": place,
                    "n": size,
                    "first_at": DAY_END - timedelta(seconds=10**6 + 1 - seconds[0]),
                    "at": DAY_END - timedelta(seconds=10**6 + 1 - second),
                    "flag": int(code is not None),
                    "code": code,
                    "label": label,
                    "day": date(2024, 1, 1),
                    "part_date": "2024-01-01",
                }
            )
    return rows


DEFECTS = {
    "id|minimum": lambda row, _: row | {"id": 0},
    "id|not_null": lambda row, _: row | {"id": None},
    "seq|dense": lambda row, _: row | {"seq": row["seq"] + 1},
    "n|counts": lambda row, _: row | {"n": row["n"] + 1},
    "first_at|least": lambda row, _: row | {"first_at": row["first_at"] - timedelta(seconds=1)},
    "flag|in_set": lambda row, _: row | {"flag": 2, "code": None},
    "flag|iff_code": lambda row, _: row | {"flag": 1 - row["flag"]},
    "code|pattern": lambda row, _: row | {"code": "no\n", "flag": 1},
    "label|constant": lambda row, _: row | {"label": "another"},
    "day|is_part_date": lambda row, _: row | {"day": date(2024, 1, 2)},
    "table|partitions": lambda row, _: row | {"part_date": "2024-01-02", "day": date(2024, 1, 2)},
    "table|key": lambda row, other: row | {"id": other["id"]},
}


def failing_rules(engine, register, contract, rows):
    (table,) = contract.tables
    register("s.t", {f"{name} {kind}": [row[name] for row in rows] for name, kind in HEADS.items()})
    scope = Scope(Day(date(2024, 1, 1), "Asia/Seoul"), DAY_END, frozenset())
    result = audit(engine, "s.t", table=table, rules=derive(table), scope=scope)
    assert len(result.verdicts) == result.rules
    return {verdict.rule.name for verdict in result.blocking}


SLOW = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW
@given(rows=good_rows())
def test_rows_drawn_from_the_contract_pass_it(engine, register, contract, rows):
    assert failing_rules(engine, register, contract, rows) == set()


@settings(SLOW, max_examples=40)
@given(rows=good_rows(), name=st.sampled_from(sorted(DEFECTS)), data=st.data())
def test_a_planted_defect_is_found_by_its_rule_and_by_no_other(engine, register, contract, rows, name, data):
    alone = {row["pair"] for row in rows if row["n"] == 1}
    places = [n for n, row in enumerate(rows) if not (name == "label|constant" and row["pair"] in alone)]
    if not places or (name in ("table|key", "id|not_null") and len(rows) == 1):  # a key of no rows is vacuous as well
        return
    place = data.draw(st.sampled_from(places))
    other = rows[place - 1]
    rows[place] = DEFECTS[name](rows[place], other)
    failed = failing_rules(engine, register, contract, rows)
    assert name in failed
    assert failed - {name} <= {"seq|dense"} if name in ("id|minimum", "id|not_null", "table|key") else failed == {name}
