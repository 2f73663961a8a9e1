"""Registries of plug-ins: the built-in ones, and those that installed packages register by entry points.

Both are written as entry points, `module:attribute [extra]`. A plug-in is imported on first use and checked against the
port of its registry, so `--help` imports none. A package can add a name but cannot replace a built-in one.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

from martgate.errors import InvalidInput, Problem
from martgate.extras import install_command
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words

if TYPE_CHECKING:  # importlib.metadata takes 20 ms to import
    from importlib.metadata import EntryPoint

__all__ = ["Registry"]

T_co = TypeVar("T_co", covariant=True)

_OURS = "martgate"
_SPECIAL = frozenset({"__call__", "__enter__", "__exit__"})
"""The special methods that a port can require; other special methods exist on every object."""


@dataclass(frozen=True, slots=True, eq=False)
class Registry(Generic[T_co]):
    """The plug-ins of one group of entry points, by name.

    Attributes:
        kind: The noun for such a plug-in in messages, as in `engine`.
        group: The group of entry points, as in `martgate.engines`.
        port: The protocol that each plug-in implements, as `module:name`.
        built_in: The built-in plug-ins: each name with `module:attribute [extra]`.
    """

    kind: str
    group: str
    port: str
    built_in: Mapping[str, str]

    def names(self) -> tuple[str, ...]:
        """Return every name: the built-in ones, then those of other packages in alphabetical order."""
        return (*self.built_in, *sorted({each.name for each in self._installed()} - self.built_in.keys()))

    def __contains__(self, name: object) -> bool:
        return name in self.built_in or any(each.name == name for each in self._installed())

    def load(self, name: str) -> T_co:
        """Import the plug-in of a name.

        Raises:
            martgate.errors.InvalidInput: There is no such name, two packages register it, or the plug-in cannot be
                imported or does not implement the port.
        """
        claims = self._claims(name)
        if not claims:
            raise InvalidInput(f"there is no {self.kind} {clip(name)}. {did_you_mean(name, self.names())}")
        if len(claims) > 1:
            raise InvalidInput(
                f"the {self.kind} {clip(name)} is registered {len(claims)} times, by "
                f"{join_words(map(_describe, claims))}; uninstall all but one of these packages, or rename its entry point"
            )
        return self._import(claims[0])

    def problems(self) -> Iterator[Problem]:
        """Import every plug-in of other packages and yield the problems of those that cannot be used."""
        for name in sorted({each.name for each in self._installed()}):
            try:
                self.load(name)
            except InvalidInput as error:
                yield from error.problems

    def _claims(self, name: str) -> "list[EntryPoint]":
        """Return every entry point of a name; more than one is a conflict between packages."""
        from importlib.metadata import EntryPoint  # noqa: PLC0415 - see above

        own = [EntryPoint(name, self.built_in[name], self.group)] if name in self.built_in else []
        return [*own, *(each for each in self._installed() if each.name == name)]

    def _installed(self) -> "tuple[EntryPoint, ...]":
        return tuple(each for each in _entry_points(tuple(sys.path)) if each.group == self.group)

    def _import(self, entry: "EntryPoint") -> T_co:
        try:
            loaded: T_co = entry.load()
        except Exception as error:
            raise InvalidInput(
                f"the {self.kind} {clip(entry.name)} cannot be used: {_failure(entry, error)}"
            ) from error
        absent = [name for name in _members(self.port) if not hasattr(loaded, name)]
        if absent:
            raise InvalidInput(
                f"the {self.kind} {clip(entry.name)} cannot be used: {_describe(entry)} has no {join_words(absent, 'and no')}, "
                f"which {self.port.replace(':', '.')} requires"
            )
        return loaded


def _failure(entry: "EntryPoint", error: Exception) -> str:
    """Return why a plug-in cannot be imported, with the extra to install where its library is missing."""
    package = entry.dist.name if entry.dist else _OURS
    if isinstance(error, ModuleNotFoundError) and entry.extras and error.name:
        library = error.name.partition(".")[0]
        return f"it needs {library}, which is not installed: {install_command(entry.extras[0], package)}"
    return f"{_describe(entry)} cannot be imported: {type(error).__name__}: {clip(str(error))}"


def _describe(entry: "EntryPoint") -> str:
    """Return the distribution, its version and the entry point that register a name."""
    owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist else _OURS
    return f"{owner} ({entry.name} = {entry.value})"


@cache
def _entry_points(path: tuple[str, ...]) -> "tuple[EntryPoint, ...]":
    """Return every entry point for martgate on a search path; reading them takes some milliseconds, once a path."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - see above

    del path  # only the key of the cache
    groups = entry_points()
    return tuple(each for name in groups.groups if name.startswith(f"{_OURS}.") for each in groups.select(group=name))


@cache
def _members(port: str) -> tuple[str, ...]:
    """Return the attributes and methods that a protocol and its parents require."""
    module, _, name = port.partition(":")
    bases = [base for base in getattr(import_module(module), name).__mro__ if base.__module__.startswith(f"{_OURS}.")]
    members = {member for base in bases for member in (*vars(base), *vars(base).get("__annotations__", {}))}
    return tuple(sorted(member for member in members if member in _SPECIAL or not member.startswith("_")))
