"""One warehouse to stage into and publish from, with files that the real engine wrote."""

from datetime import UTC, date, datetime
from pathlib import Path

import deltalake
import pytest

from martgate.builders.engines.duckdb import DuckDBEngine
from martgate.contracts.model import Column, Table
from martgate.contracts.quality import Severity
from martgate.expectations.kinds.has_columns import HasColumns
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, Verdict
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved, judge
from martgate.gate.promotion import Promotion
from martgate.stores.delta import DeltaStore

DAY = "2024-01-01"


def column(name: str, kind: str, **more) -> Column:
    return Column(path=name, name=name, logical_type="string", physical_type=kind, **more)


TABLE = Table(
    path="schema[0]",
    name="wv_comm_user",
    qualified_name="we_mart.wv_comm_user",
    description="회원",
    custom={"publishPartition": "part_date"},
    columns=(
        column("id", "BIGINT", required=True, primary_key_position=1, description="커뮤니티 회원 id"),
        column("comm_id", "bigint", required=True),
        column("grade", "tinyint"),
        column("score", "decimal(18,4)"),
        column("seen", "timestamp"),
        column("nick", "string", classification="personal"),
        column("part_comm_id", "bigint", required=True, partition_position=1),
        column("part_date", "string", required=True, partition_position=2),
    ),
)

ROWS = """
SELECT CAST(i AS BIGINT) AS id, CAST(c AS BIGINT) AS comm_id, CAST(1 AS TINYINT) AS grade,
  CAST(1.5 AS DECIMAL(18,4)) AS score, CAST('2024-01-01T00:00:00Z' AS TIMESTAMP) AS seen,
  CONCAT('secret', i) AS nick, CAST(c AS BIGINT) AS part_comm_id, '{day}' AS part_date
FROM (VALUES {values}) AS t(i, c)
"""


class Shop:
    """One warehouse, one engine, and sequences that only grow."""

    table = TABLE

    def __init__(self, folder: Path, engine: DuckDBEngine) -> None:
        self.folder, self.engine, self.sequence = folder, engine, 0
        self.store = DeltaStore(str(folder))
        self.root = folder / "we_mart" / "wv_comm_user"

    def stage(self, *pairs: tuple[int, int], day: str = DAY, sql: str = "") -> Candidate:
        self.sequence += 1
        return self.store.stage(
            self.table,
            date.fromisoformat(day),
            candidate_id=f"c{self.sequence}",
            sequence=self.sequence,
            write=lambda target: self.engine.write(sql or self.rows(*pairs, day=day), target),
        )

    def publish(self, *pairs: tuple[int, int], day: str = DAY) -> Candidate:
        candidate = self.stage(*pairs, day=day)
        assert self.store.promote(self.approve(candidate), {}).promotion is Promotion.PUBLISHED
        return candidate

    def seen(self, day: str | None = None) -> list[tuple]:
        """What a reader of the table sees: member, community and day."""
        found = self.store.read(self.table, None if day is None else date.fromisoformat(day))
        assert found is not None
        self.engine.register("published", found)
        return sorted(self.engine.fetch("SELECT id, part_comm_id, part_date FROM published"))

    @staticmethod
    def rows(*pairs: tuple[int, int], day: str = DAY) -> str:
        """Members, each with the community it is in."""
        return ROWS.format(day=day, values=", ".join(f"({i}, {c})" for i, c in pairs))

    @staticmethod
    def approve(candidate: Candidate) -> Approved:
        rule = Rule(
            name="table|columns",
            check=HasColumns(("id",)),
            clauses=(),
            severity=Severity.ERROR,
            dimension="",
            description="",
        )
        audit = Audit(
            table=candidate.table,
            contract="c",
            contract_version="1.0.0",
            part_date=candidate.part_date,
            audited_at=datetime(2024, 1, 2, tzinfo=UTC),
            rows=candidate.rows,
            rules=1,
            queries=1,
            seconds=0.1,
            verdicts=(Verdict(rule=rule, outcome=Outcome.PASSED, total=1),),
        )
        decision = judge(candidate, audit)
        assert isinstance(decision, Approved)
        return decision

    @property
    def delta(self) -> deltalake.DeltaTable:
        return deltalake.DeltaTable(str(self.root))


@pytest.fixture(scope="module")
def engine():
    with DuckDBEngine(threads=1) as opened:
        yield opened


@pytest.fixture
def shop(tmp_path, engine):
    return Shop(tmp_path / "warehouse", engine)
