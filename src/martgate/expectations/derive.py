"""From a contract to the rules that enforce it: pure, total, and each with a name that says where it looks.

A rule's name is its address: `COLUMN|what` or `table|what`, and `sla|what` for promises about time. Its clauses are the
leaves of the contract that it enforces; a clause stands for everything below it as well.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from martgate.contracts.durations import UNITS, parse_seconds
from martgate.contracts.model import Column, Quality, Relationship, Sla, Table
from martgate.contracts.types import canonical_type
from martgate.errors import InvalidInput, Problem
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.fields import resolve_columns
from martgate.expectations.kinds.fresh import Fresh
from martgate.expectations.kinds.has_columns import HasColumns
from martgate.expectations.kinds.has_type import HasType
from martgate.expectations.kinds.in_partition import InPartition
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.references import References
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.mistakes import Mistake, MistakeCollector, is_finite
from martgate.expectations.options import read_option
from martgate.expectations.quality import read_quality
from martgate.expectations.rules import Rule

__all__ = ["Derivation", "derive_with_problems", "derive"]

_Stated = tuple[str, Check, tuple[str, ...], str]
"""A rule that stands on a column: its name, check, leaves and dimension."""

_GATED_SLAS = frozenset({"freshness", "latency"})


@dataclass(frozen=True, slots=True)
class Derivation:
    """The rules of one table, and what in its contract could not become one."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]


def derive(table: Table) -> tuple[Rule, ...]:
    """The rules that a contract states about one table of it, in the contract's order.

    Raises:
        martgate.errors.InvalidInput: something in the contract cannot be checked; with every such problem in it. The
            problems carry the path inside the document; whoever read the file knows the lines.
    """
    found = derive_with_problems(table)
    if found.problems:
        raise InvalidInput(*found.problems)
    return found.rules


def derive_with_problems(table: Table) -> Derivation:
    """As `derive`, for those who want to see the rules of a contract that has problems too."""
    mistakes = MistakeCollector(table.contract.file)
    found = [
        _table_columns(table),
        *(rule for column in table.columns for rule in _column_rules(column, table, mistakes)),
        *_keys(table),
        *_relationship_rules("table", table.relationships, table, mistakes),
        *_quality_rules(table.quality, table, None, mistakes),
        *_sla_rules(table, mistakes),
    ]
    if table.custom.get("allowVacuous") is True:
        found = [_vacuous(rule) for rule in found]
    _tell_repeated_names(found, mistakes)
    return Derivation(tuple(found), tuple(mistakes.problems))


def _vacuous(rule: Rule) -> Rule:
    return replace(rule, allow_vacuous=True)


def _tell_repeated_names(found: Iterable[Rule], mistakes: MistakeCollector) -> None:
    counted = Counter(rule.name for rule in found)
    seen = set()
    for rule in found:
        if counted[rule.name] > 1 and rule.name in seen:
            hint = "give this quality an id of its own"
            mistakes.add(rule.clauses[0], Mistake(f"a rule named {rule.name} is there already", hint))
        seen.add(rule.name)


def _table_columns(table: Table) -> Rule:
    return Rule(
        name="table|columns",
        check=HasColumns(table.column_names),
        clauses=tuple(f"{column.path}.name" for column in table.columns),
        dimension="conformity",
    )


def _column_rules(column: Column, table: Table, mistakes: MistakeCollector) -> Iterator[Rule]:
    """All rules that stand on one column."""
    kind = _type(column, mistakes)
    stated: list[_Stated] = [
        *([("type", HasType(column.name, kind), ("physicalType", "logicalType"), "conformity")] if kind else []),
        *_presence(column, mistakes),
        *_options(column, kind, mistakes),
    ]
    for name, check, leaves, dimension in stated:
        yield Rule(
            name=f"{column.name}|{name}",
            check=check,
            clauses=tuple(f"{column.path}.{leaf}" for leaf in leaves),
            columns=(column.name,),
            dimension=dimension,
            allow_vacuous=column.can_be_vacuous,
        )
    yield from _relationship_rules(column.name, column.relationships, table, mistakes, column=column)
    yield from _quality_rules(column.quality, table, column, mistakes)


def _type(column: Column, mistakes: MistakeCollector) -> str:
    """The column's type in Spark's spelling; empty where it is none."""
    try:
        return canonical_type(column.physical_type)
    except ValueError as error:
        mistakes.add(column.path, Mistake(str(error), key="physicalType"))
        return ""


def _presence(column: Column, mistakes: MistakeCollector) -> Iterator[_Stated]:
    """Clauses that stand on the column itself. A primary key is never null, whatever `required` says."""
    if column.required or column.primary_key_position is not None:
        leaf = "required" if column.required else "primaryKey"
        yield "not_null", NotNull(column.name), (leaf,), "completeness"
    if column.unique:
        yield "unique", Unique((column.name,)), ("unique",), "uniqueness"
    if not all(map(is_finite, column.enum)):
        mistakes.add(column.path, Mistake("expected finite numbers", key="enum"))
    elif column.enum:
        yield "in_set", InSet(column.name, column.enum), ("enum",), "conformity"


