"""Every kind of check there is, by name: ours, and those that other packages add by entry point.

A package adds a kind by an entry point of group `martgate.kinds`, named as the kind: `trimmed = "a_package.trimmed:Trimmed"`.
Ours are listed in the same words and loaded in the same way.
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

__all__ = ["GROUP", "OURS", "declarable_kinds", "kinds"]

GROUP = "martgate.kinds"
"""The group of entry points under which packages add kinds."""

OURS: Mapping[str, str] = {
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
    "reconciles": "martgate.expectations.kinds.reconciles:Reconciles",
    "unchanged_since": "martgate.expectations.kinds.unchanged_since:UnchangedSince",
    "never_disappears": "martgate.expectations.kinds.never_disappears:NeverDisappears",
    "never_falls": "martgate.expectations.kinds.moves:NeverFalls",
    "never_rises": "martgate.expectations.kinds.moves:NeverRises",
    "volume_band": "martgate.expectations.kinds.volume_band:VolumeBand",
    "share_shift": "martgate.expectations.kinds.share_shift:ShareShift",
    "metric": "martgate.expectations.kinds.quality_metric:QualityMetric",
    "sql": "martgate.expectations.kinds.sql_number:SqlNumber",
    "fresh": "martgate.expectations.kinds.fresh:Fresh",
    "foreign": "martgate.expectations.kinds.foreign:Foreign",
}
"""Our kinds: one line for each."""


@cache
def kinds() -> Mapping[str, type[Check]]:
    """Every kind by name, ours first.

    Raises:
        martgate.errors.InvalidInput: a package adds a kind that cannot be used, with every such kind; none is left out.
    """
    return MappingProxyType(_load([*(EntryPoint(name, value, GROUP) for name, value in OURS.items()), *_added()]))


@cache
def declarable_kinds() -> Mapping[str, type[Check]]:
    """The kinds that a contract may ask for as `rule: KIND`."""
    return MappingProxyType({name: kind for name, kind in kinds().items() if kind.is_declarable})


def _added() -> Iterable[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))


def _load(entries: Iterable[EntryPoint]) -> dict[str, type[Check]]:
    loaded: dict[str, type[Check]] = {}
    sources: dict[str, EntryPoint] = {}
    problems: list[Problem] = []
    for entry in entries:
        if entry.name in sources:
            message = f"kind {entry.name!r} is {_place(sources[entry.name])} and {_place(entry)}"
            problems.append(_problem(message, "give one of them another name, or uninstall its package"))
            continue
        sources[entry.name] = entry
        try:
            loaded[entry.name] = _loaded(entry)
        except Exception as error:  # noqa: BLE001 - of a package that is not ours: it may raise anything as it is imported
            message = f"kind {entry.name!r}, {_place(entry)}, cannot be used: {str(error) or type(error).__name__}"
            problems.append(_problem(message, "mend its package, or uninstall it"))
    if problems:
        raise InvalidInput(*problems)
    return loaded


def _loaded(entry: EntryPoint) -> type[Check]:
    found: object = entry.load()
    if not (isinstance(found, type) and issubclass(found, Check)):
        raise TypeError("expected a class below Check")
    kind: type[Check] = found
    if inspect.isabstract(kind):
        raise TypeError(f"it lacks {', '.join(sorted(kind.__abstractmethods__))}")
    if not (hasattr(kind, "__dataclass_fields__") and "__slots__" in vars(kind)):
        raise TypeError("expected a dataclass(frozen=True, slots=True)")
    if getattr(kind, "kind", None) != entry.name:
        raise TypeError(f"its class calls itself {getattr(kind, 'kind', None)!r}")
    strange = [field.name for field in get_fields(kind) if kind.is_declarable and not field.is_readable]
    if strange:
        raise TypeError(f"the type of {', '.join(strange)} does not say how a contract writes it (see kinds.fields)")
    return kind


def _place(entry: EntryPoint) -> str:
    package = f" of package {entry.dist.name}" if entry.dist else ""
    return f"{entry.value}{package}"


def _problem(message: str, hint: str) -> Problem:
    return Problem(file=f"entry points {GROUP}", message=message, hint=hint)


def json_schema_of(kind: type[Check], source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
    """How pydantic writes and reads a check: one of a kind by its fields and its name, any check by that name."""
    from pydantic_core import core_schema  # noqa: PLC0415 - needed where audits become JSON, and nowhere else

    if kind is not Check:
        name = kind.kind
        named = core_schema.wrap_serializer_function_ser_schema(lambda check, write: {**write(check), "kind": name})
        return core_schema.no_info_after_validator_function(lambda check: check, handler(source), serialization=named)
    choices = {name: handler.generate_schema(each) for name, each in kinds().items()}
    return core_schema.tagged_union_schema(choices, discriminator=_name_of)


def _name_of(value: Any) -> Any:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
