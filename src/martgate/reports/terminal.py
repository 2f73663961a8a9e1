"""Renders runs, problems and coverage for the terminal, the decision first and the blocking rules next.

Text from data and contracts is escaped (`martgate.text.wording.escape_text`) before it is printed: a control
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
from martgate.reports.build_view import build_run_view
from martgate.reports.view import RuleView, RunView, Urgency
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

_MAX_RULES = 20
_MAX_COLUMNS = 10
_MAX_EXAMPLE = 160
_MAX_SOURCE = 120
_MAX_WAIVER = 300
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_INDENT = " " * 9
_STYLES = {"good": "1;32", "bad": "1;31", "warn": "33", "bold": "1", "dim": "2"}
_LEVEL_STYLES = {"error": "bad", "warning": "warn"}

Paint = Callable[[str, str], str]


def is_color_enabled(stream: TextIO) -> bool:
    """Whether a stream is a terminal and NO_COLOR is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def render_run_text(record: RunRecord, *, color: bool | None = None) -> str:
    """Render the summary of a run: decision, rules that need attention, restatement, counts, and the path of its page."""
    run = build_run_view(record)
    paint = make_painter(color)
    return "\n".join([_headline(run, paint), *_rules_to_read(run, paint), *_restatement(run), *_closing(run)])


def _headline(run: RunView, paint: Paint) -> str:
    verb, _, rest = escape_text(run.headline).partition(":")
    return f"{paint('bad' if run.decision == 'refused' else 'good', verb)}:{rest}"


def _rules_to_read(run: RunView, paint: Paint) -> Iterator[str]:
    rules = [*run.blocking, *run.to_read]
    if not rules:
        return
    yield ""
    width = max(_cell_width(escape_text(rule.name)) for rule in rules[:_MAX_RULES])
    for rule in rules[:_MAX_RULES]:
        yield from _rule(rule, width, paint)
    if len(rules) > _MAX_RULES:
        yield f"{_INDENT}and {format_count(len(rules) - _MAX_RULES, 'rules')} more in the report"


def _rule(rule: RuleView, width: int, paint: Paint) -> Iterator[str]:
    name = escape_text(rule.name)
    severity = paint(
        "bad" if rule.urgency is Urgency.BLOCKING else "warn", f"{'waived' if rule.is_waived else rule.severity:<7}"
    )
    result = rule.result if rule.outcome == "failed" else f"{rule.outcome_label}, {rule.result}"
    yield f"{severity}  {paint('bold', name)}{' ' * (width - _cell_width(name))}  {result}"
    yield f"{_INDENT}{escape_text(rule.text)}"
    details = {"suite": rule.suite, "observed": rule.observed, "because": rule.reason, "waiver": rule.waiver}
    for label, text in details.items():
        if text:
            yield f"{_INDENT}{label}: {truncate(escape_text(text), _MAX_EXAMPLE)}"
    for example in rule.examples[:1]:
        cells = ", ".join(f"{escape_text(column)}={escape_text(value)}" for column, value in example.items())
        yield paint("dim", f"{_INDENT}for example: {truncate(cells, _MAX_EXAMPLE)}")
    if rule.values:
        cells = ", ".join(f"{escape_text(value)} in {rows}" for value, rows in rule.values)
        yield paint("dim", f"{_INDENT}most often: {truncate(cells, _MAX_EXAMPLE)}")


def _restatement(run: RunView) -> Iterator[str]:
    """What changes in the published day; the page lists all columns that differ."""
    if not run.restatement:
        return
    yield ""
    yield run.restatement
    for column, rows in run.changed_columns[:_MAX_COLUMNS]:
        yield f"{_INDENT}{escape_text(column)} differs in {rows}"
    if len(run.changed_columns) > _MAX_COLUMNS:
        yield f"{_INDENT}and {format_count(len(run.changed_columns) - _MAX_COLUMNS, 'columns')} more in the report"


def _closing(run: RunView) -> Iterator[str]:
    yield ""
    yield run.tally
    listed = {rule.name for rule in (*run.blocking, *run.to_read)}
    yield from (truncate(escape_text(waiver), _MAX_WAIVER) for rule, waiver in run.waivers if rule not in listed)
    for reason, number in Counter(rule.reason for rule in run.out_of_scope).items():
        yield f"{format_count(number, 'rules')} out of scope: {truncate(escape_text(reason), _MAX_EXAMPLE)}"
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
    """Render the replays of the learned rules: days, alarms beside the expected number, and detection power."""
    paint = make_painter(color)
    blocks = [line for replay in replays for line in ("", *_replay(replay, paint))]
    return "\n".join([f"{escape_text(table)}: each published day checked against the days before it", *blocks])


def _replay(replay: "Replay", paint: Paint) -> Iterator[str]:
    yield f"{paint('bold', escape_text(replay.rule.name))}  {escape_text(replay.rule.sentence)}"
    if not replay.days:
        yield "  no published day has measurements for this rule yet"
        return
    checked = len(replay.days) - replay.learning
    span = f"{replay.days[0]} to {replay.days[-1]}"
    yield f"  {format_count(len(replay.days), 'days')}, {span}: {replay.learning:,} learning, {checked:,} checked"
    if not checked:
        return
    alarms = format_count(len(replay.alarms), "alarms")
    painted = paint("warn", alarms) if replay.alarms else alarms
    yield f"  {painted} in {format_count(replay.numbers, 'numbers')}; {replay.expected:.2g} expected by its budget if every day is right"
    detected = [f"{each.change} {format_percent(each.caught, each.planted)}" for each in replay.power if each.planted]
    yield f"  detection power: {', '.join(detected) or 'no change could be tried'}"
    for alarm in replay.alarms[:_MAX_RULES]:
        cells = ", ".join(f"{escape_text(name)}={escape_text(value)}" for name, value in alarm.example.items())
        yield f"  {alarm.day}  {truncate(cells, _MAX_EXAMPLE)}"
    if len(replay.alarms) > _MAX_RULES:
        yield f"  and {format_count(len(replay.alarms) - _MAX_RULES, 'alarms')} more in --json"


