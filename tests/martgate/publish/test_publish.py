"""The life of one publish, on real upstreams, a real engine, a real Delta table."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from martgate.builders.model import Model
from martgate.contracts.partition import Partition
from martgate.errors import CouldNotRun, InvalidInput, MissingUpstream
from martgate.gate.candidate import Candidate
from martgate.project.context import Context, PublishRequest
from martgate.project.requests import load_publish_request
from martgate.project.settings import Settings, load_settings
from martgate.project.wiring import open_context
from martgate.publish.run import build, create_candidate_id, gate, publish, run
from martgate.publish.samples import write_samples
from martgate.reports.terminal import render_run_text

DAY = date(2024, 1, 2)
EVE = date(2024, 1, 1)
SPEC = {"members": 400, "date": DAY, "days": 2}


@dataclass(frozen=True)
class Mart:
    """A project of its own, with samples, and what its readers see."""

    settings: Settings
    context: Context

    def request(self, day: date = DAY) -> PublishRequest:
        return load_publish_request(self.settings, self.context, "wv_comm_user", day)

    def seen(self, query: str) -> list[tuple]:
        """The answer of a query over `mart`, the published table, as any reader gets it."""
        from martgate.stores.delta_log import open_table

        table = open_table(Path(self.settings.warehouse) / "we_mart" / "wv_comm_user")
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            source = (
                f"read_parquet({table.file_uris()!r}, hive_partitioning = true, hive_types = {{'part_date': VARCHAR}})"
            )
            connection.execute(f"CREATE VIEW mart AS FROM {source}")
            return connection.execute(query).fetchall()


@pytest.fixture
def mart(tmp_path: Path) -> Callable[..., Mart]:
    def make(place: Path = tmp_path, **spec: object) -> Mart:
        settings = load_settings(
            flags={
                "out": str(place),
                "upstreams": str(place / "upstreams"),
                "warehouse": str(place / "warehouse"),
                "ledger": f"sqlite:///{place / 'ledger.db'}",
            },
            environment={},
        )
        write_samples(settings, place / "upstreams", {**SPEC, **spec}, lambda _: None)
        with open_context(settings) as context:
            return Mart(settings, context)

    return make


def spoiled(work: PublishRequest, column: str, value: str) -> PublishRequest:
    """The same job with a builder that gets one column wrong."""
    listed = ", ".join(f"{value} AS {name}" if name == column else name for name in work.model.columns)
    return replace(work, model=Model(name=work.model.name, sql=f"SELECT {listed} FROM ({work.model.sql}) made"))


def test_a_good_day_is_published_whole_and_only_it(mart: Callable[..., Mart]) -> None:
    here = mart()
    record = run(here.request(), here.context)
    assert (record.decision, record.published_version) == ("approved", 1)
    assert here.seen("SELECT DISTINCT part_date FROM mart") == [("2024-01-02",)]
    assert here.seen("SELECT count(*), count(DISTINCT comm_user_id) FROM mart") == [(record.audit.rows,) * 2]


def test_a_folder_with_spaces_and_accents_is_a_folder_like_any_other(mart: Callable[..., Mart], tmp_path: Path) -> None:
    here = mart(tmp_path / "José 창고" / "my projects (2)")
    assert run(here.request(EVE), here.context).published_version == 1
    assert run(here.request(), here.context).published_version == 2
    assert run(here.request(), here.context).published_version == 3


def test_days_stand_beside_each_other_and_publishing_one_again_replaces_just_that_one(
    mart: Callable[..., Mart],
) -> None:
    here = mart()
    first = run(here.request(EVE), here.context)
    run(here.request(), here.context)
    before = here.seen("SELECT part_date, count(*), min(run_timestamp) FROM mart GROUP BY 1 ORDER BY 1")
    again = run(here.request(), here.context)
    after = here.seen("SELECT part_date, count(*), min(run_timestamp) FROM mart GROUP BY 1 ORDER BY 1")
    assert (first.published_version, again.published_version) == (1, 3)
    assert before[0] == after[0]
    assert before[1][:2] == after[1][:2]
    assert before[1][2] < after[1][2]


def test_building_an_old_day_again_gives_the_same_rows_but_for_the_run_timestamp(mart: Callable[..., Mart]) -> None:
    here = mart()
    query = "SELECT * EXCLUDE (run_timestamp) FROM mart WHERE part_date = '2024-01-01' ORDER BY comm_user_id"
    run(here.request(EVE), here.context)
    first = here.seen(query)
    run(here.request(), here.context)
    run(here.request(EVE), here.context)
    assert here.seen(query) == first != []


def test_a_refused_candidate_leaves_readers_with_the_former_day_and_stays_reachable(mart: Callable[..., Mart]) -> None:
    here = mart()
    run(here.request(), here.context)
    before = here.seen("SELECT count(*), min(run_timestamp) FROM mart")
    record = run(spoiled(here.request(), "is_fc", "2"), here.context)
    assert (record.decision, record.published_version) == ("refused", None)
    assert any("is_fc|in_set" in reason for reason in record.reasons)
    assert here.seen("SELECT count(*), min(run_timestamp) FROM mart") == before
    kept = here.context.ledger.find_candidate(Partition("we_mart.wv_comm_user", date(2024, 1, 2)), record.candidate)
    assert kept is not None
    assert all((Path(kept.root) / file.path).is_file() for file in kept.files)


def test_a_community_without_rows_leaves_no_stale_partition(mart: Callable[..., Mart]) -> None:
    here = mart(clean=True)
    run(here.request(), here.context)
    communities = here.seen("SELECT DISTINCT part_comm_id FROM mart")
    folder = Path(here.settings.upstreams) / "we_mart" / "ods_wv_member_profile"
    gone = here.seen("SELECT comm_id FROM mart GROUP BY 1 ORDER BY count(*) LIMIT 1")[0][0]
    from deltalake import DeltaTable

    DeltaTable(folder).delete(f"comm_id = {gone}")
    record = run(here.request(), here.context)
    assert record.decision == "approved", record.reasons
    assert set(here.seen("SELECT DISTINCT part_comm_id FROM mart")) == set(communities) - {(gone,)}


def test_an_upstream_without_the_day_could_not_run_and_all_such_are_named(mart: Callable[..., Mart]) -> None:
    here = mart()
    with pytest.raises(MissingUpstream) as caught:
        run(here.request(date(2024, 1, 3)), here.context)
    assert "we_mart.ods_wv_member_profile" in str(caught.value)
    assert "we_mart.we_user" in str(caught.value)


def test_an_engine_that_breaks_half_way_publishes_nothing_and_leaves_no_file(mart: Callable[..., Mart]) -> None:
    here = mart()
    with pytest.raises(CouldNotRun):
        run(spoiled(here.request(), "is_fc", "CAST(we_art_name AS INT)"), here.context)
    assert not list(Path(here.settings.warehouse).rglob("*.parquet"))


def test_an_earlier_candidate_never_replaces_a_later_one(mart: Callable[..., Mart]) -> None:
    here = mart()
    early = build(here.request(), here.context)
    assert isinstance(early, Candidate)
    gate(here.request(), here.context, early.id)
    late = run(here.request(), here.context)
    record = publish(here.request(), here.context, early.id)
    assert (record.decision, record.published_version) == ("refused", None)
    assert f"already published, as version {late.published_version}" in record.reasons[0]


@pytest.mark.parametrize("seed", range(8))
def test_a_dirty_upstream_makes_a_clean_mart_on_every_seed(seed: int, mart: Callable[..., Mart]) -> None:
    here = mart(seed=seed, days=1, members=300)
    record = run(here.request(), here.context)
    assert (record.decision, record.reasons) == ("approved", ())


@pytest.mark.parametrize(("column", "value"), [("", ""), ("is_fc", "2"), ("we_art_id", "NULL"), ("key_date", "NULL")])
def test_statistics_that_the_engine_returned_answer_as_the_rows_do(
    mart: Callable[..., Mart], column: str, value: str
) -> None:
    here = mart()
    work = spoiled(here.request(), column, value)
    trusting = run(work, here.context, dry_run=True).audit.verdicts
    looking = run(work, replace(here.context, trust_written_stats=False), dry_run=True).audit.verdicts
    assert sum(bool(one.how) for one in trusting) > 50
    assert not any(one.how for one in looking)
    assert [replace(one, how="") for one in trusting] == list(looking)


def test_frames_that_pandera_checks_are_published_where_it_finds_nothing(mart: Callable[..., Mart]) -> None:
    here = mart()
    with open_context(replace(here.settings, frames="pandera")) as context:
        assert context.frame_check is not None
        assert run(here.request(), context).decision == "approved"


def test_a_frame_that_only_pandera_refuses_is_not_built_from(mart: Callable[..., Mart]) -> None:
    here = mart()

    def refusing(_: object, relation: str, *promised: object) -> list[str]:
        return ["wv_user_id breaks isin in 2 rows"] if relation == "we_mart.we_user" else []

    record = run(here.request(), replace(here.context, frame_check=refusing))
    assert record.decision == "refused"
    assert record.reasons == ("upstream we_mart.we_user: pandera: wv_user_id breaks isin in 2 rows",)
    assert "wv_user_id breaks isin in 2 rows" in render_run_text(record)
    assert build(here.request(), replace(here.context, frame_check=refusing)).decision == "refused"
    assert here.context.ledger.find_candidate(Partition("we_mart.wv_comm_user", date(2024, 1, 2))) is None


def test_frames_that_could_not_be_checked_publish_nothing(mart: Callable[..., Mart]) -> None:
    def failing(*_: object) -> list[str]:
        raise CouldNotRun("pandera could not check it")

    here = mart()
    with pytest.raises(CouldNotRun, match="could not check"):
        run(here.request(), replace(here.context, frame_check=failing))
    assert here.context.ledger.find_candidate(Partition("we_mart.wv_comm_user", date(2024, 1, 2))) is None


def test_pandera_that_is_not_there_is_told_before_anything_runs(
    mart: Callable[..., Mart], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = mart()
    monkeypatch.setitem(sys.modules, "pandera", None)
    with (
        pytest.raises(InvalidInput, match=r"martgate\[pandera\]"),
        open_context(replace(here.settings, frames="pandera")),
    ):
        pass


def test_ids_sort_by_time_however_soon_one_run_follows_another() -> None:
    first = datetime(2024, 1, 2, 3, 59, 59, 999_990, tzinfo=UTC)
    ids = [create_candidate_id("2024-01-01", first + timedelta(microseconds=later)) for later in range(20)]
    assert ids == sorted(ids)
