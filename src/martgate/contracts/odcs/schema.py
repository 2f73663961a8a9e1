"""What the JSON Schema of an ODCS version says about a document, in sentences a reader can act on.

The keywords are jsonschema's, except four. Its `unevaluatedProperties` validates every subtree again, so that nested
properties cost three times as much with each level (five levels: 0.9 s), and reports every key of a mapping in which
anything else is wrong; its `uniqueItems` compares all pairs. Ours read the keys off the schema, and count.
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

__all__ = ["VERSIONS", "Violation", "find_violations"]

VERSIONS: Mapping[str, str] = {
    "v3.0.0": "3.0.2",
    "v3.0.1": "3.0.2",
    "v3.0.2": "3.0.2",
    "v3.1.0": "3.1.0",
    "v3.2.0": "3.2.0",
}
"""The `apiVersion`s that are read, oldest first, and the schema that judges each."""

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
    """One sentence about one place. With `is_key`, the key is meant, not its value."""

    parts: tuple[str | int, ...]
    message: str
    hint: str = ""
    is_key: bool = False


def find_violations(data: Any, version: str) -> tuple[Violation, ...]:
    """All that the schema of this `apiVersion` (one of `VERSIONS`) finds wrong in a document."""
    errors = _errors(data, VERSIONS[version])
    if not errors:
        return ()
    newer = {schema: v for v, schema in VERSIONS.items() if schema > VERSIONS[version]}
    later = {v: {_key(error) for error in _errors(_as_of(data, v), schema)} for schema, v in newer.items()}
    found: dict[tuple[Hashable, ...], Violation] = {}
    for error in errors:
        since = next((v for v, still in later.items() if _key(error) not in still), None)
        mistake = _sentence(error, data)
        if since is not None and version != since:
            mistake = Violation(
                mistake.parts, mistake.message, f"ODCS allows it since {since}: say apiVersion: {since}", mistake.is_key
            )
        found.setdefault((mistake.parts, mistake.message), mistake)
    return tuple(found.values())


def _as_of(data: Any, version: str) -> Any:
    return {**data, "apiVersion": version} if isinstance(data, dict) else data


def _key(error: ValidationError) -> tuple[Hashable, ...]:
    return (tuple(error.absolute_path), str(error.validator))


@cache
def _schema(name: str) -> dict[str, Any]:
    text = files("martgate.contracts.odcs").joinpath("schemas", f"odcs-{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _errors(data: Any, name: str) -> list[ValidationError]:
    """One error for each place and reason."""
    schema = _schema(name)
    found: dict[tuple[Hashable, ...], ValidationError] = {}
    for error in _validator(schema).iter_errors(data):
        for part in narrow_errors(error):
            found.setdefault(_key(part), part)
    # Which keys a server may have depends on its type: with a wrong one, no key can be judged.
    untyped = {tuple(error.absolute_path)[:-1] for error in found.values() if _is_wrong_type_word(error)}
    return [e for e in found.values() if e.validator != UNKNOWN or tuple(e.absolute_path)[:-1] not in untyped]


def _is_wrong_type_word(error: ValidationError) -> bool:
    return error.validator == "enum" and [*error.absolute_path][-1:] == ["type"]


def _validator(schema: dict[str, Any]) -> Any:
    """A validator for one document: it remembers which properties it has seen, wherever an alias repeats them."""
    definitions = schema["$defs"]
    seen: set[tuple[str, int]] = set()

    def reference(validator: Any, name: str, instance: Any, _: Any) -> Iterator[ValidationError]:
        # The schemas ask for nested properties twice, once by type and once by place; twice a level is 2^levels.
        if name == "#/$defs/SchemaProperty" and isinstance(instance, dict | list):
            if (name, id(instance)) in seen:
                return
            seen.add((name, id(instance)))
        yield from validator.descend(instance, _definition(definitions, name))

    def unevaluated(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if allowed is False and isinstance(instance, dict):
            yield from _stray(instance, _known(validator, schema, instance, definitions))

    keywords = {"$ref": reference, "unevaluatedProperties": unevaluated, "additionalProperties": _additional}
    extended: Any = extend  # untyped in its stubs
    return extended(Draft201909Validator, {**keywords, "uniqueItems": _unique})(schema)


def _definition(definitions: Mapping[str, Any], reference: str) -> Any:
    found: Any = definitions
    for name in reference.removeprefix("#/$defs/").split("/"):
        found = found[name]
    return found


def _known(validator: Any, schema: Any, instance: Any, definitions: Mapping[str, Any]) -> Iterator[str]:
    """The keys that a schema speaks about, here, whether or not their values are right."""
    yield from schema.get("properties", ())
    inner = [_definition(definitions, schema["$ref"])] if "$ref" in schema else []
    for keyword in ("allOf", "anyOf", "oneOf"):
        inner += schema.get(keyword, ())
    for part in inner:
        yield from _known(validator, part, instance, definitions)
    if "if" in schema and validator.evolve(schema=schema["if"]).is_valid(instance):
        yield from _known(validator, schema.get("then", {}), instance, definitions)


def _stray(instance: dict[str, Any], known: Iterable[str]) -> Iterator[ValidationError]:
    """The keys that nothing knows. What is known is asked for only until it suffices: its conditions cost most."""
    names: set[str] = set()
    left = set(instance)
    for name in known:
        names.add(name)
        left.discard(name)
        if not left:
            return
    yield from _unknown(instance, names)


def _additional(_: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if allowed is False and isinstance(instance, dict):
        yield from _unknown(instance, set(schema.get("properties", ())))


def _unknown(instance: dict[str, Any], known: set[str]) -> Iterator[ValidationError]:
    for key in instance:
        if key not in known:
            message = f"the key {clip(key)} is not known here"
            yield ValidationError(message, validator=UNKNOWN, validator_value=sorted(known), path=(key,))


def _unique(_: Any, wanted: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if not wanted or not isinstance(instance, list):
        return
    first: dict[str, int] = {}
    for index, item in enumerate(instance):
        earlier = first.setdefault(json.dumps(item, sort_keys=True), index)
        if earlier != index:
            yield ValidationError(f"stands here a second time, first as number {earlier + 1}", path=(index,))


def _sentence(error: ValidationError, data: Any) -> Violation:
    parts = tuple(error.absolute_path)
    if "logicalTypeOptions" in parts:
        cut = parts.index("logicalTypeOptions")
        if "logicalType" not in _inside(data, parts[:cut]):
            hint = "say logicalType beside it: which options there are depends on it"
            return Violation(parts[: cut + 1], "logicalTypeOptions without a logicalType", hint)
    return Violation(parts, *_words(error), is_key=error.validator == UNKNOWN)


def _inside(data: Any, parts: Iterable[str | int]) -> Any:
    for part in parts:
        data = data[part]
    return data


def _words(error: ValidationError) -> Sentence:
    """Message and hint."""
    say = WORDS.get(str(error.validator))
    if say is not None:
        return say(error)
    if error.validator in BOUNDS:
        limit = BOUNDS[str(error.validator)]
        size = f" of {len(error.instance)}" if isinstance(error.instance, list | dict) else ""
        return f"found {clip(error.instance)}{size}, expected {limit} {error.validator_value}", ""
    return f"does not keep to {error.validator}: {clip(error.validator_value)}", ""


def _word(error: ValidationError) -> Sentence:
    value: Any = error.validator_value
    words = [str(word) for word in (value if isinstance(value, list) else [value])]
    message = f"found {clip(error.instance)}, which is none of the {len(words)} allowed words"
    if len(words) == 1:
        message = f"found {clip(error.instance)}, expected {clip(words[0])}"
    return message, did_you_mean(str(error.instance), words)


def _missing(error: ValidationError) -> Sentence:
    value: Any = error.validator_value
    # One error a key; which one is told in the text alone.
    absent = [name for name in value if isinstance(error.instance, dict) and name not in error.instance]
    return f"the key {clip(next((n for n in absent if repr(n) in error.message), absent[0]))} is missing", ""


def _forbidden(error: ValidationError) -> Sentence:
    value: Any = error.validator_value
    names = join_words(clip(name) for name in value.get("required", ["this"]))
    return f"{names} has no place here", "a relationship of a column starts at that column"


def _unknown_key(error: ValidationError) -> Sentence:
    known: Any = error.validator_value
    return error.message, did_you_mean(str(error.absolute_path[-1]), known)


def _type(error: ValidationError) -> Sentence:
    instance: Any = error.instance
    value: Any = error.validator_value
    wanted = [value] if isinstance(value, str) else value
    shown = "" if isinstance(instance, dict | list) or instance is None else f" {clip(instance)}"
    message = f"expected {join_words((TYPES.get(name, name) for name in wanted), 'or')}, found {describe_type(instance)}{shown}"
    if "string" in wanted and isinstance(instance, int | float):
        return message, "put it in quotes"
    if "boolean" in wanted and isinstance(instance, str):
        return message, "YAML 1.2 knows two booleans, true and false, written without quotes"
    if {"integer", "number"} & {*wanted} and isinstance(instance, str) and instance[:1].isdigit():
        return message, "write the number without quotes and without leading zeros"
    return message, ""


def _choice(error: ValidationError) -> Sentence:
    named = branch_keys(error)
    if not named:
        return "fits none of its forms, or more than one", ""
    found = join_words(present_keys(named, error)) or "none"
    return f"expected exactly one of {join_words(named, 'or')}, found {found}", ""


def _pattern(error: ValidationError) -> Sentence:
    return f"found {clip(error.instance)}, expected {_described(str(error.validator_value))}", ""


def _described(pattern: str) -> str:
    for name, words in PATTERNS.items():
        for version in set(VERSIONS.values()):
            if _schema(version)["$defs"].get(name, {}).get("pattern") == pattern:
                return words
    return f"text that matches {clip(pattern)}"


WORDS: Mapping[str, Callable[[ValidationError], Sentence]] = {
    "type": _type,
    "enum": _word,
    "const": _word,
    "required": _missing,
    "oneOf": _choice,
    "anyOf": _choice,
    "pattern": _pattern,
    "not": _forbidden,
    "uniqueItems": lambda error: (error.message, "keep one"),
    UNKNOWN: _unknown_key,
}
