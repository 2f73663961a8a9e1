"""Renders the page of one run without Great Expectations, in an instant and right after the decision.

It uses the template of the site, without each rule as an expectation and without links to pages that may not exist
yet. Rendering the site replaces it with the full page.
"""

from typing import Any

from jinja2 import Environment, TemplateError

from martgate.contracts.model import Table
from martgate.errors import CouldNotRun
from martgate.gate.run import RunRecord
from martgate.reports.appearance import DEFAULT, Appearance
from martgate.reports.build_view import build_run_view
from martgate.reports.style import configure_environment
from martgate.reports.view import RuleView, RunView

__all__ = ["column_descriptions", "render_run_page", "render_template", "run_variables"]


def render_run_page(record: RunRecord, table: Table, appearance: Appearance = DEFAULT) -> str:
    """Render the page of a run as HTML that needs no other file.

    Args:
        record: The record of the run.
        table: The table of the run.
        appearance: The look that the project sets for its pages.

    Raises:
        martgate.errors.CouldNotRun: The template could not be rendered.
    """
    variables = run_variables(build_run_view(record, table.contract), table)
    return render_template("run.html.j2", appearance, sections=(), **variables, links={}, digest="")


def render_template(template: str, appearance: Appearance, **variables: Any) -> str:
    """Render a page of the site from its template, without Great Expectations' view.

    Args:
        template: The name of the template.
        appearance: The look that the project sets for its pages.
        **variables: The variables of the template.

    Raises:
        martgate.errors.CouldNotRun: The template could not be rendered.
    """
    env = Environment(extensions=["jinja2.ext.do"], autoescape=True)
    configure_environment(env, appearance)
    try:
        return env.get_template(template).render(variables, ge_version="")
    except TemplateError as error:
        raise CouldNotRun(f"the page could not be rendered: {type(error).__name__}") from error


def run_variables(run: RunView, table: Table) -> dict[str, Any]:
    """Return the variables of a run's template: the run, its rules by section in the contract's order, and the columns."""
    sections: dict[str, list[RuleView]] = {name: [] for name in ("table", *table.column_names)}
    for rule in run.rules:
        sections.setdefault(rule.section, []).append(rule)
    return {
        "run": run,
        "rules_by_section": {section: rules for section, rules in sections.items() if rules},
        "columns": column_descriptions(table),
    }


def column_descriptions(table: Table) -> dict[str, str]:
    """Return the contract's description of each column of a table."""
    return {column.name: column.description for column in table.columns}
