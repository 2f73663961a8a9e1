"""Days side by side: the same outcomes, the same table and the same ledger as one after another, and killed in the middle."""

import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from deltalake import DeltaTable

from martgate.ledger import Ledger
from martgate.project.requests import load_publish_requests as jobs_of
from martgate.project.settings import load_settings
from martgate.project.wiring import open_context
from martgate.publish import backfill as many

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
    properties:
      - {name: n, logicalType: integer, physicalType: bigint, required: true, logicalTypeOptions: {maximum: 9}}
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1}
      - {name: day, logicalType: string, physicalType: string, required: true, partitioned: true}
"""
LOOKS_BACK = """
    quality:
      - {id: stays, type: custom, engine: martgate, implementation: {rule: never_disappears, key: [id]}}
"""
GOOD = "SELECT 1 AS n, 7 AS id, :part_date AS day"
BAD_FIRST = "SELECT CASE WHEN :part_date = '2024-01-01' THEN 10 ELSE 1 END AS n, 7 AS id, :part_date AS day"
BROKEN_FIRST = """
SELECT CAST(CASE WHEN :part_date = '2024-01-01' THEN 'no number' ELSE '1' END AS BIGINT) AS n, 7 AS id, :part_date AS day
"""
ENDLESS = f"""
WITH d AS (SELECT x FROM (VALUES {", ".join(f"({n})" for n in range(10))}) AS t(x) WHERE x = 0 OR :part_date > '2024-01-01')
SELECT MAX((a.x * b.x) % 7) AS n, 7 AS id, :part_date AS day
FROM d AS a CROSS JOIN d AS b CROSS JOIN {" CROSS JOIN ".join(f"d AS e{n}" for n in range(14))}
"""
DAYS = tuple(date(2024, 1, number) for number in (1, 2, 3, 4))
NAMES = [str(day) for day in DAYS]
STOPPED = "2024-01-01 was not published; --keep-going continues after it"


class Project:
    """One table, its backfill, and what it leaves."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said, self.started, self.context = folder, [], [], lambda here: here

    def backfill(self, sql: str, *, jobs: int = 2, **how):
        """What became of each day: its decision, or why it was not run."""
        (self.folder / "models" / "base.sql").write_text(sql)
        settings = load_settings(self.folder, flags={}, environment={})
        with open_context(settings) as opened:
            quiet = replace(opened, progress=lambda step, lasting=False: self.said.append(step) if lasting else None)
            here = self.context(quiet)
            found = list(many.backfill(jobs_of(settings, here, "base", DAYS), here, width=jobs, **how))
        return [outcome.record.decision if outcome.record else outcome.reason for outcome in found]

    def start(self, sql: str, *options: str) -> subprocess.Popen:
        (self.folder / "models" / "base.sql").write_text(sql)
        martgate = str(Path(sys.executable).with_name("martgate"))
        command = [martgate, "backfill", "base", "--from", NAMES[0], "--to", NAMES[-1], *options]
        running = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.started.append(running)
        return running

    @property
    def rows(self) -> list[tuple]:
        """What readers see."""
        files = DeltaTable(self.folder / "out" / "warehouse" / "s" / "base").file_uris()
        with duckdb.connect() as connection:
            read = f"read_parquet({files!r}, hive_partitioning = true, hive_types_autocast = false)"
            return connection.execute(f"SELECT day, n, id FROM {read} ORDER BY ALL").fetchall() if files else []

    @property
    def commits(self) -> list[str]:
        """The day that each of our commits published, oldest first."""
        history = DeltaTable(self.folder / "out" / "warehouse" / "s" / "base").history()[::-1]
        return [entry["martgate"]["transaction"].partition("day=")[2] for entry in history if "martgate" in entry]

    @property
    def staged(self) -> list[str]:
        """The days of all files that there are, published or not."""
        return sorted(file.parent.name.removeprefix("day=") for file in self.folder.rglob("day=*/*.parquet"))

    @property
    def ledger(self) -> Ledger:
        return Ledger(f"sqlite:///{self.folder / 'out' / 'ledger.db'}")

    @property
    def receipts(self) -> list[str]:
        return [str(receipt.part_date) for receipt in self.ledger.list_receipts("s.base")]


@pytest.fixture
def project(tmp_path):
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\n')
    for folder in ("contracts", "models"):
        (tmp_path / folder).mkdir()
    (tmp_path / "contracts" / "base.odcs.yaml").write_text(CONTRACT)
    made = Project(tmp_path)
    yield made
    for running in made.started:
        running.kill()
        running.communicate()


def meeting(here, width):
    """A context that opens its first engines only when all of them are requested."""
    met, handed = threading.Barrier(width, timeout=60), []

    def parallel_engines(shares):
        assert shares == width
        open_engine = here.parallel_engines(shares)

        @contextmanager
        def opened():
            handed.append(1)
            if len(handed) <= width:
                met.wait()
            with open_engine() as engine:
                yield engine

        return opened

    return replace(here, parallel_engines=parallel_engines)


def test_days_are_under_way_at_the_same_time_and_published_in_order(project):
    project.context = lambda here: meeting(here, 3)
    assert project.backfill(GOOD, jobs=3) == ["approved"] * 4
    assert project.receipts == NAMES
    assert project.rows == [(name, 1, 7) for name in NAMES]
    assert project.said == []


