"""Measures how the cost of a publish grows with its table: `wv_comm_user` on DuckDB and on a local Spark.

    uv run --group bench --extra spark python benchmarks/scale.py --members 200000 1000000 --out out/scale

Each publish runs in a new process. CPU seconds and peak memory include all child processes, such as Java; the phases are
those that the publish reports. Prints Markdown and writes `scale.json`.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from watch import measure_cost

DAY = date(2024, 1, 1)
ENGINES = ("duckdb", "spark")
_PHASES = {"checking": "check upstreams", "building": "build and stage", "auditing": "audit", "publishing": "publish"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Cost of one publish, in seconds and bytes; `shuffled` and `spilled` are of Spark's stages, or DuckDB's spill files."""

    engine: str
    members: int
    rows: int
    wall: float
    cpu: float
    peak_memory: int
    spilled: int
    shuffled: int
    phases: dict[str, float]

    @property
    def rows_per_cpu_second(self) -> float:
        """The number of rows per CPU second."""
        return self.rows / self.cpu


def publish(engine: str, upstreams: Path, out: Path) -> dict[str, Any]:
    """Publish one day in this process, and return the rows, the seconds of each phase, and the bytes of Spark."""
    from martgate.builders.engines.spark_session import open_session  # noqa: PLC0415 - this is the measured process
    from martgate.project.requests import load_publish_request  # noqa: PLC0415
    from martgate.project.settings import load_settings  # noqa: PLC0415
    from martgate.project.wiring import open_context  # noqa: PLC0415
    from martgate.publish import run as life  # noqa: PLC0415

    settings = load_settings(flags={"engine": engine, "upstreams": str(upstreams), "out": str(out)}, environment={})
    settings = replace(settings, warehouse=str(out / "warehouse"), ledger=f"sqlite:///{out / 'ledger.db'}")
    events: list[tuple[str, float]] = []
    with ExitStack() as opened:
        context = opened.enter_context(open_context(settings))
        context = replace(context, progress=lambda words, **_: events.append((words.split()[0], time.monotonic())))
        spark = None
        if engine == "spark":  # the publish uses an open session, which can be queried afterwards
            (out / "spill").mkdir(parents=True, exist_ok=True)
            spark = opened.enter_context(open_session("local[*]", settings.memory_limit, out / "spill"))
        record = life.run(load_publish_request(settings, context, "wv_comm_user", DAY), context)
        events.append(("end", time.monotonic()))
        assert record.decision == "approved", record.reasons
        assert record.audit is not None
        bytes_moved = _spark_bytes(spark) if spark else {"shuffled": 0, "spilled": 0}
    phases: dict[str, float] = {}
    for (word, began), (_, ended) in pairwise(events):
        phases[_PHASES[word]] = phases.get(_PHASES[word], 0) + ended - began
    return {"rows": record.audit.rows, "phases": phases, **bytes_moved}


def _spark_bytes(spark: Any) -> dict[str, int]:
    """Sum the bytes that Spark's stages shuffled and spilled."""
    context = spark.sparkContext
    no_quantiles = context._gateway.new_array(context._jvm.double, 0)  # noqa: SLF001 - no public API in Python
    store = context._jsc.sc().statusStore()  # noqa: SLF001
    stages = list(_iterate(store.stageList(None, False, False, no_quantiles, None)))
    return {
        "shuffled": sum(stage.shuffleWriteBytes() for stage in stages),
        "spilled": sum(stage.diskBytesSpilled() for stage in stages),
    }


def _iterate(sequence: Any) -> Iterator[Any]:
    for place in range(sequence.size()):
        yield sequence.apply(place)


def measure(engine: str, members: int, upstreams: Path, out: Path) -> Measurement:
    """Publish once in a new process and measure it."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    command = [sys.executable, __file__, "--publish", engine, "--upstreams", str(upstreams), "--out", str(out)]
    result = measure_cost(command, folder=out / "spill")
    if result.code:
        raise SystemExit(f"{engine} at {members:,} members: exit {result.code}")
    answer = json.loads(result.output.splitlines()[-1])
    shutil.rmtree(out)
    spilled = answer.pop("spilled") if engine == "spark" else result.peak_folder
    shuffled = answer.pop("shuffled")
    answer.pop("spilled", None)
    return Measurement(
        engine=engine,
        members=members,
        wall=result.wall,
        cpu=result.cpu,
        peak_memory=result.peak_memory,
        spilled=spilled,
        shuffled=shuffled,
        **answer,
    )


def render_table(measurements: list[Measurement]) -> str:
    """Render the measurements as Markdown, with the CPU seconds relative to DuckDB's on the same rows."""
    head = (
        "| engine | rows | wall s | CPU s | of DuckDB's | rows / CPU s | peak GB | shuffled GB | spilled GB | "
        + " | ".join(_PHASES.values())
    )
    lines = [f"{head} |", "|" + "---|" * (head.count("|"))]
    for one in measurements:
        others = [other.cpu for other in measurements if (other.engine, other.members) == ("duckdb", one.members)]
        ratio = f"{one.cpu / statistics.median(others):.1f}x" if others else ""
        sizes = (f"{size / 1e9:.2f}" for size in (one.peak_memory, one.shuffled, one.spilled))
        phases = (f"{one.phases.get(phase, 0):.1f} s" for phase in _PHASES.values())
        cells = (
            one.engine,
            f"{one.rows:,}",
            f"{one.wall:.0f}",
            f"{one.cpu:.0f}",
            ratio,
            f"{one.rows_per_cpu_second:,.0f}",
            *sizes,
            *phases,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, nargs="+", default=[200_000, 1_000_000, 5_000_000, 10_000_000])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--out", type=Path, default=Path("out/scale"), help="folder of samples, which later runs reuse")
    parser.add_argument("--publish", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--upstreams", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    if arguments.publish:
        print(json.dumps(publish(arguments.publish, arguments.upstreams, arguments.out.absolute())))  # noqa: T201 - the result
        return
    measurements: list[Measurement] = []
    for members in arguments.members:
        upstreams = arguments.out.absolute() / str(members)
        if not upstreams.exists():
            martgate = str(Path(sys.executable).with_name("martgate"))
            sample = [martgate, "sample", "--out", str(upstreams), "--members", str(members), "--date", str(DAY)]
            subprocess.run(sample, check=True)  # noqa: S603 - this project's own command
        for engine in arguments.engines:
            measurements.append(measure(engine, members, upstreams, arguments.out.absolute() / f"{engine}-{members}"))
            (arguments.out / "scale.json").write_text(
                json.dumps([asdict(one) for one in measurements], indent=1), encoding="utf-8"
            )
            print(render_table(measurements), file=sys.stderr)  # noqa: T201 - progress
    print(render_table(measurements))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
