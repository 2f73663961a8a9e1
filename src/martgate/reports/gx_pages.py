"""Renders Data Docs pages with Great Expectations' renderers and view, self-contained and escaped.

The templates of the library load sixteen files from seven hosts and print data values as HTML. Here its renderers
write the sentence of each expectation and its page view renders the document, but with the templates of
`reports/site` and with everything escaped: by the template engine and, for the sentences, by this view. Importing
this module imports Great Expectations, which costs seconds.
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
from martgate.expectations.gx.result import build_suite_result
from martgate.expectations.gx.suite import build_configuration
from martgate.expectations.rules import Rule
from martgate.gate.run import RunRecord
from martgate.reports import basic_pages
from martgate.reports.appearance import DEFAULT, Appearance
from martgate.reports.style import configure_environment

__all__ = ["Site"]


class _Sentences(ExpectationStringRenderer):  # type: ignore[misc] # great-expectations ships no types
    """The sentence of an expectation in Great Expectations' words, its parameters set as code."""

    _default_element_styling: ClassVar[dict[str, Any]] = {"default": {"tag": "code"}}


class _PageView(DefaultJinjaPageView):  # type: ignore[misc] # great-expectations ships no types
    """Great Expectations' page view with our templates before its own, and no text trusted as HTML."""

    _TRUSTED_HTML_PARAMS: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, appearance: Appearance = DEFAULT) -> None:
        super().__init__()
        # A custom_views_directory is searched after the library's templates, so it cannot replace them.
        configure_environment(self.env, appearance)

    @pass_context
    def render_content_block(self, context: Any, content_block: Any, *args: Any, **options: Any) -> Markup:
        """Render a content block as HTML; anything else is text."""
        if isinstance(content_block, list):
            return Markup("").join(
                self.render_content_block(context, block, *args, **options) for block in content_block
            )
        if isinstance(content_block, dict) and "content_block_type" in content_block:
            # Its template has escaped what it printed.
            return Markup(super().render_content_block(context, content_block, *args, **options))  # noqa: S704
        return escape(content_block)

    def render_string_template(self, template: Any) -> Markup:
        """Render a sentence with its parameters; the sentence is escaped too, for it may come from a contract."""
        if not isinstance(template, dict):
            return escape(template)
        # Great Expectations inserts the parameters and escapes each by the method below.
        safe = {key: template[key] for key in ("tag", "params", "styling") if template.get(key) is not None}
        return Markup(super().render_string_template({**safe, "template": str(escape(template.get("template") or ""))}))  # noqa: S704

    @staticmethod
    def _escape_template_param_value(value: Any) -> str:
        return str(escape(value))


class Site(basic_pages.Site):
    """Renders the same pages with Great Expectations' sentences, through its view and from the same templates."""

    def __init__(self, appearance: Appearance = DEFAULT) -> None:
        super().__init__(appearance)
        self._view = _PageView(appearance)

    def result(self, record: RunRecord, table: Table) -> str:
        """Render one run as a suite result in Great Expectations' JSON."""
        audit = record.audit
        configurations = [build_configuration(verdict.rule, table) for verdict in audit.verdicts]
        suite_name = f"{audit.table}@{audit.contract_version.removeprefix('v').partition('.')[0]}"
        result = build_suite_result(audit, configurations, suite_name=suite_name, run_name=record.candidate)
        return json.dumps(result.to_json_dict(), indent=1)

    def _render(
        self, template: str, rows_by_section: basic_pages.RowsBySection, *, title: str, **variables: Any
    ) -> str:
        sections = [
            RenderedSectionContent(
                section_name=section, content_blocks=[RenderedTableContent(table=list(map(list, rows)))]
            )
            for section, rows in rows_by_section.items()
        ]
        document = RenderedDocumentContent(sections=sections, page_title=title)
        return str(self._view.render(document, template=template, **variables))

    def _sentence(self, rule: Rule, table: Table) -> list[Any]:
        expectation = build_configuration(rule, table)
        # Without its description, or Great Expectations would repeat the contract's words instead of its own sentence.
        return list(_Sentences.render(ExpectationConfiguration(type=expectation["type"], kwargs=expectation["kwargs"])))
