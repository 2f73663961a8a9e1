"""Compares the cost and the verdicts of gating a table: this project, its peers, and hand-written queries.

    uv run --group bench --extra spark python benchmarks/gate.py --rows 1000000 --runs 3 --peers ours-duckdb soda

All tools check the same Parquet files, clean and with planted defects, against the same rules (`rulebook.py`), each in a
new process with its own environment (`runners.py`). Rounds are interleaved. CPU seconds and memory are those of the whole
process, including a JVM; the seconds of the check exclude imports and sessions. Prints Markdown and writes all runs to
`gate.json`, to which `--add` appends.
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

from plant import DATA, DAY, prepare_data
from rulebook import rulebook
from runners import RUNNERS, SETTINGS, python_of
from standings import render_standings
from watch import Limits, measure_cost

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One check. Seconds and bytes; `check_*` without imports and sessions; verdicts by rule, true if it passed."""

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


def measure(peer: str, rows: int, what: str, folder: Path, arguments: argparse.Namespace) -> Run:
    """Run one check by one tool in a new process; `trouble` describes a run that failed."""
    runner = RUNNERS[peer]
    out: Path = arguments.out
    job = out / "job.json"
    spill = out / "spill"
    shutil.rmtree(spill, ignore_errors=True)
    spill.mkdir(parents=True)
    job_values = {
        "files": sorted(map(str, folder.rglob("*.parquet"))),
        "folder": str(folder),
        "day": DAY,
        "memory_limit": arguments.memory_limit,
        "spill": str(spill),
        "rules": rulebook(date.fromisoformat(DAY)),
    }
    job.write_text(json.dumps(job_values), encoding="utf-8")
    command = [python_of(runner.environment, out / "envs"), str(PEERS / f"{runner.script}.py"), str(job)]
    limits = Limits(seconds=arguments.seconds, memory=arguments.memory)
    result = measure_cost([*command, runner.variant], limits=limits, environment={**os.environ, **SETTINGS})
    answer: dict[str, Any] = {"verdicts": {}, "check_cpu": 0.0, "check_wall": 0.0, "notes": {}}
    if not result.code:
        answer = json.loads(result.output.splitlines()[-1])
    trouble = (result.stopped and f"stopped: {result.stopped}") or (f"exit {result.code}" if result.code else "")
    return Run(
        peer=peer,
        rows=rows,
        data=what,
        wall=result.wall,
        cpu=result.cpu,
        peak_memory=result.peak_memory,
        trouble=trouble,
        **answer,
    )


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", nargs="+", choices=RUNNERS, default=list(RUNNERS))
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--memory-limit", default="3GB", help="of DuckDB and of Spark's driver")
    parser.add_argument("--seconds", type=float, default=900, help="a run that takes longer is killed")
    parser.add_argument("--memory", type=float, default=9e9, help="bytes; a run that takes more is killed")
    parser.add_argument("--add", action="store_true", help="append to the runs in gate.json")
    parser.add_argument("--out", type=Path, default=Path("out/benchmark"), help="folder of data and environments")
    return parser.parse_args()


def main() -> None:
    arguments = _parse_arguments()
    arguments.out = arguments.out.absolute()
    arguments.out.mkdir(parents=True, exist_ok=True)
    results = arguments.out / "gate.json"
    runs: list[dict[str, Any]] = (
        json.loads(results.read_text(encoding="utf-8")) if arguments.add and results.exists() else []
    )
    folders = {rows: prepare_data(arguments.out, rows, arguments.data) for rows in arguments.rows}
    for _, rows, what, peer in product(range(arguments.runs), arguments.rows, arguments.data, arguments.peers):
        try:
            one = asdict(measure(peer, rows, what, folders[rows][what], arguments))
        except subprocess.CalledProcessError:
            print(f"{peer}: its environment could not be installed", file=sys.stderr)  # noqa: T201 - progress
            continue
        print(f"{peer} {rows:,} {what}: {one['cpu']:.1f} CPU s {one['trouble']}", file=sys.stderr)  # noqa: T201
        runs.append(one)
        results.write_text(json.dumps(runs, indent=1), encoding="utf-8")
    kinds = {rule["name"]: rule["kind"] for rule in rulebook(date.fromisoformat(DAY))}
    print(render_standings(runs, kinds))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
