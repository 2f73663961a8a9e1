"""Consecutive days of the mart: samples with defects pass the rules across days, and violations are refused."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from martgate.builders.model import Model
from martgate.gate.run import RunRecord
from martgate.project.requests import load_publish_request
from martgate.project.settings import load_settings
from martgate.project.wiring import open_context
from martgate.publish.run import run
from martgate.publish.samples import write_samples

DAYS = (date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3))


class Mart:
    """A project with upstreams of three days."""

    def __init__(self, folder: Path, seed: int) -> None:
        places = {"upstreams": str(folder / "upstreams"), "warehouse": str(folder / "warehouse")}
        self.settings = load_settings(
            flags={"out": str(folder), "ledger": f"sqlite:///{folder / 'ledger.db'}", **places}, environment={}
        )
        spec = {"members": 400, "date": DAYS[-1], "days": len(DAYS), "seed": seed}
        write_samples(self.settings, folder / "upstreams", spec, lambda _: None)

    def run(self, day: date, name: str = "wv_comm_user", **replaced: str) -> RunRecord:
        """Run a day with other SQL for some columns of the model."""
        with open_context(self.settings) as context:
            work = load_publish_request(self.settings, context, name, day)
            columns = ", ".join(f"{replaced[n]} AS {n}" if n in replaced else n for n in work.model.columns)
            sql = f"SELECT {columns} FROM ({work.model.sql}) AS model"
            return run(replace(work, model=Model(name=work.model.name, sql=sql)), context)


@pytest.mark.parametrize("seed", [3, 11, 42])
def test_consecutive_days_are_published_and_compared_with_the_previous_one(tmp_path: Path, seed: int) -> None:
    mart = Mart(tmp_path, seed)
    for name in ("wv_comm_user", "wv_comm_user_update"):
        records = [mart.run(day, name) for day in DAYS]
        assert [record.reasons for record in records] == [(), (), ()]
        assert [record.audit.compared_with for record in records] == [None, date(2024, 1, 1), date(2024, 1, 2)]
        outside = [item.reason for record in records[1:] for item in record.audit.out_of_scope]
        assert [reason for reason in outside if not reason.startswith("learning: ")] == []


@pytest.fixture(scope="module")
def mart(tmp_path_factory: pytest.TempPathFactory) -> Mart:
    mart = Mart(tmp_path_factory.mktemp("mart"), seed=7)
    assert mart.run(DAYS[0]).published_version
    return mart


DEFECTS = {
    "comm_user_id|never_disappears": {"comm_user_id": "CONCAT(comm_user_id, '-2')"},
    "wv_user_id|never_changes": {"wv_user_id": "wv_user_id + 1"},
    "comm_id|never_changes": {"comm_id": "comm_id + 1"},
    "comm_user_cre_dt|never_changes": {"comm_user_cre_dt": "comm_user_cre_dt + INTERVAL 1 SECOND"},
    "comm_user_first_dt|never_later": {"comm_user_first_dt": "comm_user_first_dt + INTERVAL 1 SECOND"},
    "tot_comm_user_first_dt|never_later": {"tot_comm_user_first_dt": "tot_comm_user_first_dt + INTERVAL 1 SECOND"},
    "cnt_comm_user_id|never_falls": {"cnt_comm_user_id": "cnt_comm_user_id - 1"},
    "sum_report_count|falls_by_cancellations": {"sum_report_count": "0"},
}


@pytest.mark.parametrize("rule", DEFECTS)
def test_a_day_that_contradicts_the_previous_one_is_refused(mart: Mart, rule: str) -> None:
    record = mart.run(DAYS[1], **DEFECTS[rule])
    assert (record.decision, record.published_version) == ("refused", None)
    assert rule in {verdict.rule.name for verdict in record.audit.blocking}
