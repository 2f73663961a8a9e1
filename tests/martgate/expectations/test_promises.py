"""When a day is due, whether it is in time, and which days are missing."""

from datetime import UTC, date, datetime, timedelta

import pytest

from martgate.contracts.model import Sla
from martgate.expectations.promises import Arrival, SlaStatus, Window
from martgate.expectations.punctuality import assess_punctuality, find_time_slas

KEPT, BROKEN, PENDING, UNKNOWN = SlaStatus.KEPT, SlaStatus.BROKEN, SlaStatus.PENDING, SlaStatus.UNKNOWN
BY_SIX = ("timeOfAvailability", "06:00+09:00", "")
DAILY = ("frequency", 1, "d")
THREE_DAYS = ("retention", 3, "d")
NOW = datetime(2024, 1, 10, 3, tzinfo=UTC)  # noon of the 10th in Seoul: the 9th is due, the 10th has not ended


@pytest.fixture
def assess(make):
    """assess({"01": arrival, ..}, *slas): the assessment of a table that has these days of January."""

    def _assess(arrivals, *slas, now=NOW, period="day", zone="Asia/Seoul", whole=False, **window):
        day = make.column("day", "string", partition_position=None if whole else 1)
        table = make.table(make.column("at", "timestamp"), day, custom={"publishPeriod": period})
        promises = tuple(
            Sla(
                path=f"slaProperties[{place}]",
                property=name,
                value=value,
                unit=unit,
                element="t.at" * (name == "freshness"),
            )
            for place, (name, value, unit) in enumerate(slas)
        )
        table = make.contract(table, slas=promises, custom={"dayBoundary": zone}).tables[0]
        known = {date.fromisoformat(f"2024-01-{day}"): arrival for day, arrival in arrivals.items()}
        return assess_punctuality(table, known, Window(now=now, **window))

    return _assess


def at(text, **more):
    return Arrival(published=datetime.fromisoformat(text).astimezone(UTC), is_in_table=True, **more)


def on_time(*days):
    return {day: at(f"2024-01-{int(day) + 1:02}T05:00+09:00") for day in days}


def statuses(found):
    return {f"{day.date:%d}": day.status for day in found.days}


@pytest.mark.parametrize(
    ("published", "status", "delay"),
    [
        ("2024-01-10T06:00:00+09:00", KEPT, None),
        ("2024-01-10T06:00:01+09:00", BROKEN, timedelta(seconds=1)),
        ("2024-01-09T20:59:00+00:00", KEPT, None),
        ("2024-01-09T12:00:00+09:00", KEPT, None),
    ],
    ids=["on the stroke", "a second after", "in another zone", "before it ended"],
)
def test_a_day_is_due_at_its_time_on_the_day_after(assess, published, status, delay):
    found = assess({"09": at(published)}, BY_SIX)
    (day,), (promise,) = found.days, found.promises
    assert (day.status, day.delay, promise.status) == (status, delay, status)
    assert day.due == datetime(2024, 1, 9, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "zone", "due"),
    [
        ("06:00", "Asia/Seoul", "2024-01-10T06:00+09:00"),
        ("00:00", "Asia/Seoul", "2024-01-10T00:00+09:00"),
        ("22:00+00:00", "Asia/Seoul", "2024-01-10T07:00+09:00"),
        ("06:00-08:00", "UTC", "2024-01-10T06:00-08:00"),
        ("20:00-08:00", "UTC", "2024-01-09T20:00-08:00"),
    ],
)
def test_a_day_is_due_at_the_first_time_of_availability_after_it_ended_in_any_zone(assess, time, zone, due):
    found = assess({}, ("timeOfAvailability", time, ""), zone=zone, on=date(2024, 1, 9))
    assert found.days[0].due == datetime.fromisoformat(due)


def test_a_change_to_summer_time_does_not_move_the_due_time(assess):
    on = date(2024, 3, 30)
    found = assess(
        {}, ("timeOfAvailability", "06:00", ""), zone="Europe/Berlin", now=datetime(2024, 4, 1, tzinfo=UTC), on=on
    )
    assert found.days[0].due == datetime(2024, 3, 31, 4, tzinfo=UTC)


