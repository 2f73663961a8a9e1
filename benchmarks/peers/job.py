"""Shared code of the peers: the job, the clock of the check, and the output.

Uses the standard library only, since each peer runs in its own environment. A peer is called as `python PEER.py JOB.json
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
"""Whether the data pass each rule, by its name; rules that a tool cannot express are left out."""


class Job:
    """Files of one table, its rules, and the cost of the check; `notes` are copied to the report."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.files: list[str] = values["files"]
        self.folder: str = values["folder"]
        self.day: str = values["day"]
        self.memory_limit: str = values["memory_limit"]
        self.spill: str = values["spill"]
        self.rules: list[Rule] = values["rules"]
        self.types = {rule["column"]: rule["type"] for rule in self.rules if rule["kind"] == "type"}
        self.columns: list[str] = next(rule["columns"] for rule in self.rules if rule["kind"] == "columns")
        self.notes: dict[str, Any] = {}
        self.check_cpu = self.check_wall = 0.0

    def of(self, *kinds: str) -> list[Rule]:
        """Select the rules of some kinds."""
        return [rule for rule in self.rules if rule["kind"] in kinds]

    def scanned(self) -> list[Rule]:
        """Select the rules about single rows."""
        return [rule for rule in self.rules if rule["broken"] and not rule["by"]]

    def grouped(self) -> list[Rule]:
        """Select the rules about groups of rows."""
        return [rule for rule in self.rules if rule["broken"] and rule["by"]]

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Measure the block: reading and checking the data, without imports and sessions."""
        cpu, wall = tree_seconds(), time.monotonic()
        yield
        self.check_cpu, self.check_wall = tree_seconds() - cpu, time.monotonic() - wall


def run(peer: Callable[[Job, str], Verdicts]) -> None:
    """Run the job on the command line and print its result."""
    job = Job(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    verdicts = peer(job, sys.argv[2] if len(sys.argv) > 2 else "")
    assert set(verdicts) <= {rule["name"] for rule in job.rules}, set(verdicts) - {rule["name"] for rule in job.rules}
    result = {"verdicts": verdicts, "check_cpu": job.check_cpu, "check_wall": job.check_wall, "notes": job.notes}
    sys.stdout.flush()
    sys.stdout.write(f"\n{json.dumps(result)}\n")


def read_parquet(job: Job) -> str:
    """Format the files as a relation of DuckDB, with the contract's types of hive columns."""
    files = ", ".join(f"'{file}'" for file in job.files)
    return (
        f"(SELECT {', '.join(job.columns)} FROM read_parquet([{files}], hive_partitioning = true, "
        "hive_types = {'part_comm_id': BIGINT, 'part_date': VARCHAR}))"
    )


def tree_seconds() -> float:
    """Sum the CPU seconds of this process and its running children, such as a JVM."""
    ticks, parents = {}, {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - three times as fast
        if entry.isdigit():
            try:
                fields = Path("/proc", entry, "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:  # the process has ended
                continue
            parents[int(entry)] = int(fields[1])
            ticks[int(entry)] = sum(map(int, fields[11:15]))
    tree = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return sum(ticks.get(process, 0) for process in tree) / os.sysconf("SC_CLK_TCK")
