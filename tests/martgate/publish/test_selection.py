"""Several tables in one run: what a selector means, in which order they come, what becomes of those under a refusal."""

import json
from pathlib import Path

import pytest

from martgate.builders.model import load_models
from martgate.cli.main import call
from martgate.contracts.catalog import Catalog
from martgate.errors import InvalidInput
from martgate.project.graph import build_graph, select
from martgate.project.settings import Settings, load_settings
from martgate.project.wiring import load_catalog

BASE = "we_mart.wv_comm_user"
CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
tags: [{tag}]
schema:
  - name: {name}
    physicalName: s.{name}
    properties:
      - {{name: n, logicalType: integer, physicalType: bigint, required: true, logicalTypeOptions: {{maximum: {most}}}}}
      - {{name: day, logicalType: string, physicalType: string, required: true, partitioned: true}}
"""
MODELS = {
    "base": "SELECT 1 AS n, :part_date AS day",
    "left": "SELECT n + 1 AS n, day FROM s.base WHERE day = :part_date",
    "right": "SELECT n + 2 AS n, day FROM s.base WHERE day = :part_date",
    "top": "SELECT l.n + r.n AS n, l.day FROM s.left l JOIN s.right r ON r.day = l.day WHERE l.day = :part_date",
    "alone": "SELECT 1 AS n, :part_date AS day",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of five tables: base, two made from it, one made from those, and one by itself."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\n')
    for folder in ("contracts", "models"):
        (tmp_path / folder).mkdir()
    for name, sql in MODELS.items():
        (tmp_path / "models" / f"{name}.sql").write_text(sql)
        promise(tmp_path, name)
    return tmp_path


def promise(project: Path, name: str, most: int = 99) -> None:
    tag = "side" if name in ("left", "right") else "core"
    file = project / "contracts" / f"{name}.odcs.yaml"
    file.write_text(CONTRACT.format(name=name, tag=tag, most=most))


def settings_of(project: Path) -> tuple[Settings, Catalog]:
    settings = load_settings(project, environment={})
    return settings, load_catalog(settings)


def chosen(project: Path, *selectors: str) -> list[str]:
    settings, contracts = settings_of(project)
    return [
        name.removeprefix("s.")
        for name in select(selectors, build_graph(load_models(settings.models), contracts), contracts)
    ]


def runs(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, dict[str, object]]]:
    capfd.readouterr()
    code = call(["run", "--date", "2024-01-31", "--json", *arguments])
    return code, {each["table"]: each for each in json.loads(capfd.readouterr().out)["runs"]}


@pytest.mark.parametrize(
    ("selectors", "tables"),
    [
        (["base"], ["base"]),
        (["s.base+"], ["base", "left", "right", "top"]),
        (["+top"], ["base", "left", "right", "top"]),
        (["+left"], ["base", "left"]),
        (["+left+"], ["base", "left", "top"]),
        (["left+", "alone"], ["alone", "left", "top"]),
        (["tag:side"], ["left", "right"]),
        (["tag:side+"], ["left", "right", "top"]),
        (["tag:side,left+"], ["left"]),
        (["base+,+left", "alone"], ["alone", "base", "left"]),
        (["alone,base"], []),
    ],
)
def test_a_selector_means_tables_each_after_those_it_is_made_from(
    project: Path, selectors: list[str], tables: list[str]
) -> None:
    found = chosen(project, *selectors)
    assert sorted(found) == sorted(tables)
    settings, contracts = settings_of(project)
    for name, inputs in build_graph(load_models(settings.models), contracts).items():
        short = name.removeprefix("s.")
        for each in (read.removeprefix("s.") for read in inputs):
            assert not {short, each} <= set(found) or found.index(each) < found.index(short)


@pytest.mark.parametrize(
    ("selector", "told"), [("bse+", "Did you mean"), ("tag:sied", "Did you mean 'side'"), ("tag:", "known: core, side")]
)
def test_a_selector_that_means_nothing_is_unusable(project: Path, selector: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        chosen(project, selector)


def test_models_made_from_each_other_are_unusable(project: Path) -> None:
    (project / "models" / "base.sql").write_text("SELECT n, day FROM s.top")
    with pytest.raises(InvalidInput, match="in a circle"):
        chosen(project, "base")


def test_tables_are_published_in_order(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, found = runs(capfd, "--select", "base+")
    assert (code, list(found)) == (0, ["s.base", "s.left", "s.right", "s.top"])
    assert {each["published_version"] for each in found.values()} == {1}


def test_what_stands_under_a_refusal_is_skipped_and_says_so(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    promise(project, "left", most=1)
    code, found = runs(capfd, "--select", "base+")
    assert code == 1
    assert {name: each["decision"] for name, each in found.items()} == {
        "s.base": "approved",
        "s.left": "refused",
        "s.right": "approved",
        "s.top": "skipped",
    }
    assert found["s.top"]["reason"] == "it is made from s.left, which was not published"


def test_what_could_not_run_stops_only_what_is_made_from_it(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "models" / "base.sql").write_text("SELECT CAST(CONCAT('x', 'y') AS BIGINT) AS n, :part_date AS day")
    code, found = runs(capfd, "--select", "base+", "--select", "alone")
    assert code == 3
    assert {name: each["decision"] for name, each in found.items()} == {
        "s.alone": "approved",
        "s.base": "could not run",
        "s.left": "skipped",
        "s.right": "skipped",
        "s.top": "skipped",
    }


def test_a_contract_that_cannot_be_used_stops_everything_before_anything_is_run(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = project / "contracts" / "top.odcs.yaml"
    file.write_text(file.read_text().replace("version: 1.0.0", "version: soon"))
    assert call(["run", "--date", "2024-01-31", "--select", "base+"]) == 2
    assert "expected a version with a number" in capfd.readouterr().err
    assert not (project / "out" / "warehouse").exists()


def test_reports_that_cannot_be_written_take_no_decision_back(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "out").mkdir()
    (project / "out" / "runs").touch()
    code, found = runs(capfd, "--select", "base+")
    assert (code, {each["decision"] for each in found.values()}) == (3, {"approved"})


@pytest.mark.parametrize(
    "arguments", [[], ["base", "--select", "base"], ["--select", "base", "--dry-run"]], ids=" ".join
)
def test_one_table_or_a_selection_is_run_and_a_selection_for_good(project: Path, arguments: list[str]) -> None:
    assert call(["run", "--date", "2024-01-31", *arguments]) == 2


@pytest.mark.parametrize("day", ["2024-01-30", "2024-01-31"])
def test_the_whole_mart_of_a_day_is_one_selection_and_months_come_with_their_last_day(
    tmp_path: Path, mart_project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], day: str
) -> None:
    monkeypatch.chdir(mart_project(tmp_path))
    assert call(["sample", "--out", "out/upstreams", "--members", "300", "--date", day]) == 0
    capfd.readouterr()
    assert call(["run", "--select", "wv_comm_user+", "--date", day, "--report", "none", "--json"]) == 0
    told = {each["table"]: each for each in json.loads(capfd.readouterr().out)["runs"]}
    assert len(told) == 8
    assert next(iter(told)) == BASE
    skipped = {name for name, each in told.items() if each["decision"] == "skipped"}
    weekly, monthly = "we_mart.stats_wv_w_comm_engage_usr", "we_mart.stats_wv_m_comm_engage_usr"
    assert skipped == ({weekly} if day == "2024-01-31" else {weekly, monthly})
    assert told[weekly]["reason"] == "it is published by the week, and this one ends on 2024-02-04"
