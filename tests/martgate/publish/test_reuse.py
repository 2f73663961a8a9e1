"""Counts of files that have not changed: an audit that takes them from the ledger finds what a whole one finds."""

import json
import random
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, text

from martgate.builders.engines.duckdb import DuckDBEngine
from martgate.builders.ports import CatalogTable, Dataset
from martgate.cli.main import call
from martgate.contracts.day import Day
from martgate.contracts.model import Column, Contract, Table
from martgate.contracts.quality import Threshold
from martgate.expectations.audit import FROM_FILE_COUNTS, Scope, audit
from martgate.expectations.kinds.all_or_none import AllOrNone
from martgate.expectations.kinds.conditions import Holds, Iff, Implies
from martgate.expectations.kinds.fresh import Fresh
from martgate.expectations.kinds.in_partition import InPartition
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.length import Length
from martgate.expectations.kinds.multiple_of import MultipleOf
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.pattern import Pattern
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.range import Range
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Outcome
from martgate.ledger import Ledger
from martgate.project.file_counts import open_file_counts

COLUMNS = {"n": pa.int32(), "code": pa.string(), "share": pa.float64(), "at": pa.timestamp("us", "UTC")}
HIVE = {"comm": "bigint", "part_date": "string"}
CHECKS = (
    NotNull("n"),
    NotNull("comm"),
    InSet("code", ("KR", "NO")),
    Pattern("code", "^[A-Z]+$"),
    Length("code", "maximum", 2),
    Range("n", "minimum", 2),
    Range("share", "maximum", 5),
    Range("comm", "minimum", 2),
    MultipleOf("n", 2),
    AllOrNone(("n", "code")),
    InPartition(("comm", "part_date"), "part_date"),
    Holds("n < 9", null_passes=True),
    Holds("at < CAST(:day_end AS TIMESTAMP)"),
    Holds("n <> comm"),
    Implies("n > 2", "code IS NOT NULL"),
    Iff("n = 2", "code = 'KR'"),
    Unique(("n",)),
    QualityMetric("rowCount", (), Threshold("mustBeGreaterThan", (40,))),
    QualityMetric("nullValues", ("code",), Threshold("mustBeLessThan", (10,)), "percent"),
    QualityMetric("missingValues", ("code",), Threshold("mustBe", (0,)), missing_values=("", None)),
    QualityMetric("duplicateValues", ("code",), Threshold("mustBe", (0,))),
    Fresh("at", 3600),
)
LASTING = 14
"""So many of them count nothing but what stands in the files."""

RULES = tuple(
    Rule(name=str(number), check=check, clauses=(), columns=check.columns_read) for number, check in enumerate(CHECKS)
)


@pytest.fixture(scope="module", params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request):
    if request.param == "spark":
        yield request.getfixturevalue("spark_engine")
        return
    with DuckDBEngine("512MB", threads=1) as opened:
        yield opened


@pytest.fixture
def ledger(tmp_path):
    return Ledger(f"sqlite:///{tmp_path}/ledger.db")


def write(file, draw, sizes=(0, 1, 5, 30)):
    """A file of a few rows, some of them odd, or of none."""
    rows = draw.choice(sizes)
    columns = {
        "n": [draw.choice([1, 2, 4, 9, None]) for _ in range(rows)],
        "code": [draw.choice(["KR", "KR", "NO", "", "no", None]) for _ in range(rows)],
        "share": [draw.choice([1.0, 7.0, float("nan"), None]) for _ in range(rows)],
        "at": [datetime(2024, 1, draw.choice([1, 2]), tzinfo=UTC) for _ in range(rows)],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({name: pa.array(columns[name], kind) for name, kind in COLUMNS.items()}), file)


def dataset(root):
    kinds = {"n": "int", "code": "string", "share": "double", "at": "timestamp"}
    files = tuple(str(file) for file in sorted(root.rglob("*.parquet")))
    return Dataset(files=files, partitions=HIVE, columns=(*kinds.items(), *HIVE.items()))


def find(engine, source, *, day=date(2024, 1, 1), memory=None, asked=RULES):
    engine.register("s.t", source)
    keys = {name: place for place, name in enumerate(HIVE, start=1)}
    columns = tuple(
        Column(path="", name=name, logical_type="", physical_type=kind, partition_position=keys.get(name))
        for name, kind in source.columns
    )
    table = Table(path="schema[0]", name="t", qualified_name="s.t", columns=columns)
    table = Contract(file="c", id="c", version="1.0.0", api_version="v3.1.0", tables=(table,)).tables[0]
    today = Day(day, "Asia/Seoul")
    scope = Scope(today, today.cutoff, file_counts=memory)
    return audit(engine, "s.t", table=table, rules=asked, scope=scope)


def remembering(engine, ledger, source, **rest):
    return find(engine, source, memory=open_file_counts(ledger, engine, "s.t", source), **rest)


def plain(found):
    return found.rows, [replace(verdict, how="") for verdict in found.verdicts]


