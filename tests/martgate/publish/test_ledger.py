"""What the ledger keeps, on SQLite and on PostgreSQL, and what it notices."""

import dataclasses
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from martgate.builders.ports import WrittenFile
from martgate.contracts.partition import Partition
from martgate.contracts.quality import Severity
from martgate.errors import CouldNotRun, InvalidInput
from martgate.expectations.kinds.has_columns import HasColumns
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.measurement import Measurement, Selection
from martgate.expectations.restatement import Difference, Restatement
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, Verdict
from martgate.gate.candidate import Candidate
from martgate.gate.promotion import Promotion, Published
from martgate.gate.receipt import Approval
from martgate.gate.run import RunRecord
from martgate.gate.waiver import AppliedWaiver, Effect, Waiver
from martgate.ledger import AlteredRecord, Ledger

TABLE, DAY = "we_mart.wv_comm_user", date(2024, 1, 1)
PARTITION = Partition(TABLE, DAY)
NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)


def staged(name: str = "c1", sequence: int = 1, **more) -> Candidate:
    file = WrittenFile(
        path="part_comm_id=7/part_date=2024-01-01/part-c1-0.parquet",
        rows=3,
        bytes=100,
        partition={"part_comm_id": "7", "part_date": DAY.isoformat()},
        minimum={"id": 1},
        null_count={"id": 0},
    )
    given = {"table": TABLE, "part_date": DAY, "root": "/w", "files": (file,), "fingerprint": "f" * 64} | more
    return Candidate(id=name, sequence=sequence, **given)


def judged(candidate: Candidate, *, failed: int = 0, at: datetime = NOON) -> RunRecord:
    rules = [
        Rule(name="table|columns", check=HasColumns(("id",)), clauses=("schema[0].properties",)),
        Rule(name="status|in_set", check=InSet("status", ("A", "탈퇴")), clauses=(), severity=Severity.WARNING),
    ]
    outcome = Outcome.FAILED if failed else Outcome.PASSED
    audit = Audit(
        table=candidate.table,
        contract="c",
        contract_version="1.2.0",
        part_date=candidate.part_date,
        audited_at=at,
        rows=3,
        rules=2,
        queries=1,
        seconds=0.5,
        verdicts=tuple(Verdict(rule=rule, outcome=outcome, failed=failed, total=3) for rule in rules),
    )
    decision = "refused" if failed else "approved"
    return RunRecord(
        table=candidate.table, date=candidate.part_date, candidate=candidate.id, decision=decision, audit=audit
    )


def keep(ledger: Ledger, candidate: Candidate, **more) -> RunRecord:
    """Stage and judge."""
    record = judged(candidate, **more)
    ledger.record_candidate(candidate)
    ledger.record_run(record, fingerprint=candidate.fingerprint)
    return record


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    server = sa.make_url(request.getfixturevalue("postgres"))
    name = f"ledger_{abs(hash(request.node.name))}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def ledger(url):
    return Ledger(url)


