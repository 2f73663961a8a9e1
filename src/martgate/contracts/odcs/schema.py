"""Validation of a document by the JSON Schema of its ODCS version, with readable messages.

Four keywords replace those of jsonschema. Its `unevaluatedProperties` validates every subtree again, which triples the time
with each level of nested properties (five levels: 0.9 s), and reports every key of a mapping that has any other error; its
`uniqueItems` compares all pairs. The replacements read the allowed keys from the schema, and count.
"""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft201909Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from martgate.contracts.choices import branch_keys, narrow_errors, present_keys
from martgate.hints import clip, describe_type, did_you_mean
from martgate.text.lists import join_words
from martgate.text.numbers import mark_exact_numbers

__all__ = ["VERSIONS", "Violation", "find_violations"]

VERSIONS: Mapping[str, str] = {
    "v3.0.0": "3.0.2",
    "v3.0.1": "3.0.2",
    "v3.0.2": "3.0.2",
    "v3.1.0": "3.1.0",
    "v3.2.0": "3.2.0",
}
"""The schema of each supported `apiVersion`, the oldest first."""

Sentence = tuple[str, str]
"""Message and hint."""
UNKNOWN = "unknownKey"
REFERENCE = "a reference like table.column or /schema/TABLE/properties/COLUMN"
PATTERNS = {
    "ShorthandReference": REFERENCE,
    "FullyQualifiedReference": REFERENCE,
    "StableId": "letters, digits, - and _",
}
TYPES = {
    "string": "text",
    "object": "a mapping",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}
BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "minItems": "a list no shorter than",
    "maxItems": "a list no longer than",
    "minLength": "text no shorter than",
    "maxLength": "text no longer than",
    "minProperties": "a mapping no smaller than",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation of the schema.

    Attributes:
        parts: The keys and indices of its place in the document.
        message: What was found and expected.
        hint: What to do; may be empty.
        is_key: Whether the key is wrong rather than its value.
    """

    parts: tuple[str | int, ...]
    message: str
    hint: str = ""
    is_key: bool = False


def find_violations(data: Any, version: str) -> tuple[Violation, ...]:
    """Validate a document by the schema of an `apiVersion`, one of `VERSIONS`."""
    errors = _errors(data, VERSIONS[version])
    if not errors:
        return ()
    newer = {schema: v for v, schema in VERSIONS.items() if schema > VERSIONS[version]}
    later = {v: {_key(error) for error in _errors(_with_version(data, v), schema)} for schema, v in newer.items()}
    violations: dict[tuple[Hashable, ...], Violation] = {}
    for error in errors:
        since = next((v for v, keys in later.items() if _key(error) not in keys), None)
        violation = _describe(error, data)
        if since is not None and version != since:
            violation = Violation(
                violation.parts,
                violation.message,
                f"ODCS allows it since {since}: set apiVersion: {since}",
                violation.is_key,
            )
        violations.setdefault((violation.parts, violation.message), violation)
    return tuple(violations.values())


def _with_version(data: Any, version: str) -> Any:
    return {**data, "apiVersion": version} if isinstance(data, dict) else data


def _key(error: ValidationError) -> tuple[Hashable, ...]:
    return (tuple(error.absolute_path), str(error.validator))


@cache
def _schema(name: str) -> dict[str, Any]:
    text = files("martgate.contracts.odcs").joinpath("schemas", f"odcs-{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _errors(data: Any, name: str) -> list[ValidationError]:
    """Return one error for each place and keyword."""
    schema = _schema(name)
    errors: dict[tuple[Hashable, ...], ValidationError] = {}
    for error in _validator(schema).iter_errors(data):
        for part in narrow_errors(error):
            errors.setdefault(_key(part), part)
    # The type of a server decides which keys it may have; with a wrong type, unknown keys are not reported.
    untyped = {tuple(error.absolute_path)[:-1] for error in errors.values() if _is_wrong_type_name(error)}
    return [e for e in errors.values() if e.validator != UNKNOWN or tuple(e.absolute_path)[:-1] not in untyped]


def _is_wrong_type_name(error: ValidationError) -> bool:
    return error.validator == "enum" and [*error.absolute_path][-1:] == ["type"]


def _validator(schema: dict[str, Any]) -> Any:
    """Return a validator for one document, which validates a property once even if an alias repeats it."""
    definitions = schema["$defs"]
    seen: set[tuple[str, int]] = set()

    def reference(validator: Any, name: str, instance: Any, _: Any) -> Iterator[ValidationError]:
        # The schemas refer to nested properties twice, by type and by place; twice a level would be 2^levels.
        if name == "#/$defs/SchemaProperty" and isinstance(instance, dict | list):
            if (name, id(instance)) in seen:
                return
            seen.add((name, id(instance)))
        yield from validator.descend(instance, _resolve_definition(definitions, name))

    def unevaluated(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if allowed is False and isinstance(instance, dict):
            yield from _find_unknown(instance, _known_keys(validator, schema, instance, definitions))

    keywords = {"$ref": reference, "unevaluatedProperties": unevaluated, "additionalProperties": _check_additional}
    extended: Any = extend  # untyped in its stubs
    return extended(Draft201909Validator, {**keywords, "uniqueItems": _check_unique})(schema)


def _resolve_definition(definitions: Mapping[str, Any], reference: str) -> Any:
    definition: Any = definitions
    for name in reference.removeprefix("#/$defs/").split("/"):
        definition = definition[name]
    return definition


def _known_keys(validator: Any, schema: Any, instance: Any, definitions: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys that a schema mentions for an instance, whether their values are valid or not."""
    yield from schema.get("properties", ())
    inner = [_resolve_definition(definitions, schema["$ref"])] if "$ref" in schema else []
    for keyword in ("allOf", "anyOf", "oneOf"):
        inner += schema.get(keyword, ())
    for part in inner:
        yield from _known_keys(validator, part, instance, definitions)
    if "if" in schema and validator.evolve(schema=schema["if"]).is_valid(instance):
        yield from _known_keys(validator, schema.get("then", {}), instance, definitions)


