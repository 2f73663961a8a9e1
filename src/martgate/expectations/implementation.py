"""Reads a quality of engine `martgate`, `{rule: KIND, ..}`, as a check of that kind.

The keys are the fields of the kind's class (see `martgate.expectations.kinds`); `null: pass` means `null_passes: true`.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from martgate.contracts.model import Column, Table
from martgate.contracts.yaml.address import extend_address
from martgate.expectations.kinds.base import Check
from martgate.expectations.kinds.fields import get_fields
from martgate.expectations.kinds.registry import load_declarable_kinds
from martgate.expectations.mistakes import Mistake, MistakeCollector
from martgate.hints import clip, did_you_mean

__all__ = ["read_implementation"]

_OTHER_KEYS = frozenset({"rule", "allow_vacuous"})


def read_implementation(
    implementation: Mapping[str, object], table: Table, column: Column | None, mistakes: MistakeCollector, *, path: str
) -> Check | None:
    """Read the check of an implementation.

    Args:
        implementation: the object that the contract has.
        table: the table that it is about.
        column: the column whose quality it is; None for the table's.
        mistakes: gets everything that is wrong with it.
        path: its address in the contract.

    Returns:
        The check; None where something is wrong.

    Raises:
        martgate.errors.InvalidInput: a package adds a kind that cannot be used.
    """
    kinds = load_declarable_kinds()
    values = {_read_key(key): value for key, value in implementation.items()}
    name = values.get("rule")
    if not isinstance(name, str) or name not in kinds:
        message = "names no rule" if name is None else f"rule {clip(name)} is not known"
        near = did_you_mean(name, kinds) if isinstance(name, str) else ""
        known = f"known kinds are {', '.join(sorted(kinds))}"
        hint = f"{near} {known}" if near.startswith("Did") else known
        mistakes.add(path, Mistake(message, hint, key="rule" if "rule" in values else ""))
        return None
    return _build(kinds[name], _add_defaults(kinds[name], values, table, column), table, mistakes, path)


def _read_key(key: object) -> str:
    return "null" if key is None else str(key)  # YAML reads the bare word `null` as nothing


def _add_defaults(
    kind: type[Check], entries: dict[str, object], table: Table, column: Column | None
) -> dict[str, object]:
    """Add what a contract may omit: the quality's own column, the same names in the other table, the key without the day."""
    names = {field.name for field in get_fields(kind)}
    values = {key: value for key, value in entries.items() if key not in _OTHER_KEYS}
    if column and "column" in names:
        values.setdefault("column", column.name)
    elif column and "columns" in names:
        values.setdefault("columns", [column.name])
    if "to_columns" in names and "columns" in values:
        values.setdefault("to_columns", values["columns"])
    key = [name for name in table.primary_key if name != table.publish_partition]
    if "key" in names and key:
        values.setdefault("key", key)
    if "from_key" in names and "from" in values and "key" in values:
        values.setdefault("from_key", values["key"])
    for field in get_fields(kind):
        if field.key != field.name and field.name in values:
            values.setdefault(field.key, values.pop(field.name))
    return values


def _build(
    kind: type[Check], values: dict[str, object], table: Table, mistakes: MistakeCollector, path: str
) -> Check | None:
    fields = {field.key: field for field in get_fields(kind)}
    before = len(mistakes.problems)
    for key in [key for key in values if key not in fields]:
        message = f"rule {kind.kind} has no {clip(key)}"
        mistakes.add(path, Mistake(message, did_you_mean(key, fields), key=extend_address("", key)))
    arguments: dict[str, Any] = {}
    for key, field in fields.items():
        try:
            if key in values:
                arguments[field.name] = field.type.read(values[key], table)
            elif field.is_required:
                raise Mistake(f"rule {kind.kind} needs {key!r}", f"its keys are {', '.join(fields)}")  # noqa: TRY301
        except Mistake as mistake:
            place = mistake.key or key
            mistakes.add(path, Mistake(mistake.message, mistake.hint, key=place if key in values else ""))
    if len(mistakes.problems) > before:
        return None
    check = cast("Callable[..., Check]", kind)(**arguments)
    problem = check.find_problem(table)
    if problem:
        mistakes.add(path, problem)
        return None
    return check
