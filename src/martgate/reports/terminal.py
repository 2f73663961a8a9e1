"""The terminal: what a person sees after a command, the answer first and what stands in the way next.

Everything that comes from data or contracts is made harmless (`martgate.text.wording.escape_text`) before it is printed: a control
character in a table must not repaint a terminal. Colour is for terminals; see `is_color_enabled`. No text ends in a newline.
"""

import os
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from martgate.errors import Problem
from martgate.expectations.coverage import CoverageItem, CoverageStatus
from martgate.gate.run import RunRecord
from martgate.reports.view import RuleView, RunView, build_run_view
from martgate.text.wording import escape_text, format_count, format_percent, truncate

if TYPE_CHECKING:  # it brings numpy along
    from martgate.expectations.backtest import Replay

__all__ = [
    "Paint",
    "is_color_enabled",
    "make_painter",
    "render_backtest_text",
    "render_coverage_text",
    "render_lint_text",
    "render_run_text",
]

_MOST_RULES = 20
_MOST_COLUMNS = 10
_MOST_EXAMPLE = 160
_MOST_SOURCE = 120
_MOST_WAIVER = 300
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_INDENT = " " * 9
_STYLES = {"good": "1;32", "bad": "1;31", "warn": "33", "bold": "1", "dim": "2"}
_LINTED = {"error": "bad", "warning": "warn"}

Paint = Callable[[str, str], str]


