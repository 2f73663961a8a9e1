"""Derives the rules that enforce a contract.

A rule's name says what it is about: `COLUMN|what`, `table|what`, or `sla|what` for promises about time. Its clauses are the
addresses in the contract that it enforces; a clause includes everything below it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from martgate.contracts.durations import UNITS, parse_seconds
from martgate.contracts.model import Column, Relationship, Sla, Table
from martgate.contracts.quality import Quality
from martgate.contracts.types import canonical_type, explain_unjudged_type, read_text_form, read_text_limit
from martgate.errors import InvalidInput, Problem
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.fresh import Fresh
from martgate.expectations.kinds.has_columns import HasColumns
from martgate.expectations.kinds.has_type import HasType
from martgate.expectations.kinds.in_partition import InPartition
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.reading import resolve_columns
from martgate.expectations.kinds.references import References
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.mistakes import Mistake, MistakeCollector, is_finite
from martgate.expectations.options import read_option
from martgate.expectations.quality import read_quality
from martgate.expectations.rules import Rule

__all__ = ["Derivation", "derive", "derive_with_problems"]

_ColumnRule = tuple[str, Check, tuple[str, ...], str]
"""A rule about one column: the end of its name, its check, the leaves of the column that it enforces, its dimension."""

_GATED_SLAS = frozenset({"freshness", "latency"})


@dataclass(frozen=True, slots=True)
class Derivation:
    """The rules of one table, and the problems of clauses that cannot become one."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]


def derive(table: Table) -> tuple[Rule, ...]:
    """Derive the rules of one table, in the order of its contract.

    Raises:
        martgate.errors.InvalidInput: with every clause that cannot be checked. The problems have addresses in the document
            and no lines, which only the reader of the file knows.
    """
    derivation = derive_with_problems(table)
    if derivation.problems:
        raise InvalidInput(*derivation.problems)
    return derivation.rules


def derive_with_problems(table: Table) -> Derivation:
    """Derive the rules of one table, also of a contract that has problems."""
    mistakes = MistakeCollector(table.contract.file)
    rules = [
        _table_columns(table),
        *(rule for column in table.columns for rule in _column_rules(column, table, mistakes)),
        *_key_rules(table),
        *_relationship_rules("table", table.relationships, table, mistakes),
        *_quality_rules(table.quality, table, None, mistakes),
        *_sla_rules(table, mistakes),
    ]
    if table.custom.get("allowVacuous") is True:
        rules = [replace(rule, allow_vacuous=True) for rule in rules]
    _check_names(rules, mistakes)
    return Derivation(tuple(rules), tuple(mistakes.problems))


def _check_names(rules: Iterable[Rule], mistakes: MistakeCollector) -> None:
    names = set()
    for rule in rules:
        if rule.name in names:
            hint = "give this quality an id of its own"
            mistakes.add(rule.clauses[0], Mistake(f"another rule is already named {rule.name}", hint))
        names.add(rule.name)


def _table_columns(table: Table) -> Rule:
    return Rule(
        name="table|columns",
        check=HasColumns(table.column_names),
        clauses=tuple(f"{column.path}.name" for column in table.columns),
        dimension="conformity",
    )


def _column_rules(column: Column, table: Table, mistakes: MistakeCollector) -> Iterator[Rule]:
    kind = _read_type(column, mistakes)
    rules: list[_ColumnRule] = [
        *([("type", HasType(column.name, kind), ("physicalType", "logicalType"), "conformity")] if kind else []),
        *_presence_rules(column, mistakes),
        *_option_rules(column, kind, mistakes),
        *_text_rules(column, kind),
    ]
    for name, check, leaves, dimension in rules:
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


def _read_type(column: Column, mistakes: MistakeCollector) -> str:
    """The column's type in Spark's spelling; empty where it is unknown, or of another platform and not judged."""
    if explain_unjudged_type(column.physical_type):
        return ""
    try:
        return canonical_type(column.physical_type)
    except ValueError as error:
        mistakes.add(column.path, Mistake(str(error), key="physicalType"))
        return ""


