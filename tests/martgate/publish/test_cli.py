"""The command line as other programs rely on it: exit codes, one JSON object, errors that tell what to do."""

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.cli.main import call
from martgate.exits import ExitCode

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def martgate(tmp_path: Path, mart_project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """Run one command in a project without data: exit code, stdout, stderr."""
    monkeypatch.chdir(mart_project(tmp_path))

    def run(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = call([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture(scope="module")
def upstreams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Samples of two days, written once."""
    folder = tmp_path_factory.mktemp("samples")
    arguments = ["--members", "600", "--date", "2024-01-02", "--days", "2", "--seed", "5"]
    assert call(["sample", "--out", str(folder), *arguments]) == ExitCode.DONE
    return folder


@pytest.fixture
def run(martgate: Call, upstreams: Path) -> Call:
    """A command over the samples, that draws no pages."""
    return lambda name, *arguments: martgate(
        name, "wv_comm_user", *arguments, "--upstreams", upstreams, "--report", "none"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--help"], 0, "Start here"),
        (["run", "--help"], 0, "martgate run --select orders+"),
        (["nonsense"], 2, "No such command"),
        (["run", "wv_comm_user"], 2, "--date"),
        (["run", "wv_comm_user", "--date", "2024-1-1"], 2, "is not a day"),
        (["run", "wv_comm_user", "--date", "2024-02-30"], 2, "is not a day"),
        (["run", "wv_com_user", "--date", "2024-01-01"], 2, "wv_comm_user"),
        (["run", "we_artist", "--date", "2024-01-01"], 2, "no model makes we_mart.we_artist"),
        (["run", "wv_comm_user", "--date", "2024-01-01"], 3, "weverse2.community_common_report"),
        (["gate", "wv_comm_user"], 2, "--date"),
        (["gate", "wv_comm_user", "--input", "nowhere.parquet"], 3, "nowhere.parquet"),
        (["gate", "wv_comm_user", "--date", "2024-01-01"], 3, "candidate"),
        (["gate", "wv_comm_user", "--explain"], 0, "statement 1 of "),
        (["publish", "wv_comm_user", "--date", "2024-01-01"], 1, "candidate"),
        (["lint"], 0, ""),
        (["lint", "nowhere"], 2, "nowhere"),
        (["coverage", "wv_comm_user"], 0, "enforced"),
        (["diff", "nowhere.odcs.yaml", "nowhere.odcs.yaml"], 2, "does not exist"),
        (["diff", "one.odcs.yaml"], 2, "NEW"),
        (["export", "wv_comm_user", "--to", "nonsense"], 2, "nonsense"),
        (["gate", "wv_comm_user", "--input", ""], 2, "--input is empty"),
        (["export", "wv_comm_user", "--to", "sql"], 0, "LEFT JOIN"),
        (["export", "wv_comm_user", "--to", "sql", "--json"], 0, '"target": "sql"'),
        (["export", "wv_comm_user", "--to", "gx"], 0, "expect_column_values_to_not_be_null"),
        (["export", "wv_comm_user", "--to", "pandera"], 0, "import pandera.polars"),
        (["export", "wv_comm_user", "--to", "pandera", "--flavour", "pyspark"], 0, "import pandera.pyspark"),
        (["export", "wv_comm_user", "--to", "spark"], 0, "StructType"),
        (["export", "wv_comm_user", "--to", "delta-ddl"], 0, "USING DELTA"),
        (["export", "wv_comm_user", "--to", "sqlalchemy"], 0, "MetaData"),
        (["export", "wv_comm_user", "--to", "jsonschema"], 0, "json-schema.org"),
        (["export", "wv_comm_user", "--to", "page"], 0, "# COLUMN INFO"),
        (["config"], 0, "warehouse"),
        (["sample", "--out", "x", "--members", "0", "--date", "2024-01-01"], 2, "members"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_every_outcome_has_its_exit_code_and_says_why(
    martgate: Call, arguments: list[str], code: int, told: str
) -> None:
    got, out, err = martgate(*arguments)
    assert got == code, out + err
    assert told in out + err
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "wv_comm_user", "--date", "2024-01-01", "--json"],
        ["run", "nothing", "--date", "2024-01-01", "--json"],
        ["run", "wv_comm_user", "--json"],
    ],
)
def test_an_error_asked_for_as_json_is_one_json_object(martgate: Call, arguments: list[str]) -> None:
    code, out, _ = martgate(*arguments)
    answer = json.loads(out)
    assert answer["exit"] == code != 0
    assert answer["errors"][0]["message"]


def test_a_run_publishes_and_answers_with_the_keys_that_programs_rely_on(run: Call) -> None:
    code, out, err = run("run", "--date", "2024-01-01", "--json")
    answer = json.loads(out)
    assert (code, err, answer["decision"]) == (0, "", "approved")
    assert {
        "table", "date", "candidate", "decision", "published_version", "rows", "rules", "passed", "failed", "errors",
        "vacuous", "waived", "queries", "seconds", "report", "verdicts",
    } <= answer.keys()  # fmt: skip
    assert {"rule", "kind", "severity", "outcome", "failed", "total", "columns", "examples"} <= answer["verdicts"][
        0
    ].keys()
    assert answer["rules"] == len(answer["verdicts"]) >= 150
    assert answer["published_version"] is not None
    assert answer["rows"] > 0


def test_a_dry_run_decides_and_publishes_nothing(run: Call, tmp_path: Path) -> None:
    code, out, _ = run("run", "--date", "2024-01-01", "--dry-run", "--json")
    assert code == 0
    assert json.loads(out)["published_version"] is None
    from deltalake import DeltaTable

    assert DeltaTable(tmp_path / "out/warehouse/we_mart/wv_comm_user").file_uris() == []


def test_build_gate_and_publish_are_a_run_in_three_steps(run: Call) -> None:
    code, out, _ = run("build", "--date", "2024-01-02", "--json")
    candidate = json.loads(out)["candidate"]
    assert code == 0
    assert run("gate", "--date", "2024-01-02", "--candidate", candidate)[0] == 0
    code, out, _ = run("publish", "--date", "2024-01-02", "--candidate", candidate, "--json")
    assert (code, json.loads(out)["candidate"]) == (0, candidate)
    assert json.loads(out)["published_version"] is not None


def test_a_candidate_that_was_never_judged_is_not_published(run: Call) -> None:
    run("build", "--date", "2024-01-02")
    code, out, err = run("publish", "--date", "2024-01-02")
    assert code == 1
    assert "verdict" in out + err


def test_a_candidate_whose_bytes_changed_after_the_verdict_is_not_published(run: Call, tmp_path: Path) -> None:
    run("build", "--date", "2024-01-02")
    run("gate", "--date", "2024-01-02")
    file = next((tmp_path / "out/warehouse").rglob("*.parquet"))
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(bytes(content))
    code, out, err = run("publish", "--date", "2024-01-02")
    assert code == 1, out + err


def test_a_broken_upstream_refuses_and_is_named(martgate: Call, upstreams: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(upstreams, broken)
    shutil.rmtree(broken / "we_mart" / "we_artist")
    artists = {"we_art_id": [1, 1], "we_art_name": ["a", "b"], "comm_id": [1, 2]}
    types = pa.schema([("we_art_id", pa.int32()), ("we_art_name", pa.string()), ("comm_id", pa.int64())])
    (broken / "we_mart" / "we_artist").mkdir()
    pq.write_table(pa.table(artists, schema=types), broken / "we_mart" / "we_artist" / "part-0.parquet")
    arguments = ["--date", "2024-01-01", "--upstreams", broken, "--report", "none", "--json"]
    code, out, _ = martgate("run", "wv_comm_user", *arguments)
    answer = json.loads(out)
    assert (code, answer["decision"], answer["published_version"]) == (1, "refused", None)
    assert any("we_mart.we_artist" in reason for reason in answer["reasons"])
    assert {v["rule"].split(":")[0] for v in answer["verdicts"]} == {"we_mart.we_artist"}


def test_a_day_that_an_upstream_does_not_have_could_not_run_and_is_named(run: Call) -> None:
    code, out, err = run("run", "--date", "2025-01-01")
    assert code == 3
    assert "we_mart.ods_wv_member_profile" in out + err
    assert "2025-01-01" in out + err


def test_a_day_whose_upstreams_are_all_there_can_be_waited_for(martgate: Call, upstreams: Path) -> None:
    place = ["--upstreams", upstreams]
    code, out, _ = martgate("upstreams", "wv_comm_user", "--date", "2024-01-02", "--json", *place)
    told = {"table": "we_mart.wv_comm_user", "date": "2024-01-02", "inputs": 12, "missing": []}
    assert (code, json.loads(out)) == (0, told)
    code, out, _ = martgate("upstreams", "wv_comm_user", "--date", "2031-01-01", *place)
    lines = out.splitlines()
    assert (code, len(lines)) == (3, 13 - int(lines[0].split()[0]))
    assert "we_mart.we_user: there is no part_date=2031-01-01" in out


def test_an_upstream_that_the_project_makes_is_there_once_it_is_published(martgate: Call, upstreams: Path) -> None:
    code, out, _ = martgate("upstreams", "stats_wv_d_comm_user_cnt", "--date", "2024-01-02", "--json")
    (reason,) = json.loads(out)["missing"]
    assert (code, reason.split(":")[0]) == (3, "we_mart.wv_comm_user")
    martgate("run", "wv_comm_user", "--date", "2024-01-02", "--upstreams", upstreams, "--report", "none")
    assert martgate("upstreams", "stats_wv_d_comm_user_cnt", "--date", "2024-01-02")[0] == 0


def test_any_parquet_file_can_be_held_against_a_contract(run: Call, martgate: Call, upstreams: Path) -> None:
    source = str(upstreams / "we_mart" / "we_artist")
    code, out, _ = martgate("gate", "we_artist", "--input", source, "--report", "none", "--json")
    answer = json.loads(out)
    assert (code, answer["decision"], answer["published_version"]) == (0, "approved", None)
    code, out, _ = martgate("gate", "we_mart.we_user", "--input", source, "--report", "none", "--json")
    assert (code, json.loads(out)["decision"]) == (1, "refused")


def test_one_day_of_a_published_table_can_be_audited_again(run: Call, tmp_path: Path) -> None:
    for day in ("2024-01-01", "2024-01-02"):
        assert run("run", "--date", day)[0] == 0
    source = str(tmp_path / "out" / "warehouse" / "we_mart" / "wv_comm_user")
    code, out, _ = run("gate", "--input", source, "--date", "2024-01-01", "--json")
    assert (code, json.loads(out)["decision"]) == (0, "approved")
    assert run("gate", "--input", source, "--date", "2024-01-03")[0] == 3


def test_a_contract_that_lint_refuses_gates_nothing(martgate: Call, tmp_path: Path) -> None:
    text = """
apiVersion: v3.2.0
kind: DataContract
id: t
name: t
version: 1.0.0
status: active
schema:
  - name: t
    quality:
      - {id: never, type: sql, query: "SELECT COUNT(*) FROM {object}", mustBe: 0, severity: WARNING}
    properties:
      - {name: a, logicalType: integer, physicalType: bigint}
"""
    (tmp_path / "t.odcs.yaml").write_text(text)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "t.parquet")
    told = martgate("lint", "t.odcs.yaml")
    gated = martgate("gate", "t", "--input", "t.parquet", "--contract", "t.odcs.yaml", "--report", "none")
    assert (told[0], gated[0]) == (2, 2)
    assert "severity" in gated[2]


def test_where_engines_differ_lint_warns_and_refuses_nothing(martgate: Call, tmp_path: Path) -> None:
    text = """
apiVersion: v3.2.0
kind: DataContract
id: t
name: t
version: 1.0.0
status: active
schema:
  - name: t
    properties:
      - name: a
        logicalType: number
        physicalType: NUMERIC(38, 0)
        logicalTypeOptions: {minimum: 0.5}
        quality:
          - {id: fair, type: sql, query: "SELECT AVG(a) FROM {object}", mustBeGreaterThan: 0}
"""
    (tmp_path / "t.odcs.yaml").write_text(text)
    code, out, _ = martgate("lint", "t.odcs.yaml")
    assert (code, out.count("warning: ")) == (0, 1)
    assert "CAST it AS DOUBLE first; see docs/engines.md" in out
    code, out, _ = martgate("lint", "t.odcs.yaml", "--json")
    told = json.loads(out)
    assert (code, told["errors"], [warning["line"] for warning in told["warnings"]]) == (0, [], [16])


def test_a_location_for_a_table_that_no_contract_knows_is_unusable(martgate: Call, tmp_path: Path) -> None:
    with (tmp_path / "martgate.toml").open("a") as settings:
        settings.write('[upstreams]\n"we_mart.we_usr" = "users"\n')
    code, _, err = martgate("run", "wv_comm_user", "--date", "2024-01-01")
    assert code == 2
    assert "we_mart.we_user" in err


@pytest.mark.parametrize("edit", ["part_date = '2024-01-02'", "manifest = '{}'", "manifest = 'junk'"])
def test_an_edited_ledger_publishes_nothing(run: Call, tmp_path: Path, edit: str) -> None:
    run("build", "--date", "2024-01-01")
    run("gate", "--date", "2024-01-01")
    with contextlib.closing(sqlite3.connect(tmp_path / "out" / "ledger.db")) as ledger:
        ledger.execute(f"UPDATE candidates SET {edit}")
        ledger.commit()
    day = "2024-01-02" if "part_date" in edit else "2024-01-01"
    code, out, err = run("publish", "--date", day)
    assert code == 1, out + err
    assert "altered" in out


def test_a_fast_report_is_one_page_and_the_site_takes_it_in(martgate: Call, upstreams: Path, tmp_path: Path) -> None:
    source = str(upstreams / "we_mart" / "we_artist")
    _, out, _ = martgate("gate", "we_mart.we_user", "--input", source, "--report", "fast", "--json")
    page = Path(json.loads(out)["report"])
    assert "we_mart.we_user" in page.read_text(encoding="utf-8")
    assert [file for file in (tmp_path / "out" / "site").rglob("*") if file.is_file()] == [page]
    assert martgate("docs")[0] == 0
    assert "../index.html" in page.read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_takes_no_decision_back(run: Call, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "runs").touch()
    code, out, err = run("run", "--date", "2024-01-01", "--json")
    assert (code, json.loads(out)["decision"], json.loads(out)["published_version"]) == (3, "approved", 1)
    assert "the decision stands" in err


def test_debug_shows_where_an_error_came_from(martgate: Call) -> None:
    from martgate.errors import InvalidInput

    with pytest.raises(InvalidInput):
        martgate("run", "nothing", "--date", "2024-01-01", "--debug")


def test_config_says_where_each_value_came_from(martgate: Call, tmp_path: Path) -> None:
    (tmp_path / "martgate.toml").write_text('memory_limit = "1GB"\n')
    _, out, _ = martgate("config", "--json", "--out", "elsewhere")
    answer = json.loads(out)
    assert answer["memory_limit"] == {"value": "1GB", "origin": str(tmp_path / "martgate.toml")}
    assert answer["out"] == {"value": str(tmp_path / "elsewhere"), "origin": "--out"}
    assert answer["engine"] == {"value": "duckdb", "origin": "default"}


def test_the_demo_ends_with_where_to_look(martgate: Call, tmp_path: Path) -> None:
    code, out, _ = martgate("demo", "--members", "500", "--days", "2")
    assert code == 0
    assert "out/demo/site/index.html" in out.splitlines()[-1]
    assert (tmp_path / "out/demo/site/index.html").is_file()
