"""Measures the fixed cost of a gate: CPU seconds of `martgate gate` on 1,000 rows, from process start to exit.

    uv run --group bench python benchmarks/startup.py --runs 7

Prints Markdown with the medians of interleaved runs, one row per value of `--report`.
"""

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

from watch import Cost, measure_cost

DAY = "2024-01-01"
REPORTS = ("none", "fast", "full")
MARTGATE = str(Path(sys.executable).with_name("martgate"))


def publish_table(folder: Path, rows: int) -> Path:
    """Publish `wv_comm_user` with so many rows, unless it exists, and return its folder."""
    table = folder / "warehouse" / "we_mart" / "wv_comm_user"
    if not table.exists():
        upstreams = str(folder / "upstreams")
        sample = ["sample", "--out", upstreams, "--members", str(rows), "--date", DAY]
        publish = [
            "run",
            "wv_comm_user",
            "--date",
            DAY,
            "--upstreams",
            upstreams,
            *_project_options(folder),
            "--report",
            "none",
        ]
        for command in (sample, publish):
            subprocess.run([MARTGATE, *command], check=True, capture_output=True)  # noqa: S603 - this project's own
    return table


def _project_options(folder: Path) -> list[str]:
    ledger = f"sqlite:///{folder / 'ledger.db'}"
    return ["--warehouse", str(folder / "warehouse"), "--ledger", ledger, "--out", str(folder)]


def measure_gate(table: Path, folder: Path, report: str) -> Cost:
    """Gate the table in a new process."""
    gate = ["gate", "wv_comm_user", "--input", str(table), "--date", DAY, "--report", report]
    result = measure_cost([MARTGATE, *gate, *_project_options(folder)])
    assert result.code == 0, result.output
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument(
        "--out", type=Path, default=Path("out/startup"), help="folder of the table, which later runs reuse"
    )
    arguments = parser.parse_args()
    folder = arguments.out.absolute()
    table = publish_table(folder, arguments.rows)
    measurements: dict[str, list[Cost]] = {report: [] for report in REPORTS}
    for _ in range(arguments.runs):
        for report, costs in measurements.items():
            costs.append(measure_gate(table, folder, report))
    print("| `--report` | CPU s | wall s | peak MB |\n|---|---|---|---|")  # noqa: T201 - the result
    for report, costs in measurements.items():
        cpu, wall, memory = (
            statistics.median(getattr(one, key) for one in costs) for key in ("cpu", "wall", "peak_memory")
        )
        print(f"| {report} | {cpu:.2f} | {wall:.2f} | {memory / 1e6:.0f} |")  # noqa: T201 - the result


if __name__ == "__main__":
    main()
