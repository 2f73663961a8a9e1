"""What a gate costs before a row counts: CPU seconds of `martgate gate` on 1,000 rows, from process start to exit code.

    uv run --group bench python benchmarks/startup.py --runs 7

Medians of interleaved runs, one line for each way to report. Prints Markdown.
"""

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

from watch import Cost, cost

DAY = "2024-01-01"
REPORTS = ("none", "fast", "full")
MARTGATE = str(Path(sys.executable).with_name("martgate"))


def laid(folder: Path, rows: int) -> Path:
    """A published `wv_comm_user` of so many rows, made where there is none yet."""
    table = folder / "warehouse" / "we_mart" / "wv_comm_user"
    if not table.exists():
        upstreams = str(folder / "upstreams")
        sample = ["sample", "--out", upstreams, "--members", str(rows), "--date", DAY]
        publish = ["run", "wv_comm_user", "--date", DAY, "--upstreams", upstreams, *_own(folder), "--report", "none"]
        for command in (sample, publish):
            subprocess.run([MARTGATE, *command], check=True, capture_output=True)  # noqa: S603 - this project's own
    return table


def _own(folder: Path) -> list[str]:
    ledger = f"sqlite:///{folder / 'ledger.db'}"
    return ["--warehouse", str(folder / "warehouse"), "--ledger", ledger, "--out", str(folder)]


def gated(table: Path, folder: Path, report: str) -> Cost:
    """One gate of the table, in a process of its own."""
    gate = ["gate", "wv_comm_user", "--input", str(table), "--date", DAY, "--report", report]
    found = cost([MARTGATE, *gate, *_own(folder)])
    assert found.code == 0, found.told
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("out/startup"), help="the table is kept here from run to run")
    asked = parser.parse_args()
    folder = asked.out.absolute()
    table = laid(folder, asked.rows)
    found: dict[str, list[Cost]] = {report: [] for report in REPORTS}
    for _ in range(asked.runs):
        for report, costs in found.items():
            costs.append(gated(table, folder, report))
    print("| `--report` | CPU s | wall s | peak MB |\n|---|---|---|---|")  # noqa: T201 - its answer
    for report, costs in found.items():
        cpu, wall, memory = (
            statistics.median(getattr(one, key) for one in costs) for key in ("cpu", "wall", "peak_memory")
        )
        print(f"| {report} | {cpu:.2f} | {wall:.2f} | {memory / 1e6:.0f} |")  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
