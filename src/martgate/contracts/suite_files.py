"""The files of hand-written Great Expectations suites: finding, reading and checking them.

Suites written by `martgate compile` are marked in their `meta`. This module does not import Great Expectations.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from martgate.contracts.quality import Quality, QualityType, Severity
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput, Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words

__all__ = [
    "GENERATED_BY",
    "SUFFIX",
    "Suite",
    "find_suite_files",
    "is_generated",
    "read_meta",
    "read_qualities",
    "read_suite",
    "suite_stem",
]

GENERATED_BY = "martgate compile"
"""The `meta.generated_by` of a suite that was compiled from a contract, and of no other."""

SUFFIX = ".suite.json"

_SUITE_KEYS = ("name", "expectations", "meta", "notes", "id")
_EXPECTATION_KEYS = (
    *("type", "kwargs", "meta", "notes", "description", "id", "severity"),
    *("rendered_content", "success_on_last_run", "expectation_context"),
)
_SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.ERROR,
    "warning": Severity.WARNING,
    "info": Severity.WARNING,  # contracts have no third severity: it is reported and does not block
}
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite.

    Attributes:
        label: The name of its file in rules, as in `expectations/x.json`; the same on every machine.
        document: The content, with its positions.
    """

    label: str
    document: Document

    @property
    def stem(self) -> str:
        return suite_stem(self.label)


def find_suite_files(folders: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Yield each `*.json` below some folders once: its label in rules, and its path."""
    seen: set[Path] = set()
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*.json") if path.is_file()):
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield f"{folder.resolve().name}/{file.relative_to(folder).as_posix()}", file


def suite_stem(label: str) -> str:
    """Return the name of a file without the suffix of suites."""
    return label.rpartition("/")[2].removesuffix(SUFFIX).removesuffix(".json")


def is_generated(file: Path) -> bool:
    """Return whether `martgate compile` wrote a suite, as its `meta` says."""
    return read_meta(file).get("generated_by") == GENERATED_BY


def read_meta(file: Path) -> Mapping[str, Any]:
    """Return the `meta` of a suite; empty where there is none, or the file is no suite."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    meta = document.get("meta") if isinstance(document, dict) else None
    return meta if isinstance(meta, dict) else {}


def read_suite(file: Path) -> Document:
    """Read JSON with its positions: as YAML, after surrogate pairs, which YAML does not have, became characters."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            Problem(file=str(file), line=error.lineno, column=error.colno, message=f"is not JSON: {error.msg}")
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "is not JSON in UTF-8"
        raise InvalidInput(Problem(file=str(file), message=f"cannot be read: {reason}")) from None
    return Document.parse(_SURROGATES.sub(_character, text), file=str(file))


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _character(match: re.Match[str]) -> str:
    high, low = int(match[2], 16), int(match[3], 16)
    return f"{match[1]}\\U{0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF):08X}"


def read_qualities(suite: Suite) -> Iterator[Quality]:
    """Yield each expectation as an entry of `quality`, without its table.

    Raises:
        martgate.errors.InvalidInput: The suite is not in the format of Great Expectations 1.x; with every problem.
    """
    document, data = suite.document, suite.document.data
    if not isinstance(data, dict) or not isinstance(data.get("expectations"), list):
        hint = "a suite of Great Expectations 1.x is {name, expectations: [..], meta}"
        raise InvalidInput(document.problem("expectations", "expected a suite with a list of expectations", hint))
    problems = [*_check_keys(document, "", data, _SUITE_KEYS)]
    if not data["expectations"]:
        problems.append(document.problem("expectations", "the suite has no expectations", "delete it"))
    if not isinstance(data.get("meta", {}), dict):
        problems.append(document.problem("meta", f"found {clip(data['meta'])}, expected an object"))
    taken: Counter[str] = Counter()
    qualities: list[Quality] = []
    for index, raw in enumerate(data["expectations"]):
        path = f"expectations[{index}]"
        errors = list(_check_expectation(document, path, raw))
        problems += errors
        if not errors:
            qualities.append(_quality(f"{suite.label}#{path}", raw, taken))
    if problems:
        raise InvalidInput(*problems)
    yield from (replace(quality, suite=suite.label) for quality in qualities)


def _check_expectation(document: Document, path: str, raw: Any) -> Iterator[Problem]:
    if not isinstance(raw, dict):
        yield document.problem(path, f"found {clip(raw)}, expected an expectation {{type, kwargs}}")
        return
    yield from _check_keys(document, f"{path}.", raw, _EXPECTATION_KEYS)
    if not isinstance(raw.get("type"), str):
        yield document.problem(path, "an expectation needs a type", 'as in "type": "expect_column_values_to_be_unique"')
    for key, kind, words in (("kwargs", dict, "an object"), ("meta", dict, "an object"), ("description", str, "text")):
        if raw.get(key) is not None and not isinstance(raw[key], kind):
            yield document.problem(f"{path}.{key}", f"found {clip(raw[key])}, expected {words}")
    severity = raw.get("severity")
    if severity is not None and severity not in _SEVERITIES:
        message = f"found {clip(severity)}, expected {join_words(_SEVERITIES, 'or')}"
        yield document.problem(f"{path}.severity", message)


def _check_keys(document: Document, path: str, raw: Mapping[str, Any], known: Sequence[str]) -> Iterator[Problem]:
    for key in raw:
        if key not in known:
            message = f"{clip(key)} is not a key of Great Expectations 1.x here"
            yield document.problem(f"{path}{key}", message, did_you_mean(key, known), key=True)


def _quality(path: str, raw: Mapping[str, Any], taken: Counter[str]) -> Quality:
    meta = raw.get("meta") or {}
    name = _unique_name(raw, taken)
    implementation = {"type": raw["type"], "kwargs": raw.get("kwargs") or {}}
    if "allow_vacuous" in meta:
        implementation["allow_vacuous"] = meta["allow_vacuous"]
    return Quality(
        path=path,
        id=name,
        type=QualityType.CUSTOM,
        severity=_SEVERITIES[raw.get("severity") or "critical"],
        description=raw.get("description") or "",
        engine="greatExpectations",
        implementation=implementation,
    )


def _unique_name(raw: Mapping[str, Any], taken: Counter[str]) -> str:
    """Return the id of an expectation unless it is generated, else its type; a repeated name gets a number."""
    chosen = raw.get("id")
    name = chosen if isinstance(chosen, str) and chosen and not _is_uuid(chosen) else raw["type"]
    key = f"{(raw.get('kwargs') or {}).get('column')}|{name}"
    taken[key] += 1
    return name if taken[key] == 1 else f"{name}-{taken[key]}"


def _is_uuid(text: str) -> bool:
    """Return whether an id is a UUID, as Great Expectations generates."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True
