"""Reads contract files.

A document is checked in steps, each of which reports all its problems: it is YAML, its `apiVersion` is known, it is valid
by the JSON Schema of that version, and the standard's own library reads it. `martgate.contracts.lint` checks the rest.
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
"""The position of a syntax error in the message of an SQL parser."""


@dataclass(frozen=True, slots=True)
class ContractFile:
    """A contract and the documents that it was read from, which have the position of every value.

    Attributes:
        contract: The contract.
        document: The document of the contract.
        suites: The suites that gate together with it, by the label in their addresses (the text before `#` in
            `expectations/x.json#expectations[0]`).
        queries: The files of its queries, by the address of the reference.
    """

    contract: Contract
    document: Document
    suites: Mapping[str, Document] = field(default_factory=dict)
    queries: Mapping[str, QueryFile] = field(default_factory=dict)

    def problem(self, path: str, message: str, hint: str = "") -> Problem:
        """Return a problem at an address in the contract, a suite or the file of a query, with file, line and column."""
        if path in self.queries and (place := _PLACE.search(message)):
            query = self.queries[path]
            line, column = int(place["line"]) + query.skipped, int(place["column"])
            return Problem(file=str(query.file), line=line, column=column, path="", message=message, hint=hint)
        label, _, inside = path.partition("#")
        if label not in self.suites:
            return self.document.problem(path, message, hint)
        inside = inside.replace(".implementation", "", 1)  # in the model of a rule, but not in the suite
        return self.suites[label].problem(inside, message, hint)

    def add_location(self, problem: Problem) -> Problem:
        """Add file, line and column to a problem that has an address only."""
        if problem.line or not problem.path or problem.file != self.contract.file:
            return problem
        return self.problem(problem.path, problem.message, problem.hint)


def load(path: Path) -> Contract:
    """Read the contract in a file.

    Raises:
        InvalidInput: The file is not a valid contract; see `read`.
    """
    return read(path).contract


def read(path: Path, *, alone: bool = False) -> ContractFile:
    """Read the contract in a file, with its document.

    Args:
        path: The file.
        alone: Whether the files of its queries may be missing; the references then stay as they are.

    Raises:
        InvalidInput: The file cannot be read, is not YAML, or is not ODCS 3.x; with every problem in it.
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


# Checks


def _problems(document: Document) -> Iterator[Problem]:
    data = document.data
    if not isinstance(data, dict):
        yield document.problem("", f"expected a mapping, found {clip(data)}", "a contract starts with apiVersion")
        return
    version = data.get("apiVersion", max(VERSIONS))
    if not isinstance(version, str) or version not in VERSIONS:
        known = join_words(VERSIONS, "or")
        hint = did_you_mean(str(version), VERSIONS) if isinstance(version, str | float) else "write it as in v3.1.0"
        yield document.problem("apiVersion", f"found {clip(version)}, expected one of {known}", hint)
        return
    violations = find_violations(data, version)
    for violation in violations:
        yield document.problem(format_address(violation.parts), violation.message, violation.hint, key=violation.is_key)
    if not violations:
        yield from _validate_with_library(document)


def _validate_with_library(document: Document) -> Iterator[Problem]:
    """Yield what the standard's library rejects and the schema allows; so far only in 3.0, whose schema is lax."""
    try:
        OpenDataContractStandard.model_validate(document.data)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False):
            # The library's address also names the choice that it tried, which is not in the document.
            parts: list[str | int] = []
            for part in detail["loc"]:
                if document.at(format_address([*parts, part])) is not None:
                    parts.append(part)
            yield document.problem(format_address(parts), f"the standard's library cannot read it: {detail['msg']}")
