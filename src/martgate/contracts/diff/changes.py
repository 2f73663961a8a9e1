"""Comparison of two versions of a contract, leaf by leaf.

Entries of lists are matched by name (tables and columns by their names in the data, rules by their ids), not by position.
`martgate.contracts.diff.classification` classifies the differences.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from martgate.contracts.diff.classification import classify
from martgate.contracts.diff.clause import ABSENT, Bump, ChangeKind, ClauseChange
from martgate.contracts.documentation import address_shape
from martgate.contracts.model import Column, Contract, Sla, Table
from martgate.contracts.odcs import ContractFile
from martgate.contracts.odcs.names import physical_name, qualified_name, server_schema
from martgate.contracts.odcs.quality import read_qualities
from martgate.contracts.odcs.queries import unread_queries
from martgate.contracts.quality import Quality
from martgate.contracts.versions import version_numbers
from martgate.contracts.yaml.address import extend_address, parse_address
from martgate.text.numbers import mark_exact_numbers

__all__ = ["Change", "Diff", "diff"]

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A difference between two versions of a contract.

    Attributes:
        path: The address in the new document; in the old one for a clause that was removed.
        kind: The kind of the change.
        bump: The part of the version that has to grow.
        detail: A sentence about the change.
        consumers: The registered consumers that it may affect.
        is_removed: Whether the clause is not in the new document.
    """

    path: str
    kind: ChangeKind
    bump: Bump
    detail: str
    consumers: tuple[str, ...] = ()
    is_removed: bool = False


@dataclass(frozen=True)
class Diff:
    """The changes from one version of a contract to another.

    Attributes:
        old: The old version.
        new: The new version.
        changes: Changed and new clauses in the order of the new document, then removed ones.
        registered_consumers: The consumers that either version registers.
    """

    old: ContractFile
    new: ContractFile
    changes: tuple[Change, ...]
    registered_consumers: tuple[str, ...]

    @property
    def is_breaking(self) -> bool:
        return any(change.kind is ChangeKind.BREAKING for change in self.changes)

    @property
    def required(self) -> Bump:
        """The part of the version that has to grow for all changes."""
        return max((change.bump for change in self.changes), default=Bump.NONE)

    @property
    def actual(self) -> Bump:
        """The part of the version that grew; NONE where the version is the same, lower, or has no numbers."""
        old, new = (version_numbers(each.contract.version)[:3] for each in (self.old, self.new))
        if new <= old or not old:
            return Bump.NONE
        first = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
        return (Bump.MAJOR, Bump.MINOR, Bump.PATCH)[min(first, 2)]

    @property
    def is_refused(self) -> bool:
        """Whether there are breaking changes without a new major version."""
        return self.is_breaking and self.actual < Bump.MAJOR


def diff(old: ContractFile, new: ContractFile) -> Diff:
    """Compare two versions of a contract.

    Contracts with different ids are compared as well; the different id is a breaking change. Queries in files are compared
    by their text, unless the files of one contract are missing; then by their names.
    """
    has_texts = not (unread_queries(old.contract) or unread_queries(new.contract))
    differ = _Differ(_Side(old, has_texts=has_texts), _Side(new, has_texts=has_texts))
    return Diff(old, new, tuple(differ.changes()), tuple(sorted(differ.known_consumers)))


