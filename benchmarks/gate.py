"""What it costs to gate a table, and what is found: this project, its peers, and the best that is written by hand.

    uv run --group bench --extra spark python benchmarks/gate.py --rows 1000000 --runs 3 --peers ours-duckdb soda

All check the same Parquet files, clean and with planted defects, against the same rules (`rulebook.py`), each in a fresh
process of an environment of its own (`runners.py`). Rounds are interleaved. Each run is watched from outside: CPU seconds
and memory of the whole process, with a JVM where there is one; the check's own seconds are without imports and sessions.
Prints Markdown and leaves every run in `gate.json`, where `--add` adds to those of before.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

from plant import DATA, DAY, data
from rulebook import rulebook
from runners import RUNNERS, SETTINGS, python_of
from standings import standings
from watch import Limits, cost

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One check. Seconds and bytes; `check_*` without imports and sessions; verdicts by rule, true where it is kept."""

    peer: str
    rows: int
    data: str
    wall: float
    cpu: float
    peak_memory: int
    check_wall: float
    check_cpu: float
    verdicts: dict[str, bool]
    notes: dict[str, Any]
    trouble: str = ""


def measured(peer: str, rows: int, what: str, folder: Path, asked: argparse.Namespace) -> Run:
    """One check by one tool in a process of its own; a run that ended badly says how in `trouble`."""
    runner = RUNNERS[peer]
    out: Path = asked.out
    job = out / "job.json"
    spill = out / "spill"
    shutil.rmtree(spill, ignore_errors=True)
    spill.mkdir(parents=True)
    told = {
        "files": sorted(map(str, folder.rglob("*.parquet"))),
        "folder": str(folder),
        "day": DAY,
        "memory_limit": asked.memory_limit,
        "spill": str(spill),
        "rules": rulebook(date.fromisoformat(DAY)),
    }
    job.write_text(json.dumps(told), encoding="utf-8")
    command = [python_of(runner.environment, out / "envs"), str(PEERS / f"{runner.script}.py"), str(job)]
    limits = Limits(seconds=asked.seconds, memory=asked.memory)
    found = cost([*command, runner.variant], limits=limits, environment={**os.environ, **SETTINGS})
    answer: dict[str, Any] = {"verdicts": {}, "check_cpu": 0.0, "check_wall": 0.0, "notes": {}}
    if not found.code:
        answer = json.loads(found.told.splitlines()[-1])
    trouble = (found.stopped and f"stopped: {found.stopped}") or (f"exit {found.code}" if found.code else "")
    return Run(
        peer=peer,
        rows=rows,
        data=what,
        wall=found.wall,
        cpu=found.cpu,
        peak_memory=found.peak_memory,
        trouble=trouble,
        **answer,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", nargs="+", choices=RUNNERS, default=list(RUNNERS))
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--memory-limit", default="3GB", help="of DuckDB and of Spark's driver, for whoever has it")
    parser.add_argument("--seconds", type=float, default=900, help="a run that takes longer is ended")
    parser.add_argument("--memory", type=float, default=9e9, help="bytes; a run that takes more is ended")
    parser.add_argument("--add", action="store_true", help="to the runs that gate.json has already")
    parser.add_argument("--out", type=Path, default=Path("out/benchmark"), help="data and environments are kept here")
    return parser.parse_args()


def main() -> None:
    asked = _arguments()
    asked.out = asked.out.absolute()
    asked.out.mkdir(parents=True, exist_ok=True)
    kept = asked.out / "gate.json"
    runs: list[dict[str, Any]] = json.loads(kept.read_text(encoding="utf-8")) if asked.add and kept.exists() else []
    folders = {rows: data(asked.out, rows, asked.data) for rows in asked.rows}
    for _, rows, what, peer in product(range(asked.runs), asked.rows, asked.data, asked.peers):
        try:
            one = asdict(measured(peer, rows, what, folders[rows][what], asked))
        except subprocess.CalledProcessError:
            print(f"{peer}: its environment could not be made", file=sys.stderr)  # noqa: T201 - so far
            continue
        print(f"{peer} {rows:,} {what}: {one['cpu']:.1f} CPU s {one['trouble']}", file=sys.stderr)  # noqa: T201
        runs.append(one)
        kept.write_text(json.dumps(runs, indent=1), encoding="utf-8")
    kinds = {rule["name"]: rule["kind"] for rule in rulebook(date.fromisoformat(DAY))}
    print(standings(runs, kinds))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