def is_color_enabled(stream: TextIO) -> bool:
    """Whether colour codes belong in this stream: a terminal, and nobody has set NO_COLOR."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def render_run_text(record: RunRecord, *, color: bool | None = None) -> str:
    """The summary of a run: the answer, what stands in the way, what it changes, the tally, and where the report is."""
    run = build_run_view(record)
    paint = make_painter(color)
    return "\n".join([_headline(run, paint), *_told(run, paint), *_restated(run), *_closing(run)])


def _headline(run: RunView, paint: Paint) -> str:
    verb, _, rest = escape_text(run.headline).partition(":")
    return f"{paint('bad' if run.decision == 'refused' else 'good', verb)}:{rest}"


def _told(run: RunView, paint: Paint) -> Iterator[str]:
    told = [rule for rule in run.rules if rule.standing < 2]
    if not told:
        return
    yield ""
    width = max(_cells(escape_text(rule.name)) for rule in told[:_MOST_RULES])
    for rule in told[:_MOST_RULES]:
        yield from _rule(rule, width, paint)
    if len(told) > _MOST_RULES:
        yield f"{_INDENT}and {format_count(len(told) - _MOST_RULES, 'rules')} more in the report"


def _rule(rule: RuleView, width: int, paint: Paint) -> Iterator[str]:
    name = escape_text(rule.name)
    severity = paint("bad" if rule.standing == 0 else "warn", f"{'waived' if rule.is_waived else rule.severity:<7}")
    found = rule.found if rule.outcome == "failed" else f"{rule.outcome_words}, {rule.found}"
    yield f"{severity}  {paint('bold', name)}{' ' * (width - _cells(name))}  {found}"
    yield f"{_INDENT}{escape_text(rule.wording or rule.sentence)}"
    told = {"suite": rule.suite, "observed": rule.observed, "because": rule.reason, "waiver": rule.waiver}
    for label, text in told.items():
        if text:
            yield f"{_INDENT}{label}: {truncate(escape_text(text), _MOST_EXAMPLE)}"
    for example in rule.examples[:1]:
        cells = ", ".join(f"{escape_text(column)}={escape_text(value)}" for column, value in example.items())
        yield paint("dim", f"{_INDENT}for example: {truncate(cells, _MOST_EXAMPLE)}")
    if rule.values:
        cells = ", ".join(f"{escape_text(value)} in {rows}" for value, rows in rule.values)
        yield paint("dim", f"{_INDENT}most often: {truncate(cells, _MOST_EXAMPLE)}")


def _restated(run: RunView) -> Iterator[str]:
    """What changes for readers of the day; of many columns that differ, the page has them all."""
    if not run.restated:
        return
    yield ""
    yield run.restated
    for column, found in run.restated_columns[:_MOST_COLUMNS]:
        yield f"{_INDENT}{escape_text(column)} differs in {found}"
    if len(run.restated_columns) > _MOST_COLUMNS:
        yield f"{_INDENT}and {format_count(len(run.restated_columns) - _MOST_COLUMNS, 'columns')} more in the report"


def _closing(run: RunView) -> Iterator[str]:
    yield ""
    yield run.tally
    told = {rule.name for rule in run.rules if rule.standing < 2}
    yield from (truncate(escape_text(waiver), _MOST_WAIVER) for rule, waiver in run.waivers if rule not in told)
    for reason, number in Counter(rule.reason for rule in run.out_of_scope).items():
        yield f"{format_count(number, 'rules')} out of scope: {truncate(escape_text(reason), _MOST_EXAMPLE)}"
    if run.compared_with:
        yield f"compared with {run.compared_with}, the newest earlier day that is published"
    queries = f"{run.queries:,} {'query' if run.queries == 1 else 'queries'}"
    answered = f", {run.answered_by}" if run.answered_by else ""
    yield f"{format_count(run.rows, 'rows')}, {queries}{answered}, {run.seconds:.1f} s"
    if run.candidate:
        yield f"candidate: {escape_text(run.candidate)}"
    if run.report:
        yield f"report: {escape_text(run.report)}"


def render_backtest_text(table: str, replays: "Iterable[Replay]", *, color: bool | None = None) -> str:
    """Each rule that learns: the days it was replayed on, its alarms beside those that are expected, and what it catches."""
    paint = make_painter(color)
    blocks = [line for replay in replays for line in ("", *_replay(replay, paint))]
    return "\n".join([f"{escape_text(table)}: its published days, each judged by those before it", *blocks])


def _replay(replay: "Replay", paint: Paint) -> Iterator[str]:
    yield f"{paint('bold', escape_text(replay.rule.name))}  {escape_text(replay.rule.sentence)}"
    if not replay.days:
        yield "  no published day was measured for it yet"
        return
    judged = len(replay.days) - replay.learning
    span = f"{replay.days[0]} to {replay.days[-1]}"
    yield f"  {format_count(len(replay.days), 'days')}, {span}: {replay.learning:,} learning, {judged:,} judged"
    if not judged:
        return
    alarms = format_count(len(replay.alarms), "alarms")
    told = paint("warn", alarms) if replay.alarms else alarms
    yield f"  {told} in {format_count(replay.numbers, 'numbers')}; {replay.expected:.2g} expected by its budget if no day was wrong"
    caught = [f"{each.change} {format_percent(each.caught, each.planted)}" for each in replay.power if each.planted]
    yield f"  caught, if one were: {', '.join(caught) or 'nothing could be planted'}"
    for alarm in replay.alarms[:_MOST_RULES]:
        cells = ", ".join(f"{escape_text(name)}={escape_text(value)}" for name, value in alarm.told.items())
        yield f"  {alarm.day}  {truncate(cells, _MOST_EXAMPLE)}"
    if len(replay.alarms) > _MOST_RULES:
        yield f"  and {format_count(len(replay.alarms) - _MOST_RULES, 'alarms')} more in --json"


def render_lint_text(
    problems: Iterable[Problem], *, files: int, warnings: Iterable[Problem] = (), color: bool | None = None
) -> str:
    """Every problem with its place, its line, a caret and what to do; then how many there are in how many `files`."""
    paint = make_painter(color)
    listed = {"error": list(problems), "warning": list(warnings)}
    told = [(word, problem) for word, found in listed.items() for problem in found]
    sources = {file: _lines(file) for file in dict.fromkeys(problem.file for _, problem in told) if file}
    blocks = ["\n".join(_problem(problem, sources.get(problem.file, []), paint, word=word)) for word, problem in told]
    errors = (
        paint("bad", format_count(len(listed["error"]), "errors")) if listed["error"] else paint("good", "no errors")
    )
    warned = f", {paint('warn', format_count(len(listed['warning']), 'warnings'))}" if listed["warning"] else ""
    return "\n".join([*blocks, f"{errors}{warned} in {format_count(files, 'files')}"])


def render_coverage_text(items: Sequence[CoverageItem], *, color: bool | None = None) -> str:
    """How many leaves of a contract have which status, then every enforced leaf with its rule, and what nobody answers for.

    What suites beside the contract enforce follows, each expectation with its rule.
    """
    paint = make_painter(color)
    beside = [item for item in items if item.suite]
    listed = [item for item in items if not item.suite]
    statuses = Counter(item.status for item in listed)
    tally = ", ".join(f"{statuses[status]:,} {status.value}" for status in CoverageStatus)
    enforced = [item for item in listed if item.status is CoverageStatus.ENFORCED]
    lost = [item for item in listed if item.status is CoverageStatus.UNSUPPORTED]
    return "\n".join(
        [
            f"{len(listed):,} leaves of the contract: {tally}",
            *(f"  {escape_text(item.path)}  {paint('dim', 'by')} {escape_text(item.rule)}" for item in enforced),
            *(f"{paint('bad', 'unsupported')}  {escape_text(item.path)}" for item in lost),
            *(
                [f"{format_count(len(beside), 'expectations')} of suites written by hand, all enforced"]
                if beside
                else []
            ),
            *(f"  {escape_text(item.path)}  {paint('dim', 'by')} {escape_text(item.rule)}" for item in beside),
        ]
    )


def _problem(problem: Problem, source: list[str], paint: Paint, *, word: str) -> Iterator[str]:
    place = ":".join([escape_text(problem.file), *(str(n) for n in (problem.line, problem.column) if n)])
    subject = f"{escape_text(problem.path)}: " if problem.path else ""
    yield f"{paint('bold', place)}{': ' if place else ''}{paint(_LINTED[word], word)}: {subject}{escape_text(problem.message)}"
    gutter = len(str(problem.line))
    if 0 < problem.line <= len(source):
        yield from _pointed(problem, source[problem.line - 1], gutter, paint)
    if problem.hint:
        yield f"{' ' * gutter} = {escape_text(problem.hint)}"


def _pointed(problem: Problem, line: str, gutter: int, paint: Paint) -> Iterator[str]:
    """The source line with a caret under the column; a long line is cut around it."""
    column = min(max(problem.column, 1), len(line) + 1) - 1
    start = max(0, column - _MOST_SOURCE // 2)
    shown = line.replace("\t", " ")  # one cell each, so that the caret stays true
    before, after = escape_text(shown[start:column]), escape_text(shown[column : start + _MOST_SOURCE])
    cut = "…" if start else ""
    yield f"{problem.line} | {cut}{before}{after}"
    if problem.column:
        yield f"{' ' * gutter} | {' ' * _cells(cut + before)}{paint('bad', '^')}"


def _lines(file: str) -> list[str]:
    """The lines of a file as YAML counts them; none where it cannot be read, for then its problem says so."""
    try:
        text = Path(file).read_bytes().decode("utf-8-sig", errors="replace")
    except OSError:
        return []
    return _LINE_BREAK.split(text)


def _cells(text: str) -> int:
    """How many columns of a terminal the text takes: Korean takes two a letter."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def make_painter(color: bool | None) -> Paint:  # noqa: FBT001 - None leaves it to the terminal
    if not (is_color_enabled(sys.stdout) if color is None else color):
        return lambda _, text: text
    return lambda style, text: f"\x1b[{_STYLES[style]}m{text}\x1b[0m"
