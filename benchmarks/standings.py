"""The runs of `gate.py` as Markdown, for each number of rows: a line a tool, of medians, and what became of the goals."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from plant import PLANTED, TWICE
from runners import RUNNERS

__all__ = ["standings"]

OURS, REFERENCE = "ours-duckdb", "limit-duckdb"
_HEAD = (
    "tool", "version", "runs", "process CPU s", "of ours", "check CPU s", "wall s", "peak MB", "statements",
    "rules", "cannot say", "planted found", "verdicts unlike the reference",
)  # fmt: skip
Runs = list[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Goal:
    """A peer's median is at least `times` ours, in what is measured."""

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


def standings(runs: Runs, kinds: Mapping[str, str]) -> str:
    """The tables; `kinds` are those of all rules, by name."""
    each = ([run for run in runs if run["rows"] == rows] for rows in sorted({run["rows"] for run in runs}))
    return "\n\n".join(_of(runs_of_size, kinds) for runs_of_size in each)


def _of(runs: Runs, kinds: Mapping[str, str]) -> str:
    ours = _median(run["cpu"] for run in _good(runs, OURS, "clean"))
    peers = [peer for peer in RUNNERS if any(run["peer"] == peer for run in runs)]
    lines = [_line(peer, runs, ours, kinds) for peer in sorted(peers, key=lambda peer: _order(peer, runs))]
    table = [_row(_HEAD), _row("---" for _ in _HEAD), *lines]
    return "\n".join([f"### {runs[0]['rows']:,} rows", "", *table, *_goals(runs)])


def _goals(runs: Runs) -> list[str]:
    """A line for each goal whose two sides were run."""
    lines = []
    for goal in GOALS:
        theirs, ours = (
            _median(run[goal.measure] for run in _good(runs, who, "clean")) for who in (goal.peer, goal.ours)
        )
        if theirs and ours:
            told = f"{_MEASURES[goal.measure]} of {goal.peer} / {goal.ours}"
            met = "yes" if theirs / ours >= goal.times else "no"
            lines.append(_row([told, f"{goal.times:.2g}x", f"{theirs / ours:.2f}x", met]))
    return ["", _row(["goal", "asked", "measured", "met"]), _row(["---"] * 4), *lines] if lines else []


def _order(peer: str, runs: Runs) -> float:
    return _median(run["cpu"] for run in _good(runs, peer, "clean")) or float("inf")


def _line(peer: str, runs: Runs, ours: float, kinds: Mapping[str, str]) -> str:
    good = _good(runs, peer, "clean")
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
            _unsaid(good[0]["verdicts"], kinds),
            *_judged(peer, runs),
        ]
    )


def _unsaid(verdicts: Mapping[str, bool], kinds: Mapping[str, str]) -> str:
    """How many rules of each kind a tool has no words for."""
    counted = Counter(kind for name, kind in kinds.items() if name not in verdicts)
    return ", ".join(f"{count} {kind}" for kind, count in counted.items()) if verdicts else ""


def _judged(peer: str, runs: Runs) -> tuple[str, str]:
    """How many of the planted defects a tool found, and where its verdicts are not those of the reference."""
    planted = {*(defect.rule for defect in PLANTED), TWICE}
    spoiled = _good(runs, peer, "defective")
    found = (
        f"{sum(spoiled[-1]['verdicts'].get(rule) is False for rule in planted)} of {len(planted)}" if spoiled else ""
    )
    unlike = []
    for what in ("clean", "defective"):
        reference, own = _good(runs, REFERENCE, what), _good(runs, peer, what)
        if reference and own:
            right = reference[-1]["verdicts"]
            unlike += [f"{name} ({what})" for name, kept in own[-1]["verdicts"].items() if right[name] != kept]
    has_verdicts = any(run["verdicts"] for run in runs if run["peer"] == peer)
    return (found, ", ".join(unlike) or "none") if has_verdicts else ("", "")


def _good(runs: Runs, peer: str, what: str) -> Runs:
    return [run for run in runs if run["peer"] == peer and run["data"] == what and not run["trouble"]]


def _median(numbers: Iterable[float]) -> float:
    found = list(numbers)
    return statistics.median(found) if found else 0.0


def _row(cells: Iterable[str]) -> str:
    shown = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(shown)} |"
