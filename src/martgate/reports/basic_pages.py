"""Renders the pages of the site without Great Expectations.

They lack each rule as an expectation and each run as the result of a suite; `martgate.reports.gx_pages` renders the
same pages, Data Docs, with both.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from martgate.contracts.model import Contract, Table
from martgate.expectations.rules import Rule
from martgate.gate.run import RunRecord
from martgate.reports.appearance import DEFAULT, Appearance
from martgate.reports.build_view import build_rule_view
from martgate.reports.promises import TableView
from martgate.reports.run_page import column_descriptions, render_template, run_variables
from martgate.reports.view import RunView

__all__ = ["Site"]

RowsBySection = Mapping[str, Sequence[tuple[str, Any]]]
"""By section, the names of its rules, each with its sentence as an expectation, or None."""


class Site:
    """Renders the files of the site: each method returns the text of one, which is HTML except for `result`."""

    def __init__(self, appearance: Appearance = DEFAULT) -> None:
        self.appearance = appearance

    def run(self, run: RunView, rules: Iterable[Rule], table: Table, *, links: Mapping[str, str], digest: str) -> str:
        """Render one run: the decision, the blocking rules with examples, then every rule by column.

        Args:
            run: The view of the run.
            rules: The rules with a verdict.
            table: The table of the run.
            links: The addresses of its `suite` page and of its `result`, empty where there is none.
            digest: Written into the page to identify the state that it shows.
        """
        variables = run_variables(run, table)
        return self._render(
            "run.html.j2",
            self._rows_by_section(rules, table),
            title=run.headline,
            **variables,
            links=links,
            digest=digest,
        )

    def result(self, record: RunRecord, table: Table) -> str:  # noqa: ARG002 - what a result is made of
        """Render one run as a suite result in Great Expectations' JSON; empty where it is not installed."""
        return ""

    def suite(self, rules: Sequence[Rule], table: Table, contract: Contract | None, *, owner: str) -> str:
        """Render every rule of one table by column, in the contract's order."""
        return self._render(
            "suite.html.j2",
            self._rows_by_section(rules, table),
            title=f"Rules of {table.qualified_name}",
            table=table.qualified_name,
            description=table.description,
            contract=f"{contract.name or contract.id} {contract.version}" if contract else "",
            owner=owner,
            rules={rule.name: build_rule_view(rule) for rule in rules},
            columns=column_descriptions(table),
            digest="",
        )

    def index(
        self, runs: Sequence[tuple[RunView, str]], suites: Mapping[str, str], promises: Sequence[TableView] = ()
    ) -> str:
        """Render the list of all runs.

        Args:
            runs: Every run with the address of its page, in the order of the page.
            suites: The address of the rules of each table.
            promises: The SLAs of each table about time.
        """
        return self._render("index.html.j2", {}, title="Runs", runs=runs, suites=suites, promises=promises, digest="")

    def promises(self, tables: Sequence[TableView]) -> str:
        """Render the SLAs of each table about time and the days on which they are kept."""
        return self._render("promises.html.j2", {}, title="Promises about time", tables=tables, digest="")

    def _rows_by_section(self, rules: Iterable[Rule], table: Table) -> RowsBySection:
        sections: dict[str, list[tuple[str, Any]]] = {name: [] for name in ("table", *table.column_names)}
        for rule in rules:
            sections.setdefault(build_rule_view(rule).section, []).append((rule.name, self._sentence(rule, table)))
        return {section: rows for section, rows in sections.items() if rows}

    def _sentence(self, rule: Rule, table: Table) -> Any:  # noqa: ARG002 - what a sentence is made of
        """The rule as an expectation in Great Expectations' words; None without that library."""
        return None

    def _render(self, template: str, rows_by_section: RowsBySection, *, title: str, **variables: Any) -> str:  # noqa: ARG002 - each template sets its title
        sections = [
            {"section_name": section, "content_blocks": [{"table": rows}]} for section, rows in rows_by_section.items()
        ]
        return render_template(template, self.appearance, sections=sections, **variables)
