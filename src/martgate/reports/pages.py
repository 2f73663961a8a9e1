"""Data Docs pages, drawn by Great Expectations' renderers and view, made self-contained and safe.

Its own templates load sixteen files from seven hosts and print data values as HTML. Here its renderers write the
sentence of each expectation and its page view draws the document, but with the templates of `reports/site` and with
everything escaped: by the template engine and, for the sentences, by this view. Importing this module imports Great
Expectations, which costs seconds.
"""

import json
from typing import Any, ClassVar

from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.render import RenderedDocumentContent, RenderedSectionContent, RenderedTableContent
from great_expectations.render.renderer.content_block.expectation_string import ExpectationStringRenderer
from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import pass_context
from markupsafe import Markup, escape

from martgate.contracts.model import Table
from martgate.expectations.gx.result import suite_result
from martgate.expectations.gx.suite import configuration
from martgate.expectations.rules import Rule
from martgate.gate.run import RunRecord
from martgate.reports import plain
from martgate.reports.appearance import DEFAULT, Appearance
from martgate.reports.style import furnish

__all__ = ["Site"]


class _Sentences(ExpectationStringRenderer):  # type: ignore[misc] # great-expectations ships no types
    """The sentence of an expectation in Great Expectations' words, its parameters set as code."""

    _default_element_styling: ClassVar[dict[str, Any]] = {"default": {"tag": "code"}}


class _PageView(DefaultJinjaPageView):  # type: ignore[misc] # great-expectations ships no types
    """Great Expectations' page view with our templates in front of its own, and nothing trusted to be HTML."""

    _TRUSTED_HTML_PARAMS: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, appearance: Appearance = DEFAULT) -> None:
        super().__init__()
        # A custom_views_directory is asked after the templates that ship, so it can replace none of them.
        furnish(self.env, appearance)

    @pass_context
    def render_content_block(self, context: Any, content_block: Any, *args: Any, **options: Any) -> Markup:
        """A content block as HTML; whatever is no block is text."""
        if isinstance(content_block, list):
            return Markup("").join(
                self.render_content_block(context, block, *args, **options) for block in content_block
            )
        if isinstance(content_block, dict) and "content_block_type" in content_block:
            # The template it was drawn with escaped what it printed.
            return Markup(super().render_content_block(context, content_block, *args, **options))  # noqa: S704
        return escape(content_block)

    def render_string_template(self, template: Any) -> Markup:
        """A sentence with its parameters; the sentence is text too, it may be a contract's."""
        if not isinstance(template, dict):
            return escape(template)
        # Great Expectations fills the parameters in, and escapes each by the method below.
        safe = {key: template[key] for key in ("tag", "params", "styling") if template.get(key) is not None}
        return Markup(super().render_string_template({**safe, "template": str(escape(template.get("template") or ""))}))  # noqa: S704

    @staticmethod
    def _escape_template_param_value(value: Any) -> str:
        return str(escape(value))


class Site(plain.Site):
    """The pages with what Great Expectations says of them; its view draws them, from the same templates."""

    def __init__(self, appearance: Appearance = DEFAULT) -> None:
        super().__init__(appearance)
        self._view = _PageView(appearance)

    def result(self, record: RunRecord, table: Table) -> str:
        audit = record.audit
        configurations = [configuration(verdict.rule, table) for verdict in audit.verdicts]
        suite_name = f"{audit.table}@{audit.contract_version.removeprefix('v').partition('.')[0]}"
        told = suite_result(audit, configurations, suite_name=suite_name, run_name=record.candidate)
        return json.dumps(told.to_json_dict(), indent=1)

    def _draw(self, template: str, rows_by_home: plain.Homes, *, title: str, **words: Any) -> str:
        sections = [
            RenderedSectionContent(
                section_name=home, content_blocks=[RenderedTableContent(table=list(map(list, rows)))]
            )
            for home, rows in rows_by_home.items()
        ]
        document = RenderedDocumentContent(sections=sections, page_title=title)
        return str(self._view.render(document, template=template, **words))

    def _said(self, rule: Rule, table: Table) -> list[Any]:
        known = configuration(rule, table)
        # Without its description, or Great Expectations would repeat the contract's words instead of saying it in its own.
        return list(_Sentences.render(ExpectationConfiguration(type=known["type"], kwargs=known["kwargs"])))
