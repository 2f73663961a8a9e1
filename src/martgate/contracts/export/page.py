"""Exports the page of a table for a data catalogue, in Markdown.

Columns, partitions and upstreams come from clauses of the contract. The rest comes from its custom properties: `about`,
`tableType`, `collaborators`, `repository` and `changeHistory`, `notice`, `howToUse`, `pipeline`, `upstreams`, `consumers`,
`downstreamInfo`. Sections without content are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TypeGuard

from martgate.contracts.export.ports import ExportRequest
from martgate.contracts.model import Contract, Table
from martgate.errors import InvalidInput, Problem
from martgate.hints import clip

__all__ = ["export", "render_page"]

END_OF_TABLE = "\n\n"  # two blank lines follow a section that ends in a table or a heading


def export(request: ExportRequest) -> str:
    """Write the table of a request; see `render_page`."""
    return render_page(request.table)


def render_page(table: Table) -> str:
    """Write the page as Markdown, without a newline at the end.

    Raises:
        InvalidInput: A custom property of the page has the wrong type.
    """
    properties = _CustomProperties(table.contract)
    sections = [_head(properties, table), _columns(table)]
    if prose := properties.text("howToUse"):
        sections.append(f"# HOW TO USE\n\n{prose}")
    if pipeline := _pipeline(properties):
        sections.append(pipeline)
    if dependencies := _dependencies(properties, table):
        sections.append(dependencies)
    title = table.qualified_name
    return f"\n{title}\n{'=' * len(title)}\n\n" + "\n---\n".join([*sections, ""]).rstrip("\n")


class _CustomProperties:
    """Typed access to the custom properties of a contract; a missing one is empty."""

    def __init__(self, contract: Contract) -> None:
        self._file = contract.file
        self._custom = contract.custom

    def text(self, key: str) -> str:
        value = self._custom.get(key, "")
        if not isinstance(value, str):
            raise self._error(key, value, "text")
        return value.rstrip("\n")

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._custom.get(key, ())
        if not _is_list(value):
            raise self._error(key, value, "a list of texts")
        return tuple(str(item) for item in value)

    def mapping(self, key: str) -> Mapping[str, str]:
        value = self._custom.get(key, {})
        if not isinstance(value, Mapping):
            raise self._error(key, value, "a mapping")
        return {str(name): str(item) for name, item in value.items()}

    def rows(self, key: str, *fields: str) -> tuple[tuple[str, ...], ...]:
        value = self._custom.get(key, ())
        expected = f"a list of mappings with {', '.join(fields)}"
        if not _is_list(value):
            raise self._error(key, value, expected)
        rows = []
        for row in value:
            if not isinstance(row, Mapping) or any(name not in row for name in fields):
                raise self._error(key, row, expected)
            rows.append(tuple(str(row[name]) for name in fields))
        return tuple(rows)

    def _error(self, key: str, value: object, expected: str) -> InvalidInput:
        message = f"custom property {clip(key)}: found {clip(value)}, expected {expected}"
        return InvalidInput(Problem(file=self._file, path="customProperties", message=message))


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _head(properties: _CustomProperties, table: Table) -> str:
    history = properties.rows("changeHistory", "date", "by", "commit")
    head = "# BASIC INFO\n\n" + "\n".join(_basic_info(properties, table, history))
    if history:
        head += "\n\n" + "\n".join(_change_history(properties.text("repository"), history))
    notice = properties.text("notice")
    return head + END_OF_TABLE + (f"\n# TABLE NOTICE\n\n{notice}" if notice else "")


def _basic_info(properties: _CustomProperties, table: Table, history: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"|**About**| {_cell(properties.text('about'))} |"
    yield "| :--- | :--- |"
    if "." in table.qualified_name:
        yield f"|**Database**|**{_cell(table.qualified_name.rpartition('.')[0])}**|"
    if kind := properties.text("tableType"):
        yield f"|**Table Type**|{_cell(kind)}|"
    if table.partition_columns:
        yield f"|**Partitioned by**|{', '.join(f'`{_cell(name)}`' for name in table.partition_columns)}|"
    if history:
        (created_at, created_by, _), (updated_at, updated_by, _) = history[0], history[-1]
        yield f"|**Created/ Last Updated At**|{_cell(created_at)} / {_cell(updated_at)}|"
        yield f"|**Created By**|{_cell(created_by)}|"
        yield f"|**Last Updated By**|{_cell(updated_by)}|"
    if people := properties.rows("collaborators", "name", "changes"):
        yield f"|**Collaborators**|{', '.join(f'{_cell(name)}[{_cell(changes)}]' for name, changes in people)}|"


def _change_history(repository: str, history: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield "#### Change History"
    yield "|**Date**|**By**|**LINK**|"
    yield "| :--- | :--- | :--- |"
    for date, by, commit in history:
        link = f"[PR]({repository}/commit/{commit})" if repository else commit
        yield f"|{_cell(date)}|{_cell(by)}|{_cell(link)}|"


def _columns(table: Table) -> str:
    rows = [
        f"|{number}|{_cell(column.name)}|{_cell(column.physical_type)}|{_cell(column.description)}|"
        for number, column in enumerate(table.columns)
    ]
    head = ["# COLUMN INFO", "", "|#|Column Name|Data Type|Comment|", "| :--- | :--- | :--- | :--- |"]
    return "\n".join([*head, *rows]) + END_OF_TABLE


def _pipeline(properties: _CustomProperties) -> str:
    pipeline = properties.mapping("pipeline")
    lines = {
        "dag": "### DAG: `{}`",
        "updateInterval": "### Update Interval: {}",
        "updateType": "### Update Type: {}",
    }
    links = {"sourceCode": "### Github: [Source Code]({})", "airflow": "### Airflow: [DAG]({})"}
    batch = [line.format(pipeline[key]) for key, line in lines.items() if key in pipeline]
    urls = [line.format(pipeline[key]) for key, line in links.items() if key in pipeline]
    parts = (["## ⌛️ BATCH", *batch] if batch else []) + (["## 📍 LINK URLs", *urls] if urls else [])
    return "\n\n".join(["# PIPELINE INFO", *parts]) + END_OF_TABLE if parts else ""


def _dependencies(properties: _CustomProperties, table: Table) -> str:
    lineage = {source.rpartition(".")[0] for column in table.columns for source in column.sources}
    upstreams = sorted({*properties.texts("upstreams"), *lineage} - {""})
    downstreams = [name for (name,) in properties.rows("consumers", "table")]
    parts = []
    if upstreams or downstreams:
        rows = [f"|{_cell(up)}|{_cell(down)}|" for up, down in zip_longest(upstreams, downstreams, fillvalue=" ")]
        head = ["|Upstream Tables|Downstream Tables|", "| :--- | :--- |"]
        parts += ["## 👨👩👧👦 Up/Downstream Table List", "\n".join([*head, *rows])]
    if prose := properties.text("downstreamInfo"):
        parts += ["## 🐤 Downstream Tables Info", prose]
    return "\n\n".join(["# DEPENDENCIES", *parts]) if parts else ""


def _cell(text: str) -> str:
    """Escape text for a cell of a Markdown table: on one line, without bars and HTML tags."""
    return " ".join(text.splitlines()).replace("|", "\\|").replace("<", "&lt;")
