"""Contracts of a project, found by the names of their tables."""

from pathlib import Path

import pytest

from martgate.contracts.catalog import Catalog
from martgate.errors import InvalidInput

ROOM = Path(__file__).parents[3] / "contracts"


@pytest.fixture
def write(tmp_path):
    def write(file, *tables, apiversion="v3.2.0"):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        schema = ", ".join(f"{{name: {t.rpartition('.')[2]}, physicalName: {t}}}" for t in tables)
        path.write_text(
            f"apiVersion: {apiversion}\nkind: DataContract\nid: {path.stem}\nversion: 1.0.0\nschema: [{schema}]\n",
            encoding="utf-8",
        )
        return path

    return write


def refused(call, *arguments):
    with pytest.raises(InvalidInput) as caught:
        call(*arguments)
    return str(caught.value)


def test_every_contract_below_the_folders_is_read_in_the_order_of_paths(write, tmp_path):
    write("b/deep/two.odcs.yaml", "s.two")
    write("b/one.odcs.yml", "s.one")
    write("a/three.odcs.yaml", "s.three", "s.four")
    write("a/no_contract.yaml", "s.five")
    catalog = Catalog.load([tmp_path / "b", tmp_path / "a"])
    assert [table.qualified_name for _, table in catalog.tables()] == ["s.two", "s.one", "s.three", "s.four"]


def test_a_folder_may_be_a_file_and_a_file_is_read_once(write, tmp_path):
    file = write("a/one.odcs.yaml", "s.one")
    assert len(Catalog.load([file, tmp_path, tmp_path / "a", file]).contracts) == 1


def test_a_table_is_found_by_its_short_and_its_qualified_name():
    catalog = Catalog.load([ROOM])
    loaded, table = catalog.find("wv_comm_user")
    assert (loaded.contract.id, len(table.columns)) == ("we_mart.wv_comm_user", 59)
    assert catalog.find("we_mart.wv_comm_user") == (loaded, table)


def test_an_unknown_table_is_refused_with_the_nearest_name():
    catalog = Catalog.load([ROOM])
    assert refused(catalog.find, "wv_com_user") == (
        "there is no contract for a table 'wv_com_user'. Did you mean 'wv_comm_user'?"
    )
    assert "Did you mean 'we_mart.wv_comm_user'?" in refused(catalog.find, "we_mart.wv_comm_usr")
    assert "known: community_common_report, " in refused(catalog.find, "zzz")
    assert refused(Catalog().find, "t") == "there is no contract for a table 't'; there is no contract at all"


def test_a_short_name_that_two_tables_share_is_refused_with_both(write, tmp_path):
    write("a.odcs.yaml", "mart.users")
    write("b.odcs.yaml", "lake.users")
    catalog = Catalog.load([tmp_path])
    assert refused(catalog.find, "users") == "the table 'users' is ambiguous: say 'mart.users' or 'lake.users'"
    assert catalog.find("lake.users")[1].qualified_name == "lake.users"


def test_a_qualified_name_wins_over_an_equal_short_one(write, tmp_path):
    write("a.odcs.yaml", "users")
    write("b.odcs.yaml", "lake.users")
    assert Catalog.load([tmp_path]).find("users")[1].qualified_name == "users"


def test_one_table_in_two_files_is_a_problem_however_its_name_is_written(write, tmp_path):
    write("a.odcs.yaml", "mart.users")
    second = write("b.odcs.yaml", "Mart.USERS")
    found = refused(Catalog.load, [tmp_path])
    assert found.startswith(f"{second}:5:17: schema[0].name: the table 'Mart.USERS' already has a contract, in ")
    assert f"{tmp_path}/a.odcs.yaml" in found


def test_the_problems_of_all_files_come_together(write, tmp_path):
    write("a.odcs.yaml", "s.a", apiversion="v9.0.0")
    write("b.odcs.yaml", "s.b")
    (tmp_path / "c.odcs.yaml").write_text("a: [")
    with pytest.raises(InvalidInput) as caught:
        Catalog.load([tmp_path, tmp_path / "nowhere"])
    assert [Path(problem.file).name for problem in caught.value.problems] == ["a.odcs.yaml", "c.odcs.yaml", "nowhere"]