def reused(found):
    return [verdict for verdict in found.verdicts if verdict.how == FROM_FILE_COUNTS]


def change(root, draw):
    """What happens to a table from one night to the next: files come, go, move to another place, get other rows."""
    files = sorted(root.rglob("*.parquet"))
    for file in draw.sample(files, min(2, len(files))):
        match draw.choice(["rewrite", "drop", "move", "copy"]):
            case "rewrite":
                write(file, draw)
            case "drop":
                file.unlink()
            case "move":
                place = root / f"comm={draw.randint(1, 9)}" / "part_date=2024-01-02"
                place.mkdir(parents=True, exist_ok=True)
                shutil.move(file, place / f"{draw.random()}.parquet")
            case "copy":
                shutil.copy(file, file.with_name(f"{draw.random()}.parquet"))
    write(root / f"comm={draw.randint(1, 3)}" / "part_date=2024-01-01" / f"{draw.random()}.parquet", draw)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_to_the_files_both_audits_find_the_same(engine, ledger, tmp_path, seed):
    draw, root, some = random.Random(seed), tmp_path / "100% é", 0
    nights = 3 if engine.name == "spark" else 15
    for number in range(4):
        write(root / f"comm={number}" / "part_date=2024-01-01" / "x.parquet", draw)
    for _ in range(nights):
        change(root, draw)
        source, day = dataset(root), draw.choice([date(2024, 1, 1), date(2024, 1, 2)])
        found = remembering(engine, ledger, source, day=day)
        assert plain(found) == plain(find(engine, source, day=day))
        some += len(reused(found))
    assert some >= LASTING * (nights - 1) / 2


def test_only_files_that_changed_are_read_again(engine, ledger, tmp_path):
    draw = random.Random(1)
    for number in range(4):
        write(tmp_path / "t" / f"comm={number}" / "part_date=2024-01-01" / "x.parquet", draw, sizes=[5])
    source = dataset(tmp_path / "t")
    assert not reused(remembering(engine, ledger, source))
    write(Path(source.files[2]), draw, sizes=[5])
    assert len(reused(remembering(engine, ledger, source))) == LASTING
    assert engine.fetch("SELECT DISTINCT __file FROM s.t__unseen") == [(source.files[2],)]


def test_a_count_that_was_altered_in_the_ledger_is_not_believed(ledger, tmp_path):
    write(tmp_path / "t" / "comm=1" / "part_date=2024-01-01" / "x.parquet", random.Random(3))
    source = dataset(tmp_path / "t")
    with DuckDBEngine("512MB", threads=1) as engine:
        first = remembering(engine, ledger, source)
        assert any(verdict.outcome is Outcome.FAILED for verdict in first.verdicts)
        with create_engine(f"sqlite:///{tmp_path}/ledger.db").begin() as connection:
            assert connection.execute(text("UPDATE file_counts SET counts = replace(counts, '1', '0')")).rowcount
        again = remembering(engine, ledger, source)
        assert plain(again) == plain(first)
        assert not reused(again)


def test_another_rule_is_another_question(ledger, tmp_path):
    write(tmp_path / "t" / "comm=1" / "part_date=2024-01-01" / "x.parquet", random.Random(3))
    source = dataset(tmp_path / "t")
    with DuckDBEngine("512MB", threads=1) as engine:
        remembering(engine, ledger, source)
        other = replace(RULES[2], check=InSet("code", ("KR", "NO", "no")))
        changed = (*RULES[:2], other, *RULES[3:])
        found = remembering(engine, ledger, source, asked=changed)
        assert not reused(found)
        assert plain(found) == plain(find(engine, source, asked=changed))


def test_a_table_of_a_catalog_or_without_a_file_is_looked_at_as_ever(ledger):
    assert open_file_counts(ledger, DuckDBEngine(), "s.t", CatalogTable(name="main.s.t")) is None
    assert open_file_counts(ledger, DuckDBEngine(), "s.t", Dataset(files=())) is None


def test_a_candidate_that_is_gated_again_is_counted_again_only_where_that_was_asked_for(
    tmp_path, mart_project, monkeypatch, capfd
):
    monkeypatch.chdir(mart_project(tmp_path))

    def gate(*flags):
        capfd.readouterr()
        assert call(["gate", "wv_comm_user", "--date", "2024-01-01", "--report", "none", "--json", *flags]) == 0
        return json.loads(capfd.readouterr().out)["verdicts"]

    assert call(["sample", "--out", "out/upstreams", "--members", "300", "--date", "2024-01-01"]) == 0
    assert call(["build", "wv_comm_user", "--date", "2024-01-01"]) == 0
    looked, first, again = gate(), gate("--reuse-counts", "files"), gate("--reuse-counts", "files")
    assert [one["how"] for one in first] == [one["how"] for one in looked]
    assert sum(one["how"] == FROM_FILE_COUNTS for one in again) > 50
    assert [one | {"how": ""} for one in again] == [one | {"how": ""} for one in looked]
