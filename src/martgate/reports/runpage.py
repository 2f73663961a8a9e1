"""The page of one run as the house draws it alone, in an instant and right after the decision.

It is the run's page of the site, from the same template, without what Great Expectations has to say: each rule as an
expectation, and links to pages that may not have been drawn. Drawing the site puts the whole page in its place.
"""

from typing import Any

from jinja2 import Environment, TemplateError

from martgate.contracts.model import Table
from martgate.errors import CouldNotRun
from martgate.gate.run import RunRecord
from martgate.reports.appearance import DEFAULT, Appearance
from martgate.reports.style import furnish
from martgate.reports.view import RuleView, RunView, run_view

__all__ = ["draw", "meanings", "run_page", "run_words"]


def run_page(record: RunRecord, table: Table, appearance: Appearance = DEFAULT) -> str:
    """The page of a run of a table, which is one of the contract's, as HTML that needs no other file.

    Args:
        record: the run.
        contract: the one that the run was judged by.
        table: the table of the contract that the run is about.
        appearance: what the project sets of the look of its pages.

    Raises:
        martgate.errors.CouldNotRun: the page could not be drawn.
    """
    words = run_words(run_view(record, table.contract), table)
    return draw("run.html.j2", appearance, sections=(), **words, links={}, digest="")


def draw(template: str, appearance: Appearance, **words: Any) -> str:
    """A page of the site from its template, without Great Expectations' view.

    Raises:
        martgate.errors.CouldNotRun: the page could not be drawn.
    """
    env = Environment(extensions=["jinja2.ext.do"], autoescape=True)
    furnish(env, appearance)
    try:
        return env.get_template(template).render(words, ge_version="")
    except TemplateError as error:
        raise CouldNotRun(f"the page could not be drawn: {type(error).__name__}") from error


def run_words(run: RunView, table: Table) -> dict[str, Any]:
    """What the template of a run tells: the run, its rules by their homes in the contract's order, what columns mean."""
    homes: dict[str, list[RuleView]] = {name: [] for name in ("table", *table.column_names)}
    for rule in run.rules:
        homes.setdefault(rule.home, []).append(rule)
    return {
        "run": run,
        "homes": {home: rules for home, rules in homes.items() if rules},
        "columns": meanings(table),
    }


def meanings(table: Table) -> dict[str, str]:
    """What each column of a table is, in the contract's words."""
    return {column.name: column.description for column in table.columns}