class _Side:
    """One of the two documents, with its parts by address."""

    def __init__(self, contract_file: ContractFile, *, has_texts: bool) -> None:
        self.document = contract_file.document
        self.data: Mapping[str, Any] = _with_texts(contract_file) if has_texts else contract_file.document.data
        self.contract: Contract = contract_file.contract
        self.schema = server_schema(self.data)
        self.tables: dict[str, Table] = {table.path: table for table in self.contract.tables}
        self.columns: dict[str, Column] = {c.path: c for table in self.tables.values() for c in table.columns}
        parts: Iterable[Table | Column] = (*self.tables.values(), *self.columns.values())
        self.qualities: dict[str, Quality] = {quality.path: quality for part in parts for quality in part.quality}
        self.slas: dict[str, Sla] = {sla.path: sla for sla in self.contract.slas}

    @cached_property
    def consumers(self) -> Mapping[str, frozenset[str] | None]:
        """The registered consumers, each with the columns that it reads; None where these are not known."""
        consumers: dict[str, frozenset[str] | None] = {}
        parts: tuple[Contract | Table, ...] = (self.contract, *self.contract.tables)
        for part in parts:
            for key in ("consumers", "furtherConsumers"):
                entries = part.custom.get(key)
                for entry in entries if isinstance(entries, list) else []:
                    if isinstance(entry, dict) and (name := entry.get("table") or entry.get("name")):
                        read = entry.get("columns")
                        consumers[str(name)] = frozenset(map(str, read)) if isinstance(read, list) and read else None
        return consumers

    def entries(self, path: str, values: Sequence[Any]) -> dict[tuple[str, int], tuple[str, Any]]:
        """Return the entries of a list with their addresses, by name and by number among those of the same name."""
        seen: Counter[str] = Counter()
        entries = {}
        for index, (name, value) in enumerate(zip(self._names(path, values), values, strict=True)):
            entries[name, seen[name]] = (extend_address(path, index), value)
            seen[name] += 1
        return entries

    def custom(self, path: str) -> str:
        """Return the name of the custom property at an address; empty for other addresses."""
        match = re.match(r"(.*\bcustomProperties\[\d+\])", path)
        entry = self.document.at(match[1]) if match else None
        return str(entry.get("property")) if isinstance(entry, dict) else ""

    def columns_in(self, table: str, path: str) -> frozenset[str]:
        """Return the columns of a table that one of its entries mentions, in lists or in SQL."""
        words = set(re.findall(r"\w+", json.dumps(self.document.at(path), ensure_ascii=False, default=str)))
        return frozenset(name for name in self.tables[table].column_names if name in words)

    def _names(self, path: str, values: Sequence[Any]) -> Iterable[str]:
        if not all(isinstance(value, Mapping) for value in values):
            return map(_name, values)
        if path == "schema":
            return [qualified_name(value, self.schema) for value in values]
        if path.endswith(".quality"):
            return [quality.id for quality in read_qualities(path, {"quality": values}, {})]
        if path.endswith(".properties"):
            return [physical_name(value) for value in values]
        return map(_name, values)


def _with_texts(contract_file: ContractFile) -> Mapping[str, Any]:
    """Return the data of a document with the text of each query that is in a file, which is part of the contract."""
    data: Mapping[str, Any] = (
        deepcopy(contract_file.document.data) if contract_file.queries else contract_file.document.data
    )
    for path, query in contract_file.queries.items():
        *above, key = parse_address(path)
        place: Any = data
        for step in above:
            place = place[step]
        place[key] = query.text
    return data


_NAMES = ("id", "property", "server", "username", "role", "channel", "name", "table", "url", "value")


def _name(value: object) -> str:
    if isinstance(value, Mapping):
        known = next((value[key] for key in _NAMES if isinstance(value.get(key), str | int | float)), None)
        if known is None:
            return json.dumps(mark_exact_numbers(value), sort_keys=True, default=str)
        return f"{type(known).__name__} {known}"
    return f"{type(value).__name__} {value}"


