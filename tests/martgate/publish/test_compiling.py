"""`martgate compile`: what a project keeps of its contracts in other words, and how drift is told."""

import json

import pytest

from martgate.cli.main import call

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
schema:
  - name: {name}
    physicalName: s.{name}
    properties:
      - {{name: n, logicalType: integer, physicalType: bigint, required: true, logicalTypeOptions: {{maximum: 99}}}}
      - {{name: m, logicalType: integer, physicalType: bigint, description: More.}}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "martgate.toml").write_text("")
    (tmp_path / "contracts").mkdir()
    for name in ("one", "two"):
        (tmp_path / "contracts" / f"{name}.odcs.yaml").write_text(CONTRACT.format(name=name))
    return tmp_path


@pytest.fixture
def compiled(project):
    assert call(["compile"]) == 0
    return project


def kept(project):
    folders = (project / "expectations", project / "reports" / "pages")
    return {file.name: file.read_bytes() for folder in folders if folder.is_dir() for file in folder.iterdir()}


def change(project, old, new):
    file = project / "contracts" / "one.odcs.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def check(capfd, *arguments):
    """Exit code and the differences, by the name of their file."""
    capfd.readouterr()
    code = call(["compile", "--check", *arguments, "--json"])
    found = json.loads(capfd.readouterr().out)["differences"]
    return code, {each["file"].rpartition("/")[2]: (each["reason"], each["place"]) for each in found}


def test_a_suite_and_a_page_of_each_table_are_what_export_writes(compiled, capfd):
    assert kept(compiled).keys() == {f"s.{name}.{end}" for name in ("one", "two") for end in ("suite.json", "md")}
    for target, file in (("gx", "expectations/s.one.suite.json"), ("page", "reports/pages/s.one.md")):
        assert call(["export", "one", "--to", target, "--out", "exported"]) == 0
        assert (compiled / file).read_bytes() == (compiled / "exported").read_bytes()
    capfd.readouterr()


def test_compiling_again_writes_nothing(compiled, capfd):
    before = {file: (compiled / "expectations" / file).stat().st_mtime_ns for file in kept(compiled) if "json" in file}
    capfd.readouterr()
    assert call(["compile", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["written"], len(told["unchanged"])) == ([], 4)
    assert before == {file: (compiled / "expectations" / file).stat().st_mtime_ns for file in before}
    assert check(capfd) == (0, {})


def test_a_generated_suite_says_who_made_it_and_of_what(compiled):
    meta = json.loads(kept(compiled)["s.one.suite.json"])["meta"]
    assert meta["generated_by"] == "martgate compile"
    assert len(meta["contract_digest"]) == 64


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("maximum: 99", "maximum: 98", {"s.one.suite.json": ("differs", "rule n|maximum")}),
        (", logicalTypeOptions: {maximum: 99}", "", {"s.one.suite.json": ("differs", "rule n|maximum was removed")}),
        ("description: More.", "required: true", {
            "s.one.suite.json": ("differs", "rule m|not_null is new"), "s.one.md": ("differs", "line 18"),
        }),
        ("description: More.", "description: Less.", {"s.one.md": ("differs", "line 18")}),
        ("status: active", "status: active\nslaProperties: [{property: frequency, value: 1, unit: d}]",
         {"s.one.suite.json": ("differs", "meta.contract_digest")}),
    ],
)  # fmt: skip
def test_the_check_names_the_first_place_that_differs_and_writes_nothing(compiled, capfd, old, new, found):
    before = kept(compiled)
    change(compiled, old, new)
    assert check(capfd) == (1, found)
    assert kept(compiled) == before
    assert check(capfd, "two") == (0, {})
    assert call(["compile"]) == 0
    assert check(capfd) == (0, {})


def test_the_check_says_what_to_run(compiled, capfd):
    change(compiled, "maximum: 99", "maximum: 98")
    capfd.readouterr()
    assert call(["compile", "--check"]) == 1
    told = capfd.readouterr().out
    assert "s.one.suite.json: rule n|maximum\n  = `martgate compile s.one` writes it" in told


def test_what_is_missing_or_orphaned_is_told(compiled, capfd):
    (compiled / "expectations" / "s.one.suite.json").unlink()
    (compiled / "contracts" / "two.odcs.yaml").unlink()
    assert check(capfd) == (1, {
        "s.one.suite.json": ("missing", ""),
        "s.two.suite.json": ("orphaned", "no contract generates it"),
        "s.two.md": ("orphaned", "no contract generates it"),
    })  # fmt: skip


def test_only_the_tables_that_are_named_are_compiled(project, capfd):
    assert call(["compile", "one"]) == 0
    assert kept(project).keys() == {"s.one.suite.json", "s.one.md"}
    assert call(["compile", "three"]) == 2
    assert "there is no contract for a table 'three'" in capfd.readouterr().err


def test_a_suite_by_hand_is_neither_compiled_nor_in_the_way(compiled, capfd):
    more = {"name": "s.one.more", "expectations": [{"type": "expect_column_values_to_be_unique",
            "kwargs": {"column": "n"}}], "meta": {}}  # fmt: skip
    (compiled / "expectations" / "s.one.more.suite.json").write_text(json.dumps(more))
    assert check(capfd) == (0, {})


def test_a_suite_by_hand_under_a_compiled_name_is_never_written_over(compiled, capfd):
    file = compiled / "expectations" / "s.one.suite.json"
    document = json.loads(file.read_text())
    del document["meta"]["generated_by"]
    file.write_text(json.dumps(document))
    assert check(capfd) == (1, {"s.one.suite.json": ("differs", "it was not written by `martgate compile`")})
    assert call(["compile"]) == 2
    assert "rename it, as in s.one.more.suite.json" in capfd.readouterr().err
    assert json.loads(file.read_text()) == document


def test_a_contract_with_problems_compiles_to_nothing(project, capfd):
    change(project, "maximum: 99", "maximun: 99")
    assert call(["compile"]) == 2
    assert kept(project) == {}
    capfd.readouterr()


def test_a_table_of_any_name_is_compiled_inside_of_its_folder(project, capfd):
    change(project, "physicalName: s.one", 'physicalName: "s./up/ my orders"')
    assert call(["compile"]) == 0
    assert {file.parent.name for file in project.rglob("*.suite.json")} == {"expectations"}
    assert check(capfd) == (0, {})
    assert call(["lint"]) == 0
