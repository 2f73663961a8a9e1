"""A warehouse to work on: sample upstreams, and a good candidate built from them, once a test process."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

DAY = date(2024, 1, 1)
STARTED = datetime(2024, 1, 2, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Workshop:
    """An engine that knows the upstreams, and the good candidate as one Parquet file."""

    engine: object
    job: object
    good: Path

    def audit(self, file: Path) -> object:
        """The audit of any file in the candidate's place."""
        from builders.ports import Dataset
        from expectations.audit import Scope, audit
        from expectations.derive import derive

        name = self.job.table.qualified_name
        self.engine.register(name, Dataset(files=(str(file),)))
        return audit(
            self.engine,
            name,
            contract=self.job.loaded.contract,
            table=self.job.table,
            rules=derive(self.job.loaded.contract, self.job.table),
            scope=Scope(day=self.job.day, audited_at=STARTED, others=frozenset(self.job.model.inputs)),
        )


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    from builders.engines.duckdb import DuckDBEngine
    from builders.model import typed
    from builders.ports import WriteTarget
    from builders.sample import SampleSpec, upstreams
    from martgate.config import load
    from martgate.stores.upstreams import Upstreams
    from martgate.wiring import catalog, job

    folder = tmp_path_factory.mktemp("workshop")
    settings = load(flags={"out": str(folder)}, environment={})
    tables = {table.qualified_name: table for _, table in catalog(settings).tables()}
    lake = Upstreams(str(folder / "upstreams"), {})
    for name, rows in upstreams(SampleSpec(members=1500, date=DAY, seed=11), tables):
        lake.save(tables[name], rows)
    work = job(settings, catalog(settings), "wv_comm_user", DAY)
    with DuckDBEngine() as engine:
        for name in work.model.inputs:
            engine.register(name, lake.dataset(tables[name], part_date=DAY.isoformat()))
        parameters = work.day.parameters | {"run_timestamp": "2024-01-02T01:00:00Z"}
        target = WriteTarget(root=str(folder / "good"), partition_by=(), prefix="good")
        (written,) = engine.write(typed(work.model, work.table), target, parameters)
        yield Workshop(engine, work, folder / "good" / written.path)
