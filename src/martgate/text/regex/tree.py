"""A parsed pattern, and why a text is none."""

from dataclasses import dataclass

from martgate.text.regex.unicode import Ranges

__all__ = ["REFUSED", "Anchor", "Characters", "Group", "Node", "PatternError", "Regex", "Repeat"]

REFUSED = "not a regular expression that every engine can run"


class PatternError(ValueError):
    """A pattern that is none, or that not every engine can run.

    Attributes:
        message: what was found, and where in the pattern.
        hint: what to write instead; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Characters:
    """One character out of a set, or out of all others. `categories` are general categories, `^L` any but `L`."""

    ranges: Ranges
    categories: tuple[str, ...] = ()
    negated: bool = False

    @property
    def only(self) -> int | None:
        """The code of the only character in the set; None where there are others."""
        low, high = self.ranges[0] if len(self.ranges) == 1 else (0, 1)
        return None if self.categories or self.negated or low != high else low


@dataclass(frozen=True, slots=True)
class Anchor:
    sign: str


@dataclass(frozen=True, slots=True)
class Group:
    """Alternatives, each a sequence."""

    branches: "tuple[tuple[Node, ...], ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """From `low` to `high` times; None is without end."""

    node: "Node"
    low: int
    high: int | None


Node = Characters | Anchor | Group | Repeat


@dataclass(frozen=True, slots=True)
class Regex:
    """A parsed pattern. `is_strict`: it is ECMA-262 with the `u` flag to the letter."""

    root: Group
    is_strict: bool