def render_lint_text(
    problems: Iterable[Problem], *, files: int, warnings: Iterable[Problem] = (), color: bool | None = None
) -> str:
    """Render problems with their source lines and hints, then their number.

    Args:
        problems: The errors.
        files: The number of files that were checked.
        warnings: The warnings.
        color: Whether to use colour; None decides by the terminal.
    """
    paint = make_painter(color)
    by_level = {"error": list(problems), "warning": list(warnings)}
    labelled = [(level, problem) for level, found in by_level.items() for problem in found]
    sources = {file: _read_lines(file) for file in dict.fromkeys(problem.file for _, problem in labelled) if file}
    blocks = [
        "\n".join(_problem(problem, sources.get(problem.file, []), paint, level=level)) for level, problem in labelled
    ]
    errors = (
        paint("bad", format_count(len(by_level["error"]), "errors"))
        if by_level["error"]
        else paint("good", "no errors")
    )
    warned = f", {paint('warn', format_count(len(by_level['warning']), 'warnings'))}" if by_level["warning"] else ""
    return "\n".join([*blocks, f"{errors}{warned} in {format_count(files, 'files')}"])


def render_coverage_text(items: Sequence[CoverageItem], *, color: bool | None = None) -> str:
    """Render the coverage of a contract: counts by status, the enforced leaves and those that no rule enforces, then the suites."""
    paint = make_painter(color)
    expectations = [item for item in items if item.suite]
    leaves = [item for item in items if not item.suite]
    statuses = Counter(item.status for item in leaves)
    tally = ", ".join(f"{statuses[status]:,} {status.value}" for status in CoverageStatus)
    enforced = [item for item in leaves if item.status is CoverageStatus.ENFORCED]
    unenforced = [item for item in leaves if item.status is CoverageStatus.UNENFORCED]
    unsupported = [item for item in leaves if item.status is CoverageStatus.UNSUPPORTED]
    return "\n".join(
        [
            f"{len(leaves):,} leaves of the contract: {tally}",
            *(f"  {escape_text(item.path)}  {paint('dim', 'by')} {escape_text(item.rule)}" for item in enforced),
            *(f"{paint('warn', 'unenforced')}  {escape_text(item.path)}" for item in unenforced),
            *(f"{paint('bad', 'unsupported')}  {escape_text(item.path)}" for item in unsupported),
            *(
                [f"{format_count(len(expectations), 'expectations')} of suites written by hand, all enforced"]
                if expectations
                else []
            ),
            *(f"  {escape_text(item.path)}  {paint('dim', 'by')} {escape_text(item.rule)}" for item in expectations),
        ]
    )


def _problem(problem: Problem, source: list[str], paint: Paint, *, level: str) -> Iterator[str]:
    place = ":".join([escape_text(problem.file), *(str(n) for n in (problem.line, problem.column) if n)])
    subject = f"{escape_text(problem.path)}: " if problem.path else ""
    yield f"{paint('bold', place)}{': ' if place else ''}{paint(_LEVEL_STYLES[level], level)}: {subject}{escape_text(problem.message)}"
    gutter = len(str(problem.line))
    if 0 < problem.line <= len(source):
        yield from _source_line(problem, source[problem.line - 1], gutter, paint)
    if problem.hint:
        yield f"{' ' * gutter} = {escape_text(problem.hint)}"


def _source_line(problem: Problem, line: str, gutter: int, paint: Paint) -> Iterator[str]:
    """The source line with a caret under the column; a long line is cut around the column."""
    column = min(max(problem.column, 1), len(line) + 1) - 1
    start = max(0, column - _MAX_SOURCE // 2)
    text = line.replace("\t", " ")  # one cell each, so that the caret stays under its column
    before, after = escape_text(text[start:column]), escape_text(text[column : start + _MAX_SOURCE])
    cut = "…" if start else ""
    yield f"{problem.line} | {cut}{before}{after}"
    if problem.column:
        yield f"{' ' * gutter} | {' ' * _cell_width(cut + before)}{paint('bad', '^')}"


def _read_lines(file: str) -> list[str]:
    """The lines of a file as YAML counts them; empty where it cannot be read, which is a problem of its own."""
    try:
        text = Path(file).read_bytes().decode("utf-8-sig", errors="replace")
    except OSError:
        return []
    return _LINE_BREAK.split(text)


def _cell_width(text: str) -> int:
    """The number of terminal cells that a text takes: a Korean letter takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def make_painter(color: bool | None) -> Paint:  # noqa: FBT001 - None leaves it to the terminal
    """Return a function that paints text in a named style, or leaves it plain without colour."""
    if not (is_color_enabled(sys.stdout) if color is None else color):
        return lambda _, text: text
    return lambda style, text: f"\x1b[{_STYLES[style]}m{text}\x1b[0m"
