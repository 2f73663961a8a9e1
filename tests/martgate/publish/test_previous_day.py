"""Which day a day is compared with, and what is told of it: a small table, published day by day from the command line."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from martgate.cli.main import call

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: club
name: club
version: 1.0.0
status: active
schema:
  - name: club
    physicalName: s.club
    customProperties: [{property: publishPeriod, value: PERIOD}]
    properties:
      - name: id
        logicalType: string
        physicalType: string
        primaryKey: true
        primaryKeyPosition: 1
        quality: [{id: stays, type: custom, engine: martgate, implementation: {rule: never_disappears}}]
      - name: born
        logicalType: string
        physicalType: string
        classification: personal
        quality: [{id: kept, type: custom, engine: martgate, implementation: {rule: unchanged_since}}]
      - name: score
        logicalType: integer
        physicalType: bigint
        quality: [{id: grows, type: custom, engine: martgate, implementation: {rule: never_falls}}]
      - name: rank
        logicalType: integer
        physicalType: bigint
        quality: [{id: betters, type: custom, engine: martgate, implementation: {rule: never_rises}}]
      - {name: day, logicalType: string, physicalType: string, partitioned: true, primaryKey: true, primaryKeyPosition: 2}
"""
ANN, BOB = "('ann', 'secret-1990', 5, 5)", "('bob', 'secret-1980', 7, 7)"
MODEL = "SELECT id, born, CAST(score AS BIGINT) AS score, CAST(rank AS BIGINT) AS rank, :part_date AS day FROM (VALUES {}) AS t(id, born, score, rank)"

Run = Callable[..., dict]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    settings = 'contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\nwarehouse = "mart"\n'
    (tmp_path / "martgate.toml").write_text(settings)
    for folder in ("contracts", "models"):
        (tmp_path / folder).mkdir()
    (tmp_path / "contracts" / "club.odcs.yaml").write_text(CONTRACT.replace("PERIOD", "day"))
    return tmp_path


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Run:
    """tell(argument..): what a command answers as JSON, and its exit code as `code`."""

    def _tell(*arguments: str) -> dict:
        capsys.readouterr()
        code = call([*arguments, "--json"])
        out, err = capsys.readouterr()
        return {"code": code, "err": err, **(json.loads(out) if out else {})}

    return _tell


@pytest.fixture
def run(project: Path, tell: Run) -> Run:
    """run(day, row..): the run of a day with these members."""

    def _run(day: str, *rows: str, command: Sequence[str] = ("run",)) -> dict:
        (project / "models" / "club.sql").write_text(MODEL.format(", ".join(rows)))
        return tell(*command, "club", "--date", day)

    return _run


def broken(told: dict) -> dict[str, tuple[int, int]]:
    return {v["rule"]: (v["failed"], v["total"]) for v in told["verdicts"] if v["outcome"] != "passed"}


def test_the_first_day_is_compared_with_nothing_and_says_so(run: Run) -> None:
    told = run("2024-01-05", ANN)
    assert (told["decision"], told["compared_with"], broken(told)) == ("approved", "", {})
    reason = "no earlier day is published: there is nothing to compare with"
    rules = ["id|stays", "born|kept", "score|grows", "rank|betters"]
    assert told["out_of_scope"] == [{"rule": rule, "reason": reason} for rule in rules]


DEFECTS = {
    "id|stays": "('cid', 'secret-1970', 1, 1)",
    "born|kept": "('ann', 'secret-1991', 5, 5)",
    "score|grows": "('ann', 'secret-1990', 4, 5)",
    "rank|betters": "('ann', 'secret-1990', 5, 6)",
}


@pytest.mark.parametrize(("rule", "row"), DEFECTS.items())
def test_a_day_that_contradicts_the_one_before_is_refused_by_the_rule_that_names_it(
    run: Run, rule: str, row: str
) -> None:
    run("2024-01-05", ANN, BOB)
    told = run("2024-01-06", row, BOB)
    assert (told["code"], told["decision"], told["compared_with"]) == (1, "refused", "2024-01-05")
    assert broken(told) == {rule: (1, 2)}
    assert "secret" not in json.dumps(told)
    assert run("2024-01-06", ANN, BOB, "('cid', 'secret-1970', 1, 1)")["decision"] == "approved"


def test_a_gap_is_compared_with_the_newest_day_before_it(run: Run) -> None:
    run("2023-11-05", ANN, BOB)
    run("2024-01-05", ANN, BOB, "('cid', 'secret-1970', 1, 1)")
    told = run("2024-02-01", ANN, BOB)
    assert (told["compared_with"], broken(told)) == ("2024-01-05", {"id|stays": (1, 3)})


def test_a_late_day_is_compared_with_the_day_before_it_and_never_with_a_later_one(run: Run) -> None:
    run("2024-01-05", ANN)
    run("2024-01-07", ANN, BOB)
    told = run("2024-01-06", ANN)
    assert (told["decision"], told["compared_with"]) == ("approved", "2024-01-05")
    assert run("2024-01-04", BOB)["compared_with"] == ""