@pytest.mark.postgres
def test_a_ledger_in_postgres_keeps_days_side_by_side_too(project, postgres):
    server, name = sa.make_url(postgres), f"jobs_{time.time_ns()}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    url = server.set(database=name).render_as_string(hide_password=False)
    with (project.folder / "martgate.toml").open("a") as settings:
        settings.write(f'ledger = "{url}"\n')
    project.context = lambda here: meeting(here, 4)
    assert project.backfill(GOOD, jobs=4) == ["approved"] * 4
    assert [str(receipt.part_date) for receipt in Ledger(url).list_receipts("s.base")] == project.commits == NAMES
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def test_after_a_refused_day_nothing_is_published_that_was_under_way_beside_it(project):
    project.context = lambda here: meeting(here, 2)
    assert project.backfill(BAD_FIRST)[1:] == [STOPPED] * 3
    assert project.rows == project.receipts == []
    assert project.staged == NAMES[:1]
    assert [str(record.date) for record in project.ledger.list_runs()] == NAMES[:1]


def test_a_day_that_could_not_run_stops_the_others_too(project):
    told = project.backfill(BROKEN_FIRST)
    assert "approved" not in told
    assert told[1:] == [STOPPED] * 3
    assert project.rows == []


@pytest.mark.parametrize("sql", [BAD_FIRST, BROKEN_FIRST], ids=["refused", "could not run"])
def test_asked_to_keep_going_the_other_days_are_published(project, sql):
    assert project.backfill(sql, keep_going=True)[1:] == ["approved"] * 3
    assert project.receipts == NAMES[1:]


def test_days_that_stand_are_skipped_and_not_prepared(project):
    project.backfill(BAD_FIRST, keep_going=True)
    assert [reason[:25] for reason in project.backfill(GOOD)] == ["approved", *["it is already published, "] * 3]
    assert project.receipts == [*NAMES[1:], NAMES[0]]


def test_what_replacing_days_changes_is_told_for_each_in_order(project):
    project.backfill(GOOD)
    project.backfill(GOOD.replace("1 AS n", "2 AS n"), again=True)
    told = [re.sub(r"version \d", "version N", line) for line in project.said]
    assert told == [f"s.base of {name} replaces 1 row of version N: 1 row changed" for name in NAMES]


@pytest.mark.parametrize(
    ("why", "contract", "sql"),
    [
        ("table|stays looks back at the day before", CONTRACT + LOOKS_BACK.lstrip("\n"), GOOD),
        ("its model reads its own published days", CONTRACT, f"{GOOD} UNION ALL SELECT n, id, day FROM s.base"),
    ],
)
def test_days_that_depend_on_the_one_before_come_after_it_and_that_is_said(project, why, contract, sql):
    (project.folder / "contracts" / "base.odcs.yaml").write_text(contract)
    project.context = lambda here: replace(here, parallel_engines=lambda shares: lambda: pytest.fail("side by side"))
    project.backfill(sql)
    assert project.said == [f"s.base: the days run one after another: {why}"]


def test_where_the_engine_works_alone_days_come_one_after_another_and_that_is_said(project):
    project.context = lambda here: replace(here, parallel_engines=lambda shares: None)
    assert project.backfill(GOOD) == ["approved"] * 4
    assert project.said == [
        "s.base: the days run one after another: the engine has one session, which one day keeps busy"
    ]


KILLED = """
import os, signal, sys
from martgate.cli.main import call
from martgate.ledger import Ledger
from martgate.stores.delta import DeltaStore

def dying(kind, name, calls):
    done = getattr(kind, name)
    def die_at_last(self, *given, **more):
        calls[name] = calls.get(name, 0) + 1
        if calls[name] == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return done(self, *given, **more)
    setattr(kind, name, die_at_last)

dying({"record_candidate": Ledger, "record_run": Ledger, "promote": DeltaStore, "record_publication": Ledger}[sys.argv[1]], sys.argv[1], {})
call(sys.argv[2:])
"""
"""A backfill that is killed on its second day, right before something."""

POINTS = ["record_candidate", "record_run", "promote", "record_publication"]


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("point", POINTS)
def test_killed_and_run_again_it_ends_as_if_it_had_not_been_killed(project, point, jobs):
    (project.folder / "models" / "base.sql").write_text(GOOD)
    words = ["backfill", "base", "--from", NAMES[0], "--to", NAMES[-1], "--jobs", jobs]
    died = subprocess.run([sys.executable, "-c", KILLED, point, *words], cwd=project.folder, check=False)
    assert died.returncode == -signal.SIGKILL
    published = 2 if point == "record_publication" else len(project.receipts)
    assert [row[0] for row in project.rows] == NAMES[:published]
    project.backfill(GOOD, jobs=int(jobs))
    assert project.rows == [(name, 1, 7) for name in NAMES]
    assert project.receipts == NAMES
    assert project.commits == NAMES


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_killed_from_outside_while_days_are_built_nothing_of_them_is_seen(project, jobs):
    running = project.start(ENDLESS, "--jobs", jobs)
    wait_for(lambda: (project.folder / "out" / "ledger.db").exists() and project.receipts == NAMES[:1], running)
    time.sleep(1)
    running.kill()
    assert running.wait() == -signal.SIGKILL
    assert project.rows == [(NAMES[0], 0, 7)]
    assert project.backfill(GOOD)[0].startswith("it is already published")
    assert project.rows == [(NAMES[0], 0, 7), *((name, 1, 7) for name in NAMES[1:])]
    assert project.receipts == project.commits == NAMES


def wait_for(condition, running: subprocess.Popen) -> None:
    while not condition():
        assert running.poll() is None, running.communicate()
        time.sleep(0.05)


@pytest.mark.parametrize("last", [NAMES[-1], NAMES[1]], ids=["with days beside it", "on the last day"])
def test_interrupted_it_ends_at_once_and_leaves_nothing_half_done(project, last):
    running = project.start(ENDLESS, "--jobs", "2", "--to", last)
    wait_for(lambda: (project.folder / "out" / "ledger.db").exists() and project.receipts == NAMES[:1], running)
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert project.rows == [(NAMES[0], 0, 7)]
    assert project.staged == NAMES[:1]
