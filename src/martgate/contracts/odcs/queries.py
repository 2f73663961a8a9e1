"""Queries of a contract in separate files: `query: file:expectations/orders.sql`.

The path is relative to the contract's folder, or to a folder above it up to that of `martgate.toml`, so it does not depend
on the working directory. The text of the file replaces the reference.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from martgate.contracts.model import Column, Contract, Table
from martgate.contracts.quality import Quality
from martgate.contracts.yaml.address import extend_address
from martgate.contracts.yaml.document import MAX_BYTES, Document
from martgate.errors import Problem
from martgate.hints import clip, did_you_mean

__all__ = ["QueryFile", "load_queries", "unread_queries"]

_REFERENCE = re.compile(r"\s*file:(?P<path>\S+\.sql)\s*")
_PROJECT = "martgate.toml"


@dataclass(frozen=True, slots=True)
class QueryFile:
    """The file of a query.

    Attributes:
        file: The path.
        text: The query, without blank lines at the start and the end.
        skipped: The number of blank lines at the start.
    """

    file: Path
    text: str
    skipped: int


def load_queries(
    contract: Contract, document: Document, folder: Path, problems: list[Problem]
) -> tuple[Contract, Mapping[str, QueryFile]]:
    """Replace each reference to a file by the text of the file.

    Args:
        contract: The contract as its document states it.
        document: The document, for the lines of problems.
        folder: The folder of the contract.
        problems: References to files that do not exist or cannot be read are added here.

    Returns:
        The contract with the texts, and the files by the address of their reference.
    """
    files: dict[str, QueryFile] = {}

    def read(path: str, value: object) -> object:
        reference = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if reference is None:
            return value
        message, hint, file = _find_file(reference["path"], folder)
        if file is None:
            problems.append(document.problem(path, message, hint))
            return value
        try:
            text = _read_text(file)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            problems.append(Problem(file=str(file), message=f"cannot be read as a query: {reason}"))
            return value
        start = len(text) - len(text.lstrip())
        files[path] = QueryFile(file, text.strip(), text[:start].count("\n"))
        return text.strip()

    def quality(each: Quality) -> Quality:
        implementation = {
            key: read(extend_address(f"{each.path}.implementation", key), value)
            for key, value in each.implementation.items()
        }
        return replace(each, query=str(read(f"{each.path}.query", each.query)), implementation=implementation)

    def column(each: Column) -> Column:
        return replace(each, quality=tuple(map(quality, each.quality)))

    def table(each: Table) -> Table:
        return replace(each, quality=tuple(map(quality, each.quality)), columns=tuple(map(column, each.columns)))

    with_texts = replace(contract, tables=tuple(map(table, contract.tables)))
    return (with_texts, files) if files else (contract, files)


def unread_queries(contract: Contract) -> tuple[str, ...]:
    """Return the files of queries that a contract refers to and that were not read."""
    qualities = [quality for table in contract.tables for quality in table.quality]
    qualities += [quality for table in contract.tables for column in table.columns for quality in column.quality]
    values = [value for quality in qualities for value in (quality.query, *quality.implementation.values())]
    references = (_REFERENCE.fullmatch(value) for value in values if isinstance(value, str))
    return tuple(dict.fromkeys(reference["path"] for reference in references if reference))


def _find_file(name: str, folder: Path) -> tuple[str, str, Path | None]:
    """Return the file of a reference; without one, message and hint of the problem."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        hint = "write a path below the project's folder, as in file:expectations/x.sql"
        return f"{clip(name)} is outside the project", hint, None
    folders = tuple(_search_folders(folder))
    for parent in folders:
        if (parent / path).is_file():
            return "", "", parent / path
    names = {file.relative_to(parent).as_posix() for parent in folders for file in (parent / path.parent).glob("*.sql")}
    hint = did_you_mean(name, names) or "expected below the contract's folder, or one above it up to the project's"
    return f"there is no file {clip(name)}", hint, None


def _search_folders(folder: Path) -> Iterator[Path]:
    """Yield the contract's folder and those above it up to the project's; outside a project, only the contract's."""
    start = folder.resolve()
    folders = [start, *start.parents]
    project = next((parent for parent in folders if (parent / _PROJECT).is_file()), start)
    yield from folders[: folders.index(project) + 1]


def _read_text(file: Path) -> str:
    """Read a query, without a semicolon at its end.

    Raises:
        ValueError: The file is not text, or is too large.
    """
    content = file.read_bytes()
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    return text.rstrip().removesuffix(";")
