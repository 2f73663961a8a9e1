"""Prepares the data of the benchmark: a candidate that martgate builds, and a copy with planted defects."""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

__all__ = ["DATA", "DAY", "PLANTED", "prepare_data"]

DAY = "2024-01-01"
DATA = ("clean", "defective")
MARTGATE = str(Path(sys.executable).with_name("martgate"))


@dataclass(frozen=True, slots=True)
class PlantedDefect:
    """Defect in the copy of the data.

    Attributes:
        rule: the rule that must fail.
        change: the assignments of an UPDATE.
        where: the rows to choose from.
        rows: the number of rows to change.
    """

    rule: str
    change: str
    where: str = "true"
    rows: int = 3


_HAS_LEFT = "comm_user_end_dt IS NOT NULL"
_SINGLE = "cnt_comm_user_id = 1"

PLANTED = (
    PlantedDefect("key_date|equals_part_date", "key_date = key_date + 1"),
    PlantedDefect("we_art_name|set_with_we_art_id", "we_art_name = NULL", "we_art_id IS NOT NULL", 1),
    PlantedDefect("we_art_name|constant_per_artist", "we_art_name = 'another artist'", "we_art_id IS NOT NULL", 1),
    PlantedDefect("is_fc|iff_fc_id", "is_fc = 1", "fc_id IS NULL"),
    PlantedDefect("ip_ctry|in_set", "ip_ctry = 'XX'"),
    PlantedDefect("wv_user_status|in_set", "wv_user_status = 'GONE'"),
    PlantedDefect(
        "comm_user_first_dt|not_after_creation", "comm_user_first_dt = comm_user_cre_dt + INTERVAL 1 DAY", _SINGLE
    ),
    PlantedDefect(
        "tot_comm_user_first_dt|minimum_of_user", "tot_comm_user_first_dt = tot_comm_user_first_dt - INTERVAL 1 DAY"
    ),
    PlantedDefect("is_first_user_comm|one_first_community", "is_first_user_comm = 0", "is_first_user_comm = 1", 1),
    PlantedDefect("comm_user_grade|not_null", "comm_user_grade = NULL"),
    PlantedDefect(
        "comm_user_cre_dt|before_cutoff", "comm_user_cre_dt = comm_user_cre_dt + INTERVAL 900 DAY", _SINGLE, 1
    ),
    PlantedDefect("comm_user_end_dt|iff_leave", "comm_user_end_dt = NULL", _HAS_LEFT),
    PlantedDefect(
        "comm_user_end_dt|not_before_creation", "comm_user_end_dt = comm_user_cre_dt - INTERVAL 1 DAY", _HAS_LEFT
    ),
    PlantedDefect("is_profile_private|in_set", "is_profile_private = 2"),
    PlantedDefect("comm_user_id|min_length", "comm_user_id = ''", rows=1),
    PlantedDefect("cnt_comm_user_id|counts_memberships", "cnt_comm_user_id = 2", _SINGLE, 1),
    PlantedDefect("sum_report_count|minimum", "sum_report_count = -1"),
    PlantedDefect("comm_user_seq|dense", "comm_user_seq = 4", _SINGLE, 1),
    PlantedDefect("hot_post_alarm|in_set", "hot_post_alarm = -1", "hot_post_alarm IS NOT NULL", 1),
    PlantedDefect("is_v_user|iff_v_ch_join_dt", "is_v_user = 1 - is_v_user", rows=1),
    PlantedDefect("part_comm_id|equals_comm_id", "comm_id = comm_id + 1", _SINGLE, 1),
    PlantedDefect("run_timestamp|one_per_day", "run_timestamp = run_timestamp - INTERVAL 1 SECOND", rows=1),
    PlantedDefect("table|art_indi_all_or_none", "art_indi_name = NULL", "art_indi_name IS NOT NULL", 1),
)
"""In addition, two rows are duplicated, which breaks `DUPLICATE_RULE`."""

DUPLICATE_RULE = "table|key"


def prepare_data(out: Path, rows: int, names: Iterable[str]) -> Mapping[str, Path]:
    """Create the folders of Parquet files that do not exist yet, and return all by name."""
    home = out / str(rows)
    folders = {name: home / name for name in DATA}
    if not folders["clean"].exists():
        shutil.rmtree(home, ignore_errors=True)
        _build(home, rows)
    if "defective" in names and not folders["defective"].exists():
        _plant_defects(folders["clean"], folders["defective"])
    return folders


def _build(home: Path, rows: int) -> None:
    """Build a candidate with martgate and link its files into the folder `clean`."""
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


def _plant_defects(clean: Path, defective: Path) -> None:
    """Copy the clean data and plant each defect in rows without another one."""
    with duckdb.connect(config={"memory_limit": "6GB"}) as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute(
            f"CREATE TABLE t AS SELECT *, row_number() OVER (ORDER BY comm_user_id) AS place, false AS is_defective "
            f"FROM read_parquet('{clean}/**/*.parquet', hive_partitioning = true, "
            "hive_types = {'part_comm_id': BIGINT, 'part_date': VARCHAR})"
        )
        for defect in PLANTED:
            chosen = f"SELECT place FROM t WHERE {defect.where} AND NOT is_defective ORDER BY place LIMIT {defect.rows}"
            updated = database.execute(
                f"UPDATE t SET {defect.change}, is_defective = true WHERE place IN ({chosen})"
            ).fetchall()
            assert updated == [(defect.rows,)], (defect.rule, updated)
        database.execute("INSERT INTO t SELECT * FROM t WHERE NOT is_defective ORDER BY place LIMIT 2")
        database.execute(
            f"COPY (SELECT * EXCLUDE (place, is_defective) FROM t) TO '{defective}' "
            "(FORMAT parquet, PARTITION_BY (part_comm_id, part_date))"
        )
