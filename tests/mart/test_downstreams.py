"""The tables downstream of we_mart.wv_comm_user: rows and expected results by hand. Times are local times in Seoul."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from sqlglot import exp

from martgate.builders.dialect import parse

LAST_INSTANT = "2024-03-31 23:59:59.999999"
CUTOFF = "2024-04-01 00:00:00"
EVE = "2024-03-30"
ROOM = (Path(__file__).parents[2] / "contracts") / "downstream"
NAMES = sorted(path.name.removesuffix(".odcs.yaml") for path in ROOM.glob("*.odcs.yaml"))


def test_every_downstream_table_has_a_contract_and_a_model(models):
    built = sorted(f"we_mart.{name}" for name in models if name != "wv_comm_user")
    assert built == NAMES
    assert len(built) == 7


@pytest.mark.parametrize("name", NAMES)
def test_lineage_equals_that_of_the_contract(name, models, tables):
    lineage = models[name.removeprefix("we_mart.")].lineage()
    for column in tables[name].columns:
        assert lineage[column.name] <= set(column.sources), column.name
        assert bool(lineage[column.name]) is bool(column.sources), column.name


def test_every_model_is_registered_with_the_columns_that_it_reads(models):
    document = YAML(typ="safe", pure=True).load((ROOM.parent / "mart" / "wv_comm_user.odcs.yaml").read_text("utf-8"))
    said = {entry["property"]: entry.get("value") for entry in document["customProperties"]}
    registered = {each["table"]: set(each.get("columns", ())) for each in said["consumers"] + said["furtherConsumers"]}
    own = {column["name"] for column in document["schema"][0]["properties"]}
    for name in NAMES:
        tree = parse(models[name.removeprefix("we_mart.")].sql)
        readers = [select for select in tree.find_all(exp.Select) if "wv_comm_user" in _tables_of(select)]
        read = {column.name for select in readers for column in select.find_all(exp.Column)} & own
        assert read, name
        assert read <= registered[name], name


def _tables_of(select):
    """List the tables in the FROM clause of a SELECT."""
    start = select.args["from_"].this
    return {start.name} if isinstance(start, exp.Table) else set()


PAGE = (Path(__file__).parent / "data" / "we_mart.wv_comm_user.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["stats_wv_d_comm_user_cnt", "stats_wv_t_comm_user_cohort"])
def test_the_query_of_the_page_returns_the_same_rows(world, name):
    for user in range(40):
        world.add(
            "comm_user",
            comm_user_id=str(user),
            wv_user_id=user // 2,
            we_art_id=7 + user % 3,
            we_art_name=f"A{user % 3}",
            is_fc=int(user % 5 == 0),
            comm_user_first_dt=f"2023-{1 + user % 12:02}-01 00:00:00",
        )
    inserted = PAGE.split(f"insert overwrite table we_mart.{name}", maxsplit=1)[1].split(";", maxsplit=1)[0]
    query = inserted.removeprefix(" partition(key_date)").replace("wev_prod.", "")
    query = query.replace("current_timestamp()", "CAST('2024-04-01T02:00:00Z' AS TIMESTAMP)")
    built = world.make(name)
    assert len(built) > 1
    assert sorted(world.engine.fetch(query), key=repr) == built


# stats_wv_d_comm_user_cnt


def test_people_are_counted_once_an_artist_and_of_the_day_alone(world):
    world.add("comm_user", comm_user_id="a", wv_user_id=1, is_fc=1, comm_id=10)
    world.add("comm_user", comm_user_id="b", wv_user_id=1, is_fc=1, comm_id=11)
    world.add("comm_user", comm_user_id="c", wv_user_id=2, comm_user_status="LEAVE")
    world.add("comm_user", comm_user_id="d", wv_user_id=3, we_art_id=8, we_art_name="EIGHT")
    world.add("comm_user", comm_user_id="e", wv_user_id=4, we_art_id=None, we_art_name=None)
    world.add("comm_user", comm_user_id="f", wv_user_id=5, part_date=EVE)
    now = datetime(2024, 4, 1, 2, tzinfo=UTC)
    assert world.make("stats_wv_d_comm_user_cnt") == [
        (date(2024, 3, 31), 7, "SEVEN", 2, 1, now),
        (date(2024, 3, 31), 8, "EIGHT", 1, 0, now),
        (date(2024, 3, 31), None, None, 1, 0, now),
    ]


# stats_wv_t_comm_user_cohort


def test_cohorts_are_quarters_of_the_first_join_in_utc(world):
    world.add("comm_user", comm_user_id="a", comm_user_first_dt="2024-04-01 08:59:59")
    world.add("comm_user", comm_user_id="b", comm_user_first_dt="2024-04-01 09:00:00")
    assert world.make("stats_wv_t_comm_user_cohort", "2024-03-31", "cohort") == [("2024/1Q",), ("2024/2Q",)]


def test_a_cohort_counts_all_days_and_users_in_a_fan_club_on_any_of_them(world):
    for day, is_fc in (("2024-03-29", 0), (EVE, 1), ("2024-03-31", 0), ("2024-04-01", 0)):
        world.add("comm_user", comm_user_id="a", wv_user_id=1, is_fc=is_fc, part_date=day)
    world.add("comm_user", comm_user_id="b", wv_user_id=2, part_date="2024-04-01")
    world.add("comm_user", comm_user_id="c", wv_user_id=3, part_date="2024-03-29")
    answer = world.make(
        "stats_wv_t_comm_user_cohort", "2024-03-31", "cohort", "tot_user_cnt", "fc_user_cnt", "fc_ratio"
    )
    assert answer == [("2023/1Q", 3, 1, 0.3333)]


@pytest.mark.parametrize(("fan_club", "people", "ratio"), [(0, 7, 0.0), (2, 3, 0.6667), (1, 32, 0.0313), (7, 7, 1.0)])
def test_a_share_is_rounded_to_four_decimals_halves_up(world, fan_club, people, ratio):
    for user in range(people):
        world.add("comm_user", comm_user_id=f"m{user}", wv_user_id=user, is_fc=int(user < fan_club))
    assert world.make("stats_wv_t_comm_user_cohort", "2024-03-31", "fc_ratio") == [(ratio,)]


# wv_comm_user_update

EVENT = ("event", "comm_user_status", "prev_comm_user_status", "comm_user_id", "prev_comm_user_id")


@pytest.mark.parametrize(
    ("before", "now", "event"),
    [
        ("NORMAL", "NORMAL", "NONE"),
        ("LEAVE", "LEAVE", "NONE"),
        ("NORMAL", "LEAVE", "LEAVE"),
        ("BLOCKED", "LEAVE", "LEAVE"),
        ("NORMAL", "BLOCKED", "CHANGE"),
        ("LEAVE", "NORMAL", "CHANGE"),
    ],
)
def test_the_event_of_a_membership_follows_from_its_statuses(world, before, now, event):
    world.add("comm_user", comm_user_id="m", comm_user_status=before, part_date=EVE)
    world.add("comm_user", comm_user_id="m", comm_user_status=now)
    assert world.make("wv_comm_user_update", "2024-03-31", *EVENT) == [(event, now, before, "m", "m")]


def test_a_pair_that_is_new_joins_and_another_community_of_the_same_user_is_another_pair(world):
    world.add("comm_user", comm_user_id="old", part_date=EVE)
    world.add("comm_user", comm_user_id="old")
    world.add("comm_user", comm_user_id="new", comm_id=11)
    assert world.make("wv_comm_user_update", "2024-03-31", "comm_id", *EVENT) == [
        (10, "NONE", "NORMAL", "NORMAL", "old", "old"),
        (11, "JOIN", "NORMAL", None, "new", None),
    ]


def test_a_user_who_rejoins_has_one_row_with_the_new_membership_and_the_old_status(world):
    world.add("comm_user", comm_user_id="first", comm_user_status="LEAVE", part_date=EVE)
    world.add("comm_user", comm_user_id="first", comm_user_status="LEAVE", cnt_comm_user_id=2)
    world.add("comm_user", comm_user_id="second", comm_user_seq=2, cnt_comm_user_id=2)
    assert world.make("wv_comm_user_update", "2024-03-31", *EVENT) == [("REJOIN", "NORMAL", "LEAVE", "second", "first")]


def test_without_the_day_before_no_event_is_known(world):
    world.add("comm_user", comm_user_id="m", part_date="2024-03-29")
    world.add("comm_user", comm_user_id="m")
    assert world.make("wv_comm_user_update", "2024-03-31", *EVENT) == [(None, "NORMAL", None, "m", None)]


# wv_dm_subscr

SUBSCRIBED = ("subscr_id", "comm_user_id", "comm_user_status", "is_fc")


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        (LAST_INSTANT, None, True),
        (CUTOFF, None, False),
        ("2024-01-01 00:00:00", CUTOFF, True),
        ("2024-01-01 00:00:00", LAST_INSTANT, False),
    ],
)
def test_a_subscription_counts_where_it_holds_the_days_last_instant(world, start, end, holds):
    world.add("subscription", subscr_id=1, start_dt=start, end_dt=end)
    assert bool(world.make("wv_dm_subscr")) is holds


def test_a_subscription_is_matched_to_the_last_membership_of_its_pair_on_that_day(world):
    world.add("subscription", subscr_id=1)
    world.add("comm_user", comm_user_id="first", cnt_comm_user_id=2)
    world.add(
        "comm_user", comm_user_id="second", comm_user_seq=2, cnt_comm_user_id=2, comm_user_status="LEAVE", is_fc=1
    )
    world.add("comm_user", comm_user_id="elsewhere", comm_id=11)
    world.add("comm_user", comm_user_id="tomorrow", part_date="2024-04-01")
    assert world.make("wv_dm_subscr", "2024-03-31", *SUBSCRIBED) == [(1, "second", "LEAVE", 1)]


def test_subscriptions_without_a_membership_stay_and_none_is_doubled(world):
    for number in (1, 2):
        world.add("subscription", subscr_id=number)
    world.add("subscription", subscr_id=3, wv_user_id=404)
    world.add("comm_user", comm_user_id="m")
    assert world.make("wv_dm_subscr", "2024-03-31", *SUBSCRIBED) == [
        (1, "m", "NORMAL", 0),
        (2, "m", "NORMAL", 0),
        (3, None, None, None),
    ]


# stats_wv_{d,w,m}_comm_engage_usr: 2024-03-25 is a Monday

COUNTS = ("key_date", "comm_id", "join_usr_cnt", "engage_usr_cnt")
PERIODS = [
    ("d", "2024-03-31", "2024-03-31"),
    ("w", "2024-03-25", "2024-03-31"),
    ("m", "2024-03-01", "2024-03-31"),
    ("m", "2024-02-01", "2024-02-29"),
]


@pytest.mark.parametrize(("period", "first", "last"), PERIODS)
def test_joins_are_those_within_the_period_in_seoul(world, period, first, last):
    def joined(user, at):
        world.add("comm_user", comm_user_id=str(user), wv_user_id=user, comm_user_first_dt=at, part_date=last)

    joined(1, f"{first} 00:00:00")
    joined(2, f"{last} 23:59:59.999999")
    joined(3, "2023-12-31 23:59:59")
    joined(4, f"{date.fromisoformat(first).replace(year=2023)} 12:00:00")
    world.add("comm_user", comm_user_id="quiet", comm_id=11, part_date=last)
    world.add("comm_user", comm_user_id="other day", comm_id=12, part_date="2024-03-15")
    assert world.make(f"stats_wv_{period}_comm_engage_usr", first, *COUNTS) == [
        (date.fromisoformat(first), 10, 2, 0),
        (date.fromisoformat(first), 11, 0, 0),
    ]


@pytest.mark.parametrize(("period", "first", "last"), PERIODS)
def test_the_instants_just_outside_a_period_are_outside(world, period, first, last):
    world.add("comm_user", comm_user_id="m", comm_user_first_dt=f"{first} 00:00:00", part_date=last)
    eve = date.fromordinal(date.fromisoformat(first).toordinal() - 1)
    day_after = date.fromordinal(date.fromisoformat(last).toordinal() + 1)
    for post in range(20):
        world.add("view", post_id=post, occurred_at=f"{eve} 23:59:59.999999")
        world.add("view", post_id=post, occurred_at=f"{day_after} 00:00:00")
    table = f"stats_wv_{period}_comm_engage_usr"
    assert world.make(table, first, "join_usr_cnt", "engage_usr_cnt") == [(1, 0)]
    for post in range(10):
        world.add("view", post_id=post, occurred_at=f"{last} 23:59:59.999999")
    assert world.make(table, first, "join_usr_cnt", "engage_usr_cnt") == [(1, 1)]


def engaged(world, period, *instants, first="2024-03-25"):
    """Whether a view, a comment and a like in turns at these instants make a new user engaged."""
    world.add("comm_user", comm_user_id="m", comm_user_first_dt="2024-03-31 00:00:00")
    for number, at in enumerate(instants):
        kind = ("view", "COMMENT", "LIKE")[number % 3]
        values = {} if kind == "view" else {"reaction_type": kind}
        world.add("view" if kind == "view" else "reaction", post_id=number, occurred_at=at, **values)
    return world.make(f"stats_wv_{period}_comm_engage_usr", first, "engage_usr_cnt") == [(1,)]


@pytest.mark.parametrize(("actions", "is_engaged"), [(2, False), (3, True)])
def test_a_day_takes_three_actions(world, actions, is_engaged):
    assert engaged(world, "d", *["2024-03-31 12:00:00"] * actions, first="2024-03-31") is is_engaged


@pytest.mark.parametrize("period", ["w", "m"])
@pytest.mark.parametrize(
    ("instants", "is_engaged"),
    [
        (["2024-03-31 12:00:00"] * 9, False),
        (["2024-03-31 12:00:00"] * 10, True),
        (["2024-03-30 12:00:00", "2024-03-31 12:00:00"], False),
        (["2024-03-29 12:00:00", "2024-03-30 12:00:00", "2024-03-31 12:00:00"], True),
        (["2024-03-30 00:00:00", "2024-03-30 23:59:59", "2024-03-31 00:00:00"], False),
    ],
)
def test_a_week_and_a_month_take_three_days_or_ten_actions(world, period, instants, is_engaged):
    first = {"w": "2024-03-25", "m": "2024-03-01"}[period]
    assert engaged(world, period, *instants, first=first) is is_engaged


def test_an_action_recorded_twice_counts_once_and_two_likes_of_different_posts_are_two(world):
    for _ in range(5):
        world.add("reaction", post_id=1, occurred_at="2024-03-31 12:00:00")
        world.add("view", post_id=1, occurred_at="2024-03-31 12:00:00")
    assert not engaged(world, "d", first="2024-03-31")
    world.add("reaction", post_id=2, occurred_at="2024-03-31 12:00:00")
    assert world.make("stats_wv_d_comm_engage_usr", "2024-03-31", "engage_usr_cnt") == [(1,)]


def test_actions_of_other_users_or_in_other_communities_do_not_count(world):
    for post in range(20):
        world.add("view", post_id=post, wv_user_id=2, occurred_at="2024-03-31 12:00:00")
        world.add("view", post_id=post, comm_id=11, occurred_at="2024-03-31 12:00:00")
    assert not engaged(world, "d", first="2024-03-31")


@pytest.mark.parametrize(("period", "days"), [("d", None), ("w", 3), ("m", 3)])
def test_the_thresholds_are_those_of_the_contract(models, period, days):
    name = f"stats_wv_{period}_comm_engage_usr"
    document = YAML(typ="safe", pure=True).load((ROOM / f"we_mart.{name}.odcs.yaml").read_text("utf-8"))
    engagement = {entry["property"]: entry["value"] for entry in document["schema"][0]["customProperties"]}[
        "engagement"
    ]
    several_days = f"COUNT(DISTINCT day) >= {days} OR " if days else ""
    assert engagement.get("activeDays") == days
    assert f"HAVING {several_days}COUNT(*) >= {engagement['actions']}\n" in models[name].sql
