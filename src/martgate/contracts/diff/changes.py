"""Two versions of a contract: every change, what it does to readers, and the version that it calls for.

Every leaf of both documents is looked at. Entries of lists are the same where they have the same name (a table's and a
column's in the data, a rule's id), not where they stand; `martgate.contracts.diff.classification` judges what differs.
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
from martgate.contracts.model import Column, Contract, Quality, Sla, Table
from martgate.contracts.odcs import ContractFile
from martgate.contracts.odcs.names import physical_name, qualified_name, server_schema
from martgate.contracts.odcs.quality import read_qualities
from martgate.contracts.odcs.queries import unread_queries
from martgate.contracts.versions import version_numbers
from martgate.contracts.yaml.address import extend_address, parse_address

__all__ = ["Change", "Diff", "diff"]

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change at an address: of the new document, or of the old one where it `is_removed` from the new.

    `bump` is the part of the version that it calls for; `consumers` are the registered readers that it hits.
    """

    path: str
    kind: ChangeKind
    bump: Bump
    detail: str
    consumers: tuple[str, ...] = ()
    is_removed: bool = False


@dataclass(frozen=True)
class Diff:
    """All changes from one version to another, those of the new document in its order, then what is gone.

    `readers` are all that either version registers, hit or not.
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
        """The part of the version that has to grow for all of them."""
        return max((change.bump for change in self.changes), default=Bump.NONE)

    @property
    def actual(self) -> Bump:
        """The part that did grow; NONE where the version is the same, lower, or has no numbers."""
        old, new = (version_numbers(each.contract.version)[:3] for each in (self.old, self.new))
        if new <= old or not old:
            return Bump.NONE
        grown = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
        return (Bump.MAJOR, Bump.MINOR, Bump.PATCH)[min(grown, 2)]

    @property
    def is_refused(self) -> bool:
        """Whether readers lose something without a major version that tells them so."""
        return self.is_breaking and self.actual < Bump.MAJOR


def diff(old: ContractFile, new: ContractFile) -> Diff:
    """Every change from one version of a contract to another; none where both say the same.

    Contracts of different ids are compared like any others; that they are different ones is a breaking change. Of queries
    in files the text is compared, unless one of the contracts lies where they are not: then their names are.
    """
    has_texts = not (unread_queries(old.contract) or unread_queries(new.contract))
    differ = _Differ(_Side(old, has_texts=has_texts), _Side(new, has_texts=has_texts))
    return Diff(old, new, tuple(differ.changes()), tuple(sorted(differ.known)))


class _Side:
    """One document, and its parts by address."""

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
        """The registered readers, each with the columns that it reads, or None where that is not known."""
        found: dict[str, frozenset[str] | None] = {}
        parts: tuple[Contract | Table, ...] = (self.contract, *self.contract.tables)
        for part in parts:
            for key in ("consumers", "furtherConsumers"):
                entries = part.custom.get(key)
                for entry in entries if isinstance(entries, list) else []:
                    if isinstance(entry, dict) and (name := entry.get("table") or entry.get("name")):
                        read = entry.get("columns")
                        found[str(name)] = frozenset(map(str, read)) if isinstance(read, list) and read else None
        return found

    def entries(self, path: str, values: Sequence[Any]) -> dict[tuple[str, int], tuple[str, Any]]:
        """The entries of a list by name, each with its address; the second of one name has the number 1."""
        seen: Counter[str] = Counter()
        found = {}
        for index, (name, value) in enumerate(zip(self._names(path, values), values, strict=True)):
            found[name, seen[name]] = (extend_address(path, index), value)
            seen[name] += 1
        return found

    def custom(self, path: str) -> str:
        """The name of the custom property that holds an address; empty where none does."""
        found = re.match(r"(.*\bcustomProperties\[\d+\])", path)
        entry = self.document.at(found[1]) if found else None
        return str(entry.get("property")) if isinstance(entry, dict) else ""

    def named_in(self, table: str, path: str) -> frozenset[str]:
        """The columns of a table that an entry of it names, in lists or in SQL."""
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
    """The document's data with the text of each query that it keeps in a file: what changes there changes the contract."""
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
        return json.dumps(value, sort_keys=True, default=str) if known is None else f"{type(known).__name__} {known}"
    return f"{type(value).__name__} {value}"


