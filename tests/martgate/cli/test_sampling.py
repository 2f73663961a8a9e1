"""`martgate sample` and `martgate demo`: in a project with a sample of its own, in one without, and outside of any."""

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from martgate.cli.main import call
from martgate.project.starter import write_starter

Call = Callable[..., tuple[int, str, str]]

FEW = ("--orders", "40", "--days", "1")


@pytest.fixture
def martgate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """Run one command in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = call([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def starter(tmp_path: Path, martgate: Call) -> Path:
    """The folder where `martgate` runs, as a project."""
    write_starter(tmp_path)
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_outside_of_a_project_the_demo_writes_one_plays_it_and_says_where_to_look(
    martgate: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARTGATE_WAREHOUSE", str(tmp_path / "production"))
    code, out, err = martgate("demo", *FEW)
    site = tmp_path / "out" / "demo" / "out" / "site" / "index.html"
    assert (code, err) == (0, "")
    assert f"A small project is in {tmp_path / 'out' / 'demo'}" in out
    assert "Published: shop.orders of 2024-01-01" in out
    assert out.splitlines()[-1] == f"Open {site} to see what was checked, found and published."
    assert site.is_file()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]
    monkeypatch.delenv("MARTGATE_WAREHOUSE")
    monkeypatch.chdir(tmp_path / "out" / "demo")
    assert martgate("lint")[0] == 0
    days = ("--param", "from_date=2024-01-01", "--param", "to_date=2024-01-01")
    assert martgate("query", "revenue", *days)[1].startswith("store\trevenue\torders\tcups\nHARBOUR\t")


def test_a_second_demo_plays_the_project_as_it_was_changed_meanwhile(martgate: Call, tmp_path: Path) -> None:
    write_starter(tmp_path / "out" / "demo")
    edit(tmp_path / "out" / "demo" / "builders" / "models" / "orders.sql", "WHERE r.place = 1", "")
    code, out, _ = martgate("demo", "--orders", "400", "--days", "1")
    assert code == 1
    assert "Refused: shop.orders of 2024-01-01: 2 failed: table|key, table|as_on_the_receipt" in out


def test_in_a_project_the_demo_plays_that_one_beside_its_own_tables(martgate: Call, starter: Path) -> None:
    code, out, err = martgate("demo", "--orders", "40", "--days", "2", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert told["site"] == str(starter / "out" / "demo" / "site" / "index.html")
    assert Path(told["site"]).is_file()
    assert [run["date"] for run in told["runs"]] == ["2024-01-01", "2024-01-02"]
    assert sorted(entry.name for entry in (starter / "out").iterdir()) == ["demo"]


@pytest.mark.parametrize(
    ("setting", "published"),
    [
        ("", ["shop.orders", "shop.stores"]),
        ('demo = ["stores", "orders"]', ["shop.orders", "shop.stores"]),
    ],
)
def test_the_setting_selects_the_tables_of_the_demo(
    martgate: Call, starter: Path, setting: str, published: list[str]
) -> None:
    edit(starter / "martgate.toml", 'demo = "orders"', setting)
    contract = (starter / "contracts" / "till.receipts.odcs.yaml").read_text()
    start, end = contract.index("      - name: receipt_id"), contract.index("      - name: part_date")
    counted = "      - {name: orders, logicalType: integer, physicalType: bigint, required: true}\n"
    stores = (contract[:start] + counted + contract[end:]).replace("till.receipts", "shop.stores")
    stores = stores.replace("receipts", "stores").replace("primaryKeyPosition: 3", "primaryKeyPosition: 1")
    (starter / "contracts" / "shop.stores.odcs.yaml").write_text(stores)
    model = "SELECT COUNT(*) AS orders, :part_date AS part_date FROM shop.orders WHERE part_date = :part_date"
    (starter / "builders" / "models" / "stores.sql").write_text(model)
    code, out, err = martgate("demo", *FEW, "--json")
    assert (code, err) == (0, "")
    assert [run["table"] for run in json.loads(out)["runs"]] == published


def test_a_selection_that_means_nothing_is_refused_before_anything_is_written(martgate: Call, starter: Path) -> None:
    edit(starter / "martgate.toml", 'demo = "orders"', 'demo = "ordres"')
    code, _, err = martgate("demo", *FEW)
    assert code == 2
    assert "Did you mean 'orders'?" in err
    assert not (starter / "out").exists()


@pytest.mark.parametrize("command", [("demo",), ("sample", "--out", "up", "--date", "2024-01-01")])
def test_a_project_without_a_sample_is_told_how_to_have_one(martgate: Call, starter: Path, command: list[str]) -> None:
    edit(starter / "martgate.toml", 'sample = "builders/sample.py"', "")
    code, _, err = martgate(*command)
    assert code == 2
    assert 'as in sample = "builders/sample.py"' in err
    assert not (starter / "out").exists()


@pytest.mark.parametrize("command", ["demo", "sample"])
def test_help_shows_the_options_of_the_projects_own_sample(martgate: Call, starter: Path, command: str) -> None:
    edit(starter / "builders" / "sample.py", "orders: int", "cups_a_day: int")
    code, out, _ = martgate(command, "--help")
    assert code == 0
    assert "--cups-a-day INTEGER RANGE" in out
    assert "how many orders a day" in out


@pytest.mark.parametrize(("command", "flag"), [("sample", "--project"), ("sample", "--sample"), ("demo", "--project")])
def test_the_command_line_may_name_another_sample(martgate: Call, starter: Path, command: str, flag: str) -> None:
    write_starter(starter / "other")
    edit(starter / "other" / "builders" / "sample.py", "orders: int", "cups: int")
    place = starter / "other" / ("" if flag == "--project" else "builders/sample.py")
    assert "--cups INTEGER" in martgate(command, flag, place, "--help")[1]


def test_an_option_that_no_sample_has_is_refused_with_those_that_there_are(martgate: Call, starter: Path) -> None:
    code, _, err = martgate("demo", "--order", "3")
    assert code == 2
    assert "'--order'" in err
    assert "The sample takes --orders." in err


def test_help_works_outside_of_a_project_and_says_what_is_missing_from_it(martgate: Call) -> None:
    code, out, err = martgate("sample", "--help")
    assert (code, err) == (0, "")
    assert "there is no martgate.toml here or in a folder above" in " ".join(out.split())
    assert "--orders" in martgate("demo", "--help")[1]


@pytest.mark.parametrize(
    ("old", "new", "code", "where"),
    [
        ("import datetime as dt", "import date_time as dt", 2, "cannot be imported: ModuleNotFoundError"),
        ("    clean: bool = False\n", "", 2, "SampleSpec: has no field clean"),
        ("orders: int", "json: int", 2, "SampleSpec.json: --json is an option already"),
        ('draw = Random(f"{spec.seed} c', 'draw = Rondom(f"{spec.seed} c', 3, "stopped by NameError"),
    ],
)
def test_a_sample_that_fails_is_told_with_its_place_and_without_a_traceback(
    martgate: Call, starter: Path, old: str, new: str, code: int, where: str
) -> None:
    edit(starter / "builders" / "sample.py", old, new)
    command = ("sample", "--out", "up", "--date", "2024-01-01")
    exit_code, out, err = martgate(*command, "--json")
    assert exit_code == json.loads(out)["exit"] == code
    assert str(starter / "builders" / "sample.py") in err
    assert where in err
    assert "Traceback" not in err
    assert not (starter / "up").exists()
    assert martgate("sample", "--help")[0] == 0
    with pytest.raises(Exception, match=r".") as raised:
        call([*command, "--debug"])
    assert raised.value.__cause__ is not None or code == 2


def test_a_table_without_a_contract_is_told_with_the_sample_that_made_it(martgate: Call, starter: Path) -> None:
    (starter / "contracts" / "app.customers.odcs.yaml").unlink()
    code, _, err = martgate("sample", "--out", "up", "--date", "2024-01-01")
    assert code == 2
    assert "generates 'app.customers', which has no contract" in err


def test_the_sample_of_the_mart_keeps_its_command_lines(
    martgate: Call, tmp_path: Path, mart_project: Callable[[Path], Path]
) -> None:
    mart_project(tmp_path)
    sampled = ("--members", "60", "--date", "2024-01-02", "--days", "2", "--communities", "3", "--seed", "4", "--clean")
    code, out, _ = martgate("sample", "--out", "up", *sampled)
    assert code == 0
    assert "we_mart.ods_wv_member_profile" in out
    code, out, _ = martgate("sample", "--out", "up", "--date", "2024-01-02")
    assert code == 2
    shutil.rmtree(tmp_path / "up")


def test_every_command_of_the_starters_readme_succeeds_in_this_order(martgate: Call, starter: Path) -> None:
    lines = (starter / "README.md").read_text().splitlines()
    commands = [line.strip() for line in lines if line.startswith("    martgate ")]
    assert len(commands) == 6
    for command in commands:
        _, *arguments = shlex.split(command, comments=True)
        code, _, err = martgate(*arguments)
        assert (code, err) == (0, ""), command
