"""`martgate query`: hand-made published days, hand-computed answers."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from martgate.builders.query import Query
from martgate.cli.main import call
from martgate.errors import InvalidInput, MissingUpstream
from martgate.project.context import Context
from martgate.project.settings import load_settings
from martgate.project.wiring import open_context
from martgate.publish.queries import run_query
from martgate.stores.upstreams import Upstreams

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DEFAULTS = {
    "wv_user_status": "NORMAL",
    "comm_user_status": "NORMAL",
    "profile_name": "secret",
    "comm_id": 10,
    "we_art_id": 1,
    "we_art_name": "ONE",
    "is_fc": 0,
    "ip_ctry": "KR",
    "part_date": "2024-01-01",
}
ROWS = [
    # 2024-01-01: of four normal people two are in the fan club
    {"wv_user_id": 1, "we_member_id": 101, "is_fc": 1},
    {"wv_user_id": 1, "we_member_id": 101, "is_fc": 1, "comm_id": 11, "we_art_id": 2},
    {"wv_user_id": 2, "we_member_id": 102, "is_fc": 1, "ip_ctry": "US"},
    {"wv_user_id": 3, "we_member_id": 103, "ip_ctry": "US"},
    {"wv_user_id": 4, "we_member_id": None, "ip_ctry": None},
    {"wv_user_id": 5, "we_member_id": 105, "is_fc": 1, "comm_user_status": "LEAVE"},
    {"wv_user_id": 6, "we_member_id": 106, "is_fc": 1, "wv_user_status": "BLOCKED"},
    # 2024-01-03
    {"wv_user_id": 3, "we_member_id": 103, "is_fc": 1, "part_date": "2024-01-03"},
    {"wv_user_id": 7, "we_member_id": 107, "part_date": "2024-01-03"},
]
ARROW = {
    "bigint": pa.int64(),
    "int": pa.int32(),
    "tinyint": pa.int8(),
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose wv_comm_user has two days."""
    made = tmp_path_factory.mktemp("project")
    with open_context(load_settings(flags={"out": str(made / "out")}, environment={})) as context:
        table = context.catalog.find("wv_comm_user")[1]
    schema = pa.schema([(column.name, ARROW[column.physical_type]) for column in table.columns])
    rows = [{**DEFAULTS, **row} for row in ROWS]
    filled = [_row(table, {**row, "part_comm_id": row["comm_id"]}) for row in rows]
    Upstreams(str(made / "out" / "warehouse")).replace_table(table, pa.Table.from_pylist(filled, schema))
    return made


def _row(table: object, values: dict[str, object]) -> dict[str, object]:
    """A whole row: what nobody cares about is null, or the least that the contract demands."""
    least = {"bigint": 1, "int": 1, "string": "x", "timestamp": LONG_AGO, "date": LONG_AGO.date()}
    return {c.name: values.get(c.name, least.get(c.physical_type) if c.required else None) for c in table.columns}


@pytest.fixture
def context(folder: Path) -> Context:
    places = {"out": str(folder / "out"), "warehouse": str(folder / "out" / "warehouse")}
    with open_context(load_settings(flags=places, environment={})) as opened:
        return opened


def ask(folder: Path, capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capfd.readouterr()
    code = call(["query", *arguments, "--out", str(folder / "out"), "--warehouse", str(folder / "out" / "warehouse")])
    return code, *capfd.readouterr()


WEEK = ["--param", "from_date=2024-01-01", "--param", "to_date=2024-01-03"]


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        (["fc_ratio", "--param", "part_date=2024-01-01"], [{"fc_ratio": 0.5}]),
        (["fc_ratio", "--param", "part_date=2024-01-03"], [{"fc_ratio": 0.5}]),
        (["fc_user_cnt", "--param", "we_art_id=1", *WEEK], [{"fc_user_cnt": 3}]),
        (["fc_user_cnt", "--param", "we_art_id=2", *WEEK], [{"fc_user_cnt": 1}]),
        (["fc_user_cnt", "--param", "we_art_id=404", *WEEK], [{"fc_user_cnt": 0}]),
        (["user_cnt", "--param", "ip_ctry=KR", *WEEK], [{"user_cnt": 3}]),
        (["user_cnt", "--param", "ip_ctry=US", *WEEK], [{"user_cnt": 2}]),
        (["user_cnt", "--param", "ip_ctry=NO", *WEEK], [{"user_cnt": 0}]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value[0], str) else "",
)
def test_the_answer_is_the_one_computed_by_hand(
    folder: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], rows: list[dict[str, float]]
) -> None:
    code, out, _ = ask(folder, capfd, *arguments, "--json")
    assert (code, json.loads(out)["rows"]) == (0, rows)


def test_days_that_are_not_published_are_told_beside_the_answer(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ask(folder, capfd, "user_cnt", "--param", "ip_ctry=KR", *WEEK, "--json")
    assert (code, json.loads(out)["missing_days"]) == (0, ["2024-01-02"])
    assert "2024-01-02" in err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["fc_rati"], 2, "Did you mean 'fc_ratio'?"),
        (["fc_ratio"], 2, "needs the parameter part_date"),
        (["fc_ratio", "--param", "part_date=yesterday"], 2, "expected a day"),
        (["fc_ratio", "--param", "part_date=2024-01-01", "--param", "comm_id=1"], 2, "has no parameter 'comm_id'"),
        (["fc_ratio", "--param", "part_date"], 2, "expected NAME=VALUE"),
        (["fc_ratio", "--param", "part_date=2024-01-01", "--param", "part_date=2024-01-03"], 2, "given twice"),
        (["fc_user_cnt", "--param", "we_art_id=one", *WEEK], 2, "expected a number"),
        (["user_cnt", "--param", "ip_ctry=KR", "--param", "from_date=2024-01-03", "--param", "to_date=2024-01-01"], 2, "is after to_date"),
        (["fc_ratio", "--param", "part_date=2024-01-02"], 3, "2024-01-02 is not published"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told_with_its_exit_code(
    folder: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], code: int, told: str
) -> None:
    got, out, err = ask(folder, capfd, *arguments)
    assert (got, out) == (code, "")
    assert told in err


def test_without_a_name_the_queries_and_their_parameters_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    assert call(["query", "--json"]) == 0
    listed = {
        each["name"]: [p["name"] for p in each["parameters"]] for each in json.loads(capfd.readouterr().out)["queries"]
    }
    assert listed == {
        "fc_ratio": ["part_date"],
        "fc_user_cnt": ["we_art_id", "from_date", "to_date"],
        "user_cnt": ["ip_ctry", "from_date", "to_date"],
    }
    assert call(["query"]) == 0
    assert "멤버십 유저 비율" in capfd.readouterr().out


def test_a_classified_column_is_refused_by_name(context: Context) -> None:
    for column in ("profile_name", "PROFILE_NAME", "u.profile_name"):
        with pytest.raises(InvalidInput, match=r"profile_name \(personal\)"):
            run_query(Query("q", f"SELECT {column} AS a FROM we_mart.wv_comm_user u"), {}, context)


def test_a_whole_row_holds_no_classified_value(context: Context) -> None:
    found = run_query(Query("q", "SELECT u AS a FROM we_mart.wv_comm_user u"), {}, context)
    assert len(found.rows) == len(ROWS)
    assert "secret" not in str(found.rows)


def test_a_table_that_was_never_published_is_missing(context: Context) -> None:
    with pytest.raises(MissingUpstream, match=r"`martgate run we_mart\.wv_dm_subscr"):
        run_query(Query("q", "SELECT COUNT(*) AS n FROM we_mart.wv_dm_subscr"), {}, context)