def _presence_rules(column: Column, mistakes: MistakeCollector) -> Iterator[_ColumnRule]:
    """Rules of `required`, `unique` and `enum`. A primary key is never null, whatever `required` says."""
    if column.required or column.primary_key_position is not None:
        leaf = "required" if column.required else "primaryKey"
        yield "not_null", NotNull(column.name), (leaf,), "completeness"
    if column.unique:
        yield "unique", Unique((column.name,)), ("unique",), "uniqueness"
    if not all(map(is_finite, column.enum)):
        mistakes.add(column.path, Mistake("expected finite numbers", key="enum"))
    elif column.enum:
        yield "in_set", InSet(column.name, column.enum), ("enum",), "conformity"


def _option_rules(column: Column, kind: str, mistakes: MistakeCollector) -> Iterator[_ColumnRule]:
    for option, value in column.options.items():
        try:
            rule = read_option(column, option, value, kind)
        except Mistake as mistake:
            mistakes.add(column.path, Mistake(mistake.message, mistake.hint, key=f"logicalTypeOptions.{option}"))
            continue
        if rule:
            name, check = rule
            yield name, check, (f"logicalTypeOptions.{option}",), "conformity"


def _text_rules(column: Column, kind: str) -> Iterator[_ColumnRule]:
    """Rules of the length and the form that the type of a text promises, where no option asks for as much."""
    limit, own = read_text_limit(column.physical_type), column.options.get("maxLength")
    promises: dict[str, object] = {}
    if limit is not None and not (isinstance(own, int) and own <= limit):
        promises["maxLength"] = limit
    if read_text_form(column.physical_type) == "uuid" and column.options.get("format") != "uuid":
        promises["format"] = "uuid"
    for option, value in promises.items():
        rule = read_option(column, option, value, kind)
        if rule:
            name, check = rule
            yield f"type_{name}" if option in column.options else name, check, ("physicalType",), "conformity"


def _key_rules(table: Table) -> Iterator[Rule]:
    """Rules of the primary key as a whole, and of the partitions."""
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
    """Rules of foreign keys; the second of a subject is named `references-2`."""
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
        allow_vacuous = quality.implementation.get("allow_vacuous", False)
        if not isinstance(allow_vacuous, bool):
            key = "implementation.allow_vacuous"
            mistakes.add(quality.path, Mistake(f"expected true or false, found {allow_vacuous!r}", key=key))
        own_column = (column.name,) if column else ()
        yield Rule(
            name=f"{column.name if column else 'table'}|{quality.id}",
            check=check,
            clauses=(quality.path,),
            columns=_declared_names([*check.columns_read, *own_column], table),
            severity=quality.severity,
            dimension=quality.dimension,
            description=quality.description,
            allow_vacuous=allow_vacuous is True or (column is not None and column.can_be_vacuous),
        )


def _declared_names(names: Iterable[str], table: Table) -> tuple[str, ...]:
    """The contract's own spelling of columns that SQL names in another case."""
    declared = {name.casefold(): name for name in table.column_names}
    return tuple(dict.fromkeys(declared.get(name.casefold(), name) for name in names))


def _sla_rules(table: Table, mistakes: MistakeCollector) -> Iterator[Rule]:
    """Rules of freshness and latency that name a column of this table; the column is part of the name if there are several."""
    elements = [
        (sla, name) for sla in table.contract.slas if sla.property in _GATED_SLAS for name in _sla_columns(sla, table)
    ]
    counts = Counter(sla.property for sla, _ in elements)
    for sla, name in elements:
        try:
            check = Fresh(resolve_columns((name,), table)[0], _read_seconds(sla))
        except Mistake as mistake:
            mistakes.add(sla.path, mistake)
            continue
        yield Rule(
            name=f"sla|{sla.property}" + (f".{name}" if counts[sla.property] > 1 else ""),
            check=check,
            clauses=(sla.path,),
            columns=check.columns_read,
            dimension="timeliness",
            description=sla.description,
        )


def _sla_columns(sla: Sla, table: Table) -> list[str]:
    """The columns of this table that an SLA names, as `table.column`, or as `column` where there is one table."""
    names = [name.strip() for name in sla.element.split(",") if name.strip()]
    return [column for name in names if (column := table.resolve_column(name)) is not None]


def _read_seconds(sla: Sla) -> int:
    if sla.unit.lower() not in UNITS:
        raise Mistake(f"unit {sla.unit!r} is not known", f"known are {', '.join(UNITS)}", key="unit")
    span = parse_seconds(sla.value, sla.unit)
    if span is None:
        raise Mistake(
            f"expected a number greater than 0, whole if of months or years, found {sla.value!r}", key="value"
        )
    return span
