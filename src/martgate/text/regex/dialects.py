"""Writes a parsed pattern in the languages that run it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from martgate.text.regex.tree import Anchor, Characters, Group, Node, Repeat
from martgate.text.regex.unicode import LAST, merge, ranges_of_category

__all__ = ["ECMASCRIPT", "POSTGRESQL", "PYTHON", "RUST", "SQL", "Language", "render"]


@dataclass(frozen=True, slots=True)
class Language:
    """The syntax in which the languages differ.

    Attributes:
        start: The anchor at the start of a value.
        end: The anchor at the end of a value.
        code: Writes a character by its code.
        knows_categories: Whether it has the general categories of Unicode.
        most_repeats: The greatest count of a repeat.
        escaped: The characters to escape outside a class.
        escaped_in_class: The characters to escape inside a class.
    """

    start: str
    end: str
    code: Callable[[int], str]
    knows_categories: bool = False
    most_repeats: int = 1000
    escaped: str = r"\^$.|?*+()[]{}"
    escaped_in_class: str = r"\^[]-&~"


def _sql_code(code: int) -> str:
    return f"\\x{{{code:X}}}"


def _python_code(code: int) -> str:
    """Write a code as Python and Java read it; they have no common form for more than four digits."""
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else chr(code)


def _eight_digits(code: int) -> str:
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def _ecmascript_code(code: int) -> str:
    return f"\\u{{{code:X}}}"


SQL = Language(r"\A", r"\z", _sql_code, knows_categories=True)
PYTHON = Language(r"\A", r"(?![\s\S])", _python_code)
RUST = Language("^", "$", _eight_digits)
POSTGRESQL = Language("^", "$", _eight_digits, most_repeats=255)
ECMASCRIPT = Language(
    "^", "$", _ecmascript_code, knows_categories=True, escaped=r"\^$.|?*+()[]{}/", escaped_in_class=r"\^[]-"
)


def render(node: Node, language: Language) -> str:
    """Write a tree as text. Groups do not capture and all repeats are greedy, because only whether it matches counts."""
    match node:
        case Characters():
            return _render_class(node, language)
        case Anchor(sign):
            return language.start if sign == "^" else language.end
        case Group(branches):
            return "|".join("".join(_render_one(node, language) for node in branch) for branch in branches)
        case Repeat(inner, low, high):
            counts = [f"{_render_one(inner, language)}{count}" for count in _counts(low, high, language.most_repeats)]
            return counts[0] if len(counts) == 1 else f"(?:{''.join(counts)})"


def _render_one(node: Node, language: Language) -> str:
    """Write a node of a sequence; a group needs brackets."""
    return f"(?:{render(node, language)})" if isinstance(node, Group) else render(node, language)


def _counts(low: int, high: int | None, most: int) -> Iterator[str]:
    """Yield quantifiers, none above `most`, which together count from `low` to `high`."""
    while low > most:
        yield f"{{{most}}}"
        low, high = low - most, None if high is None else high - most
    while high is not None and high > most:
        yield f"{{{low},{most}}}"
        low, high = 0, high - most
    short = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((low, high))
    yield short or (f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}")


def _render_class(characters: Characters, language: Language) -> str:
    ranges, names = characters.ranges, characters.categories
    if not language.knows_categories:
        ranges, names = merge([*ranges, *(one for name in names for one in ranges_of_category(name))]), ()
    negated = characters.negated
    if not ranges and not names:  # `[^]`: any character
        ranges, negated = ((0, LAST),), False
    only = Characters(ranges, names, negated).only
    if only is not None:
        return _render_code(only, language.escaped, language)
    code = partial(_render_code, escaped=language.escaped_in_class, language=language)
    body = "".join(
        f"{code(low)}{'-' if high > low + 1 else ''}{code(high)}" if high > low else code(low) for low, high in ranges
    )
    body += "".join(f"\\P{{{name[1:]}}}" if name[0] == "^" else f"\\p{{{name}}}" for name in names)
    return f"[{'^' if negated else ''}{body}]"


def _render_code(code: int, escaped: str, language: Language) -> str:
    char = chr(code)
    if char in escaped:
        return f"\\{char}"
    return char if char.isprintable() else language.code(code)
