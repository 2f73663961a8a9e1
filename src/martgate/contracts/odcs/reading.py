"""From a file to a contract.

A document is judged in steps, and each step tells all it finds: is it YAML, is its `apiVersion` known, does it keep to
the JSON Schema of that version, does the standard's own library read it too. What no schema sees is `martgate.contracts.lint`'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from martgate.contracts.model import Contract
from martgate.contracts.odcs.mapping import Mapper
from martgate.contracts.odcs.schema import VERSIONS, mistakes
from martgate.contracts.yaml.address import address
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput, Problem
from martgate.hints import clip, did_you_mean, join

__all__ = ["ContractFile", "load", "read"]


@dataclass(frozen=True, slots=True)
class ContractFile:
    """A contract, and the document it was read from, which knows where every word of it stands."""

    contract: Contract
    document: Document


def load(path: Path) -> Contract:
    """The contract in a file.

    Raises:
        InvalidInput: as `read`.
    """
    return read(path).contract


def read(path: Path) -> ContractFile:
    """The contract in a file, with its document.

    Raises:
        InvalidInput: the file cannot be read, is not YAML, or is not ODCS 3.x; with every problem found in it.
    """
    document = Document.read(path)
    problems = tuple(_problems(document))
    if problems:
        raise InvalidInput(*sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return ContractFile(Mapper(document, path).contract(), document)


# Judging


def _problems(document: Document) -> Iterator[Problem]:
    data = document.data
    if not isinstance(data, dict):
        yield document.problem("", f"expected a mapping, found {clip(data)}", "a contract starts with apiVersion")
        return
    version = data.get("apiVersion", max(VERSIONS))
    if not isinstance(version, str) or version not in VERSIONS:
        known = join(VERSIONS)
        hint = did_you_mean(str(version), VERSIONS) if isinstance(version, str | float) else "write it as in v3.1.0"
        yield document.problem("apiVersion", f"found {clip(version)}, which is not read here; known: {known}", hint)
        return
    found = mistakes(data, version)
    for mistake in found:
        yield document.problem(address(mistake.parts), mistake.message, mistake.hint, key=mistake.is_key)
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
                if document.at(address([*parts, part])) is not None:
                    parts.append(part)
            yield document.problem(address(parts), f"not as the standard's library reads it: {detail['msg']}")