def tamper(url: str, statement: str) -> None:
    """Somebody edits the database by hand."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        assert connection.execute(sa.text(statement)).rowcount == 1
    engine.dispose()


def counted(url: str, table: str) -> int:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        number = connection.execute(sa.text(f"SELECT COUNT(*) FROM {table}")).scalar_one()
    engine.dispose()
    return number


def test_a_candidate_comes_back_as_it_was_staged(ledger, url):
    candidate = staged()
    ledger.record_candidate(candidate)
    assert Ledger(url).find_candidate(PARTITION, "c1") == candidate


def test_without_an_id_the_newest_candidate_of_the_day_is_meant(ledger):
    for candidate in (staged("new", 5), staged("old", 2), staged("other", 9, part_date=date(2024, 1, 2))):
        ledger.record_candidate(candidate)
    assert ledger.find_candidate(PARTITION).id == "new"


def test_a_candidate_of_another_table_or_day_is_not_found(ledger):
    ledger.record_candidate(staged())
    assert ledger.find_candidate(Partition("we_mart.other", DAY), "c1") is None
    assert ledger.find_candidate(Partition(TABLE, date(2024, 1, 2)), "c1") is None
    assert ledger.find_candidate(PARTITION, "c2") is None


def test_an_id_is_given_once(ledger):
    ledger.record_candidate(staged())
    with pytest.raises(CouldNotRun):
        ledger.record_candidate(staged(sequence=2))
    assert ledger.find_candidate(PARTITION).sequence == 1


def test_a_verdict_comes_back_as_it_was_given(ledger, url):
    candidate = staged()
    record = keep(ledger, candidate)
    assert Ledger(url).find_run(candidate) == record


def test_the_newest_verdict_counts(ledger):
    candidate = staged()
    keep(ledger, candidate)
    refused = judged(candidate, failed=1)
    ledger.record_run(refused, fingerprint=candidate.fingerprint)
    assert ledger.find_run(candidate) == refused


def test_a_candidate_without_a_run_has_no_verdict(ledger):
    ledger.record_candidate(staged())
    assert ledger.find_run(staged()) is None


def test_a_verdict_on_other_bytes_does_not_count(ledger):
    keep(ledger, staged())
    assert ledger.find_run(staged(fingerprint="0" * 64)) == AlteredRecord("c1")


EDITS = {
    "verdict": """UPDATE runs SET record = REPLACE(record, '"outcome": "failed"', '"outcome": "passed"')""",
    "decision": """UPDATE runs SET record = REPLACE(record, '"decision": "refused"', '"decision": "approved"')""",
    "digest": "UPDATE runs SET digest = '0'",
    "files of the manifest": "UPDATE candidates SET manifest = REPLACE(manifest, 'part-c1-0', 'part-c1-1')",
    "sequence in the manifest": """UPDATE candidates SET manifest = REPLACE(manifest, '1,"root"', '9,"root"')""",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_verdict_or_manifest_approves_nothing(ledger, url, edit):
    keep(ledger, staged(), failed=1)
    before = ledger.find_candidate(PARTITION), ledger.find_run(staged())
    assert isinstance(before[1], RunRecord)
    tamper(url, edit)
    assert ledger.find_run(ledger.find_candidate(PARTITION)) == AlteredRecord("c1")


def test_a_damaged_manifest_is_no_candidate_any_more(ledger, url):
    ledger.record_candidate(staged())
    tamper(url, "UPDATE candidates SET manifest = '{}'")
    assert ledger.find_candidate(PARTITION, "c1") == AlteredRecord("c1")


def test_a_damaged_record_is_an_error(ledger, url):
    keep(ledger, staged())
    tamper(url, "UPDATE runs SET record = 'no json'")
    with pytest.raises(CouldNotRun, match="judged c1 is damaged"):
        ledger.list_runs()


def test_every_rule_of_a_run_gets_a_row_for_the_history(ledger, url):
    keep(ledger, staged(), failed=2)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(
            sa.text("SELECT rule, severity, outcome, failed, total FROM verdicts ORDER BY place")
        )
        assert [tuple(row) for row in found] == [
            ("table|columns", "error", "failed", 2, 3),
            ("status|in_set", "warning", "failed", 2, 3),
        ]
    engine.dispose()


def test_a_receipt_records_the_candidate_and_the_time(ledger):
    candidate = staged()
    seoul = timezone(timedelta(hours=9))
    published = Published(promotion=Promotion.PUBLISHED, version=4)
    ledger.record_publication(candidate, published, at=datetime(2024, 1, 2, 21, tzinfo=seoul))
    (receipt,) = ledger.list_receipts(TABLE)
    assert dataclasses.asdict(receipt) == {
        "table": TABLE,
        "part_date": DAY,
        "candidate": "c1",
        "version": 4,
        "published_at": NOON,
        "fingerprint": "f" * 64,
        "restatement": None,
        "waived": (),
        "basis": {"verdict": None, "model": "", "inputs": ()},
        "is_sound": True,
    }
    assert ledger.list_receipts("we_mart.other") == ()


def test_a_receipt_records_the_restatement(ledger):
    found = Difference(rows=3, added=1, removed=0, changed=2, key=("id",), columns={"상태": 2})
    changed = Restatement(version=3, state="s", apart=("run",), difference=found)
    published = Published(promotion=Promotion.PUBLISHED, version=4)
    ledger.record_publication(staged(), published, at=NOON, restatement=changed)
    assert [receipt.restatement for receipt in ledger.list_receipts(TABLE)] == [changed]


def test_a_ledger_without_restatement_columns_still_works(ledger, url):
    published = Published(promotion=Promotion.PUBLISHED, version=4)
    ledger.record_publication(staged(), published, at=NOON)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE publications DROP COLUMN restatement"))
    engine.dispose()
    changed = Restatement(version=4, state="s", trouble="it is gone")
    again = Ledger(url)
    again.record_publication(staged("c2", 2), dataclasses.replace(published, version=5), at=NOON, restatement=changed)
    assert [receipt.restatement for receipt in Ledger(url).list_receipts(TABLE)] == [None, changed]


def test_the_approving_run_of_a_day_is_the_newest_approval_of_its_published_candidate(ledger):
    assert ledger.find_approving_run(PARTITION) is None
    first, second = staged("c1"), staged("c2", 2)
    for version, candidate in enumerate((first, second), 1):
        keep(ledger, candidate)
        ledger.record_publication(candidate, Published(promotion=Promotion.PUBLISHED, version=version), at=NOON)
    ledger.record_run(judged(second, failed=1), fingerprint=second.fingerprint)
    ledger.record_run(judged(first, at=NOON + timedelta(days=1)), fingerprint=first.fingerprint)
    assert ledger.find_approving_run(PARTITION) == judged(second)
    assert ledger.find_approving_run(Partition(TABLE, date(2024, 1, 2))) is None


WAIVER = Waiver(
    table=TABLE,
    rule="상태|in_set",
    until=date(2024, 2, 1),
    reason="'); DROP TABLE waivers; --",
    owner="아나",
    recorded_at=NOON + timedelta(microseconds=7),
    part_date=DAY,
    most=5,
)


def test_waivers_come_back_as_they_were_recorded_the_oldest_first(ledger, url):
    seoul = dataclasses.replace(
        WAIVER, part_date=None, most=None, recorded_at=NOON.astimezone(timezone(timedelta(hours=9)))
    )
    for waiver in (WAIVER, seoul):
        ledger.record_waiver(waiver)
    assert Ledger(url).list_waivers(TABLE) == (WAIVER, seoul)
    assert ledger.list_waivers("we_mart.other") == ()


def test_a_withdrawn_waiver_is_not_listed_and_its_row_stays(ledger, url):
    other = dataclasses.replace(WAIVER, rule="other|rule")
    for waiver in (WAIVER, WAIVER, other):
        ledger.record_waiver(waiver)
    assert ledger.withdraw_waivers(TABLE, WAIVER.rule, at=NOON) == 2
    assert ledger.withdraw_waivers(TABLE, WAIVER.rule, at=NOON) == 0
    assert ledger.list_waivers(TABLE) == (other,)
    assert counted(url, "waivers") == 3


@pytest.mark.parametrize(
    "edit",
    [
        "rule = 'table|key'",
        "part_date = ''",
        "until = '2030-01-01'",
        "until = 'ever'",
        "most = NULL",
        "reason = 'another'",
        "owner = 'somebody'",
        "recorded_at = '2024-01-01 00:00:00+00'",
        "withdrawn_at = '2024-01-01 00:00:00+00'",
    ],
)
def test_an_edited_waiver_is_not_sound(ledger, url, edit):
    ledger.record_waiver(WAIVER)
    tamper(url, f"UPDATE waivers SET {edit}")
    assert [waiver.is_sound for waiver in ledger.list_waivers(TABLE)] == [False]
    assert ledger.withdraw_waivers(TABLE, ledger.list_waivers(TABLE)[0].rule, at=NOON) == 1
    assert ledger.list_waivers(TABLE) == ()


def test_a_receipt_and_a_run_record_the_waivers(ledger):
    candidate, used = staged(), (AppliedWaiver(WAIVER, Effect.WAIVED, 3),)
    ledger.record_candidate(candidate)
    record = dataclasses.replace(judged(candidate), waivers=used)
    ledger.record_run(record, fingerprint=candidate.fingerprint)
    ledger.record_publication(candidate, Published(promotion=Promotion.PUBLISHED, version=4), at=NOON, waived=used)
    assert ledger.find_run(candidate) == record
    assert [(receipt.waived, receipt.is_sound) for receipt in ledger.list_receipts(TABLE)] == [(used, True)]


RECEIPT_EDITS = {
    "version": "UPDATE publications SET version = 5",
    "day": "UPDATE publications SET part_date = '2024-01-02'",
    "candidate": "UPDATE publications SET candidate = 'c2'",
    "instant": "UPDATE publications SET published_at = '2024-01-02 11:00:00+00'",
    "bytes": "UPDATE publications SET fingerprint = '0'",
    "what it replaced": "UPDATE publications SET restatement = '{}'",
    "that it replaced anything": "UPDATE publications SET restatement = NULL",
    "that it needed no waiver": "UPDATE publications SET waived = '[]'",
}


@pytest.mark.parametrize("edit", RECEIPT_EDITS.values(), ids=RECEIPT_EDITS)
def test_an_edited_receipt_is_not_sound(ledger, url, edit):
    changed = Restatement(version=3, state="s", trouble="it is gone")
    published = Published(promotion=Promotion.PUBLISHED, version=4)
    ledger.record_publication(staged(), published, at=NOON, restatement=changed)
    assert [receipt.is_sound for receipt in ledger.list_receipts(TABLE)] == [True]
    tamper(url, edit)
    assert [(each.is_sound, each.restatement) for each in ledger.list_receipts(TABLE)] == [(False, None)]


def test_every_verdict_on_a_candidate_comes_back_the_newest_first(ledger, url):
    candidate = staged()
    first = keep(ledger, candidate, failed=1)
    second = judged(candidate)
    ledger.record_run(second, fingerprint=candidate.fingerprint)
    assert ledger.find_runs(candidate) == (second, first)
    tamper(url, """UPDATE runs SET record = REPLACE(record, '"refused"', '"approved"') WHERE decision = 'refused'""")
    assert ledger.find_runs(candidate) == (second, AlteredRecord("c1"))


def test_the_approval_of_a_candidate_is_listed_in_brief(ledger):
    candidate, refused = staged(), staged("c2", 2)
    keep(ledger, candidate)
    keep(ledger, refused, failed=1)
    assert ledger.list_approvals(TABLE) == {"c1": Approval("c", "1.2.0", rows=3, rules=2)}
    assert ledger.list_approvals("we_mart.other") == {}


def test_a_record_without_a_restatement_can_still_be_read(ledger):
    record = judged(staged())
    told = json.loads(record.to_json())
    del told["restatement"], told["waivers"]
    assert RunRecord.from_json(json.dumps(told)) == record


def test_publishing_again_gives_no_second_receipt_and_heals_a_lost_one(ledger):
    already = Published(promotion=Promotion.ALREADY, version=4)
    for _ in range(2):
        ledger.record_publication(staged(), already, at=NOON)
    assert [receipt.version for receipt in ledger.list_receipts(TABLE)] == [4]


def test_a_superseded_candidate_gets_no_receipt(ledger):
    ledger.record_publication(staged(), Published(promotion=Promotion.SUPERSEDED, version=4), at=NOON)
    assert ledger.list_receipts(TABLE) == ()


def test_the_passed_rules_of_published_candidates_are_listed_by_prefix(ledger):
    candidate, other = staged("c1"), staged("c2", 2)
    keep(ledger, candidate, failed=1)
    assert ledger.list_passed_rules(TABLE, "table|") == {}
    ledger.record_run(judged(candidate), fingerprint=candidate.fingerprint)
    keep(ledger, other)
    ledger.record_publication(candidate, Published(promotion=Promotion.PUBLISHED, version=1), at=NOON)
    assert ledger.list_passed_rules(TABLE, "table|") == {"c1": {"table|columns"}}
    assert ledger.list_passed_rules(TABLE, "t%") == {}


def test_records_are_the_last_word_on_each_candidate_with_its_version(ledger):
    first, second = staged("c1"), staged("c2", 2)
    keep(ledger, first, failed=1)
    keep(ledger, second)
    approved = judged(first)
    ledger.record_run(approved, fingerprint=first.fingerprint)
    ledger.record_publication(second, Published(promotion=Promotion.PUBLISHED, version=7), at=NOON)
    found = {record.candidate: record for record in ledger.list_runs()}
    assert found == {"c1": approved, "c2": dataclasses.replace(judged(second), published_version=7)}


def test_a_run_without_a_candidate_is_recorded(ledger, url):
    record = dataclasses.replace(judged(staged()), candidate="2024-01-01-never", decision="refused")
    ledger.record_run(record)
    assert ledger.list_runs() == [record]
    assert counted(url, "candidates") == 0


def test_rule_names_and_values_of_any_script_and_length_are_recorded(ledger):
    candidate = staged()
    record = judged(candidate)
    long = dataclasses.replace(record.audit.verdicts[0].rule, name="긴 " * 600)
    verdicts = (
        dataclasses.replace(record.audit.verdicts[0], rule=long, examples=({"id": "'); DROP TABLE runs; --"},)),
    )
    record = dataclasses.replace(record, audit=dataclasses.replace(record.audit, verdicts=verdicts))
    ledger.record_candidate(candidate)
    ledger.record_run(record, fingerprint=candidate.fingerprint)
    assert ledger.find_run(candidate) == record


def measuring(ledger: Ledger, day: int, rows: int, *, publish: bool = True, name: str = "", **more) -> Candidate:
    """Stage, judge and publish a day of January on which group 7 had so many rows."""
    sequence = more.pop("sequence", day)
    candidate = staged(name or f"c{day}", sequence, part_date=date(2024, 1, day), **more)
    record = judged(candidate, failed=0 if publish else 1)
    numbers = (
        Measurement(("comm_id",), ("7",), rows),
        Measurement(("comm_id",), ("7",), rows - 1, "status", "탈퇴"),
        Measurement(("comm_id",), ("7",), 1, "status"),
        Measurement((), (), rows),
        Measurement(("comm_id",), (None,), 2, "odd"),
        Measurement(("comm_id",), ("7",), 4, "status", counts="changes"),
    )
    ledger.record_candidate(candidate)
    record = dataclasses.replace(record, audit=dataclasses.replace(record.audit, measurements=numbers))
    ledger.record_run(record, fingerprint=candidate.fingerprint)
    if publish:
        ledger.record_publication(candidate, Published(promotion=Promotion.PUBLISHED, version=day), at=NOON)
    return candidate


def rows_by_day(ledger: Ledger, *, table: str = TABLE, **asked) -> dict[int, list[int]]:
    asked = {"since": date.min, "before": date.max} | asked
    found = ledger.get_history(table).measurements(Selection(("comm_id",), ("",)), **asked)
    return {day.day: [each.rows for each in numbers] for day, numbers in found.items()}


def test_measurements_are_returned_by_grouping_and_column(ledger):
    measuring(ledger, 3, 10)
    history = ledger.get_history(TABLE)
    every = {"since": date.min, "before": date.max}
    assert history.measurements(Selection(("comm_id",), ("status", "odd")), **every) == {
        date(2024, 1, 3): (
            Measurement(("comm_id",), ("7",), 9, "status", "탈퇴"),
            Measurement(("comm_id",), ("7",), 1, "status"),
            Measurement(("comm_id",), (None,), 2, "odd"),
        )
    }
    assert history.measurements(Selection(("comm_id",), ("status",), "changes"), **every) == {
        date(2024, 1, 3): (Measurement(("comm_id",), ("7",), 4, "status", counts="changes"),)
    }
    assert history.measurements(Selection((), ("",)), **every) == {date(2024, 1, 3): (Measurement((), (), 10),)}
    assert history.measurements(Selection(("part_comm_id",), ("",)), **every) == {}


def test_only_published_days_of_the_table_are_its_history(ledger):
    measuring(ledger, 1, 10)
    measuring(ledger, 2, 20, publish=False)
    measuring(ledger, 3, 30, table="we_mart.other")
    approved_only = staged("dry", 4, part_date=date(2024, 1, 4))
    keep(ledger, approved_only)
    assert rows_by_day(ledger) == {1: [10]}


def test_a_day_counts_as_it_was_last_published(ledger):
    measuring(ledger, 1, 10)
    measuring(ledger, 2, 20)
    measuring(ledger, 1, 11, name="again", sequence=9)
    measuring(ledger, 1, 12, name="refused", sequence=10, publish=False)
    assert rows_by_day(ledger) == {1: [11], 2: [20]}


def test_a_run_that_refused_a_published_candidate_later_measured_nothing_that_counts(ledger):
    candidate = measuring(ledger, 1, 10)
    ledger.record_run(judged(candidate, failed=1), fingerprint=candidate.fingerprint)
    assert rows_by_day(ledger) == {1: [10]}


def test_history_begins_and_ends_at_the_given_days(ledger):
    for day in (1, 2, 3, 4):
        measuring(ledger, day, day)
    assert rows_by_day(ledger, since=date(2024, 1, 2), before=date(2024, 1, 4)) == {2: [2], 3: [3]}
    assert rows_by_day(ledger, before=date(2024, 1, 4), most=1) == {3: [3]}


def test_a_ledger_from_before_measurements_goes_on_and_begins_to_learn(ledger, url):
    candidate = staged()
    keep(ledger, candidate)
    ledger.record_publication(candidate, Published(promotion=Promotion.PUBLISHED, version=1), at=NOON)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE measurements"))
    engine.dispose()
    reopened = Ledger(url)
    assert isinstance(reopened.find_run(candidate), RunRecord)
    assert rows_by_day(reopened) == {}
    measuring(reopened, 2, 20)
    assert rows_by_day(reopened) == {2: [20]}


WRITER = """
import sys
sys.path.insert(0, sys.argv[3])
from test_ledger import Ledger, keep, staged
ledger = Ledger(sys.argv[1])
for number in range(8):
    keep(ledger, staged(f"{sys.argv[2]}-{number}", number))