class _Differ:
    def __init__(self, old: _Side, new: _Side) -> None:
        self.old, self.new = old, new
        self.known = {**new.consumers, **old.consumers}

    def changes(self) -> Iterator[Change]:
        found = [self.told(moved, is_removed) for moved, is_removed in self.walk("", "", self.old.data, self.new.data)]
        yield from sorted(found, key=lambda change: change.is_removed)

    def walk(
        self, was: str, now: str, old: Any, new: Any, *, is_entry: bool = False
    ) -> Iterator[tuple[ClauseChange, bool]]:
        """Every address (`was` in the old document, `now` in the new one) at which they differ, once; and whether it is gone."""
        is_whole = is_entry and (old is ABSENT or new is ABSENT)
        if is_whole or not _is_inside(old, new):
            if not _is_same(old, new) and now != "version":
                yield self.moved(was, now, old, new), new is ABSENT
        elif isinstance(old, list) or isinstance(new, list):
            yield from self.lists(was, now, [] if old is ABSENT else old, [] if new is ABSENT else new)
        else:
            before, after = ({} if each is ABSENT else each for each in (old, new))
            for key in dict.fromkeys([*after, *before]):
                inner = before.get(key, ABSENT), after.get(key, ABSENT)
                yield from self.walk(extend_address(was, key), extend_address(now, key), *inner)

    def lists(self, was: str, now: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[ClauseChange, bool]]:
        before, after = self.old.entries(was, old), self.new.entries(now, new)
        for name in dict.fromkeys([*after, *before]):
            there, here = before.get(name, (now, ABSENT)), after.get(name, (was, ABSENT))
            yield from self.walk(there[0], here[0], there[1], here[1], is_entry=True)
        common = [[name for name in each if name in before and name in after] for each in (before, after)]
        if common[0] != common[1]:
            moved = self.moved(was, now, old, new)
            yield replace(moved, shape=f"{moved.shape}#order"), False

    def moved(self, was: str, now: str, old: Any, new: Any) -> ClauseChange:
        path = was if new is ABSENT else now
        return ClauseChange(
            path=path,
            shape=address_shape(path),
            old=old,
            new=new,
            contracts=(self.old.contract, self.new.contract),
            tables=_pair(self.old.tables, self.new.tables, was, now),
            columns=_pair(self.old.columns, self.new.columns, was, now),
            qualities=_pair(self.old.qualities, self.new.qualities, was, now),
            slas=_pair(self.old.slas, self.new.slas, was, now),
            custom=(self.old if new is ABSENT else self.new).custom(path),
        )

    def told(self, moved: ClauseChange, is_removed: bool) -> Change:  # noqa: FBT001 - as `walk` pairs them
        judged = classify(moved)
        hit = () if judged.bump is Bump.PATCH else self.consumers(moved)
        return Change(
            path=moved.path,
            kind=judged.kind,
            bump=judged.bump,
            detail=judged.detail,
            consumers=hit,
            is_removed=is_removed,
        )

    def consumers(self, moved: ClauseChange) -> tuple[str, ...]:
        """Those that read what changed, or may read it, for all that is registered of them."""
        columns = self.read(moved)
        return tuple(sorted(name for name, read in self.known.items() if columns is None or _reads(read, columns)))

    def read(self, moved: ClauseChange) -> frozenset[str] | None:
        """The columns that a reader has to read to be hit; None where every reader is. A new column, nobody reads yet."""
        side = self.old if moved.new is ABSENT else self.new
        found = _COLUMN.match(moved.path)
        if found and found[0] == moved.path and moved.old is ABSENT:
            return frozenset()
        if found and not re.search(r"\.(primaryKey|primaryKeyPosition|partitioned|partitionKeyPosition)$", moved.path):
            return frozenset({side.columns[found[0]].name})
        rule = _RULE.match(moved.path)
        return side.named_in(rule[1], rule[0]) or None if rule else None


_COLUMN = re.compile(r"schema\[\d+\]\.properties\[\d+\]")
_RULE = re.compile(r"(schema\[\d+\])\.(?:quality|relationships)\[\d+\]")


def _reads(read: frozenset[str] | None, columns: frozenset[str]) -> bool:
    return bool(columns) and (read is None or bool(read & columns))


def _is_inside(old: Any, new: Any) -> bool:
    """Whether both are mappings, or both lists, as far as they are there."""
    there = [each for each in (old, new) if each is not ABSENT]
    return all(isinstance(each, dict) for each in there) or all(isinstance(each, list) for each in there)


def _is_same(old: Any, new: Any) -> bool:
    """YAML's `true` is no 1, but 1.0 is."""
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


def _pair(old: Mapping[str, _Part], new: Mapping[str, _Part], was: str, now: str) -> tuple[_Part, _Part] | None:
    """The parts of both documents that hold an address."""
    before = next((part for path, part in old.items() if _is_within(was, path)), None)
    after = next((part for path, part in new.items() if _is_within(now, path)), None)
    return None if before is None or after is None else (before, after)


def _is_within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))