def _find_unknown(instance: dict[str, Any], known: Iterable[str]) -> Iterator[ValidationError]:
    """Yield an error for each unknown key; stops early, because the conditions of the schema cost most."""
    names: set[str] = set()
    left = set(instance)
    for name in known:
        names.add(name)
        left.discard(name)
        if not left:
            return
    yield from _unknown_keys(instance, names)


def _check_additional(_: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if allowed is False and isinstance(instance, dict):
        yield from _unknown_keys(instance, set(schema.get("properties", ())))


def _unknown_keys(instance: dict[str, Any], known: set[str]) -> Iterator[ValidationError]:
    for key in instance:
        if key not in known:
            message = f"the key {clip(key)} is not known here"
            yield ValidationError(message, validator=UNKNOWN, validator_value=sorted(known), path=(key,))


def _check_unique(_: Any, wanted: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if not wanted or not isinstance(instance, list):
        return
    first: dict[str, int] = {}
    for index, item in enumerate(instance):
        earlier = first.setdefault(json.dumps(mark_exact_numbers(item), sort_keys=True), index)
        if earlier != index:
            yield ValidationError(f"found the entry a second time, first as number {earlier + 1}", path=(index,))


def _describe(error: ValidationError, data: Any) -> Violation:
    parts = tuple(error.absolute_path)
    if "logicalTypeOptions" in parts:
        cut = parts.index("logicalTypeOptions")
        if "logicalType" not in _value_at(data, parts[:cut]):
            hint = "add a logicalType, which decides the options"
            return Violation(parts[: cut + 1], "found logicalTypeOptions without a logicalType", hint)
    return Violation(parts, *_write(error), is_key=error.validator == UNKNOWN)


def _value_at(data: Any, parts: Iterable[str | int]) -> Any:
    for part in parts:
        data = data[part]
    return data


def _write(error: ValidationError) -> Sentence:
    """Return message and hint for an error."""
    write = WRITERS.get(str(error.validator))
    if write is not None:
        return write(error)
    if error.validator in BOUNDS:
        limit = BOUNDS[str(error.validator)]
        size = f" of {len(error.instance)}" if isinstance(error.instance, list | dict) else ""
        return f"found {clip(error.instance)}{size}, expected {limit} {error.validator_value}", ""
    return f"violates {error.validator}: {clip(error.validator_value)}", ""


def _write_enum(error: ValidationError) -> Sentence:
    value: Any = error.validator_value
    words = [str(word) for word in (value if isinstance(value, list) else [value])]
    message = f"found {clip(error.instance)}, which is none of the {len(words)} allowed words"
    if len(words) == 1:
        message = f"found {clip(error.instance)}, expected {clip(words[0])}"
    return message, did_you_mean(str(error.instance), words)


def _write_required(error: ValidationError) -> Sentence:
    value: Any = error.validator_value
    # There is one error for each key, and only its message names the key.
    absent = [name for name in value if isinstance(error.instance, dict) and name not in error.instance]
    return f"the key {clip(next((n for n in absent if repr(n) in error.message), absent[0]))} is missing", ""


def _write_not(error: ValidationError) -> Sentence:
    value: Any = error.validator_value
    names = join_words(clip(name) for name in value.get("required", ["this"]))
    return f"{names} is not allowed here", "a relationship of a column starts at that column"


def _write_unknown_key(error: ValidationError) -> Sentence:
    known: Any = error.validator_value
    return error.message, did_you_mean(str(error.absolute_path[-1]), known)


def _write_type(error: ValidationError) -> Sentence:
    instance: Any = error.instance
    value: Any = error.validator_value
    expected = [value] if isinstance(value, str) else value
    text = "" if isinstance(instance, dict | list) or instance is None else f" {clip(instance)}"
    message = f"expected {join_words((TYPES.get(name, name) for name in expected), 'or')}, found {describe_type(instance)}{text}"
    if "string" in expected and isinstance(instance, int | float):
        return message, "put it in quotes"
    if "boolean" in expected and isinstance(instance, str):
        return message, "the booleans of YAML 1.2 are true and false, without quotes"
    if {"integer", "number"} & {*expected} and isinstance(instance, str) and instance[:1].isdigit():
        return message, "write the number without quotes and without leading zeros"
    return message, ""


def _write_choice(error: ValidationError) -> Sentence:
    keys = branch_keys(error)
    if not keys:
        return "matches none of its forms, or more than one", ""
    found = join_words(present_keys(keys, error)) or "none"
    return f"expected exactly one of {join_words(keys, 'or')}, found {found}", ""


def _write_pattern(error: ValidationError) -> Sentence:
    return f"found {clip(error.instance)}, expected {_pattern_name(str(error.validator_value))}", ""


def _pattern_name(pattern: str) -> str:
    for name, words in PATTERNS.items():
        for version in set(VERSIONS.values()):
            if _schema(version)["$defs"].get(name, {}).get("pattern") == pattern:
                return words
    return f"text that matches {clip(pattern)}"


WRITERS: Mapping[str, Callable[[ValidationError], Sentence]] = {
    "type": _write_type,
    "enum": _write_enum,
    "const": _write_enum,
    "required": _write_required,
    "oneOf": _write_choice,
    "anyOf": _write_choice,
    "pattern": _write_pattern,
    "not": _write_not,
    "uniqueItems": lambda error: (error.message, "keep one"),
    UNKNOWN: _write_unknown_key,
}
