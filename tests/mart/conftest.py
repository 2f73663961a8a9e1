"""Fixtures for the mart: upstream tables row by row, with defaults for columns that a test does not set.

Times are local times in Seoul ("2024-03-31 23:59:59.999999"), as in the rules.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.model import cast_to_contract, load_models
from martgate.builders.ports import Dataset
from martgate.contracts.day import Day

ARROW = {
    "bigint": pa.int64(),
    "int": pa.int32(),
    "tinyint": pa.int8(),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
}
SHORT = {
    "member": "we_mart.ods_wv_member_profile",
    "status": "weverse2.community_log_member_status_log",
    "special": "weverse2.community_member_special_member",
    "report": "weverse2.community_common_report",
    "user": "we_mart.we_user",
    "push": "weverse2.notification_push_config",
    "country": "we_mart.wv_user_ctry_history",
    "artist": "we_mart.we_artist",
    "fanclub": "we_mart.ws_fc_user_history",
    "wv1": "we_mart.wv1_join_info",
    "migration": "weverse2.community_log_v_member_migration",
    "channel": "we_meta.v_to_wv_comm_mapping",
    "view": "we_mart.wv_post_view",
    "reaction": "we_mart.wv_post_reaction",
    "subscription": "weverse2.wdm_subscription",
    "comm_user": "we_mart.wv_comm_user",
}
LONG_AGO = "2020-01-01 00:00:00"
DEFAULTS = {
    "member": {
        "wv_user_id": 1,
        "comm_id": 10,
        "member_grade": "FAN",
        "is_private": False,
        "is_official": False,
        "cre_dt": "2023-01-01 12:00:00",
        "part_date": "2024-03-31",
    },
    "status": {"status": "NORMAL"},
    "special": {"comm_id": 10, "art_indi_type": "MEMBER", "art_indi_name": "Somebody", "registered_at": LONG_AGO},
    "report": {"comm_id": 10, "reporter_comm_user_id": "somebody", "created_at": LONG_AGO},
    "user": {"wv_user_id": 1, "we_member_id": 1001, "wv_user_status": "NORMAL", "part_date": "2024-03-31"},
    "push": {"wv_user_id": 1, "comm_id": 10, "push_type": "COMMENT", "enabled": True, "updated_at": LONG_AGO},
    "country": {"wv_user_id": 1, "valid_from": LONG_AGO},
    "artist": {"we_art_id": 7, "we_art_name": "SEVEN", "comm_id": 10},
    "fanclub": {
        "we_member_id": 1001,
        "we_art_id": 7,
        "fc_id": 5,
        "start_dt": LONG_AGO,
        "end_dt": "2030-01-01 00:00:00",
    },
    "wv1": {"wv_user_id": 1, "comm_id": 10, "wv1_join_dt": LONG_AGO},
    "migration": {"wv_user_id": 1, "v_channel_id": 3, "v_ch_join_dt": LONG_AGO, "migrated_at": LONG_AGO},
    "channel": {"v_channel_id": 3, "comm_id": 10},
    "view": {"wv_user_id": 1, "comm_id": 10, "post_id": 1},
    "reaction": {"wv_user_id": 1, "comm_id": 10, "post_id": 1, "reaction_type": "LIKE"},
    "subscription": {"wv_user_id": 1, "comm_id": 10, "artist_member_id": "A1", "start_dt": LONG_AGO},
    "comm_user": {
        "wv_user_id": 1,
        "comm_id": 10,
        "we_art_id": 7,
        "we_art_name": "SEVEN",
        "is_fc": 0,
        "wv_user_status": "NORMAL",
        "comm_user_first_dt": "2023-01-01 12:00:00",
        "comm_user_status": "NORMAL",
        "comm_user_grade": "FAN",
        "comm_user_cre_dt": "2023-01-01 12:00:00",
        "cnt_comm_user_id": 1,
        "comm_user_seq": 1,
        "part_date": "2024-03-31",
    },
}


def instant(seoul: str) -> datetime:
    """Convert a local time in Seoul to an instant."""
    return datetime.fromisoformat(seoul).replace(tzinfo=ZoneInfo("Asia/Seoul")).astimezone(UTC)


class World:
    """Upstream tables row by row, and the tables that are built from them."""

    def __init__(self, engine, folder, tables):
        self.engine, self.folder, self.tables = engine, folder, tables
        self.mart = tables["we_mart.wv_comm_user"]
        self.rows = defaultdict(list)

    def add(self, table, **values):
        row = {**DEFAULTS[table], **values}
        types = {column.name: column.physical_type for column in self.tables[SHORT[table]].columns}
        assert row.keys() <= types.keys(), f"{table} has no {row.keys() - types.keys()}"
        self.rows[table].append(
            {
                name: instant(row[name])
                if types[name] == "timestamp" and isinstance(row.get(name), str)
                else row.get(name)
                for name in types
            }
        )

    def member(self, comm_user_id, **values):
        self.add("member", comm_user_id=comm_user_id, **values)

    def register(self):
        for short, name in SHORT.items():
            types = tuple((column.name, column.physical_type) for column in self.tables[name].columns)
            files = ()
            if self.rows[short]:
                file = self.folder / f"{short}.parquet"
                pq.write_table(
                    pa.Table.from_pylist(self.rows[short], pa.schema([(n, ARROW[t]) for n, t in types])), file
                )
                files = (str(file),)
            self.engine.register(name, Dataset(files=files, columns=types))

    def build(self, day="2024-03-31", *, sql=None):
        """Build the rows of the mart for a day, by comm_user_id, which must be unique."""
        self.register()
        result = self.engine.fetch(sql or cast_to_contract(MODEL, self.mart), parameters(day))
        rows = [dict(zip(self.mart.column_names, row, strict=True)) for row in result]
        by_id = {row["comm_user_id"]: row for row in rows}
        assert len(by_id) == len(rows)
        return by_id

    def make(self, name, day="2024-03-31", *columns):
        """Build another table for a day and return its rows, sorted, with some or all columns."""
        self.register()
        table = self.tables[f"we_mart.{name}"]
        result = self.engine.fetch(cast_to_contract(MODELS[name], table), parameters(day))
        rows = [dict(zip(table.column_names, row, strict=True)) for row in result]
        return sorted((tuple(row[column] for column in columns or table.column_names) for row in rows), key=repr)


MODELS = load_models([Path(__file__).parents[2] / "builders" / "models"])
MODEL = MODELS["wv_comm_user"]


def parameters(day):
    run_timestamp = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1, hours=2)
    return {**Day(date.fromisoformat(day), "Asia/Seoul").parameters, "run_timestamp": run_timestamp.isoformat()}


@pytest.fixture
def world(engine, tmp_path, tables):
    return World(engine, tmp_path, tables)


GOOD_DAY = date(2024, 1, 1)
STARTED = datetime(2024, 1, 2, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Workshop:
    """An engine with the upstreams registered, and a valid candidate as one Parquet file."""

    engine: object
    request: object
    good: Path

    def audit(self, file: Path) -> object:
        """Audit a file instead of the candidate."""
        from martgate.builders.ports import Dataset
        from martgate.expectations.audit import Scope, audit
        from martgate.expectations.derive import derive

        name = self.request.table.qualified_name
        self.engine.register(name, Dataset(files=(str(file),)))
        return audit(
            self.engine,
            name,
            table=self.request.table,
            rules=derive(self.request.table),
            scope=Scope(day=self.request.day, audited_at=STARTED, other_relations=frozenset(self.request.model.inputs)),
        )


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    from builders.sample import SampleSpec, upstreams
    from martgate.builders.engines.duckdb import DuckDBEngine
    from martgate.builders.model import cast_to_contract
    from martgate.builders.ports import WriteTarget
    from martgate.project.requests import load_publish_request
    from martgate.project.settings import load_settings
    from martgate.project.wiring import open_context
    from martgate.stores.upstreams import Upstreams

    folder = tmp_path_factory.mktemp("workshop")
    settings = load_settings(flags={"out": str(folder)}, environment={})
    with open_context(settings) as context:
        tables = {table.qualified_name: table for _, table in context.catalog.tables()}
        work = load_publish_request(settings, context, "wv_comm_user", GOOD_DAY)
    lake = Upstreams(str(folder / "upstreams"), {})
    for name, rows in upstreams(SampleSpec(members=1500, date=GOOD_DAY, seed=11), tables):
        lake.replace_table(tables[name], rows)
    with DuckDBEngine() as engine:
        for name in work.model.inputs:
            engine.register(name, lake.find_dataset(tables[name], GOOD_DAY))
        parameters = work.day.parameters | {"run_timestamp": "2024-01-02T01:00:00Z"}
        target = WriteTarget(root=str(folder / "good"), partition_by=(), prefix="good")
        (written,) = engine.write(cast_to_contract(work.model, work.table), target, parameters)
        yield Workshop(engine, work, folder / "good" / written.path)
