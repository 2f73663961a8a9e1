"""The tree of a parsed pattern, and the error for a text that is not one."""

from dataclasses import dataclass

from martgate.text.regex.unicode import Ranges

__all__ = ["REFUSED", "Anchor", "Characters", "Group", "Node", "PatternError", "Regex", "Repeat"]

REFUSED = "not a regular expression that every engine can run"


class PatternError(ValueError):
    """A text is not a regular expression, or not every engine can run it.

    Attributes:
        message: What was found, and where in the pattern.
        hint: What to write instead; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Characters:
    """One character of a set.

    Attributes:
        ranges: The characters as ranges of codes.
        categories: General categories of Unicode that belong to the set; `^L` is every character outside `L`.
        negated: Whether the set has all other characters instead.
    """

    ranges: Ranges
    categories: tuple[str, ...] = ()
    negated: bool = False

    @property
    def only(self) -> int | None:
        """The code of the only character in the set; None where there are several."""
        low, high = self.ranges[0] if len(self.ranges) == 1 else (0, 1)
        return None if self.categories or self.negated or low != high else low


@dataclass(frozen=True, slots=True)
class Anchor:
    """The start (`^`) or the end (`$`) of a value."""

    sign: str


@dataclass(frozen=True, slots=True)
class Group:
    """Alternatives, each a sequence."""

    branches: "tuple[tuple[Node, ...], ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A node from `low` to `high` times; None is without limit."""

    node: "Node"
    low: int
    high: int | None


Node = Characters | Anchor | Group | Repeat


@dataclass(frozen=True, slots=True)
class Regex:
    """A parsed pattern.

    Attributes:
        root: The tree.
        is_strict: Whether it is ECMA-262 with the `u` flag, without the syntax of browsers.
    """

    root: Group
    is_strict: bool
