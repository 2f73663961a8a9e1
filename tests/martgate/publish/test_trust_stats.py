"""Rules answered by the statistics of files that were just written: always as a look at the rows answers them.

Every file that is written here is a candidate of its own, and so is every handful of them.
"""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.engines.duckdb import DuckDBEngine
from martgate.builders.ports import Dataset, WriteTarget
from martgate.contracts.day import Day
from martgate.contracts.model import Contract, Table
from martgate.contracts.quality import Threshold
from martgate.expectations.audit import Scope, audit
from martgate.expectations.kinds.all_or_none import AllOrNone
from martgate.expectations.kinds.conditions import Holds
from martgate.expectations.kinds.constant_within import ConstantWithin
from martgate.expectations.kinds.in_partition import InPartition
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.range import Range
from martgate.expectations.kinds.rows import RowCheck, RowTest
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.proofs import StatisticsProofs
from martgate.expectations.rules import Rule

DAY = Day(date(2024, 1, 1), "Asia/Seoul")
TYPES = {
    "flag": "tinyint",
    "n": "int",
    "big": "bigint",
    "day": "date",
    "other_day": "date",
    "code": "string",
    "at": "timestamp",
    "share": "double",
    "price": "decimal(10,2)",
    "is_on": "boolean",
    "comm": "bigint",
}
PARTITIONS = {"part_comm": "bigint", "part_date": "string", "part_day": "date"}
KINDS = {**TYPES, **PARTITIONS}
ARROW = {
    "tinyint": pa.int8(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "date": pa.date32(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us", "UTC"),
    "double": pa.float64(),
    "decimal(10,2)": pa.decimal128(10, 2),
    "boolean": pa.bool_(),
}
_BOUNDS = ("minimum", "maximum", "exclusive_minimum", "exclusive_maximum")
CHECKS = (
    *(NotNull(name) for name in KINDS),
    *(QualityMetric("nullValues", (name,), Threshold("mustBeLessThan", (2,))) for name in TYPES),
    QualityMetric("nullValues", ("n",), Threshold("mustBeLessThan", (20,)), "percent"),
    InSet("flag", (0, 1)),
    InSet("n", (1, 2, 3, 5)),
    InSet("n", (1.0, 2.0, 3.0)),
    InSet("n", ("1", "2", "3")),
    InSet("big", (-(2**63), 2**63 - 1, 0)),
    InSet("code", ("KR", "NO")),
    InSet("day", ("2024-01-01",)),
    InSet("is_on", (True,)),
    InSet("part_comm", (1, 2, 3)),
    InSet("part_date", ("2024-01-01", "2024-01-02")),
    *(Range("n", bound, value) for bound in _BOUNDS for value in (0, 3, 2.5)),
    *(Range("big", bound, value) for bound in _BOUNDS for value in (2**53, 2**63 - 1, 9007199254740993.0)),
    *(Range("day", bound, value) for bound in _BOUNDS for value in ("2024-01-01", "9999-12-31")),
    *(Range(name, "minimum", 1) for name in ("share", "price")),
    Range("at", "maximum", "2024-01-01T12:00:00Z"),
    Range("part_day", "maximum", "2024-01-01"),
    AllOrNone(("code", "at")),
    AllOrNone(("day", "other_day", "n")),
    InPartition(("part_comm", "part_date"), "part_date"),
    InPartition(("part_date", "part_day"), "part_day"),
    InPartition(("part_comm", "part_date", "part_day")),
    InPartition(("day",), "day"),
    Holds("part_comm = comm"),
    Holds("comm = big"),
    Holds("day = other_day", null_passes=True),
    Holds("DATE_FORMAT(day, 'yyyy-MM-dd') = part_date"),
    Holds("part_date = DATE_FORMAT(other_day, 'yyyy-MM-dd')"),
    Holds("DATE_FORMAT(day, 'yyyy-MM-dd') = DATE_FORMAT(part_day, 'yyyy-MM-dd')"),
    Holds("day = part_day"),
    Holds("day > part_day"),
    Unique(("n", "part_date")),
    ConstantWithin(("at",), ("part_date",)),
    ConstantWithin(("n", "code"), ("day", "part_comm")),
)
RULES = tuple(
    Rule(name=str(number), check=check, clauses=(), columns=check.columns_read) for number, check in enumerate(CHECKS)
)
USUAL = {
    "flag": [0, 1],
    "n": [1, 2, 3],
    "big": [2**53 - 1, 2**53],
    "day": [DAY.date],
    "other_day": [DAY.date],
    "code": ["KR", "NO"],
    "at": [1_704_000_000_000_000],
    "share": [1.5, 2.0],
    "price": [1, 2],
    "is_on": [True],
    "part_date": ["2024-01-01"],
    "part_day": [DAY.date],
}
ODD = {
    "flag": [2, -1, 127, -128],
    "n": [0, 4, 5, -(2**31), 2**31 - 1],
    "big": [2**53 + 1, 2**63 - 1, -(2**63)],
    "day": [DAY.date + timedelta(days=1), date(1, 1, 1), date(9999, 12, 31), date(1500, 2, 28)],
    "other_day": [DAY.date - timedelta(days=1), date(1, 1, 1)],
    "code": ["", "no", "\n", "x" * 99],
    "at": [1_704_000_000_000_001, 1_704_999_999_999_999, -62_135_596_800_000_000],
    "share": [float("nan"), float("inf"), -0.0, 0.99],
    "price": [0],
    "is_on": [False],
    "comm": [0, 9],
    "part_comm": [-5, 0, 10**12],
    "part_date": ["2024-01-02", "", " ", "a b", "100%", "2024/01/01", "한국", "__x", "NULL", "2024-1-1"],
    "part_day": [date(2024, 1, 2), date(1, 1, 1)],
}


def a_file(draw):
    """The rows of one file: each as it should be, but for as many odd or missing cells as chance will have."""
    where = {"part_comm": draw.randint(1, 3), "part_date": "2024-01-01", "part_day": DAY.date}
    spoiled = draw.sample([*KINDS], draw.choice([0, 0, 1, 2, 5]))
    for name in PARTITIONS:
        if name in spoiled:
            where[name] = draw.choice([None, *ODD[name]])
    gone = {name for name in spoiled if draw.random() < 0.2}
    rows = []
    for _ in range(draw.choice([1, 1, 2, 5, 30])):
        row = {name: draw.choice(USUAL.get(name, [where["part_comm"]])) for name in TYPES} | where
        for name in spoiled:
            if name in TYPES and (name in gone or draw.random() < 0.5):
                row[name] = None if name in gone else draw.choice([None, *ODD[name]])
        rows.append(row)
    return rows


def candidates(engine, folder, seed, files):
    """As many files, written by the engine in one go, each of mutated rows: their root, and what the engine told of them."""
    draw = random.Random(seed)
    rows = [row for number in range(files) for row in (one | {"file": number} for one in a_file(draw))]
    kinds = {**KINDS, "file": "int"}
    table = pa.table({name: pa.array([row[name] for row in rows], ARROW[kind]) for name, kind in kinds.items()})
    pq.write_table(table, folder / f"{seed}.parquet")
    engine.register("made", Dataset(files=(str(folder / f"{seed}.parquet"),)))
    target = WriteTarget(root=str(folder / str(seed)), partition_by=(*PARTITIONS, "file"), prefix="part")
    listed = ", ".join(f"`{name}`" for name in kinds)
    return target.root, engine.write(f"SELECT {listed} FROM made", target)


def register(engine, root, files):
    partitions = {**PARTITIONS, "file": "int"}
    paths = tuple(f"{root}/{file.path}" for file in files)
    engine.register("s.t", Dataset(files=paths, partitions=partitions, columns=(*TYPES.items(), *partitions.items())))


def found_by_looking(engine):
    """For each file, what broke each check that looks at single rows, and what it looked at."""
    tests = {check: check.row_test(KINDS) for check in CHECKS if isinstance(check, RowCheck)}
    tests |= {
        check: RowTest("COUNT(*)", f"{check.columns[0]} IS NULL")
        for check in CHECKS
        if isinstance(check, QualityMetric)
    }
    listed = ", ".join(f"COUNT_IF({test.failure}), {test.total}" for test in tests.values())
    rows = engine.fetch(f"SELECT file, {listed} FROM s.t GROUP BY file", DAY.parameters)
    return {str(file): dict(zip(tests, batched(counts), strict=True)) for file, *counts in rows}


def batched(counts):
    return [tuple(counts[place : place + 2]) for place in range(0, len(counts), 2)]


def verdicts(engine, files, *, trusted):
    """What an audit of these files finds, rule by rule, and which rules no row was read for."""
    table = Table(path="schema[0]", name="t", qualified_name="s.t", columns=())
    table = Contract(file="c", id="c", version="1.0.0", api_version="v3.1.0", tables=(table,)).tables[0]
    scope = Scope(DAY, DAY.cutoff, file_statistics=tuple(files) if trusted else ())
    found = audit(engine, "s.t", table=table, rules=RULES, scope=scope)
    return [replace(one, how="") for one in found.verdicts], {one.rule for one in found.verdicts if one.how}


@pytest.fixture(scope="module")
def engine():
    with DuckDBEngine("512MB", threads=1) as opened:
        yield opened


def proved_as_found(engine, folder, seed, files):
    """How many proofs there were of each kind, all of which a look at the rows of many handfuls of files bears out."""
    draw = random.Random(seed)
    root, files = candidates(engine, folder, seed, files)
    register(engine, root, files)
    looked, proved = found_by_looking(engine), Counter()
    for _ in range(2 * len(files)):
        some = draw.sample(files, draw.choice([1, 1, 2, 3]))
        known = StatisticsProofs(some, KINDS, DAY.date)
        for check in CHECKS:
            proof = check.prove(known)
            if proof:
                each = [looked[file.partition["file"]][check] for file in some]
                assert proof == tuple(map(sum, zip(*each, strict=True))), check
                proved[check.kind] += 1
    return proved


@pytest.mark.parametrize("seed", range(5))
def test_what_statistics_prove_a_look_at_the_rows_finds_too(engine, tmp_path, seed):
    proved = proved_as_found(engine, tmp_path, seed, files=150)
    assert proved.keys() == {"not_null", "metric", "in_set", "range", "all_or_none", "partitions", "holds"}


@pytest.mark.spark
def test_what_the_footers_of_spark_prove_a_look_at_the_rows_finds_too(spark_engine, tmp_path):
    proved = proved_as_found(spark_engine, tmp_path, seed=11, files=60)
    assert proved.keys() == {"not_null", "metric", "in_set", "range", "all_or_none", "partitions", "holds"}


@pytest.mark.parametrize("seed", range(100, 103))
def test_an_audit_finds_the_same_whether_it_trusts_or_looks(engine, tmp_path, seed):
    draw = random.Random(seed)
    root, files = candidates(engine, tmp_path, seed, files=12)
    for size in (1, 1, 2, 3):
        some = draw.sample(files, size)
        register(engine, root, some)
        trusting, proved = verdicts(engine, some, trusted=True)
        looking, none = verdicts(engine, some, trusted=False)
        assert trusting == looking
        assert len(proved) > 5
        assert not none


def test_statistics_of_other_rows_than_those_found_prove_nothing(engine, tmp_path):
    root, files = candidates(engine, tmp_path, seed=1, files=3)
    register(engine, root, files)
    lying = [replace(file, rows=file.rows + 1) for file in files]
    assert verdicts(engine, lying, trusted=True) == verdicts(engine, files, trusted=False)
