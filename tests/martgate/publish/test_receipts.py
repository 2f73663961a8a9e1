"""Published days as the ledger tells them, and as the warehouse bears them out, whatever somebody did to either."""

import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from martgate.contracts.partition import Partition
from martgate.gate.promotion import Promotion, Published
from martgate.ledger import Ledger

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: base
name: base
version: 1.0.0
status: active
schema:
  - name: base
    physicalName: s.base
    {publish}
    properties:
      - {{name: id, logicalType: integer, physicalType: bigint, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - {{name: nick, logicalType: string, physicalType: string, required: true, classification: personal{nick}}}
      - {{name: day, logicalType: string, physicalType: string, required: true{day}}}
"""
DAILY = CONTRACT.format(
    publish="customProperties: [{property: publishPartition, value: day}]",
    nick=", partitioned: true, partitionKeyPosition: 1",
    day=", partitioned: true, partitionKeyPosition: 2",
)
WHOLE = CONTRACT.format(publish="customProperties: []", nick="", day="")
SQL = "SELECT id, nick, :part_date AS day FROM (VALUES {rows}) AS m(id, nick)"
BEFORE, AFTER = "(1, 'ann-secret'), (2, 'bo-secret')", "(1, 'ann-secret'), (3, 'cy-secret')"
FIRST, SECOND = "2024-01-01", "2024-01-02"


class Project:
    """A project of one table, partitioned by a personal column, too; what its commands say, and how to break in."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str], call) -> None:
        self.folder, self.capfd, self.call, self.said = folder, capfd, call, ""
        (folder / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\n')
        for name in ("contracts", "models"):
            (folder / name).mkdir()
        self.promise(DAILY)
        self.made_of(BEFORE)

    def promise(self, text: str) -> None:
        (self.folder / "contracts" / "base.odcs.yaml").write_text(text)

    def made_of(self, rows: str) -> None:
        (self.folder / "models" / "base.sql").write_text(SQL.format(rows=rows))

    def __call__(self, *words: str) -> tuple[int, dict]:
        code, out = self.told(*words, "--json")
        return code, json.loads(out)

    def told(self, *words: str) -> tuple[int, str]:
        self.capfd.readouterr()
        code = self.call([words[0], "base", *words[1:]])
        out, err = self.capfd.readouterr()
        self.said += out + err
        return code, out

    def publish(self, *days: str) -> None:
        for day in days:
            assert self("run", "--date", day)[0] == 0

    def broken(self) -> dict[str, str]:
        """By day, all that `verify` says against it; its exit code says whether there is anything."""
        code, told = self("verify")
        found = {day["date"]: "; ".join(day["problems"]) for day in told["days"] if not day["verified"]}
        assert (code, told["broken"]) == (int(bool(found)), len(found))
        return found

    @property
    def root(self) -> Path:
        return self.folder / "out" / "warehouse" / "s" / "base"

    def sql(self, statement: str) -> None:
        with sqlite3.connect(self.folder / "out" / "ledger.db") as connection:
            assert connection.execute(statement).rowcount == 1

    def file(self, day: str) -> Path:
        return next(file for file in sorted(self.root.rglob("part-*.parquet")) if f"day={day}" in str(file))

    def log(self, version: int) -> Path:
        return self.root / "_delta_log" / f"{version:020}.json"


@pytest.fixture
def project(tmp_path, monkeypatch, capfd, call):
    monkeypatch.chdir(tmp_path)
    made = Project(tmp_path, capfd, call)
    yield made
    assert "secret" not in made.said


@pytest.fixture
def published(project):
    project.publish(FIRST, SECOND)
    return project


def test_days_as_the_gate_approved_them_are_verified(published):
    code, told = published("verify")
    assert (code, told["table"], told["broken"]) == (0, "s.base", 0)
    assert [(day["date"], day["version"], day["problems"]) for day in told["days"]] == [(SECOND, 2, []), (FIRST, 1, [])]
    assert published.told("verify")[1].splitlines()[-1] == "s.base: 2 of 2 published days verified"
    assert [day["date"] for day in published("verify", "--date", FIRST)[1]["days"]] == [FIRST]


def in_ledger(statement):
    return lambda project: project.sql(statement)


def rewritten(project):
    file = project.file(FIRST)
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(bytes(content))


def shortened(project):
    file = project.file(FIRST)
    file.write_bytes(file.read_bytes()[:-1])


def lost(project):
    project.file(FIRST).unlink()


def appended(project):
    rows = {"id": [9], "nick": ["eve-secret"], "day": [FIRST]}
    deltalake.write_deltalake(project.root, pa.table(rows), mode="append")


def taken_out(project):
    deltalake.DeltaTable(project.root).delete(f"day = '{FIRST}' AND nick = 'bo-secret'")


def dropped(project):
    deltalake.DeltaTable(project.root).delete(f"day = '{FIRST}'")


def said_otherwise(before, after):
    def edit(project):
        text = project.log(1).read_text()
        assert text.count(before) == 1
        project.log(1).write_text(text.replace(before, after))

    return edit


def committed_as_another(project):
    entries = [json.loads(line) for line in project.log(1).read_text().splitlines()]
    for entry in entries:
        if "commitInfo" in entry:
            entry["commitInfo"]["martgate"] |= {"candidate": "nobody", "fingerprint": "0" * 64}
    project.log(1).write_text("\n".join(map(json.dumps, entries)))


TAMPERING = {
    "the version of a receipt": (
        in_ledger("UPDATE publications SET version = 7 WHERE part_date = '2024-01-01'"),
        "the receipt of version 7 was altered",
    ),
    "the instant of a receipt": (
        in_ledger("UPDATE publications SET published_at = '2020-01-01 00:00:00' WHERE part_date = '2024-01-01'"),
        "the receipt of version 1 was altered",
    ),
    "the bytes that a receipt tells of": (
        in_ledger("UPDATE publications SET fingerprint = '0' WHERE part_date = '2024-01-01'"),
        "the receipt of version 1 was altered",
    ),
    "what a receipt replaced": (
        in_ledger("UPDATE publications SET restatement = '{}' WHERE part_date = '2024-01-01'"),
        "the receipt of version 1 was altered",
    ),
    "no receipt": (
        in_ledger("DELETE FROM publications WHERE part_date = '2024-01-01'"),
        "its commit, version 1, has no receipt",
    ),
    "a verdict that was edited": (
        in_ledger("UPDATE runs SET record = REPLACE(record, '1.0.0', '1.0.1') WHERE part_date = '2024-01-01'"),
        "was altered after it was recorded",
    ),
    "no verdict": (in_ledger("DELETE FROM runs WHERE part_date = '2024-01-01'"), "no verdict approves candidate"),
    "a manifest that was edited": (
        in_ledger("UPDATE candidates SET manifest = REPLACE(manifest, 'ann-', 'amy-') WHERE part_date = '2024-01-01'"),
        "was altered after it was recorded",
    ),
    "a damaged manifest": (
        in_ledger("UPDATE candidates SET manifest = '{}' WHERE part_date = '2024-01-01'"),
        "keeps an altered candidate",
    ),
    "no candidate": (in_ledger("DELETE FROM candidates WHERE part_date = '2024-01-01'"), "knows no candidate"),
    "other bytes": (rewritten, "its bytes are not those that were audited"),
    "other sizes": (shortened, "1 of its 2 files are lost, or have another size"),
    "a lost file": (lost, "1 of its 2 files are lost"),
    "rows from elsewhere": (appended, "1 of its 3 files are none of candidate"),
    "a file that was taken out": (taken_out, "1 of its 2 files are not in the table any more"),
    "a day that was taken out": (dropped, "2 of its 2 files are not in the table any more"),
    "a commit of somebody else's candidate": (committed_as_another, "version 1, is that of candidate nobody"),
    "a commit that tells of other bytes": (
        said_otherwise('"fingerprint":"', '"fingerprint":"0'),
        "has another fingerprint than candidate",
    ),
}


@pytest.mark.parametrize(("tamper", "told"), TAMPERING.values(), ids=TAMPERING)
def test_tampering_breaks_its_day_and_no_other(published, tamper, told):
    assert published.broken() == {}
    tamper(published)
    found = published.broken()
    assert list(found) == [FIRST]
    assert told in "".join(found.values())


def test_a_receipt_whose_day_became_unreadable_is_reported_and_missed_by_its_day(published):
    published.sql("UPDATE publications SET part_date = 'soon' WHERE part_date = '2024-01-01'")
    found = published.broken()
    assert list(found) == [FIRST, ""]
    assert "has no receipt" in found[FIRST]
    assert "the receipt of version 1 was altered" in found[""]


def test_a_commit_that_tells_of_another_day_is_missed_by_both(published):
    said_otherwise('"transaction":"s.base/day=2024-01-01"', '"transaction":"s.base/day=2030-01-01"')(published)
    found = published.broken()
    assert list(found) == ["2030-01-01", FIRST]
    assert "has no receipt" in found["2030-01-01"]
    assert "the table has no such commit" in found[FIRST]


def test_a_day_that_was_published_again_is_held_to_every_receipt_and_the_newest_candidate(published):
    published.made_of(AFTER)
    published.publish(FIRST)
    assert published.broken() == {}
    published.sql("UPDATE publications SET published_at = '2020-01-01 00:00:00' WHERE version = 1")
    assert published.broken() == {FIRST: "the receipt of version 1 was altered after it was recorded"}


def test_a_restored_version_with_an_older_candidate_is_broken(published):
    published.made_of(AFTER)
    published.publish(FIRST)
    deltalake.DeltaTable(published.root).restore(2)
    assert list(published.broken()) == [FIRST]


def test_a_day_that_martgate_did_not_publish_is_broken(published):
    rows = {"id": [9], "nick": ["eve-secret"], "day": ["2023-12-31"]}
    deltalake.write_deltalake(published.root, pa.table(rows), mode="append")
    told = {"2023-12-31": "it was not published by martgate: it has no commit and no receipt"}
    assert published.broken() == told


def test_commits_that_the_log_does_not_keep_any_more_are_not_missed(published):
    table = deltalake.DeltaTable(published.root)
    table.create_checkpoint()
    for version in range(2):
        published.log(version).unlink()
    assert published.broken() == {}
    rewritten(published)
    assert list(published.broken()) == [FIRST]


def test_without_its_ledger_no_day_is_verified(published):
    (published.folder / "out" / "ledger.db").unlink()
    assert list(published.broken()) == [SECOND, FIRST]


def test_without_its_warehouse_no_day_is_verified(published):
    shutil.rmtree(published.root)
    found = published.broken()
    assert list(found) == [SECOND, FIRST]
    assert "there is no table at" in found[FIRST]


def test_a_warehouse_that_was_moved_as_a_whole_is_verified_where_it_is(published):
    (published.folder / "out" / "warehouse").rename(published.folder / "moved")
    assert published("verify", "--warehouse", "moved")[0] == 0


def test_a_log_that_cannot_be_read_could_not_be_verified(published):
    published.log(1).write_text("no json")
    assert published.told("verify")[0] == 3


def test_without_a_publish_only_a_named_day_is_broken(project):
    assert project.told("verify") == (0, "s.base: nothing is published, so there is nothing to verify\n")
    code, told = project("verify", "--date", FIRST)
    assert (code, told["days"][0]["problems"]) == (1, ["it is not published"])
    project.publish(SECOND)
    assert project("verify", "--date", FIRST)[1]["days"][0]["problems"] == ["it is not published"]


def test_a_candidate_that_was_staged_or_refused_is_no_published_day(published):
    assert published("build", "--date", "2024-01-03")[0] == 0
    published.made_of("(1, 'ann-secret'), (1, 'ann-secret')")
    assert published("run", "--date", "2024-01-04")[0] == 1
    assert [day["date"] for day in published("verify")[1]["days"]] == [SECOND, FIRST]


def test_a_table_that_is_published_whole_is_one_day_the_newest(project):
    project.promise(WHOLE)
    project.publish(FIRST, SECOND)
    code, told = project("verify")
    assert (code, [(day["date"], day["version"]) for day in told["days"]]) == (0, [(SECOND, 2)])
    file = max(project.root.rglob("part-*.parquet"), key=lambda file: file.name)
    file.write_bytes(file.read_bytes()[:-1])
    assert list(project.broken()) == [SECOND]


def test_a_day_that_a_whole_table_does_not_hold_any_more_is_not_published(project):
    project.promise(WHOLE)
    project.publish(FIRST, SECOND)
    code, told = project("verify", "--date", FIRST)
    assert (code, told["days"][0]["problems"]) == (1, [f"it is not published: the table is that of {SECOND}"])
    assert project("verify", "--date", SECOND)[0] == 0


def test_a_day_that_was_taken_out_with_its_receipt_is_missed_all_the_same(published):
    dropped(published)
    published.sql("DELETE FROM publications WHERE part_date = '2024-01-01'")
    assert "its commit, version 1, has no receipt" in published.broken()[FIRST]


def test_a_day_that_need_not_be_kept_any_longer_may_be_gone(published, clock):
    kept = "slaProperties: [{property: retention, value: 1, unit: y}]\nschema:"
    published.promise(DAILY.replace("schema:", kept))
    dropped(published)
    for year, broken in ((2024, [FIRST]), (2026, [])):
        clock.set(f"{year}-06-01")
        assert list(published.broken()) == broken


def test_receipts_of_before_their_instant_was_part_of_the_digest_are_sound(published):
    from martgate.ledger.tables import compute_digest

    with sqlite3.connect(published.folder / "out" / "ledger.db") as connection:
        said = connection.execute("SELECT candidate FROM publications WHERE version = 1").fetchone()
    digest = compute_digest("s.base", FIRST, *said, "1")
    published.sql(f"UPDATE publications SET digest = '{digest}' WHERE version = 1")
    assert published.broken() == {}
    published.sql("UPDATE publications SET waived = '[]' WHERE version = 1")
    assert list(published.broken()) == [FIRST]


def test_history_tells_the_newest_day_first_and_all_receipts_of_a_day_in_order(published):
    published.made_of(AFTER)
    published.publish(FIRST)
    code, told = published("history")
    assert (code, told["table"]) == (0, "s.base")
    assert [(day["date"], [one["version"] for one in day["receipts"]]) for day in told["days"]] == [
        (SECOND, [2]),
        (FIRST, [1, 3]),
    ]
    first, again = told["days"][1]["receipts"]
    assert first["restatement"] is None
    assert (again["restatement"]["version"], again["restatement"]["added"]) == (2, 1)
    assert {key: first[key] for key in ("contract", "contract_version", "rows", "rules", "altered")} == {
        "contract": "base",
        "contract_version": "1.0.0",
        "rows": 2,
        "rules": 9,
        "altered": False,
    }
    text = published.told("history")[1]
    assert text.startswith("s.base: 2 published days, 3 receipts\n2024-01-02  version 2, published ")
    assert "            2 rows, 9 rules, contract base 1.0.0\n" in text
    assert "            replaced 2 rows of version 2: 1 row added, 1 row removed\n" in text


def test_history_tells_of_a_receipt_that_was_altered(published):
    published.sql("UPDATE publications SET restatement = '{}' WHERE part_date = '2024-01-01'")
    assert [one["altered"] for day in published("history")[1]["days"] for one in day["receipts"]] == [False, True]
    assert "this receipt was altered after it was recorded" in published.told("history")[1]


def test_history_of_some_days(published):
    published.publish("2024-01-03")
    for words, days in {
        ("--date", SECOND): [SECOND],
        ("--from", SECOND): ["2024-01-03", SECOND],
        ("--to", SECOND): [SECOND, FIRST],
        ("--from", SECOND, "--to", SECOND): [SECOND],
        ("--date", "2030-01-01"): [],
    }.items():
        code, told = published("history", *words)
        assert (code, [day["date"] for day in told["days"]]) == (0, days)


# What stands is asked of the warehouse, and of the receipts that are about it.


def delete_day(published):
    deltalake.DeltaTable(published.root).delete("day = '2024-01-01'")


def overwrite_day(published):
    rows = pa.table({"id": [9], "nick": ["eve-secret"], "day": [FIRST]})
    deltalake.write_deltalake(published.root, rows, mode="overwrite", predicate="day = '2024-01-01'")


def restore_table(published):
    deltalake.DeltaTable(published.root).restore(0)


def delete_warehouse(published):
    shutil.rmtree(published.root)


GONE = {delete_day: [FIRST], overwrite_day: [FIRST], restore_table: [SECOND, FIRST], delete_warehouse: [SECOND, FIRST]}


@pytest.mark.parametrize("trouble", GONE)
def test_history_tells_which_days_readers_do_not_see_any_more(published, trouble):
    assert [day["live"] for day in published("history")[1]["days"]] == [True, True]
    trouble(published)
    assert [day["date"] for day in published("history")[1]["days"] if not day["live"]] == GONE[trouble]
    text = published.told("history")[1]
    assert text.count("readers do not see it any more: `martgate verify s.base` says why") == len(GONE[trouble])
    assert published("history")[0] == 0


@pytest.fixture
def elsewhere(published):
    """Publish other rows in another warehouse, by the same ledger."""
    published.made_of(AFTER)
    assert published("run", "--date", FIRST, "--warehouse", "elsewhere")[0] == 0
    return str(published.folder / "elsewhere")


def test_each_warehouse_has_receipts_of_its_own(published, elsewhere):
    here, there = (published("history", *words)[1] for words in ((), ("--warehouse", "elsewhere")))
    assert [day["date"] for day in here["days"]] == [SECOND, FIRST]
    assert [day["date"] for day in there["days"]] == [FIRST]
    assert all(day["live"] for told in (here, there) for day in told["days"])
    warehouse = str(published.folder / "out" / "warehouse")
    assert (here["others"], there["others"]) == ({elsewhere: 1}, {warehouse: 2})
    assert f"1 more receipt of the table in another warehouse, {elsewhere}" in published.told("history")[1]
    for words in ((), ("--warehouse", "elsewhere")):
        assert published("verify", *words)[0] == 0


def test_a_candidate_of_another_warehouse_is_not_the_newest_of_this_one(published):
    assert published("build", "--date", FIRST)[0] == 0
    assert published("build", "--date", FIRST, "--warehouse", "elsewhere")[0] == 0
    assert published("gate", "--date", FIRST)[0] == 0
    assert published("publish", "--date", FIRST)[0] == 0


def test_a_waiver_holds_in_the_warehouse_that_it_was_given_for(published):
    day = ("--date", FIRST)
    published.made_of("(1, 'ann-secret'), (1, 'ann-secret')")
    until = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    words = ("--until", until, "--reason", "known", "--owner", "ann")
    assert published("waive", "table|key", *words, "--warehouse", "elsewhere")[0] == 0
    assert published("run", *day)[0] == 1
    assert published("run", *day, "--warehouse", "elsewhere")[0] == 0


def test_receipts_of_a_warehouse_that_was_moved_are_about_it(published):
    (published.folder / "out" / "warehouse").rename(published.folder / "moved")
    told = published("history", "--warehouse", "moved")[1]
    assert [(day["date"], day["live"]) for day in told["days"]] == [(SECOND, True), (FIRST, True)]
    assert told["others"] == {}
    assert published("verify", "--warehouse", "moved")[0] == 0


def test_a_warehouse_that_a_receipt_is_moved_to_is_part_of_its_digest(published):
    published.sql("UPDATE publications SET warehouse = NULL WHERE part_date = '2024-01-01'")
    assert published.broken() == {FIRST: "the receipt of version 1 was altered after it was recorded"}


def test_a_ledger_of_before_warehouses_were_recorded_counts_for_each(published):
    before = Ledger(f"sqlite:///{published.folder / 'out' / 'ledger.db'}")
    (receipt, _) = before.list_receipts("s.base")
    candidate = before.find_candidate(Partition("s.base", receipt.part_date), receipt.candidate)
    published.sql("DELETE FROM publications WHERE part_date = '2024-01-01'")
    before.record_publication(
        candidate,
        Published(promotion=Promotion.PUBLISHED, version=1),
        at=receipt.published_at,
        basis=receipt.basis.verdict,
    )
    for words in ((), ("--warehouse", "elsewhere")):
        told = published("history", *words)[1]
        assert {day["date"]: day["live"] for day in told["days"]}[FIRST] is not bool(words)
    assert published.broken() == {}


# A receipt that was not written.


def lose_receipt(published):
    published.sql("DELETE FROM publications WHERE part_date = '2024-01-01'")


def test_history_tells_of_a_version_without_a_receipt_and_what_gives_it_one(published):
    lose_receipt(published)
    (lost,) = published("history")[1]["lost"]
    assert (lost["version"], lost["date"]) == (1, FIRST)
    text = published.told("history")[1]
    command = f"martgate publish s.base --date {FIRST} --candidate {lost['candidate']}"
    assert f"version 1, candidate {lost['candidate']}, has no receipt: `{command}` gives it one" in text
    assert published("publish", "--date", FIRST, "--candidate", lost["candidate"])[0] == 0
    assert published("history")[1]["lost"] == []


@pytest.mark.parametrize(
    "command", [("run", "--date", "2024-01-03"), ("run", "--select", "base", "--date", "2024-01-03")]
)
def test_the_next_run_writes_a_receipt_that_was_lost(published, command):
    before = published("history")[1]["days"][1]["receipts"][0]
    lose_receipt(published)
    words = [command[0], "base", *command[1:]] if "--select" not in command else list(command)
    assert published.call(words) == 0
    told = published("history")[1]
    after = told["days"][-1]["receipts"][0]
    assert told["lost"] == []
    assert (after["candidate"], after["version"], after["basis"]) == (before["candidate"], 1, before["basis"])
    assert after["published_at"][:16] == before["published_at"][:16]
    assert published.broken() == {}


def test_a_version_whose_verdict_was_altered_gets_no_receipt(published):
    lose_receipt(published)
    published.sql("UPDATE runs SET record = '{}' WHERE part_date = '2024-01-01'")
    published.publish("2024-01-03")
    assert [lost["version"] for lost in published("history")[1]["lost"]] == [1]
    assert list(published.broken()) == [FIRST]


def test_a_table_without_history_says_so(project):
    assert project.told("history") == (0, "s.base: nothing was published\n")
    assert project("history") == (0, {"table": "s.base", "days": [], "lost": [], "others": {}})


@pytest.mark.parametrize(
    "words", [["--from", SECOND, "--to", FIRST], ["--date", FIRST, "--to", FIRST], ["--date", "2024-1-1"]]
)
def test_days_that_cannot_be_meant_are_unusable(project, words):
    assert project.told("history", *words)[0] == 2


def test_a_receipt_that_was_altered_keeps_no_promise_about_time(published):
    published.promise(DAILY.replace("schema:", "slaProperties: [{property: frequency, value: 1, unit: d}]\nschema:"))
    assert published("sla", "--date", FIRST)[1]["tables"][0]["days"][0]["published"] is not None
    published.sql("UPDATE publications SET published_at = '2020-01-01 00:00:00' WHERE part_date = '2024-01-01'")
    assert published("sla", "--date", FIRST)[1]["tables"][0]["days"][0]["published"] is None
