"""From a file to a contract.

A document is judged in steps, and each step tells all it finds: is it YAML, is its `apiVersion` known, does it keep to
the JSON Schema of that version, does the standard's own library read it too. What no schema sees is `martgate.contracts.lint`'s.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from martgate.contracts.model import Contract
from martgate.contracts.odcs.mapping import Mapper
from martgate.contracts.odcs.queries import QueryFile, load_queries
from martgate.contracts.odcs.schema import VERSIONS, find_violations
from martgate.contracts.yaml.address import format_address
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput, Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words

__all__ = ["ContractFile", "load", "read"]

_PLACE = re.compile(r" at line (?P<line>\d+), column (?P<column>\d+)")
"""Where in a query a parser stumbled, as its message says."""


@dataclass(frozen=True, slots=True)
class ContractFile:
    """A contract, and the document it was read from, which knows where every word of it stands.

    `suites` are the documents of the suites that gate beside it, by the label that begins their addresses:
    `expectations/x.json#expectations[0]`. `queries` are the files that its queries stand in, by the address that names them.
    """

    contract: Contract
    document: Document
    suites: Mapping[str, Document] = field(default_factory=dict)
    queries: Mapping[str, QueryFile] = field(default_factory=dict)

    def problem(self, path: str, message: str, hint: str = "") -> Problem:
        """A problem at an address in the contract, a suite beside it or a query's file, with its file, line and column."""
        if path in self.queries and (place := _PLACE.search(message)):
            query = self.queries[path]
            line, column = int(place["line"]) + query.skipped, int(place["column"])
            return Problem(file=str(query.file), line=line, column=column, path="", message=message, hint=hint)
        label, _, inside = path.partition("#")
        if label not in self.suites:
            return self.document.problem(path, message, hint)
        inside = inside.replace(".implementation", "", 1)  # a rule's own word for what stands in the suite itself
        return self.suites[label].problem(inside, message, hint)

    def add_location(self, problem: Problem) -> Problem:
        """A problem that only knows its address, with its file, line and column."""
        if problem.line or not problem.path or problem.file != self.contract.file:
            return problem
        return self.problem(problem.path, problem.message, problem.hint)


def load(path: Path) -> Contract:
    """The contract in a file.

    Raises:
        InvalidInput: as `read`.
    """
    return read(path).contract


def read(path: Path, *, alone: bool = False) -> ContractFile:
    """The contract in a file, with its document.

    Args:
        path: the file.
        alone: whether a query that the contract names, and whose file is not there, stays a name.

    Raises:
        InvalidInput: the file cannot be read, is not YAML, or is not ODCS 3.x; with every problem found in it.
    """
    document = Document.read(path)
    problems = tuple(_problems(document))
    if problems:
        raise InvalidInput(*sorted(problems, key=lambda problem: (problem.line, problem.column)))
    missing: list[Problem] = []
    contract, queries = load_queries(Mapper(document, path).contract(), document, path.parent, missing)
    if missing and not alone:
        raise InvalidInput(*missing)
    return ContractFile(contract, document, queries=queries)


# Judging


def _problems(document: Document) -> Iterator[Problem]:
    data = document.data
    if not isinstance(data, dict):
        yield document.problem("", f"expected a mapping, found {clip(data)}", "a contract starts with apiVersion")
        return
    version = data.get("apiVersion", max(VERSIONS))
    if not isinstance(version, str) or version not in VERSIONS:
        known = join_words(VERSIONS)
        hint = did_you_mean(str(version), VERSIONS) if isinstance(version, str | float) else "write it as in v3.1.0"
        yield document.problem("apiVersion", f"found {clip(version)}, which is not read here; known: {known}", hint)
        return
    found = find_violations(data, version)
    for mistake in found:
        yield document.problem(format_address(mistake.parts), mistake.message, mistake.hint, key=mistake.is_key)
    if not found:
        yield from _disagreements(document)


def _disagreements(document: Document) -> Iterator[Problem]:
    """What the standard's library refuses although the schema allows it; so far only in 3.0, whose schema is lax."""
    try:
        OpenDataContractStandard.model_validate(document.data)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False):
            # The library's address also names the choice it tried, which is no step in the document.
            parts: list[str | int] = []
            for part in detail["loc"]:
                if document.at(format_address([*parts, part])) is not None:
                    parts.append(part)
            yield document.problem(format_address(parts), f"not as the standard's library reads it: {detail['msg']}")
