"""What all peers have in common: the job they are given, a clock for the check alone, and how they answer.

Standard library only, since each peer runs in an environment of its own. A peer is called as `python PEER.py JOB.json
[VARIANT]`, loads its library, checks the files against the rules, and prints one line of JSON.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Rule = dict[str, Any]
Verdicts = dict[str, bool]
"""By the name of a rule, whether the data keep it; a rule that a tool cannot express is not in it."""


class Job:
    """The files of one table, its rules, and what a check of them took. `notes` go to the report as they are."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.files: list[str] = told["files"]
        self.folder: str = told["folder"]
        self.day: str = told["day"]
        self.memory_limit: str = told["memory_limit"]
        self.spill: str = told["spill"]
        self.rules: list[Rule] = told["rules"]
        self.types = {rule["column"]: rule["type"] for rule in self.rules if rule["kind"] == "type"}
        self.columns: list[str] = next(rule["columns"] for rule in self.rules if rule["kind"] == "columns")
        self.notes: dict[str, Any] = {}
        self.check_cpu = self.check_wall = 0.0

    def of(self, *kinds: str) -> list[Rule]:
        return [rule for rule in self.rules if rule["kind"] in kinds]

    def scanned(self) -> list[Rule]:
        """The rules that look at each row by itself."""
        return [rule for rule in self.rules if rule["broken"] and not rule["by"]]

    def grouped(self) -> list[Rule]:
        """The rules that are one condition over a group of rows."""
        return [rule for rule in self.rules if rule["broken"] and rule["by"]]

    @contextmanager
    def checking(self) -> Iterator[None]:
        """The clock runs within: reading the data and judging them, not imports and sessions."""
        cpu, wall = tree_seconds(), time.monotonic()
        yield
        self.check_cpu, self.check_wall = tree_seconds() - cpu, time.monotonic() - wall


def run(peer: Callable[[Job, str], Verdicts]) -> None:
    """Do the job on the command line and answer."""
    job = Job(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    verdicts = peer(job, sys.argv[2] if len(sys.argv) > 2 else "")
    assert set(verdicts) <= {rule["name"] for rule in job.rules}, set(verdicts) - {rule["name"] for rule in job.rules}
    answer = {"verdicts": verdicts, "check_cpu": job.check_cpu, "check_wall": job.check_wall, "notes": job.notes}
    sys.stdout.flush()
    sys.stdout.write(f"\n{json.dumps(answer)}\n")


def read_parquet(job: Job) -> str:
    """The files as a relation of DuckDB, with the types of the hive columns as the contract has them."""
    listed = ", ".join(f"'{file}'" for file in job.files)
    return (
        f"(SELECT {', '.join(job.columns)} FROM read_parquet([{listed}], hive_partitioning = true, "
        "hive_types = {'part_comm_id': BIGINT, 'part_date': VARCHAR}))"
    )


def tree_seconds() -> float:
    """CPU seconds of this process and all its children that live, a JVM for one."""
    ticks, parents = {}, {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - thrice as fast
        if entry.isdigit():
            try:
                fields = Path("/proc", entry, "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:  # it ended meanwhile
                continue
            parents[int(entry)] = int(fields[1])
            ticks[int(entry)] = sum(map(int, fields[11:15]))
    mine = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in mine} - mine:
        mine |= more
    return sum(ticks.get(process, 0) for process in mine) / os.sysconf("SC_CLK_TCK")
