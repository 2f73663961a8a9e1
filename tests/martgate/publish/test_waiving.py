"""Waivers through real runs: recorded, applied, told everywhere, and worth nothing beyond what they say."""

import json
import shlex
import sqlite3
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from martgate.ledger.waivers import build_waiver_row
from martgate.project.requests import load_publish_request
from martgate.project.settings import load_settings
from martgate.project.wiring import open_context
from martgate.publish import run as publish

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: base
name: base
version: 1.0.0
status: active
customProperties: [{{property: dayBoundary, value: {zone}}}]
schema:
  - name: base
    physicalName: s.base
    properties:
      - {{name: id, logicalType: integer, physicalType: bigint, required: true}}
      - name: grade
        logicalType: string
        physicalType: string
        {enum}
        quality: [{{id: few, metric: nullValues, mustBe: 0, severity: warning}}{more}]
      - {{name: day, logicalType: string, physicalType: string, required: true, partitioned: true}}
"""
ENUM = "enum: [{value: FAN}, {value: ARTIST}]"
CAST = (
    ", {id: cast, type: custom, engine: martgate, "
    "implementation: {rule: holds, expression: 'CAST(grade AS INT) IS NOT NULL'}}"
)
SQL = "SELECT id, grade, :part_date AS day FROM (VALUES {rows}) AS m(id, grade)"
GOOD, BAD = "(1, 'FAN'), (2, 'ARTIST')", "(1, 'FAN'), (2, 'MOON'), (3, 'MOON'), (4, 'ARTIST')"
RULE, DAY, NOW = "grade|in_set", "2024-01-15", "2024-01-16T03:00"
UNTIL = "2024-02-01"


class Project:
    """A project of one table whose model makes two rows of an unknown grade, and a clock that is told what time it is."""

    def __init__(self, folder: Path, capfd, clock, call) -> None:
        self.folder, self.capfd, self.clock, self.call, self.at = folder, capfd, clock, call, clock.set
        (folder / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "fast"\n')
        for name in ("contracts", "models"):
            (folder / name).mkdir()
        self.promise()
        self.made_of(BAD)
        self.at(NOW)

    def promise(self, enum: str = ENUM, more: str = "", zone: str = "UTC") -> None:
        text = CONTRACT.format(enum=enum, more=more, zone=zone)
        (self.folder / "contracts" / "base.odcs.yaml").write_text(text)

    def made_of(self, rows: str) -> None:
        (self.folder / "models" / "base.sql").write_text(SQL.format(rows=rows))

    def told(self, *words: str) -> tuple[int, str]:
        self.capfd.readouterr()
        code = self.call([words[0], "base", *words[1:]])
        out, err = self.capfd.readouterr()
        return code, out + err

    def __call__(self, *words: str, day: str = DAY) -> tuple[int, dict]:
        self.capfd.readouterr()
        dated = ["--date", day] if words[0] in ("run", "build", "gate", "publish") and "--input" not in words else []
        code = self.call([words[0], "base", *dated, *words[1:], "--json"])
        return code, json.loads(self.capfd.readouterr().out)

    def waive(self, *more: str, rule: str = RULE, until: str = UNTIL) -> tuple[int, dict]:
        words = ["--until", until, "--owner", "ana", "--reason", "the moon tour", *more]
        return self("waive", rule, *words)

    def sql(self, statement: str) -> None:
        with sqlite3.connect(self.folder / "out" / "ledger.db") as connection:
            assert connection.execute(statement).rowcount == 1


@pytest.fixture
def project(tmp_path, monkeypatch, capfd, clock, call):
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path, capfd, clock, call)


def verdict(told: dict) -> dict:
    return next(each for each in told["verdicts"] if each["rule"] == RULE)


def reasons(told: dict) -> str:
    return "; ".join(told["reasons"])


def test_a_waived_failure_is_published_and_still_counted(project):
    code, told = project("run")
    assert (code, told["waived"], verdict(told)["waiver"]) == (1, 0, None)
    code, recorded = project.waive()
    assert code == 0
    assert recorded == {
        "table": "s.base", "rule": RULE, "until": UNTIL, "owner": "ana", "reason": "the moon tour", "partition": None,
        "max_failed": None, "recorded_at": "2024-01-16T03:00:00+00:00",
    }  # fmt: skip
    code, told = project("run")
    assert (code, told["decision"], told["published_version"]) == (0, "approved", 1)
    assert (told["failed"], told["waived"], told["reasons"]) == (1, 1, [])
    found = verdict(told)
    assert (found["outcome"], found["failed"], found["total"]) == ("failed", 2, 4)
    assert found["waiver"] == {key: value for key, value in recorded.items() if key != "table"}
    assert [(one["rule"], one["effect"], one["failed"]) for one in told["waivers"]] == [(RULE, "waived", 2)]


def test_a_waived_failure_is_shown_in_the_terminal_the_page_the_commit_the_receipt_and_the_history(project):
    project.waive("--max-failed", "2")
    told = project("run")[1]
    sentence = "grade|in_set is waived until 2024-02-01 by ana, up to 2 failures: the moon tour"
    page = Path(told["report"]).read_text()
    assert page.count(sentence) == 2
    assert "of the failed waived" in page
    assert "error, waived" in page
    project.at("2024-01-16T04:00")
    text = project.told("run", "--date", DAY)[1]
    assert "1 failed and waived" in text
    assert "waived   grade|in_set  2 of 4 rows (50.0 %)" in text
    assert text.count(sentence) == 1
    assert "1 failed (1 waived)" in text
    log = project.folder / "out" / "warehouse" / "s" / "base" / "_delta_log" / f"{1:020}.json"
    infos = [json.loads(line).get("commitInfo") for line in log.read_text().splitlines()]
    assert next(info for info in infos if info)["martgate"]["waived"] == [RULE]
    first = project("history")[1]["days"][0]["receipts"][0]
    assert [(one["rule"], one["owner"], one["failed"]) for one in first["waived"]] == [(RULE, "ana", 2)]
    assert f"2 failed: {sentence}" in project.told("history")[1]
    assert project("verify")[0] == 0


def test_a_receipt_with_an_edited_waiver_is_broken(project):
    project.waive()
    project("run")
    project.sql("UPDATE publications SET waived = REPLACE(waived, 'ana', 'bob')")
    assert project("verify")[1]["days"][0]["problems"] == ["the receipt of version 1 was altered after it was recorded"]


@pytest.mark.parametrize(("most", "code"), [("1", 1), ("2", 0)])
def test_beyond_the_failures_that_it_covers_the_rule_refuses(project, most, code):
    project.waive("--max-failed", most)
    got, told = project("run")
    assert got == code
    if code:
        assert told["reasons"] == [
            "1 failed: grade|in_set",
            "the waiver of grade|in_set by ana covers 1 failure, and there were 2",
        ]


@pytest.mark.parametrize("partition", [DAY, f"day={DAY}"])
def test_one_of_a_day_is_about_no_other_day(project, partition):
    assert project.waive("--partition", partition)[1]["partition"] == DAY
    assert project("run", day="2024-01-14")[0] == 1
    assert project("run")[0] == 0


def test_its_last_day_ends_where_the_contract_counts_days(project):
    project.promise(zone="Asia/Seoul")
    project.waive()
    project.at("2024-02-01T14:59")
    assert project("run")[0] == 0
    project.at("2024-02-01T15:00")
    assert project("run", day="2024-01-16")[0] == 1


def test_an_expired_waiver_covers_nothing_and_is_reported_if_its_rule_fails(project):
    project.waive()
    project.at("2024-02-01T23:59")
    assert project("run")[0] == 0
    project.at("2024-02-02T00:00")
    code, told = project("run", day="2024-01-16")
    assert (code, told["waived"], told["waivers"][0]["effect"]) == (1, 0, "expired")
    assert "the waiver of grade|in_set by ana expired: it was until 2024-02-01" in reasons(told)
    project.made_of(GOOD)
    assert project("run", day="2024-01-16")[1]["waivers"] == []


def test_an_unused_waiver_is_reported_and_blocks_nothing(project):
    project.waive()
    project.made_of(GOOD)
    code, told = project("run")
    assert (code, told["waived"], told["waivers"][0]["effect"]) == (0, 0, "unused")
    project.at("2024-01-16T04:00")
    text = project.told("run", "--date", DAY)[1]
    assert "the waiver of grade|in_set by ana, until 2024-02-01, was not needed" in text


def test_one_of_a_rule_that_the_contract_has_no_more_refuses_until_it_is_withdrawn(project):
    project.waive()
    project.promise(enum="")
    code, told = project("run")
    assert (code, told["waivers"][0]["effect"]) == (1, "unknown")
    assert "a rule that no version of the contract has" in reasons(told)
    assert project("waive", RULE, "--withdraw") == (0, {"table": "s.base", "rule": RULE, "withdrawn": 1})
    assert project("run")[0] == 0


@pytest.mark.parametrize(
    "edit", ["until = '2025-01-01'", "most = 99", "rule = 'day|not_null'", "owner = 'bob'", "part_date = ''"]
)
def test_one_that_was_edited_counts_for_nothing(project, edit):
    project.waive("--partition", DAY, "--max-failed", "5")
    project.sql(f"UPDATE waivers SET {edit}")
    code, told = project("run")
    assert (code, told["waived"], told["waivers"][0]["effect"]) == (1, 0, "altered")
    assert [one["standing"] for one in project("waive", "--list")[1]["waivers"]] == ["altered"]


def test_one_that_was_withdrawn_cannot_be_brought_back_by_an_edit(project):
    project.waive()
    assert project("waive", RULE, "--withdraw")[0] == 0
    assert project("run")[0] == 1
    project.sql("UPDATE waivers SET withdrawn_at = NULL")
    code, told = project("run")
    assert (code, told["waivers"][0]["effect"]) == (1, "altered")


def test_a_rule_that_could_not_run_is_never_let_through(project):
    project.promise(more=CAST)
    project.made_of(GOOD)
    assert project.waive(rule="grade|cast")[0] == 0
    code, told = project("run")
    assert (code, told["errors"], told["waived"], told["waivers"][0]["effect"]) == (1, 1, 0, "powerless")
    assert told["reasons"][0] == "1 could not run: grade|cast"


def staged(project) -> dict:
    project("build")
    return project("gate")[1]


def test_the_gate_says_which_waivers_it_used_and_publish_goes_by_them(project):
    project.waive()
    gated = staged(project)
    assert (gated["decision"], gated["waived"]) == ("approved", 1)
    code, told = project("publish")
    assert (code, told["published_version"], told["waived"]) == (0, 1, 1)
    assert project("history")[1]["days"][0]["receipts"][0]["waived"][0]["owner"] == "ana"


def expired(project):
    project.at("2024-02-02T03:00")


def withdrawn(project):
    project("waive", RULE, "--withdraw")


def altered(project):
    project.sql("UPDATE waivers SET until = '2024-12-31'")


def deleted(project):
    project.sql("DELETE FROM waivers")


@pytest.mark.parametrize(
    ("happens", "effect"),
    [(expired, "expired"), (withdrawn, "withdrawn"), (altered, "withdrawn"), (deleted, "withdrawn")],
)
def test_publish_does_not_go_by_a_waiver_that_is_not_in_force_any_more(project, happens, effect):
    project.waive()
    staged(project)
    happens(project)
    code, told = project("publish")
    assert (code, told["published_version"], told["waivers"][0]["effect"]) == (1, None, effect)
    assert "1 failed: grade|in_set" in reasons(told)
    assert project("history")[1]["days"] == []


def test_a_run_that_waited_to_be_published_goes_by_waivers_that_are_still_in_force(project):
    project.waive()
    settings = load_settings(project.folder, {})
    with open_context(settings, now=project.clock) as context:
        work = load_publish_request(settings, context, "base", date(2024, 1, 15))
        waiting = [publish.prepare(work, context), publish.prepare(replace(work, started=context.now()), context)]
        assert publish.complete_run(waiting[0], work.table, context).published_version == 1
        withdrawn(project)
        record = publish.complete_run(waiting[1], work.table, context)
    assert (record.decision, record.published_version) == ("refused", None)
    assert record.reasons[0] == "1 failed: grade|in_set"


def test_a_waiver_recorded_after_the_gate_lets_nothing_through_until_the_next_gate(project):
    assert staged(project)["decision"] == "refused"
    project.waive()
    assert project("publish")[0] == 1
    assert project("gate")[0] == 0
    assert project("publish")[0] == 0


def test_a_candidate_that_readers_have_gets_a_lost_receipt_though_its_waiver_is_over(project):
    project.waive()
    staged(project)
    project("publish")
    project.sql("DELETE FROM publications")
    expired(project)
    assert project("verify")[0] == 1
    assert project("publish")[0] == 0
    assert project("verify")[0] == 0


def test_data_that_lie_anywhere_are_judged_without_waivers(project):
    project.waive()
    project("run")
    place = str(project.folder / "out" / "warehouse" / "s" / "base")
    code, told = project("gate", "--input", place)
    assert (code, told["waived"], told["waivers"]) == (1, 0, [])


def test_a_backfill_goes_by_waivers_too(project):
    project.waive()
    code, out = project.told("backfill", "--from", "2024-01-13", "--to", "2024-01-15", "--jobs", "2", "--json")
    assert code == 0, out
    assert [len(day["receipts"][0]["waived"]) for day in project("history")[1]["days"]] == [1, 1, 1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["grade|inset"], "has no rule 'grade|inset'; Did you mean 'grade|in_set'?"),
        (["table|columns"], "table|columns cannot be waived: it is about the shape of the table"),
        (["id|not_null"], "id|not_null cannot be waived: it is about the shape of the table"),
        (["grade|few"], "grade|few cannot be waived: it is a warning"),
        ([RULE, "--until", "2024-01-16"], "give a day from 2024-01-17 to 2025-01-16"),
        ([RULE, "--until", "2023-01-01"], "give a day from 2024-01-17 to 2025-01-16"),
        ([RULE, "--until", "2025-01-17"], "for 366 at most"),
        ([RULE, "--until", "soon"], "is not a day"),
        ([RULE, "--reason", " "], "--reason is empty"),
        ([RULE, "--owner", ""], "--owner is empty"),
        ([RULE, "--partition", "id=1"], "a verdict is about a whole day of s.base"),
        ([RULE, "--partition", "2024-1-1"], "a verdict is about a whole day of s.base"),
        ([RULE, "--max-failed", "0"], "--max-failed"),
        ([RULE, "--list"], "take no other option"),
        ([RULE, "--withdraw"], "take no other option"),
        ([], "give the RULE"),
    ],
)
def test_an_impossible_waiver_is_invalid_input_and_is_not_recorded(project, words, told):
    given = {"--until": UNTIL, "--reason": "r", "--owner": "o"}
    code, text = project.told("waive", *[part for pair in given.items() for part in pair], *words)
    assert (code, told in text) == (2, True), text
    assert project("waive", "--list")[1]["waivers"] == []


def test_all_problems_of_a_request_are_reported_at_once(project):
    code, told = project.waive("--partition", "moon", rule="moon", until="2020-01-01")
    assert (code, len(told["errors"])) == (2, 3)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([RULE], "give --until, --reason, --owner"),
        ([RULE, "--withdraw"], "s.base has no waiver of 'grade|in_set'; the table has no waivers"),
        (["--withdraw"], "give the RULE"),
        (["--list", "--withdraw"], "take no other option"),
    ],
)
def test_missing_options_are_reported(project, words, told):
    code, text = project.told("waive", *words)
    assert (code, told in text) == (2, True), text


def test_a_table_that_no_model_makes_has_no_candidates_to_waive_anything_of(project):
    (project.folder / "models" / "base.sql").rename(project.folder / "models" / "other.sql")
    code, text = project.told("waive", RULE, "--until", UNTIL, "--reason", "r", "--owner", "o")
    assert (code, "no model makes s.base" in text) == (2, True)


def test_the_list_shows_the_status_of_each_waiver(project):
    assert project.told("waive", "--list") == (0, "s.base: no rule is waived\n")
    project.waive()
    project.waive("--partition", DAY, until="2024-01-20")
    project.at("2024-01-25T03:00")
    listed = project("waive", "--list")[1]["waivers"]
    assert [(one["until"], one["standing"]) for one in listed] == [(UNTIL, "in force"), ("2024-01-20", "expired")]
    assert project.told("waive", "--list")[1].splitlines()[1] == (
        "expired   grade|in_set  until 2024-01-20 by ana, for 2024-01-15: the moon tour"
    )


def test_texts_of_waivers_are_escaped_on_pages_and_terminals(project, hostile):
    words = ["--until", UNTIL, "--owner", "\x1b[31mana", "--reason", hostile.replace("\x00", "")]
    assert project("waive", RULE, *words)[0] == 0
    told = project("run")[1]
    assert "</script> `tick`" not in Path(told["report"]).read_text()
    assert (
        "\x1b"
        not in project.told("run", "--date", DAY)[1] + project.told("history")[1] + project.told("waive", "--list")[1]
    )


def test_a_year_is_the_longest(project):
    assert project.waive(until="2025-01-16")[0] == 0
    assert date(2025, 1, 16) - date(2024, 1, 16) == timedelta(days=366)


def test_the_commands_of_the_documentation_do_what_it_says(project, mart_project, monkeypatch):
    text = (Path(__file__).parents[3] / "docs" / "waivers.md").read_text(encoding="utf-8")
    lines = [line.removeprefix("$ martgate ") for line in text.splitlines() if line.startswith("$ martgate ")]
    monkeypatch.chdir(mart_project(project.folder.parent / "mart"))
    project.at("2024-02-01T03:00")
    codes = [project.call(shlex.split(line)) for line in lines if not line.startswith("run ")]
    assert (len(lines), codes) == (4, [0, 0, 0])


@pytest.mark.parametrize("enum", ["enum: [{value: FAN}]", "enum: [{value: FAN}, {value: ARTIST}, {value: SUN}]"])
def test_a_waiver_is_about_the_rule_that_was_waived_and_not_about_its_name(project, enum):
    assert project.waive()[0] == 0
    project.promise(enum)
    code, told = project("run")
    assert code == 1
    assert "is about what the rule was when it was waived" in reasons(told)
    assert project.told("waive", RULE, "--withdraw")[0] == 0
    assert project.waive()[0] == 0
    assert project("run")[0] == 0


def test_a_waiver_outlasts_other_words_about_its_rule(project):
    assert project.waive()[0] == 0
    project.promise(f"{ENUM}\n        description: The grade of a member.")
    assert project("run")[0] == 0


def test_a_waiver_of_an_earlier_version_holds_by_name(project):
    assert project.waive()[0] == 0
    with open_context(load_settings(project.folder, {})) as context:
        (waiver,) = context.ledger.list_waivers("s.base")
    assert waiver.check
    row = build_waiver_row(replace(waiver, check=""), None)
    project.sql(f"UPDATE waivers SET check_digest = NULL, warehouse = NULL, digest = '{row['digest']}'")
    assert project("run")[0] == 0
