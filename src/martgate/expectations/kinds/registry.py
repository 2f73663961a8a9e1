"""The registry of kinds: the built-in ones, and those that other packages add by entry point.

A package adds a kind by an entry point of the group `martgate.kinds` with the name of the kind, such as
`trimmed = "a_package.trimmed:Trimmed"`. The built-in kinds are listed and loaded in the same way.
"""

import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from martgate.errors import InvalidInput, Problem
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.fields import get_fields

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = ["BUILT_IN", "GROUP", "load_declarable_kinds", "load_kinds"]

GROUP = "martgate.kinds"
"""The group of entry points by which packages add kinds."""

BUILT_IN: Mapping[str, str] = {
    "columns": "martgate.expectations.kinds.has_columns:HasColumns",
    "type": "martgate.expectations.kinds.has_type:HasType",
    "not_null": "martgate.expectations.kinds.not_null:NotNull",
    "in_set": "martgate.expectations.kinds.in_set:InSet",
    "pattern": "martgate.expectations.kinds.pattern:Pattern",
    "length": "martgate.expectations.kinds.length:Length",
    "range": "martgate.expectations.kinds.range:Range",
    "multiple_of": "martgate.expectations.kinds.multiple_of:MultipleOf",
    "partitions": "martgate.expectations.kinds.in_partition:InPartition",
    "holds": "martgate.expectations.kinds.conditions:Holds",
    "implies": "martgate.expectations.kinds.conditions:Implies",
    "iff": "martgate.expectations.kinds.conditions:Iff",
    "all_or_none": "martgate.expectations.kinds.all_or_none:AllOrNone",
    "unique": "martgate.expectations.kinds.unique:Unique",
    "constant_within": "martgate.expectations.kinds.constant_within:ConstantWithin",
    "dense_sequence": "martgate.expectations.kinds.dense_sequence:DenseSequence",
    "count_matches": "martgate.expectations.kinds.count_matches:CountMatches",
    "extreme_of": "martgate.expectations.kinds.extreme_of:ExtremeOf",
    "exactly_one": "martgate.expectations.kinds.exactly_one:ExactlyOne",
    "references": "martgate.expectations.kinds.references:References",
    "same_set": "martgate.expectations.kinds.same_set:SameSet",
    "copied_from": "martgate.expectations.kinds.copied_from:CopiedFrom",
    "recomputed": "martgate.expectations.kinds.recomputed:Recomputed",
    "reconciles": "martgate.expectations.kinds.reconciles:Reconciles",
    "unchanged_since": "martgate.expectations.kinds.unchanged_since:UnchangedSince",
    "never_disappears": "martgate.expectations.kinds.never_disappears:NeverDisappears",
    "never_falls": "martgate.expectations.kinds.moves:NeverFalls",
    "never_rises": "martgate.expectations.kinds.moves:NeverRises",
    "volume_band": "martgate.expectations.kinds.volume_band:VolumeBand",
    "share_shift": "martgate.expectations.kinds.share_shift:ShareShift",
    "metric": "martgate.expectations.kinds.quality_metric:QualityMetric",
    "sql": "martgate.expectations.kinds.sql_number:SqlNumber",
    "churn": "martgate.expectations.kinds.churn:Churn",
    "happened": "martgate.expectations.kinds.happened:Happened",
    "fresh": "martgate.expectations.kinds.fresh:Fresh",
    "foreign": "martgate.expectations.kinds.foreign:Foreign",
}
"""The built-in kinds, one line each."""


@cache
def load_kinds() -> Mapping[str, type[Check]]:
    """Load every kind, the built-in ones first.

    Returns:
        The class of each kind by its name.

    Raises:
        martgate.errors.InvalidInput: packages add kinds that cannot be used; the problems name all of them.
    """
    return MappingProxyType(
        _load([*(EntryPoint(name, value, GROUP) for name, value in BUILT_IN.items()), *_find_added()])
    )


@cache
def load_declarable_kinds() -> Mapping[str, type[Check]]:
    """Load the kinds that a contract can declare as `rule: KIND`."""
    return MappingProxyType({name: kind for name, kind in load_kinds().items() if kind.is_declarable})


def _find_added() -> Iterable[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))


def _load(entries: Iterable[EntryPoint]) -> dict[str, type[Check]]:
    loaded: dict[str, type[Check]] = {}
    sources: dict[str, EntryPoint] = {}
    problems: list[Problem] = []
    for entry in entries:
        if entry.name in sources:
            message = f"kind {entry.name!r} is {_describe(sources[entry.name])} and {_describe(entry)}"
            problems.append(_problem(message, "give one of them another name, or uninstall its package"))
            continue
        sources[entry.name] = entry
        try:
            loaded[entry.name] = _load_kind(entry)
        except Exception as error:  # noqa: BLE001 - importing another package may raise anything
            message = f"kind {entry.name!r}, {_describe(entry)}, cannot be used: {str(error) or type(error).__name__}"
            problems.append(_problem(message, "fix its package, or uninstall it"))
    if problems:
        raise InvalidInput(*problems)
    return loaded


def _load_kind(entry: EntryPoint) -> type[Check]:
    loaded: object = entry.load()
    if not (isinstance(loaded, type) and issubclass(loaded, Check)):
        raise TypeError("expected a class below Check")
    kind: type[Check] = loaded
    if inspect.isabstract(kind):
        raise TypeError(f"it lacks {', '.join(sorted(kind.__abstractmethods__))}")
    if not (hasattr(kind, "__dataclass_fields__") and "__slots__" in vars(kind)):
        raise TypeError("expected a dataclass(frozen=True, slots=True)")
    if getattr(kind, "kind", None) != entry.name:
        raise TypeError(f"its class calls itself {getattr(kind, 'kind', None)!r}")
    unreadable = [field.name for field in get_fields(kind) if kind.is_declarable and not field.is_readable]
    if unreadable:
        raise TypeError(f"the type of {', '.join(unreadable)} does not say how a contract writes it (see kinds.fields)")
    return kind


def _describe(entry: EntryPoint) -> str:
    package = f" of package {entry.dist.name}" if entry.dist else ""
    return f"{entry.value}{package}"


def _problem(message: str, hint: str) -> Problem:
    return Problem(file=f"entry points {GROUP}", message=message, hint=hint)


def build_pydantic_schema(kind: type[Check], source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
    """Build the schema by which pydantic writes and reads a check.

    A check has the fields of its kind, and the name of the kind as `kind`, which decides how it is read.

    Args:
        kind: the class of a kind, or `Check` for any kind.
        source: the type that pydantic asks for.
        handler: generates the schemas of fields.
    """
    from pydantic_core import core_schema  # noqa: PLC0415 - only audits that become JSON need it

    if kind is not Check:
        name = kind.kind
        named = core_schema.wrap_serializer_function_ser_schema(lambda check, write: {**write(check), "kind": name})
        return core_schema.no_info_after_validator_function(lambda check: check, handler(source), serialization=named)
    choices = {name: handler.generate_schema(each) for name, each in load_kinds().items()}
    return core_schema.tagged_union_schema(choices, discriminator=_read_name)


def _read_name(value: Any) -> Any:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
