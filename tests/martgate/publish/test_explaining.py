"""`gate --explain`: what an audit would ask, of a contract alone, of a staged candidate, of any data."""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from martgate.cli.main import call
from martgate.exits import ExitCode
from martgate.project.requests import load_publish_request
from martgate.project.settings import load_settings
from martgate.project.wiring import open_context
from martgate.publish.run import build
from martgate.publish.samples import write_samples

DAY = date(2024, 1, 1)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with samples, in which a candidate is staged."""
    folder = tmp_path_factory.mktemp("explained")
    flags = {name: str(folder / name) for name in ("upstreams", "warehouse")}
    settings = load_settings(
        flags={"out": str(folder), "ledger": f"sqlite:///{folder / 'ledger.db'}", **flags}, environment={}
    )
    write_samples(settings, folder / "upstreams", {"members": 200, "date": DAY, "days": 1}, lambda _: None)
    with open_context(settings) as context:
        build(load_publish_request(settings, context, "wv_comm_user", DAY), context)
    return folder


@pytest.fixture
def explained(out: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    places = ["--out", str(out), "--warehouse", str(out / "warehouse"), "--ledger", f"sqlite:///{out / 'ledger.db'}"]

    def run(*more: str) -> str:
        assert call(["gate", "wv_comm_user", "--explain", *places, *more]) == ExitCode.DONE
        return capfd.readouterr().out

    return run


def test_a_staged_candidate_is_explained_with_its_bytes_and_with_what_its_statistics_prove(
    explained: Callable[..., str],
) -> None:
    trusting = explained("--date", "2024-01-01")
    looking = explained("--date", "2024-01-01", "--trust-stats", "never")
    proved = trusting.partition("-- from the statistics of the files")[2].partition("-- statement 1")[0]
    assert "is_fc|in_set" in proved
    assert "from the statistics" not in looking
    assert looking.count("\n--   ") == trusting.count("\n--   ")
    assert " bytes (" in looking


def test_data_that_lie_anywhere_are_explained_without_proofs_and_without_other_tables(
    out: Path, explained: Callable[..., str]
) -> None:
    text = explained("--input", str(out / "upstreams" / "we_mart" / "we_artist"))
    assert "from the statistics" not in text
    assert "known_artist" not in text
    assert " bytes (" in text


@pytest.mark.spark  # the engine itself says how it prefers to be asked
def test_spark_is_asked_at_once_what_needs_more_than_a_pass(explained: Callable[..., str]) -> None:
    one_by_one, at_once = explained().count("-- statement "), explained("--engine", "spark").count("-- statement ")
    assert one_by_one - at_once > 9


@pytest.mark.parametrize(
    ("altered", "date", "told"),
    [("", "2031-01-01", "no candidate of we_mart.wv_comm_user"), ("junk", "2024-01-01", "was altered")],
)
def test_a_candidate_that_is_not_there_or_not_as_recorded_cannot_be_explained(
    out: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], altered: str, date: str, told: str
) -> None:
    copy = shutil.copy(out / "ledger.db", tmp_path)
    if altered:
        with contextlib.closing(sqlite3.connect(copy)) as ledger, ledger:
            ledger.execute("UPDATE candidates SET manifest = ?", (altered,))
    places = ["--out", str(out), "--warehouse", str(out / "warehouse"), "--ledger", f"sqlite:///{copy}"]
    assert call(["gate", "wv_comm_user", "--explain", *places, "--date", date]) == ExitCode.COULD_NOT_RUN
    error = capfd.readouterr().err
    assert told in error
    assert "run `martgate build`" in error