def test_a_day_that_is_not_yet_due_is_pending_and_counts_for_nothing(assess):
    before = datetime(2024, 1, 9, 20, tzinfo=UTC)  # five in the morning of the 10th
    found = assess(on_time("08"), BY_SIX, DAILY, now=before)
    assert statuses(found) == {"08": KEPT, "09": PENDING}
    assert [(promise.status, promise.due) for promise in found.promises] == [(KEPT, 1), (KEPT, 1)]


def test_a_day_that_is_not_there_on_the_stroke_is_missing(assess):
    assert statuses(assess({}, BY_SIX, now=datetime(2024, 1, 9, 21, tzinfo=UTC))) == {"09": BROKEN}


def test_a_day_that_was_never_published_is_missing_and_late_by_the_time_since(assess):
    found = assess(on_time("07", "09"), BY_SIX, DAILY)
    assert statuses(found) == {"07": KEPT, "08": BROKEN, "09": KEPT}
    assert found.days[1].delay == NOW - datetime(2024, 1, 8, 21, tzinfo=UTC)
    assert [(p.status, p.kept, p.due, p.days) for p in found.promises] == [(BROKEN, 2, 3, (date(2024, 1, 8),))] * 2


def test_a_late_day_breaks_its_time_and_not_its_frequency(assess):
    found = assess({"09": at("2024-01-10T07:00+09:00")}, BY_SIX, DAILY)
    assert [promise.status for promise in found.promises] == [BROKEN, KEPT]


def test_the_first_publication_counts(assess):
    found = assess({"09": at("2024-01-10T05:00+09:00", republications=2)}, BY_SIX)
    assert (found.days[0].status, found.days[0].republications, found.is_broken) == (KEPT, 2, False)


def test_a_published_day_that_is_not_in_the_table_is_not_there(assess):
    gone = {"09": Arrival(published=datetime(2024, 1, 9, 20, tzinfo=UTC))}
    found = assess(gone, BY_SIX, DAILY, ("retention", 3, "y"))
    assert [promise.status for promise in found.promises] == [BROKEN] * 3


def test_a_day_in_the_table_without_a_receipt_is_unknown(assess):
    found = assess({"09": Arrival(is_in_table=True)}, BY_SIX, DAILY)
    assert [promise.status for promise in found.promises] == [UNKNOWN, KEPT]
    assert found.is_broken


def test_a_table_that_was_never_published_misses_the_day_that_is_due(assess):
    found = assess({}, BY_SIX, DAILY)
    assert statuses(found) == {"09": BROKEN}
    assert [promise.status for promise in found.promises] == [BROKEN, BROKEN]


def test_only_the_newest_due_days_are_assessed(assess):
    found = assess(on_time("02", "07", "08", "09"), BY_SIX, last=3)
    assert statuses(found) == {"07": KEPT, "08": KEPT, "09": KEPT}
    assert found.promises[0].status is KEPT


def test_only_the_day_of_the_window_counts(assess):
    found = assess(on_time("02", "09"), BY_SIX, DAILY, on=date(2024, 1, 9))
    assert (statuses(found), found.is_broken) == ({"09": KEPT}, False)
    assert assess(on_time("02", "09"), BY_SIX, DAILY, on=date(2024, 1, 5)).is_broken


@pytest.mark.parametrize(
    ("frequency", "there", "missing"),
    [
        ((2, "d"), ("01", "03", "05", "07", "09"), []),
        ((2, "d"), ("01", "02", "05", "07", "09"), [4]),
        ((1, "w"), ("01", "08"), []),
        ((1, "w"), ("01", "09"), [8]),
        ((24, "h"), ("07", "09"), [8]),
    ],
)
def test_days_are_missing_where_one_is_further_from_the_next_than_the_frequency(assess, frequency, there, missing):
    found = assess(on_time(*there), ("frequency", *frequency))
    assert [day.day for day in found.promises[0].days] == missing


