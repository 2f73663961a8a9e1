"""A quality of engine `martgate`, as a contract writes it: `{rule: KIND, ..}`, read into the check of that kind.

The keys are the fields of the kind's class in `expectations.rules`; `null: pass` stands for `null_passes: true`.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from contracts.address import extend
from contracts.hints import clip, did_you_mean
from contracts.model import Column, Table
from expectations import rules
from expectations.checks import LEAST_DAYS
from expectations.days import AcrossDays
from expectations.findings import Findings, Mistake, is_finite, read_pattern
from expectations.fragments import columns_read, expression_mistake, query_mistake
from expectations.measured import Learned
from expectations.protection import Protection
from expectations.rules import Check

__all__ = ["KINDS", "known_columns", "read_implementation"]


def _kind(check: type[Check]) -> str:
    return next(str(field.default) for field in dataclasses.fields(check) if field.name == "kind")


KINDS: Mapping[str, type[Check]] = {
    _kind(kind): kind
    for kind in (
        rules.NotNull,
        rules.InSet,
        rules.Pattern,
        rules.Length,
        rules.Range,
        rules.MultipleOf,
        rules.Holds,
        rules.Implies,
        rules.Iff,
        rules.AllOrNone,
        rules.Unique,
        rules.ConstantWithin,
        rules.DenseSequence,
        rules.CountMatches,
        rules.ExtremeOf,
        rules.ExactlyOne,
        rules.References,
        rules.SameSet,
        rules.Reconciles,
        rules.UnchangedSince,
        rules.NeverDisappears,
        rules.NeverFalls,
        rules.NeverRises,
        rules.VolumeBand,
        rules.ShareShift,
        rules.Fresh,
    )
}
_BESIDE = frozenset({"rule", "allow_vacuous"})
_SEVERAL: Mapping[type[Check], int] = {rules.AllOrNone: 2}
_OF_THE_WHOLE = (rules.Reconciles, rules.VolumeBand, rules.ShareShift)
"""What can be said of a table as one group."""

_OTHER_TABLES = (rules.References, rules.SameSet)


def read_implementation(
    implementation: Mapping[str, object], table: Table, column: Column | None, findings: Findings, *, path: str
) -> Check | None:
    """The check that an implementation asks for; None, and everything wrong with it in `findings`, where it is none."""
    given = {_key(key): value for key, value in implementation.items()}
    kind = given.get("rule")
    if not isinstance(kind, str) or kind not in KINDS:
        found = "names no rule" if kind is None else f"rule {clip(kind)} is not known"
        near = did_you_mean(kind, KINDS) if isinstance(kind, str) else ""
        known = f"known kinds are {', '.join(sorted(KINDS))}"
        hint = f"{near} {known}" if near.startswith("Did") else known
        findings.add(path, Mistake(found, hint, key="rule" if "rule" in given else ""))
        return None
    return _build(KINDS[kind], _completed(KINDS[kind], given, table, column), table, findings, path)


def known_columns(names: tuple[str, ...], table: Table) -> tuple[str, ...]:
    """The names as the contract spells them (SQL does not tell upper from lower case).

    Raises:
        Mistake: a name is no column of the table.
    """
    spelled = {name.casefold(): name for name in table.column_names}
    for name in names:
        if name.casefold() not in spelled:
            raise Mistake(f"{table.name} has no column {clip(name)}", did_you_mean(name, table.column_names))
    return tuple(spelled[name.casefold()] for name in names)


def _key(key: object) -> str:
    return "null" if key is None else str(key)  # YAML reads the bare word `null` as nothing


def _completed(kind: type[Check], given: dict[str, object], table: Table, column: Column | None) -> dict[str, object]:
    """What goes without saying: the column that a quality stands on, the same names in the other table, a day's key."""
    fields = {field.name for field in dataclasses.fields(kind)}
    values = {key: value for key, value in given.items() if key not in _BESIDE}
    if column and "column" in fields:
        values.setdefault("column", column.name)
    elif column and "columns" in fields:
        values.setdefault("columns", [column.name])
    if "to_columns" in fields and "columns" in values:
        values.setdefault("to_columns", values["columns"])
    key = [name for name in table.primary_key if name != table.publish_partition]
    if "key" in fields and key:
        values.setdefault("key", key)
    if "null_passes" in fields and "null" in values:
        values["null_passes"] = values.pop("null")
    return values