def test_a_restated_day_is_compared_with_the_day_before_it_and_not_with_itself(run: Run) -> None:
    run("2024-01-05", ANN)
    run("2024-01-06", ANN, BOB)
    told = run("2024-01-06", ANN)
    assert (told["decision"], told["compared_with"]) == ("approved", "2024-01-05")


def test_a_day_that_was_published_wrongly_is_mended_by_publishing_it_again(run: Run) -> None:
    run("2024-01-05", ANN)
    run("2024-01-06", ANN, BOB)
    assert broken(run("2024-01-07", ANN)) == {"id|stays": (1, 2)}
    run("2024-01-06", ANN)
    assert run("2024-01-07", ANN)["decision"] == "approved"


def test_a_refused_day_is_nobody_s_predecessor(run: Run) -> None:
    run("2024-01-05", ANN, BOB)
    assert run("2024-01-06", ANN)["decision"] == "refused"
    told = run("2024-01-07", ANN, BOB)
    assert (told["decision"], told["compared_with"]) == ("approved", "2024-01-05")


def test_a_table_by_the_week_is_compared_with_its_newest_earlier_week(project: Path, run: Run) -> None:
    (project / "contracts" / "club.odcs.yaml").write_text(CONTRACT.replace("PERIOD", "week"))
    run("2024-01-01", ANN, BOB)
    told = run("2024-01-15", ANN)
    assert (told["compared_with"], broken(told)) == ("2024-01-01", {"id|stays": (1, 2)})


def test_the_steps_of_a_scheduler_compare_alike(run: Run) -> None:
    run("2024-01-05", ANN, BOB)
    run("2024-01-06", ANN, command=["build"])
    told = run("2024-01-06", ANN, command=["gate"])
    assert (told["decision"], told["compared_with"], broken(told)) == ("refused", "2024-01-05", {"id|stays": (1, 2)})
    assert run("2024-01-06", ANN, command=["publish"])["decision"] == "refused"


def test_a_verdict_that_compared_with_another_day_than_the_newest_publishes_nothing(run: Run) -> None:
    run("2024-01-07", ANN, command=["build"])
    assert run("2024-01-07", ANN, command=["gate"])["decision"] == "approved"
    run("2024-01-05", ANN, BOB)
    told = run("2024-01-07", ANN, command=["publish"])
    reason = "its verdict compares it with no earlier day, and the newest one is now 2024-01-05"
    assert (told["code"], told["reasons"]) == (1, [f"{reason}: run `martgate gate` again"])
    assert broken(run("2024-01-07", ANN, command=["gate"])) == {"id|stays": (1, 2)}


def damaged(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


@pytest.mark.parametrize("harm", [Path.unlink, damaged])
def test_an_earlier_day_that_cannot_be_read_approves_nothing(
    project: Path, run: Run, harm: Callable[[Path], None]
) -> None:
    run("2024-01-05", ANN)
    (file,) = (project / "mart" / "s" / "club" / "day=2024-01-05").glob("*.parquet")
    harm(file)
    told = run("2024-01-06", ANN)
    assert told["code"] == 3
    assert "the_earlier_day cannot be read" in told["err"]
    assert "secret" not in told["err"]


def test_data_from_anywhere_are_compared_with_no_day(project: Path, run: Run, tell: Run) -> None:
    run("2024-01-05", ANN)
    told = tell("gate", "club", "--input", str(project / "mart" / "s" / "club"))
    assert {outside["reason"] for outside in told["out_of_scope"] if "stays" in outside["rule"]} == {
        "it compares with an earlier day, which is not part of this audit"
    }


def test_no_protected_value_of_either_day_is_found_in_what_a_refused_day_leaves(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("2024-01-05", ANN, BOB)
    (project / "models" / "club.sql").write_text(MODEL.format("('ann', 'secret-1991', 5, 5)"))
    assert call(["run", "club", "--date", "2024-01-06", "--report", "fast"]) == 1
    said = capsys.readouterr()
    assert "[protected]" in said.out
    left = [file for file in project.joinpath("out").rglob("*") if file.is_file()]
    assert {file.suffix for file in left} >= {".html", ".json", ".db"}
    assert not any("secret" in text for text in said)
    assert not any(b"secret" in file.read_bytes() for file in left)


def test_the_terminal_and_the_page_say_which_day_it_was_or_why_there_was_none(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "models" / "club.sql").write_text(MODEL.format(ANN))
    for day, said in [("2024-01-05", "there is nothing to compare with"), ("2024-01-09", "2024-01-05")]:
        capsys.readouterr()
        assert call(["run", "club", "--date", day, "--report", "fast"]) == 0
        told = capsys.readouterr().out
        (page,) = (project / "out" / "site" / "runs").glob(f"{day}-*.html")
        assert said in told
        assert said in page.read_text(encoding="utf-8")
