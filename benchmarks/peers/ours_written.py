"""This project's audit of files that its engine has just written, whose statistics it trusts, as in `martgate run`.

The process also writes the files, so only the seconds of the check are meaningful.
"""

from datetime import UTC, date, datetime
from pathlib import Path

from job import Job, Verdicts, run

from martgate.builders.engines.duckdb import DuckDBEngine
from martgate.builders.ports import Dataset, WriteTarget
from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.expectations.audit import audit
from martgate.expectations.derive import derive
from martgate.expectations.scope import Scope
from martgate.expectations.verdict import Outcome
from martgate.stores.upstreams import Upstreams

TABLE = "we_mart.wv_comm_user"
CONTRACTS = Path(__file__).parents[2] / "contracts"


def check(job: Job, _: str) -> Verdicts:
    loaded, table = Catalog.load([CONTRACTS]).find(TABLE)
    root, types = Path(job.spill) / "written", {column.name: column.physical_type for column in table.columns}
    with DuckDBEngine(memory_limit=job.memory_limit, temp_directory=Path(job.spill)) as engine:
        engine.register("source", Upstreams("").find_dataset_at(job.folder, table, date.fromisoformat(job.day)))
        target = WriteTarget(root=str(root), partition_by=table.partition_columns, prefix="part")
        written = engine.write(f"SELECT {', '.join(types)} FROM source", target)
        with job.checking():
            staged = Dataset(
                files=tuple(str(root / file.path) for file in written),
                partitions={name: types[name] for name in table.partition_columns},
                columns=tuple(types.items()),
            )
            engine.register(TABLE, staged)
            day = Day(date.fromisoformat(job.day), loaded.contract.zone)
            scope = Scope(day=day, audited_at=datetime.now(UTC), file_statistics=written)
            rules = derive(table)
            result = audit(engine, TABLE, table=table, rules=rules, scope=scope)
    job.notes["statements"] = result.queries
    passing = (Outcome.PASSED, Outcome.VACUOUS)
    return {verdict.rule.name: verdict.outcome in passing for verdict in result.verdicts}


run(check)
