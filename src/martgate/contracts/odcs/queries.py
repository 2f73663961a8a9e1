"""Queries that a contract keeps in files of their own: `query: file:expectations/orders.sql`.

The path is looked for from the contract's folder upwards, to the folder of its `martgate.toml` and no further, so that a
contract means the same wherever it is read from. The text of the file takes the reference's place.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from martgate.contracts.model import Column, Contract, Quality, Table
from martgate.contracts.yaml.address import extend_address
from martgate.contracts.yaml.document import MAX_BYTES, Document
from martgate.errors import Problem
from martgate.hints import clip, did_you_mean

__all__ = ["QueryFile", "load_queries", "unread_queries"]

_REFERENCE = re.compile(r"\s*file:(?P<path>\S+\.sql)\s*")
_PROJECT = "martgate.toml"


@dataclass(frozen=True, slots=True)
class QueryFile:
    """The file that a query stands in, and its text; `skipped` are the empty lines before the first that says anything."""

    file: Path
    text: str
    skipped: int


def load_queries(
    contract: Contract, document: Document, folder: Path, problems: list[Problem]
) -> tuple[Contract, Mapping[str, QueryFile]]:
    """The contract with the text of each query that is in a file, and these files by the address of their reference.

    Args:
        contract: as it stands in its document.
        document: knows the line of a reference.
        folder: where the contract lies.
        problems: references that lead nowhere are added here.
    """
    found: dict[str, QueryFile] = {}

    def read(path: str, said: object) -> object:
        named = _REFERENCE.fullmatch(said) if isinstance(said, str) else None
        if named is None:
            return said
        reason, hint, file = _file(named["path"], folder)
        if file is None:
            problems.append(document.problem(path, reason, hint))
            return said
        try:
            text = _text(file)
        except (OSError, ValueError) as error:
            said_by = getattr(error, "strerror", None) or str(error)
            problems.append(Problem(file=str(file), message=f"cannot be read as a query: {said_by}"))
            return said
        lines = len(text) - len(text.lstrip())
        found[path] = QueryFile(file, text.strip(), text[:lines].count("\n"))
        return text.strip()

    def quality(each: Quality) -> Quality:
        given = {
            key: read(extend_address(f"{each.path}.implementation", key), value)
            for key, value in each.implementation.items()
        }
        return replace(each, query=str(read(f"{each.path}.query", each.query)), implementation=given)

    def column(each: Column) -> Column:
        return replace(each, quality=tuple(map(quality, each.quality)))

    def table(each: Table) -> Table:
        return replace(each, quality=tuple(map(quality, each.quality)), columns=tuple(map(column, each.columns)))

    read_in = replace(contract, tables=tuple(map(table, contract.tables)))
    return (read_in, found) if found else (contract, found)


def unread_queries(contract: Contract) -> tuple[str, ...]:
    """The files that the contract names as queries, and whose text it does not have."""
    stated = [quality for table in contract.tables for quality in table.quality]
    stated += [quality for table in contract.tables for column in table.columns for quality in column.quality]
    said = [each for quality in stated for each in (quality.query, *quality.implementation.values())]
    named = (_REFERENCE.fullmatch(each) for each in said if isinstance(each, str))
    return tuple(dict.fromkeys(found["path"] for found in named if found))


def _file(named: str, folder: Path) -> tuple[str, str, Path | None]:
    """The file that a reference means; without one, what is wrong with it and what to do."""
    path = PurePosixPath(named)
    if path.is_absolute() or ".." in path.parts:
        return (
            f"{clip(named)} leads out of the project",
            "write it from the project's folder: file:expectations/x.sql",
            None,
        )
    for home in _homes(folder):
        if (home / path).is_file():
            return "", "", home / path
    there = {
        file.relative_to(home).as_posix() for home in _homes(folder) for file in (home / path.parent).glob("*.sql")
    }
    hint = (
        did_you_mean(named, there)
        or "it is looked for beside the contract, and in the folders above it to the project's"
    )
    return f"there is no file {clip(named)}", hint, None


def _homes(folder: Path) -> Iterator[Path]:
    """The contract's folder and those above it, to the project's; where there is no project, the contract's alone."""
    here = folder.resolve()
    above = [here, *here.parents]
    project = next((home for home in above if (home / _PROJECT).is_file()), here)
    yield from above[: above.index(project) + 1]


def _text(file: Path) -> str:
    """The query; a semicolon at its end is left out, as files of SQL have one.

    Raises:
        ValueError: it is no text, or too long for a query.
    """
    content = file.read_bytes()
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    return text.rstrip().removesuffix(";")