class _Differ:
    """Compares two documents."""

    def __init__(self, old: _Side, new: _Side) -> None:
        self.old, self.new = old, new
        self.known_consumers = {**new.consumers, **old.consumers}

    def changes(self) -> Iterator[Change]:
        changes = map(self.classify, self.walk("", "", self.old.data, self.new.data))
        yield from sorted(changes, key=lambda change: change.is_removed)

    def walk(
        self, old_path: str, new_path: str, old: Any, new: Any, *, is_entry: bool = False
    ) -> Iterator[ClauseChange]:
        """Yield every clause below two addresses that differs, once; an entry of a list is added or removed as a whole."""
        is_whole = is_entry and (old is ABSENT or new is ABSENT)
        if is_whole or not _are_containers(old, new):
            if not _is_same(old, new) and new_path != "version":
                yield self.clause(old_path, new_path, old, new)
        elif isinstance(old, list) or isinstance(new, list):
            yield from self.lists(old_path, new_path, [] if old is ABSENT else old, [] if new is ABSENT else new)
        else:
            before, after = ({} if each is ABSENT else each for each in (old, new))
            for key in dict.fromkeys([*after, *before]):
                values = before.get(key, ABSENT), after.get(key, ABSENT)
                yield from self.walk(extend_address(old_path, key), extend_address(new_path, key), *values)

    def lists(self, old_path: str, new_path: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[ClauseChange]:
        before, after = self.old.entries(old_path, old), self.new.entries(new_path, new)
        for name in dict.fromkeys([*after, *before]):
            old_entry, new_entry = before.get(name, (new_path, ABSENT)), after.get(name, (old_path, ABSENT))
            yield from self.walk(old_entry[0], new_entry[0], old_entry[1], new_entry[1], is_entry=True)
        common = [[name for name in each if name in before and name in after] for each in (before, after)]
        if common[0] != common[1]:
            clause = self.clause(old_path, new_path, old, new)
            yield replace(clause, shape=f"{clause.shape}#order")

    def clause(self, old_path: str, new_path: str, old: Any, new: Any) -> ClauseChange:
        path = old_path if new is ABSENT else new_path
        return ClauseChange(
            path=path,
            shape=address_shape(path),
            old=old,
            new=new,
            contracts=(self.old.contract, self.new.contract),
            tables=_pair(self.old.tables, self.new.tables, old_path, new_path),
            columns=_pair(self.old.columns, self.new.columns, old_path, new_path),
            qualities=_pair(self.old.qualities, self.new.qualities, old_path, new_path),
            slas=_pair(self.old.slas, self.new.slas, old_path, new_path),
            custom=(self.old if new is ABSENT else self.new).custom(path),
        )

    def classify(self, clause: ClauseChange) -> Change:
        impact = classify(clause)
        return Change(
            path=clause.path,
            kind=impact.kind,
            bump=impact.bump,
            detail=impact.detail,
            consumers=() if impact.bump is Bump.PATCH else self.affected_consumers(clause),
            is_removed=clause.is_removed,
        )

    def affected_consumers(self, clause: ClauseChange) -> tuple[str, ...]:
        """Return the consumers that read the changed columns, or whose columns are not registered."""
        columns = self.affected_columns(clause)
        if columns is None:
            return tuple(sorted(self.known_consumers))
        known = self.known_consumers.items()
        return tuple(sorted(name for name, read in known if columns and (read is None or read & columns)))

    def affected_columns(self, clause: ClauseChange) -> frozenset[str] | None:
        """Return the columns whose readers are affected; None for all readers, none for a new column."""
        side = self.old if clause.is_removed else self.new
        column = _COLUMN.match(clause.path)
        if column and column[0] == clause.path and clause.is_added:
            return frozenset()
        if column and not re.search(
            r"\.(primaryKey|primaryKeyPosition|partitioned|partitionKeyPosition)$", clause.path
        ):
            return frozenset({side.columns[column[0]].name})
        rule = _RULE.match(clause.path)
        return side.columns_in(rule[1], rule[0]) or None if rule else None


_COLUMN = re.compile(r"schema\[\d+\]\.properties\[\d+\]")
_RULE = re.compile(r"(schema\[\d+\])\.(?:quality|relationships)\[\d+\]")


def _are_containers(old: Any, new: Any) -> bool:
    """Return whether both values are mappings, or both lists; an absent value fits either."""
    present = [each for each in (old, new) if each is not ABSENT]
    return all(isinstance(each, dict) for each in present) or all(isinstance(each, list) for each in present)


def _is_same(old: Any, new: Any) -> bool:
    """Return whether two YAML values are equal: `true` is not 1, but 1.0 is."""
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


def _pair(
    old: Mapping[str, _Part], new: Mapping[str, _Part], old_path: str, new_path: str
) -> tuple[_Part, _Part] | None:
    """Return the parts of both documents that contain an address; None unless both have one."""
    before = next((part for path, part in old.items() if _is_within(old_path, path)), None)
    after = next((part for path, part in new.items() if _is_within(new_path, path)), None)
    return None if before is None or after is None else (before, after)


def _is_within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))
