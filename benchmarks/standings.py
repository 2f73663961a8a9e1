"""Renders the runs of `gate.py` as Markdown: for each number of rows, the medians of each tool, and the goals."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from plant import DUPLICATE_RULE, PLANTED
from runners import RUNNERS

__all__ = ["render_standings"]

OURS, REFERENCE = "ours-duckdb", "limit-duckdb"
_HEAD = (
    "tool", "version", "runs", "process CPU s", "of ours", "check CPU s", "wall s", "peak MB", "statements",
    "rules", "cannot say", "planted found", "verdicts unlike the reference",
)  # fmt: skip
Runs = list[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Goal:
    """Goal that a peer's median is at least `times` ours."""

    peer: str
    times: float
    ours: str = OURS
    measure: str = "cpu"


GOALS = (
    Goal("dataframely", 1),
    Goal("dataframely", 4, measure="peak_memory"),
    Goal("pandera-polars", 1),
    Goal("pandera-polars", 4, measure="peak_memory"),
    Goal("soda", 2),
    Goal("gx-duckdb", 6),
    Goal("gx-pandas", 20),
    Goal("gx-spark", 50),
    Goal("limit-read", 1, ours="ours-written", measure="check_cpu"),
    Goal("limit-spark", 1 / 1.2, ours="ours-spark", measure="check_cpu"),
    Goal("gx-spark", 2, ours="ours-spark"),
)
_MEASURES = {"cpu": "process CPU", "check_cpu": "check CPU", "peak_memory": "peak memory"}


def render_standings(runs: Runs, kinds: Mapping[str, str]) -> str:
    """Render the tables.

    Args:
        runs: the runs in `gate.json`.
        kinds: the kind of each rule, by name.
    """
    each = ([run for run in runs if run["rows"] == rows] for rows in sorted({run["rows"] for run in runs}))
    return "\n\n".join(_render_size(runs_of_size, kinds) for runs_of_size in each)


def _render_size(runs: Runs, kinds: Mapping[str, str]) -> str:
    ours = _median(run["cpu"] for run in _successful(runs, OURS, "clean"))
    peers = [peer for peer in RUNNERS if any(run["peer"] == peer for run in runs)]
    lines = [
        _render_tool(peer, runs, ours, kinds) for peer in sorted(peers, key=lambda peer: _cpu_or_infinity(peer, runs))
    ]
    table = [_row(_HEAD), _row("---" for _ in _HEAD), *lines]
    return "\n".join([f"### {runs[0]['rows']:,} rows", "", *table, *_render_goals(runs)])


def _render_goals(runs: Runs) -> list[str]:
    """Render a row for each goal of which both tools were run."""
    lines = []
    for goal in GOALS:
        theirs, ours = (
            _median(run[goal.measure] for run in _successful(runs, who, "clean")) for who in (goal.peer, goal.ours)
        )
        if theirs and ours:
            ratio = f"{_MEASURES[goal.measure]} of {goal.peer} / {goal.ours}"
            met = "yes" if theirs / ours >= goal.times else "no"
            lines.append(_row([ratio, f"{goal.times:.2g}x", f"{theirs / ours:.2f}x", met]))
    return ["", _row(["goal", "expected", "measured", "met"]), _row(["---"] * 4), *lines] if lines else []


def _cpu_or_infinity(peer: str, runs: Runs) -> float:
    return _median(run["cpu"] for run in _successful(runs, peer, "clean")) or float("inf")


def _render_tool(peer: str, runs: Runs, ours: float, kinds: Mapping[str, str]) -> str:
    good = _successful(runs, peer, "clean")
    if not good:
        troubles = {run["trouble"] for run in runs if run["peer"] == peer}
        return _row([peer, RUNNERS[peer].versions, "0", ", ".join(sorted(troubles)), *[""] * (len(_HEAD) - 4)])
    cpu, check, wall, memory = (
        _median(run[key] for run in good) for key in ("cpu", "check_cpu", "wall", "peak_memory")
    )
    return _row(
        [
            peer,
            RUNNERS[peer].versions,
            str(len(good)),
            f"{cpu:.1f}",
            f"{cpu / ours:.1f}x" if ours else "",
            f"{check:.1f}",
            f"{wall:.1f}",
            f"{memory / 1e6:,.0f}",
            str(good[0]["notes"].get("statements", "")),
            str(len(good[0]["verdicts"]) or ""),
            _inexpressible(good[0]["verdicts"], kinds),
            *_compare_verdicts(peer, runs),
        ]
    )


def _inexpressible(verdicts: Mapping[str, bool], kinds: Mapping[str, str]) -> str:
    """Count, by kind, the rules that a tool cannot express."""
    counts = Counter(kind for name, kind in kinds.items() if name not in verdicts)
    return ", ".join(f"{count} {kind}" for kind, count in counts.items()) if verdicts else ""


def _compare_verdicts(peer: str, runs: Runs) -> tuple[str, str]:
    """Count the planted defects that a tool found, and list the verdicts that differ from the reference."""
    planted = {*(defect.rule for defect in PLANTED), DUPLICATE_RULE}
    defective = _successful(runs, peer, "defective")
    found = (
        f"{sum(defective[-1]['verdicts'].get(rule) is False for rule in planted)} of {len(planted)}"
        if defective
        else ""
    )
    different = []
    for what in ("clean", "defective"):
        reference, own = _successful(runs, REFERENCE, what), _successful(runs, peer, what)
        if reference and own:
            expected = reference[-1]["verdicts"]
            different += [
                f"{name} ({what})" for name, passed in own[-1]["verdicts"].items() if expected[name] != passed
            ]
    has_verdicts = any(run["verdicts"] for run in runs if run["peer"] == peer)
    return (found, ", ".join(different) or "none") if has_verdicts else ("", "")


def _successful(runs: Runs, peer: str, what: str) -> Runs:
    return [run for run in runs if run["peer"] == peer and run["data"] == what and not run["trouble"]]


def _median(numbers: Iterable[float]) -> float:
    values = list(numbers)
    return statistics.median(values) if values else 0.0


def _row(cells: Iterable[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
