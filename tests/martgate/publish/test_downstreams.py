"""Tables made from a table that the project publishes: read where it was published, and gated like any other."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from martgate.builders.model import Model
from martgate.errors import InvalidInput, MissingUpstream
from martgate.expectations.scope import NoPreviousDay
from martgate.gate.candidate import Candidate
from martgate.gate.run import RunRecord
from martgate.project.context import Context, PublishRequest
from martgate.project.requests import load_publish_request
from martgate.project.settings import load_settings
from martgate.project.wiring import open_context
from martgate.publish.run import build, gate, publish, run
from martgate.publish.samples import write_samples

EVE, DAY = date(2024, 1, 30), date(2024, 1, 31)
MONTH = date(2024, 1, 1)
DAILY = ["stats_wv_d_comm_user_cnt", "wv_comm_user_update", "stats_wv_d_comm_engage_usr", "wv_dm_subscr"]
EVERY = [*DAILY, "stats_wv_t_comm_user_cohort"]


class Mart:
    """A project whose wv_comm_user is published, and what its readers see."""

    def __init__(self, folder: Path) -> None:
        places = {"upstreams": str(folder / "upstreams"), "warehouse": str(folder / "warehouse")}
        own = {"out": str(folder), "ledger": f"sqlite:///{folder / 'ledger.db'}", **places}
        self.settings = load_settings(flags=own, environment={})
        write_samples(self.settings, folder / "upstreams", {"members": 500, "date": DAY, "days": 2}, lambda _: None)
        with open_context(self.settings) as context:
            self.context: Context = context

    def request(self, name: str, day: date = DAY) -> PublishRequest:
        return load_publish_request(self.settings, self.context, name, day)

    def run(self, name: str, day: date = DAY) -> RunRecord:
        return run(self.request(name, day), self.context)

    def seen(self, name: str, columns: str) -> list[tuple[object, ...]]:
        table = self.context.catalog.find(name)[1]
        found = self.context.store.read(table)
        with self.context.engine() as engine:
            assert found is not None
            engine.register(table.qualified_name, found)
            return sorted(engine.fetch(f"SELECT {columns} FROM {table.qualified_name}"), key=repr)


@pytest.fixture(scope="module")
def mart(tmp_path_factory: pytest.TempPathFactory) -> Mart:
    made = Mart(tmp_path_factory.mktemp("mart"))
    for day in (EVE, DAY):
        assert made.run("wv_comm_user", day).published_version
    return made


@pytest.mark.parametrize("name", EVERY)
def test_a_downstream_table_is_published_from_what_the_project_published(mart: Mart, name: str) -> None:
    record = mart.run(name)
    assert (record.decision, record.reasons) == ("approved", ())
    outside = {item.reason for item in record.audit.out_of_scope if not item.reason.startswith("learning: ")}
    assert outside <= {NoPreviousDay.NONE_PUBLISHED.value}


def test_an_earlier_candidate_of_a_whole_table_is_superseded_by_one_of_any_day(mart: Mart) -> None:
    early = build(mart.request("stats_wv_t_comm_user_cohort"), mart.context)
    assert isinstance(early, Candidate)
    gate(mart.request("stats_wv_t_comm_user_cohort"), mart.context, early.id)
    late = mart.run("stats_wv_t_comm_user_cohort", EVE)
    record = publish(mart.request("stats_wv_t_comm_user_cohort"), mart.context, early.id)
    assert record.reasons == (f"a later candidate is already published, as version {late.published_version}",)


def test_a_month_is_published_under_its_first_day_from_the_snapshot_of_its_last(mart: Mart) -> None:
    record = mart.run("stats_wv_m_comm_engage_usr", MONTH)
    assert (record.decision, record.reasons) == ("approved", ())
    assert {key for (key,) in mart.seen("stats_wv_m_comm_engage_usr", "key_date")} == {MONTH}


@pytest.mark.parametrize(
    ("name", "day", "first"),
    [("stats_wv_m_comm_engage_usr", DAY, "2024-01-01"), ("stats_wv_w_comm_engage_usr", DAY, "2024-01-29")],
)
def test_a_day_that_begins_no_period_is_unusable_and_the_one_that_does_is_told(
    mart: Mart, name: str, day: date, first: str
) -> None:
    with pytest.raises(InvalidInput, match=f"give --date {first}"):
        mart.request(name, day)


@pytest.mark.parametrize(
    ("name", "day", "missing"),
    [
        ("stats_wv_d_comm_user_cnt", date(2024, 1, 29), "2024-01-29"),
        ("stats_wv_w_comm_engage_usr", date(2024, 1, 29), "2024-02-04"),
    ],
)
def test_an_input_whose_day_is_not_published_is_missing_and_the_command_that_publishes_it_is_told(
    mart: Mart, name: str, day: date, missing: str
) -> None:
    with pytest.raises(MissingUpstream, match=f"`martgate run we_mart.wv_comm_user --date {missing}`"):
        mart.run(name, day)


def test_a_copy_among_the_upstreams_never_stands_in_for_what_was_not_published(tmp_path: Path) -> None:
    empty = Mart(tmp_path)
    table = empty.context.catalog.find("wv_comm_user")[1]
    (tmp_path / "upstreams" / "we_mart" / table.name).mkdir()
    with pytest.raises(MissingUpstream, match="is not published in the warehouse"):
        empty.run("stats_wv_d_comm_user_cnt")


def test_events_of_the_first_day_are_unknown_and_those_of_a_day_after_a_gap_are_refused(mart: Mart) -> None:
    first = mart.run("wv_comm_user_update", EVE)
    assert first.decision == "approved", first.reasons
    assert {event for event, day in mart.seen("wv_comm_user_update", "event, part_date") if day == "2024-01-30"} == {
        None
    }
    second = mart.request("wv_comm_user_update")
    blind = replace(
        second,
        model=Model(
            "wv_comm_user_update", second.model.sql.replace("DATE_SUB(:part_date, 1)", "DATE_SUB(:part_date, 9)")
        ),
    )
    record = run(blind, mart.context)
    assert record.decision == "refused"
    assert any("event|day_before_is_there" in reason for reason in record.reasons)


DEFECTS = [
    ("stats_wv_d_comm_user_cnt", "COUNT(DISTINCT a.wv_user_id)", "COUNT(*)", "tot_user_cnt|agrees_with_members"),
    ("stats_wv_d_comm_user_cnt", "a.is_fc = 1", "TRUE", "fc_user_cnt|agrees_with_members"),
    ("stats_wv_d_comm_user_cnt", "GROUP BY 1, 2, 3", "GROUP BY 1, 2, 3, a.comm_id, a.is_fc", "table|one_row_per_artist"),
    ("stats_wv_t_comm_user_cohort", "* 20000", "* 10000", "fc_ratio|is_the_share"),
    ("stats_wv_t_comm_user_cohort", "QUARTER(", "MONTH(", "cohort|pattern"),
    ("wv_comm_user_update", "AND comm_user_seq = cnt_comm_user_id", "", "table|current_members"),
    ("wv_comm_user_update", "THEN 'NONE'", "THEN 'REJOIN'", "event|follows_from_both_days"),
    ("wv_comm_user_update", "THEN 'NONE'", "THEN 'CHANGE'", "event|follows_from_both_days"),
    ("wv_dm_subscr", "LEFT JOIN", "JOIN", "table|active_subscriptions"),
    ("wv_dm_subscr", "end_dt >= CAST(:day_end AS TIMESTAMP)", "TRUE", "table|active_subscriptions"),
    ("stats_wv_d_comm_engage_usr", "WHERE part_date = :part_date", "WHERE part_date = :part_date AND is_fc = 1", "table|every_community"),
    ("stats_wv_d_comm_engage_usr", "'Asia/Seoul', comm_user_first_dt", "'UTC', comm_user_first_dt", "join_usr_cnt|agrees_with_members"),
    ("stats_wv_d_comm_engage_usr", "COUNT(DISTINCT joined.wv_user_id)", "0 * COUNT(*)", "join_usr_cnt|agrees_with_members"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "right", "wrong", "rule"), DEFECTS)
def test_a_builder_that_gets_it_wrong_is_refused_by_the_rule_for_it(
    mart: Mart, name: str, right: str, wrong: str, rule: str
) -> None:
    good = mart.request(name)
    assert right in good.model.sql
    record = run(replace(good, model=Model(name, good.model.sql.replace(right, wrong))), mart.context)
    assert record.decision == "refused"
    assert any(rule in reason for reason in record.reasons), record.reasons