def _build(kind: type[Check], values: dict[str, object], table: Table, findings: Findings, path: str) -> Check | None:
    fields = {field.name: field for field in dataclasses.fields(kind) if field.name != "kind"}
    before = len(findings.problems)
    for name in [name for name in values if name not in fields]:
        known = ["null" if field == "null_passes" else field for field in fields]
        findings.add(
            path, Mistake(f"rule {_kind(kind)} has no {clip(name)}", did_you_mean(name, known), key=extend("", name))
        )
    arguments: dict[str, Any] = {}
    for name, field in fields.items():
        try:
            if name in values:
                arguments[name] = _read_field(kind, name, values[name], table)
            elif field.default is dataclasses.MISSING:
                raise Mistake(f"rule {_kind(kind)} needs {name!r}", f"its keys are {', '.join(fields)}")  # noqa: TRY301
        except Mistake as mistake:
            key = mistake.key or ("null" if name == "null_passes" else name)
            findings.add(path, Mistake(mistake.message, mistake.hint, key=key if name in values else ""))
    if len(findings.problems) > before:
        return None
    check = cast("Callable[..., Check]", kind)(**arguments)
    incoherence = _incoherence(check, table)
    if incoherence:
        findings.add(path, incoherence)
        return None
    return check


def _incoherence(check: Check, table: Table) -> Mistake | None:
    """What no single field can see."""
    if isinstance(check, _OTHER_TABLES) and len(check.columns) != len(check.to_columns):
        counts = f"{len(check.columns)} columns here, {len(check.to_columns)} in {check.to}"
        return Mistake(f"columns do not pair up: {counts}", key="to_columns")
    if isinstance(check, Learned):
        return _unlearnable(check, table)
    return _days_apart(check, table) if isinstance(check, AcrossDays) else None


def _unlearnable(check: Learned, table: Table) -> Mistake | None:
    """What keeps the past from being learned from; groups are named in the ledger and on pages, so none is protected."""
    hidden = [name for name in check.by if Protection(table).hides(name)]
    if hidden:
        message = f"{hidden[0]} is protected, and the values of by are kept and shown"
        return Mistake(message, "group by a public or internal column", key="by")
    if not check.false_alarms_per_year:
        return Mistake(
            "no false alarm at all means no alarm at all", "expected more than 0", key="false_alarms_per_year"
        )
    learns = isinstance(check, rules.VolumeBand) or check.history_days
    if learns and check.history_days < LEAST_DAYS:
        message = f"nothing is learned from {check.history_days} days"
        return Mistake(message, f"expected at least {LEAST_DAYS}", key="history_days")
    if isinstance(check, rules.ShareShift) and not 0 < check.max_distance < 1:
        message = f"found {clip(check.max_distance)}, expected a share between 0 and 1"
        return Mistake(message, "0.05 is five percentage points", key="max_distance")
    return None


def _days_apart(check: AcrossDays, table: Table) -> Mistake | None:
    """What keeps two days of the table from being compared so."""
    day = table.publish_partition
    if day is None:
        message = f"{check.kind} compares with an earlier day, and {table.name} keeps none: it is published whole"
        return Mistake(message, "a table with days names their column as publishPartition", key="rule")
    if day in check.key:
        return Mistake(f"{day} is the day itself: no key of one day is there on another", "leave it out", key="key")
    name, compared = _compared(check)
    moving = [column for column in check.key if column in compared]
    if moving:
        return Mistake(f"{moving[0]} is part of the key, so that it cannot differ from what it was", key=name)
    return _not_a_number(check, table)