def _options(column: Column, kind: str, mistakes: MistakeCollector) -> Iterator[_Stated]:
    for option, value in column.options.items():
        try:
            stated = read_option(column, option, value, kind)
        except Mistake as mistake:
            place = Mistake(mistake.message, mistake.hint, key=f"logicalTypeOptions.{option}")
            mistakes.add(column.path, place)
            continue
        if stated:
            name, check = stated
            yield name, check, (f"logicalTypeOptions.{option}",), "conformity"


def _keys(table: Table) -> Iterator[Rule]:
    """The primary key as a whole, and the partitions."""
    if table.primary_key:
        leaves = ("primaryKey", "primaryKeyPosition")
        yield Rule(
            name="table|key",
            check=Unique(table.primary_key),
            clauses=_clauses(table, table.primary_key, leaves),
            columns=table.primary_key,
            dimension="uniqueness",
        )
    if table.partition_columns:
        day = table.publish_partition
        yield Rule(
            name="table|partitions",
            check=InPartition(table.partition_columns, day if day in table.partition_columns else None),
            clauses=_clauses(table, table.partition_columns, ("partitioned", "partitionKeyPosition")),
            columns=table.partition_columns,
            dimension="consistency",
        )


def _clauses(table: Table, names: tuple[str, ...], leaves: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{table.column(name).path}.{leaf}" for name in names for leaf in leaves)


def _relationship_rules(
    subject: str,
    relationships: tuple[Relationship, ...],
    table: Table,
    mistakes: MistakeCollector,
    *,
    column: Column | None = None,
) -> Iterator[Rule]:
    """Foreign keys; where a subject has several, the second is `references-2`."""
    for number, relationship in enumerate(relationships, start=1):
        try:
            columns = resolve_columns(relationship.columns, table)
        except Mistake as mistake:
            mistakes.add(relationship.path, mistake)
            continue
        yield Rule(
            name=f"{subject}|references" + (f"-{number}" if number > 1 else ""),
            check=References(columns, relationship.to_table, relationship.to_columns),
            clauses=(relationship.path,),
            columns=columns,
            dimension="consistency",
            allow_vacuous=column is not None and column.can_be_vacuous,
        )


def _quality_rules(
    qualities: tuple[Quality, ...], table: Table, column: Column | None, mistakes: MistakeCollector
) -> Iterator[Rule]:
    for quality in qualities:
        check = read_quality(quality, table, column, mistakes)
        if check is None:
            continue
        asked = quality.implementation.get("allow_vacuous", False)
        if not isinstance(asked, bool):
            key = "implementation.allow_vacuous"
            mistakes.add(quality.path, Mistake(f"expected true or false, found {asked!r}", key=key))
        standing_on = (column.name,) if column else ()
        yield Rule(
            name=f"{column.name if column else 'table'}|{quality.id}",
            check=check,
            clauses=(quality.path,),
            columns=_spelled(tuple(dict.fromkeys([*check.columns_read, *standing_on])), table),
            severity=quality.severity,
            dimension=quality.dimension,
            description=quality.description,
            allow_vacuous=asked is True or (column is not None and column.can_be_vacuous),
        )


def _spelled(names: tuple[str, ...], table: Table) -> tuple[str, ...]:
    """The contract's own spelling of columns that SQL named in another case."""
    spelled = {name.casefold(): name for name in table.column_names}
    return tuple(dict.fromkeys(spelled.get(name.casefold(), name) for name in names))


def _sla_rules(table: Table, mistakes: MistakeCollector) -> Iterator[Rule]:
    """Freshness and latency, where they name a column of this table; several of a kind are told apart by column."""
    gated = [
        (sla, name) for sla in table.contract.slas if sla.property in _GATED_SLAS for name in _elements(sla, table)
    ]
    counted = Counter(sla.property for sla, _ in gated)
    for sla, name in gated:
        try:
            check = Fresh(resolve_columns((name,), table)[0], _seconds(sla))
        except Mistake as mistake:
            mistakes.add(sla.path, mistake)
            continue
        yield Rule(
            name=f"sla|{sla.property}" + (f".{name}" if counted[sla.property] > 1 else ""),
            check=check,
            clauses=(sla.path,),
            columns=check.columns_read,
            dimension="timeliness",
            description=sla.description,
        )


def _elements(sla: Sla, table: Table) -> list[str]:
    """The columns of this table that an SLA is about; `table.column`, or just the column where there is one table."""
    names = [name.strip() for name in sla.element.split(",") if name.strip()]
    return [column for name in names if (column := table.resolve_column(name)) is not None]


def _seconds(sla: Sla) -> int:
    if sla.unit.lower() not in UNITS:
        raise Mistake(f"unit {sla.unit!r} is not known", f"known are {', '.join(UNITS)}", key="unit")
    span = parse_seconds(sla.value, sla.unit)
    if span is None:
        raise Mistake(
            f"expected a number greater than 0, whole if of months or years, found {sla.value!r}", key="value"
        )
    return span
