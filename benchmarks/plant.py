"""The data of the benchmark: a candidate that martgate itself builds, and a copy of it with defects planted by hand."""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

__all__ = ["DATA", "DAY", "PLANTED", "data"]

DAY = "2024-01-01"
DATA = ("clean", "defective")
MARTGATE = str(Path(sys.executable).with_name("martgate"))


@dataclass(frozen=True, slots=True)
class Planted:
    """A defect: the rule that must find it, the change, and the rows to choose from, of which `rows` are spoiled."""

    rule: str
    change: str
    where: str = "true"
    rows: int = 3


_LEFT = "comm_user_end_dt IS NOT NULL"
_ALONE = "cnt_comm_user_id = 1"

PLANTED = (
    Planted("key_date|equals_part_date", "key_date = key_date + 1"),
    Planted("we_art_name|set_with_we_art_id", "we_art_name = NULL", "we_art_id IS NOT NULL", 1),
    Planted("we_art_name|constant_per_artist", "we_art_name = 'somebody else'", "we_art_id IS NOT NULL", 1),
    Planted("is_fc|iff_fc_id", "is_fc = 1", "fc_id IS NULL"),
    Planted("ip_ctry|in_set", "ip_ctry = 'XX'"),
    Planted("wv_user_status|in_set", "wv_user_status = 'GONE'"),
    Planted("comm_user_first_dt|not_after_creation", "comm_user_first_dt = comm_user_cre_dt + INTERVAL 1 DAY", _ALONE),
    Planted(
        "tot_comm_user_first_dt|minimum_of_user", "tot_comm_user_first_dt = tot_comm_user_first_dt - INTERVAL 1 DAY"
    ),
    Planted("is_first_user_comm|one_first_community", "is_first_user_comm = 0", "is_first_user_comm = 1", 1),
    Planted("comm_user_grade|not_null", "comm_user_grade = NULL"),
    Planted("comm_user_cre_dt|before_cutoff", "comm_user_cre_dt = comm_user_cre_dt + INTERVAL 900 DAY", _ALONE, 1),
    Planted("comm_user_end_dt|iff_leave", "comm_user_end_dt = NULL", _LEFT),
    Planted("comm_user_end_dt|not_before_creation", "comm_user_end_dt = comm_user_cre_dt - INTERVAL 1 DAY", _LEFT),
    Planted("is_profile_private|in_set", "is_profile_private = 2"),
    Planted("comm_user_id|min_length", "comm_user_id = ''", rows=1),
    Planted("cnt_comm_user_id|counts_memberships", "cnt_comm_user_id = 2", _ALONE, 1),
    Planted("sum_report_count|minimum", "sum_report_count = -1"),
    Planted("comm_user_seq|dense", "comm_user_seq = 4", _ALONE, 1),
    Planted("hot_post_alarm|in_set", "hot_post_alarm = -1", "hot_post_alarm IS NOT NULL", 1),
    Planted("is_v_user|iff_v_ch_join_dt", "is_v_user = 1 - is_v_user", rows=1),
    Planted("part_comm_id|equals_comm_id", "comm_id = comm_id + 1", _ALONE, 1),
    Planted("run_timestamp|one_per_day", "run_timestamp = run_timestamp - INTERVAL 1 SECOND", rows=1),
    Planted("table|art_indi_all_or_none", "art_indi_name = NULL", "art_indi_name IS NOT NULL", 1),
)
"""Beside these, two rows stand twice, which breaks `table|key`."""

TWICE = "table|key"


def data(out: Path, rows: int, names: Iterable[str]) -> Mapping[str, Path]:
    """The folders of Parquet files, by name; made where they are not there yet."""
    home = out / str(rows)
    folders = {name: home / name for name in DATA}
    if not folders["clean"].exists():
        shutil.rmtree(home, ignore_errors=True)
        _built(home, rows)
    if "defective" in names and not folders["defective"].exists():
        _spoiled(folders["clean"], folders["defective"])
    return folders


def _built(home: Path, rows: int) -> None:
    """A candidate, as martgate stages it; its files alone, as any tool may read them, are `clean`."""
    upstreams, warehouse = str(home / "upstreams"), home / "warehouse"
    own = ["--warehouse", str(warehouse), "--ledger", f"sqlite:///{home / 'ledger.db'}", "--out", str(home)]
    sample = ["sample", "--out", upstreams, "--members", str(rows), "--date", DAY]
    build = ["build", "wv_comm_user", "--date", DAY, "--upstreams", upstreams, *own]
    for command in (sample, build):
        subprocess.run([MARTGATE, *command], check=True)  # noqa: S603 - this project's own command
    table = warehouse / "we_mart" / "wv_comm_user"
    for file in table.rglob("part_date=*/*.parquet"):
        link = home / "clean" / file.relative_to(table)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.hardlink_to(file)


def _spoiled(clean: Path, defective: Path) -> None:
    """No row is spoiled twice, so that each defect is found by its own."""
    with duckdb.connect(config={"memory_limit": "6GB"}) as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute(
            f"CREATE TABLE t AS SELECT *, row_number() OVER (ORDER BY comm_user_id) AS place, false AS spoiled "
            f"FROM read_parquet('{clean}/**/*.parquet', hive_partitioning = true, "
            "hive_types = {'part_comm_id': BIGINT, 'part_date': VARCHAR})"
        )
        for defect in PLANTED:
            chosen = f"SELECT place FROM t WHERE {defect.where} AND NOT spoiled ORDER BY place LIMIT {defect.rows}"
            changed = database.execute(
                f"UPDATE t SET {defect.change}, spoiled = true WHERE place IN ({chosen})"
            ).fetchall()
            assert changed == [(defect.rows,)], (defect.rule, changed)
        database.execute("INSERT INTO t SELECT * FROM t WHERE NOT spoiled ORDER BY place LIMIT 2")
        database.execute(
            f"COPY (SELECT * EXCLUDE (place, spoiled) FROM t) TO '{defective}' "
            "(FORMAT parquet, PARTITION_BY (part_comm_id, part_date))"
        )