def _compared(check: AcrossDays) -> tuple[str, tuple[str, ...]]:
    """The columns whose values are compared, and the key that names them."""
    match check:
        case rules.NeverDisappears():
            return "", ()
        case rules.UnchangedSince(columns):
            return "columns", columns
        case rules.NeverFalls(column) | rules.NeverRises(column):
            return "column", (column,)


def _not_a_number(check: AcrossDays, table: Table) -> Mistake | None:
    if not isinstance(check, rules.NeverFalls | rules.NeverRises) or not check.allowance:
        return None
    kind = table.column(check.column).logical_type
    if kind in ("integer", "number"):
        return None
    return Mistake(f"an allowance is a number, and {check.column} is of logicalType {kind}", key="allowance")


def _read_field(kind: type[Check], name: str, value: object, table: Table) -> object:
    hint = get_type_hints(kind)[name]
    if get_origin(hint) is Literal:
        return _choice(value, get_args(hint))
    if name in _READERS:
        return _READERS[name](value, table)
    if name == "where":
        return _expression(value, None if kind in _OTHER_TABLES else table)
    if name in ("columns", "by", "order_by", "key"):
        least = 0 if name == "by" and kind in _OF_THE_WHOLE else _SEVERAL.get(kind, 1)
        return known_columns(_names(value, least), table)
    return _scalar(value) if name == "value" and kind is rules.Range else _number(value, hint)


def _choice(value: object, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise Mistake(f"found {clip(value)}, expected one of {', '.join(choices)}")
    return str(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Mistake(f"found {clip(value)}, expected text")
    return value.strip()


def _names(value: object, least: int = 1) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise Mistake(f"found {clip(value)}, expected a list of column names")
    if len(names) < least:
        raise Mistake(f"expected at least {least} columns, found {len(names)}")
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise Mistake(f"{clip(repeated[0])} is listed twice")
    return tuple(names)


def _expression(value: object, table: Table | None, *, aggregate: bool = False) -> str:
    fragment = _text(value)
    mistake = expression_mistake(fragment, aggregate=aggregate)
    if mistake:
        raise Mistake(mistake)
    if table:
        known_columns(columns_read(fragment), table)
    return fragment


def _query(value: object) -> str:
    query = _text(value)
    mistake = query_mistake(query)
    if mistake:
        raise Mistake(mistake)
    return query


def _scalar(value: object) -> rules.Scalar:
    if not isinstance(value, str | int | float) or not is_finite(value):
        raise Mistake(f"found {clip(value)}, expected a text, a number or a boolean")
    return value


def _number(value: object, hint: object) -> float:
    kinds = (int,) if hint is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or value < 0 or not is_finite(value):
        raise Mistake(f"found {clip(value)}, expected {'a whole number' if hint is int else 'a number'}, 0 or more")
    return value


def _scalars(value: object) -> tuple[rules.Scalar, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise Mistake(f"found {clip(value)}, expected a list of values")
    return tuple(_scalar(item) for item in value)


def _nulls(value: object) -> bool:
    if value not in ("pass", "fail", True, False):
        raise Mistake(f"found {clip(value)}, expected pass or fail")
    return value in ("pass", True)


_READERS: Mapping[str, Callable[[object, Table], object]] = {
    "column": lambda value, table: known_columns((_text(value),), table)[0],
    "length": lambda value, table: known_columns((_text(value),), table)[0],
    "expression": lambda value, table: _expression(value, table),
    "when": lambda value, table: _expression(value, table),
    "then": lambda value, table: _expression(value, table),
    "left": lambda value, table: _expression(value, table),
    "right": lambda value, table: _expression(value, table),
    "of": lambda value, table: _expression(value, table),
    "distinct": lambda value, table: _expression(value, table),
    "measure": lambda value, table: _expression(value, table, aggregate=True),
    "against": lambda value, _: _query(value),
    "allowance": lambda value, _: _query(value),
    "pattern": lambda value, _: read_pattern(value),
    "values": lambda value, _: _scalars(value),
    "to": lambda value, _: _text(value),
    "to_columns": lambda value, _: _names(value),
    "null_passes": lambda value, _: _nulls(value),
}
