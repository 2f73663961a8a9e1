"""How a whole publish grows with its table: `wv_comm_user` on DuckDB and on a local Spark, side by side in one run.

    uv run --group bench --extra spark python benchmarks/scale.py --members 200000 1000000 --out out/scale

Each publish runs in a process of its own. Its CPU seconds and peak memory count the whole tree of processes, Java
included; phases are the publish's own words with the time between them. Prints Markdown and leaves `scale.json`.
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

from watch import cost

DAY = date(2024, 1, 1)
ENGINES = ("duckdb", "spark")
_PHASES = {"checking": "check upstreams", "building": "build and stage", "auditing": "audit", "publishing": "publish"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One publish. Seconds, and bytes; `shuffled` and `spilled` are what Spark's stages wrote, or DuckDB's spill files."""

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
        return self.rows / self.cpu


def publish(engine: str, upstreams: Path, out: Path) -> dict[str, Any]:
    """Publish one day in this process: what was written, when each phase began, and what Spark moved."""
    from martgate.builders.engines.spark_session import open_session  # noqa: PLC0415 - this is the measured process
    from martgate.project.requests import load_publish_request  # noqa: PLC0415
    from martgate.project.settings import load_settings  # noqa: PLC0415
    from martgate.project.wiring import open_context  # noqa: PLC0415
    from martgate.publish import run as life  # noqa: PLC0415

    settings = load_settings(flags={"engine": engine, "upstreams": str(upstreams), "out": str(out)}, environment={})
    settings = replace(settings, warehouse=str(out / "warehouse"), ledger=f"sqlite:///{out / 'ledger.db'}")
    said: list[tuple[str, float]] = []
    with ExitStack() as opened:
        context = opened.enter_context(open_context(settings))
        context = replace(context, progress=lambda words, **_: said.append((words.split()[0], time.monotonic())))
        spark = None
        if engine == "spark":  # an open session is used, and can be asked afterwards
            (out / "spill").mkdir(parents=True, exist_ok=True)
            spark = opened.enter_context(open_session("local[*]", settings.memory_limit, out / "spill"))
        record = life.run(load_publish_request(settings, context, "wv_comm_user", DAY), context)
        said.append(("end", time.monotonic()))
        assert record.decision == "approved", record.reasons
        assert record.audit is not None
        moved = _moved(spark) if spark else {"shuffled": 0, "spilled": 0}
    phases: dict[str, float] = {}
    for (word, began), (_, ended) in pairwise(said):
        phases[_PHASES[word]] = phases.get(_PHASES[word], 0) + ended - began
    return {"rows": record.audit.rows, "phases": phases, **moved}


def _moved(spark: Any) -> dict[str, int]:
    """Bytes that Spark's stages wrote for one another, and that did not fit into memory."""
    context = spark.sparkContext
    no_quantiles = context._gateway.new_array(context._jvm.double, 0)  # noqa: SLF001 - Python has no other way to ask
    store = context._jsc.sc().statusStore()  # noqa: SLF001
    stages = list(_listed(store.stageList(None, False, False, no_quantiles, None)))
    return {
        "shuffled": sum(stage.shuffleWriteBytes() for stage in stages),
        "spilled": sum(stage.diskBytesSpilled() for stage in stages),
    }


def _listed(sequence: Any) -> Iterator[Any]:
    for place in range(sequence.size()):
        yield sequence.apply(place)


def measure(engine: str, members: int, upstreams: Path, out: Path) -> Measured:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    command = [sys.executable, __file__, "--publish", engine, "--upstreams", str(upstreams), "--out", str(out)]
    found = cost(command, folder=out / "spill")
    if found.code:
        raise SystemExit(f"{engine} at {members:,} members: exit {found.code}")
    answer = json.loads(found.told.splitlines()[-1])
    shutil.rmtree(out)
    spilled = answer.pop("spilled") if engine == "spark" else found.peak_folder
    shuffled = answer.pop("shuffled")
    answer.pop("spilled", None)
    return Measured(
        engine=engine,
        members=members,
        wall=found.wall,
        cpu=found.cpu,
        peak_memory=found.peak_memory,
        spilled=spilled,
        shuffled=shuffled,
        **answer,
    )


def table(found: list[Measured]) -> str:
    """The measurements as Markdown, one line each, with the CPU cost against DuckDB's on the same rows."""
    head = (
        "| engine | rows | wall s | CPU s | of DuckDB's | rows / CPU s | peak GB | shuffled GB | spilled GB | "
        + " | ".join(_PHASES.values())
    )
    lines = [f"{head} |", "|" + "---|" * (head.count("|"))]
    for one in found:
        others = [other.cpu for other in found if (other.engine, other.members) == ("duckdb", one.members)]
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
    parser.add_argument("--out", type=Path, default=Path("out/scale"), help="samples are kept here from run to run")
    parser.add_argument("--publish", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--upstreams", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    asked = _arguments()
    if asked.publish:
        print(json.dumps(publish(asked.publish, asked.upstreams, asked.out.absolute())))  # noqa: T201 - its answer
        return
    found: list[Measured] = []
    for members in asked.members:
        upstreams = asked.out.absolute() / str(members)
        if not upstreams.exists():
            martgate = str(Path(sys.executable).with_name("martgate"))
            sample = [martgate, "sample", "--out", str(upstreams), "--members", str(members), "--date", str(DAY)]
            subprocess.run(sample, check=True)  # noqa: S603 - this project's own command
        for engine in asked.engines:
            found.append(measure(engine, members, upstreams, asked.out.absolute() / f"{engine}-{members}"))
            (asked.out / "scale.json").write_text(
                json.dumps([asdict(one) for one in found], indent=1), encoding="utf-8"
            )
            print(table(found), file=sys.stderr)  # noqa: T201 - so far
    print(table(found))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