"""


def test_processes_that_create_and_write_at_the_same_time_lose_nothing(url):
    folder = str(__file__).rpartition("/")[0]
    command = [sys.executable, "-c", WRITER, url]
    writers = [subprocess.Popen([*command, name, folder], stderr=subprocess.PIPE) for name in "ab"]
    errors = [writer.communicate()[1].decode() for writer in writers]
    assert [(writer.returncode, error) for writer, error in zip(writers, errors, strict=True)] == [(0, "")] * 2
    assert [counted(url, table) for table in ("candidates", "runs", "verdicts")] == [16, 16, 32]


def test_an_invalid_url_is_invalid_input():
    for url in ("nonsense", "oracle+none://x", ""):
        with pytest.raises(InvalidInput, match="expected a URL like sqlite:"):
            Ledger(url)


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path):
    with pytest.raises(CouldNotRun, match="does not answer"):
        Ledger(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    with pytest.raises(CouldNotRun, match="does not answer") as told:
        Ledger(f"postgresql+psycopg://me:hunter2@/none?host={tmp_path}")
    assert "hunter2" not in str(told.value)


def test_dates_in_a_manifest_survive_as_text(ledger):
    candidate = staged()
    file = dataclasses.replace(candidate.files[0], minimum={"key_date": date(2024, 1, 1)})
    ledger.record_candidate(dataclasses.replace(candidate, files=(file,)))
    assert ledger.find_candidate(PARTITION).files[0].minimum == {"key_date": "2024-01-01"}
