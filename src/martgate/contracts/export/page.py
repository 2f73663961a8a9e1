"""The Markdown page of a table, as a data catalogue shows it: printed from the contract, so that they cannot drift.

Columns, partitions and upstreams come from the contract's own clauses. What the standard has no clause for comes from
custom properties of the contract: `about`, `tableType`, `collaborators`, `repository` and `changeHistory`, `notice`,
`howToUse`, `pipeline`, `upstreams`, `consumers`, `downstreamInfo`. A section that the contract knows nothing of is left
out.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TypeGuard

from martgate.contracts.export.ports import ExportRequest
from martgate.contracts.model import Contract, Table
from martgate.errors import InvalidInput, Problem

__all__ = ["export", "render_page"]

END_OF_TABLE = "\n\n"  # sections that end in a table or a heading keep two blank lines before the next rule


def export(request: ExportRequest) -> str:
    return render_page(request.table)


def render_page(table: Table) -> str:
    """The page as Markdown, ending without a newline.

    Raises:
        InvalidInput: a custom property that the page prints is not of the shape that it needs.
    """
    known = _Known(table.contract)
    sections = [_head(known, table), _columns(table)]
    if prose := known.text("howToUse"):
        sections.append(f"# HOW TO USE\n\n{prose}")
    if pipeline := _pipeline(known):
        sections.append(pipeline)
    if dependencies := _dependencies(known, table):
        sections.append(dependencies)
    title = table.qualified_name
    return f"\n{title}\n{'=' * len(title)}\n\n" + "\n---\n".join([*sections, ""]).rstrip("\n")


class _Known:
    """The custom properties of a contract, each in the shape that is asked for; absent ones are empty."""

    def __init__(self, contract: Contract) -> None:
        self._file = contract.file
        self._custom = contract.custom

    def text(self, key: str) -> str:
        value = self._custom.get(key, "")
        if not isinstance(value, str):
            raise self._unusable(key, value, "text")
        return value.rstrip("\n")

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._custom.get(key, ())
        if not _is_list(value):
            raise self._unusable(key, value, "a list of texts")
        return tuple(str(item) for item in value)

    def mapping(self, key: str) -> Mapping[str, str]:
        value = self._custom.get(key, {})
        if not isinstance(value, Mapping):
            raise self._unusable(key, value, "a mapping")
        return {str(name): str(item) for name, item in value.items()}

    def rows(self, key: str, *fields: str) -> tuple[tuple[str, ...], ...]:
        value = self._custom.get(key, ())
        expected = f"a list of mappings with {', '.join(fields)}"
        if not _is_list(value):
            raise self._unusable(key, value, expected)
        rows = []
        for row in value:
            if not isinstance(row, Mapping) or any(name not in row for name in fields):
                raise self._unusable(key, row, expected)
            rows.append(tuple(str(row[name]) for name in fields))
        return tuple(rows)

    def _unusable(self, key: str, value: object, expected: str) -> InvalidInput:
        found = f"{type(value).__name__} {value!r}"[:80]
        message = f"custom property {key!r} is {found}, and the page needs {expected}"
        return InvalidInput(Problem(file=self._file, path="customProperties", message=message))


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _head(known: _Known, table: Table) -> str:
    history = known.rows("changeHistory", "date", "by", "commit")
    head = "# BASIC INFO\n\n" + "\n".join(_basic_info(known, table, history))
    if history:
        head += "\n\n" + "\n".join(_change_history(known.text("repository"), history))
    notice = known.text("notice")
    return head + END_OF_TABLE + (f"\n# TABLE NOTICE\n\n{notice}" if notice else "")


def _basic_info(known: _Known, table: Table, history: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"|**About**| {_cell(known.text('about'))} |"
    yield "| :--- | :--- |"
    if "." in table.qualified_name:
        yield f"|**Database**|**{_cell(table.qualified_name.rpartition('.')[0])}**|"
    if kind := known.text("tableType"):
        yield f"|**Table Type**|{_cell(kind)}|"
    if table.partition_columns:
        yield f"|**Partitioned by**|{', '.join(f'`{_cell(name)}`' for name in table.partition_columns)}|"
    if history:
        (created_at, created_by, _), (updated_at, updated_by, _) = history[0], history[-1]
        yield f"|**Created/ Last Updated At**|{_cell(created_at)} / {_cell(updated_at)}|"
        yield f"|**Created By**|{_cell(created_by)}|"
        yield f"|**Last Updated By**|{_cell(updated_by)}|"
    if people := known.rows("collaborators", "name", "changes"):
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


def _pipeline(known: _Known) -> str:
    pipeline = known.mapping("pipeline")
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


def _dependencies(known: _Known, table: Table) -> str:
    lineage = {source.rpartition(".")[0] for column in table.columns for source in column.sources}
    upstreams = sorted({*known.texts("upstreams"), *lineage} - {""})
    downstreams = [name for (name,) in known.rows("consumers", "table")]
    parts = []
    if upstreams or downstreams:
        rows = [f"|{_cell(up)}|{_cell(down)}|" for up, down in zip_longest(upstreams, downstreams, fillvalue=" ")]
        head = ["|Upstream Tables|Downstream Tables|", "| :--- | :--- |"]
        parts += ["## 👨👩👧👦 Up/Downstream Table List", "\n".join([*head, *rows])]
    if prose := known.text("downstreamInfo"):
        parts += ["## 🐤 Downstream Tables Info", prose]
    return "\n\n".join(["# DEPENDENCIES", *parts]) if parts else ""


def _cell(text: str) -> str:
    """Text inside one cell of a Markdown table: on one line, its bars escaped, no HTML tag."""
    return " ".join(text.splitlines()).replace("|", "\\|").replace("<", "&lt;")
