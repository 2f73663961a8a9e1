"""The runs of `gate.py` as Markdown: one table a number of rows, one line a tool, medians, and ratios to ours."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
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


def standings(runs: Runs, kinds: Mapping[str, str]) -> str:
    """The tables; `kinds` are those of all rules, by name."""
    each = ([run for run in runs if run["rows"] == rows] for rows in sorted({run["rows"] for run in runs}))
    return "\n\n".join(_of(runs_of_size, kinds) for runs_of_size in each)


def _of(runs: Runs, kinds: Mapping[str, str]) -> str:
    ours = _median(run["cpu"] for run in _good(runs, OURS, "clean"))
    peers = [peer for peer in RUNNERS if any(run["peer"] == peer for run in runs)]
    lines = [_line(peer, runs, ours, kinds) for peer in sorted(peers, key=lambda peer: _order(peer, runs))]
    return "\n".join([f"### {runs[0]['rows']:,} rows", "", _row(_HEAD), _row("---" for _ in _HEAD), *lines])


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
