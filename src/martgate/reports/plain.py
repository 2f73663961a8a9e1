"""The pages of the site as the house draws them alone, without Great Expectations.

What is missing is what that library has to say: each rule as an expectation, and a run as the result of a suite.
`martgate.reports.pages` draws the same pages, Data Docs, with both.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from martgate.contracts.model import Contract, Table
from martgate.expectations.rules import Rule
from martgate.gate.run import RunRecord
from martgate.reports.appearance import DEFAULT, Appearance
from martgate.reports.promises import TableView
from martgate.reports.runpage import draw, meanings, run_words
from martgate.reports.view import RunView, rule_view

__all__ = ["Site"]

Homes = Mapping[str, Sequence[tuple[str, Any]]]
"""By home, the names of its rules, each with its words as an expectation, if there are any."""


class Site:
    """Draws pages: each method returns the text of one file, HTML but for the result.

    `digest` is printed into a page as the state it shows.
    """

    def __init__(self, appearance: Appearance = DEFAULT) -> None:
        self._appearance = appearance

    def run(self, run: RunView, rules: Iterable[Rule], table: Table, *, links: Mapping[str, str], digest: str) -> str:
        """One run: the answer, what stands in the way with its evidence, then every rule by column.

        `links` are the addresses of its `suite` page and of its `result`, empty where there is none.
        """
        words = run_words(run, table)
        return self._draw(
            "run.html.j2", self._homes(rules, table), title=run.headline, **words, links=links, digest=digest
        )

    def result(self, record: RunRecord, table: Table) -> str:  # noqa: ARG002 - what a result is made of
        """One run as the result of a suite, in Great Expectations' own JSON; empty where it is not installed."""
        return ""

    def suite(self, rules: Sequence[Rule], table: Table, contract: Contract | None, *, owner: str) -> str:
        """What is promised of one table: every rule by column, in the contract's order."""
        return self._draw(
            "suite.html.j2",
            self._homes(rules, table),
            title=f"Rules of {table.qualified_name}",
            table=table.qualified_name,
            description=table.description,
            contract=f"{contract.name or contract.id} {contract.version}" if contract else "",
            owner=owner,
            rules={rule.name: rule_view(rule) for rule in rules},
            columns=meanings(table),
            digest="",
        )

    def index(
        self, runs: Sequence[tuple[RunView, str]], suites: Mapping[str, str], promises: Sequence[TableView] = ()
    ) -> str:
        """All runs, in the order given, each with the address of its page; `suites` likewise, by table."""
        return self._draw("index.html.j2", {}, title="Runs", runs=runs, suites=suites, promises=promises, digest="")

    def promises(self, tables: Sequence[TableView]) -> str:
        """What is promised about time of each table, and whether each of its days kept it."""
        return self._draw("promises.html.j2", {}, title="Promises about time", tables=tables, digest="")

    def _homes(self, rules: Iterable[Rule], table: Table) -> Homes:
        homes: dict[str, list[tuple[str, Any]]] = {name: [] for name in ("table", *table.column_names)}
        for rule in rules:
            homes.setdefault(rule_view(rule).home, []).append((rule.name, self._said(rule, table)))
        return {home: each for home, each in homes.items() if each}

    def _said(self, rule: Rule, table: Table) -> Any:  # noqa: ARG002 - what a sentence is made of
        """The rule as an expectation, in Great Expectations' own words; none here."""
        return None

    def _draw(self, template: str, rows_by_home: Homes, *, title: str, **words: Any) -> str:  # noqa: ARG002 - the templates have titles of their own
        sections = [{"section_name": home, "content_blocks": [{"table": rows}]} for home, rows in rows_by_home.items()]
        return draw(template, self._appearance, sections=sections, **words)
