"""Plug-in points: names that stand for objects, ours and those that installed packages register by entry points.

Both are written as entry points are, `module:attribute [extra]`, loaded when they are first used and held against the
port of the registry. So `--help` imports none of them, and a package can add a name but never replace one of ours.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

from martgate.errors import InvalidInput, Problem
from martgate.hints import clip, did_you_mean
from martgate.text.lists import join_words

if TYPE_CHECKING:  # importlib.metadata takes 20 ms to import
    from importlib.metadata import EntryPoint

__all__ = ["Registry"]

T_co = TypeVar("T_co", covariant=True)

_OURS = "martgate"
_SPECIAL = frozenset({"__call__", "__enter__", "__exit__"})
"""The special methods that a port can ask for; every object has others."""


@dataclass(frozen=True, slots=True, eq=False)
class Registry(Generic[T_co]):
    """All objects of one plug-in point, by name.

    Attributes:
        kind: what such an object is called, as in `engine`.
        group: the group of entry points in which packages register theirs, as in `martgate.engines`.
        port: the protocol that each object satisfies, as `module:name`.
        built_in: ours, each name with `module:attribute [extra]`.
    """

    kind: str
    group: str
    port: str
    built_in: Mapping[str, str]

    def names(self) -> tuple[str, ...]:
        """Every name that there is: ours, then those of other packages in their alphabet."""
        return (*self.built_in, *sorted({each.name for each in self._installed()} - self.built_in.keys()))

    def __contains__(self, name: object) -> bool:
        return name in self.built_in or any(each.name == name for each in self._installed())

    def load(self, name: str) -> T_co:
        """The object of a name.

        Raises:
            martgate.errors.InvalidInput: there is no such name, two packages claim it, or what it stands for cannot be
                imported or does not satisfy the port.
        """
        claims = self._claims(name)
        if not claims:
            raise InvalidInput(f"there is no {self.kind} {clip(name)}. {did_you_mean(name, self.names())}")
        if len(claims) > 1:
            raise InvalidInput(
                f"the {self.kind} {clip(name)} is registered {len(claims)} times, by "
                f"{join_words(map(_describe, claims))}; uninstall all but one of these packages, or rename its entry point"
            )
        loaded: T_co = self._checked(claims[0])
        return loaded

    def problems(self) -> Iterator[Problem]:
        """What is wrong with the objects that other packages register, and with the names that they took."""
        for name in sorted({each.name for each in self._installed()}):
            try:
                self.load(name)
            except InvalidInput as error:
                yield from error.problems

    def _claims(self, name: str) -> "list[EntryPoint]":
        """Everything that is registered by a name: one, unless packages quarrel over it."""
        from importlib.metadata import EntryPoint  # noqa: PLC0415 - see above

        own = [EntryPoint(name, self.built_in[name], self.group)] if name in self.built_in else []
        return [*own, *(each for each in self._installed() if each.name == name)]

    def _installed(self) -> "tuple[EntryPoint, ...]":
        return tuple(each for each in _entry_points(tuple(sys.path)) if each.group == self.group)

    def _checked(self, entry: "EntryPoint") -> T_co:
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
                f"which {self.port.replace(':', '.')} asks for"
            )
        return loaded


def _failure(entry: "EntryPoint", error: Exception) -> str:
    """Why an object could not be imported, with what to install where a library of an extra is not there."""
    package = entry.dist.name if entry.dist else _OURS
    if isinstance(error, ModuleNotFoundError) and entry.extras and error.name:
        library = error.name.partition(".")[0]
        return f"it needs {library}; install {package}[{entry.extras[0]}]"
    return f"{_describe(entry)} cannot be imported: {type(error).__name__}: {clip(str(error))}"


def _describe(entry: "EntryPoint") -> str:
    """Where a name is registered: the distribution, its version and the entry point."""
    owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist else _OURS
    return f"{owner} ({entry.name} = {entry.value})"


@cache
def _entry_points(path: tuple[str, ...]) -> "tuple[EntryPoint, ...]":
    """Every entry point for martgate of the packages on a search path; reading them takes some milliseconds, once."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - see above

    del path  # it is what the answer is remembered by
    groups = entry_points()
    return tuple(each for name in groups.groups if name.startswith(f"{_OURS}.") for each in groups.select(group=name))


@cache
def _members(port: str) -> tuple[str, ...]:
    """The attributes and methods that a protocol asks for, those of its parents included."""
    module, _, name = port.partition(":")
    bases = [base for base in getattr(import_module(module), name).__mro__ if base.__module__.startswith(f"{_OURS}.")]
    found = {member for base in bases for member in (*vars(base), *vars(base).get("__annotations__", {}))}
    return tuple(sorted(member for member in found if member in _SPECIAL or not member.startswith("_")))