@pytest.mark.parametrize(
    ("period", "promise", "came", "now", "expected"),
    [
        ("week", (1, "w"), "2024-01-08T05:00+09:00", "2024-01-16T12:00+09:00", {"01": KEPT, "08": BROKEN}),
        ("week", (1, "w"), "2024-01-08T07:00+09:00", "2024-01-15T03:00+09:00", {"01": BROKEN, "08": PENDING}),
        ("month", (1, "mo"), "2024-02-01T05:00+09:00", "2024-02-29T12:00+09:00", {"01": KEPT}),
    ],
)
def test_a_week_or_month_is_due_after_its_last_day(assess, period, promise, came, now, expected):
    asked = datetime.fromisoformat(now)
    found = assess({"01": at(came)}, BY_SIX, ("frequency", *promise), period=period, now=asked)
    assert statuses(found) == expected


def test_without_a_time_of_day_a_day_is_due_when_the_next_one_has_ended(assess):
    assert statuses(assess(on_time("08"), DAILY)) == {"08": KEPT, "09": PENDING}
    assert statuses(assess(on_time("07"), DAILY)) == {"07": KEPT, "08": BROKEN, "09": PENDING}


def test_retention_is_kept_while_no_retained_day_is_missing_and_reports_older_ones(assess):
    days = on_time("05", "07", "08", "09")  # at noon of the 10th, the 7th ended two days and a half ago
    (promise,) = assess(days, THREE_DAYS).promises
    assert (promise.status, promise.kept, promise.older) == (KEPT, 3, (date(2024, 1, 5),))
    days["07"] = Arrival(published=days["07"].published)
    (promise,) = assess(days, THREE_DAYS).promises
    assert (promise.status, promise.kept, promise.days) == (BROKEN, 2, (date(2024, 1, 7),))


def test_a_day_past_its_retention_is_not_missing(assess):
    days = on_time("07", "08", "09") | {"02": Arrival(published=datetime(2024, 1, 2, 16, tzinfo=UTC))}
    found = assess(days, BY_SIX, DAILY, THREE_DAYS)
    assert (found.is_broken, list(statuses(found))) == (False, ["07", "08", "09"])


@pytest.mark.parametrize(("passed", "status"), [({"sla|freshness"}, KEPT), (set(), UNKNOWN)])
def test_freshness_is_the_verdict_of_the_gate_at_approval(assess, passed, status):
    arrival = at("2024-01-10T05:00+09:00", passed_rules=frozenset(passed))
    (promise,) = assess({"09": arrival}, ("freshness", 26, "h")).promises
    assert promise.status is status


def test_latency_without_a_rule_is_not_kept(assess):
    (promise,) = assess(on_time("09"), ("latency", 1, "d")).promises
    assert promise.status is UNKNOWN


@pytest.mark.parametrize(
    ("promise", "reason"),
    [
        (("timeOfAvailability", "soon", ""), "not a time of day"),
        (("frequency", 1, "fortnight"), "not a duration"),
        (("retention", 0, "d"), "not a duration"),
        (("retention", 10_000, "y"), "not a duration"),
        (("frequency", 12, "h"), "published by the day"),
    ],
)
def test_an_sla_that_cannot_be_assessed_is_not_kept(assess, promise, reason):
    found = assess(on_time("09"), promise)
    assert found.promises[0].status is UNKNOWN
    assert reason in found.promises[0].reason
    assert found.is_broken


def test_a_table_that_is_published_whole_keeps_no_days(assess):
    found = assess(on_time("09"), ("retention", 3, "y"), whole=True)
    assert "published as a whole" in found.promises[0].reason


def test_a_table_without_promises_breaks_none(assess):
    found = assess(on_time("02"))
    assert (found.promises, found.days, found.is_broken) == ((), (), False)


@pytest.mark.parametrize(
    ("element", "is_about"),
    [("", True), ("t", True), ("s.t", True), ("t.day", True), ("day", True), ("u.day, u", False)],
)
def test_an_sla_covers_the_tables_that_it_names_or_all(make, element, is_about):
    table = make.table(make.column("day"))
    sla = Sla(path="slaProperties[0]", property="frequency", value=1, unit="d", element=element)
    assert bool(find_time_slas(make.contract(table, slas=(sla,)).tables[0])) is is_about
