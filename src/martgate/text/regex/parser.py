"""The parser of ECMA-262 with the `u` flag, and of the syntax that browsers allow beyond it."""

import re
from collections.abc import Mapping

from martgate.hints import clip
from martgate.text.regex.tree import REFUSED, Anchor, Characters, Group, Node, PatternError, Repeat
from martgate.text.regex.unicode import (
    CATEGORIES,
    LAST,
    LINE_END,
    NATIVE,
    PROPERTIES,
    SHORTHANDS,
    SURROGATES,
    complement,
    merge,
    ranges_of,
)

__all__ = ["Parser"]

MOST_REPEATS = 1000
MOST_DEPTH = 100
CONTROLS: Mapping[str, int] = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
CODED = (
    r"u(?P<high>[Dd][89ABab][0-9A-Fa-f]{2})\\u(?P<low>[Dd][C-Fc-f][0-9A-Fa-f]{2})|c(?P<letter>[A-Za-z])"
    r"|x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,10})\}|u([0-9A-Fa-f]{4})|(0)(?![0-9])"
)
"""The text after a backslash that names a character by its code."""
SYNTAX = frozenset("^$\\.*+?()[]{}|/")
"""The characters that a backslash can escape with the `u` flag; in a class also `-`."""


class Parser:
    """Parses one pattern.

    Attributes:
        is_strict: Whether the pattern is ECMA-262 with the `u` flag, without the syntax of browsers; set by `read`.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._depth = 0
        self._names: set[str] = set()
        self.is_strict = True

    def read(self) -> Group:
        """Parse the whole pattern; raise PatternError where it cannot be parsed."""
        root = self._group()
        if self._at < len(self._pattern):
            raise self._error("`)` closes no group", r"write \) for the character")
        return root

    def _error(self, message: str, hint: str = "", at: int | None = None) -> PatternError:
        place = (self._at if at is None else at) + 1
        return PatternError(f"{REFUSED}: at character {place}, {message}", hint)

    def _peek(self, count: int = 1) -> str:
        return self._pattern[self._at : self._at + count]

    def _skip(self, text: str) -> bool:
        """Skip a text if it is next."""
        is_next = self._pattern.startswith(text, self._at)
        self._at += len(text) if is_next else 0
        return is_next

    def _match(self, regex: str) -> re.Match[str] | None:
        """Skip a match of a regular expression if one is next."""
        match = re.compile(regex).match(self._pattern, self._at)
        self._at = match.end() if match else self._at
        return match

    def _group(self) -> Group:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise self._error(f"groups in groups, more than {MOST_DEPTH} deep")
        branches = [self._sequence()]
        while self._skip("|"):
            branches.append(self._sequence())
        self._depth -= 1
        return Group(tuple(branches))

    def _sequence(self) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            nodes.append(self._quantify(self._atom()))
        return tuple(nodes)

    def _atom(self) -> Node:
        start = self._at
        match self._peek():
            case "^" | "$":
                self._at += 1
                return Anchor(self._pattern[start])
            case "(":
                self._open_group()
                group = self._group()
                if not self._skip(")"):
                    raise self._error(
                        "the group that begins here is never closed", r"write \( for the character", start
                    )
                return group
            case "[":
                return self._class()
            case "\\":
                return self._escape(in_class=False)
            case ".":
                self._at += 1
                return Characters(LINE_END, negated=True)
            case "*" | "+" | "?":
                raise self._error(
                    f"`{self._peek()}` has nothing to repeat", rf"write \{self._peek()} for the character"
                )
            case "{" if re.match(r"\{\d*,?\d*\}", self._pattern[start:]):
                raise self._error("`{..}` has nothing to repeat", r"write \{ for the character")
            case char:
                self._at += 1
                self.is_strict &= char not in "{}]"
                return Characters(((ord(char), ord(char)),))

    def _open_group(self) -> None:
        start = self._at
        if self._match(r"\((?!\?)|\(\?:"):
            return
        named = self._match(r"\(\?<(?![=!])([^>]*)>")
        if named:
            if not named[1].replace("$", "_").isidentifier():
                raise self._error(f"{clip(named[1])} is no name for a group", at=start)
            self.is_strict &= named[1] not in self._names  # some versions of the language allow it in other branches
            self._names.add(named[1])
            return
        for opening, (reason, hint) in UNSUPPORTED_GROUPS.items():
            if self._skip(opening):
                raise self._error(f"`{opening}` {reason}", hint, start)
        raise self._error(
            f"`{self._peek(3)}` sets flags, which not every engine can", "write the pattern without", start
        )

    def _quantify(self, node: Node) -> Node:
        start = self._at
        quantifier = self._match(r"([*+?])|\{(\d+)(?:(,)(\d*))?\}")
        if not quantifier:
            if self._match(r"\{,\d+\}"):
                raise self._error("a count needs its lower bound", "as in {0,5}", start)
            return node
        low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(quantifier[1] or "", (0, None))
        if quantifier[2]:
            if any(len(number) > 9 for number in (quantifier[2], quantifier[4] or "")):
                raise self._error(f"`{quantifier[0]}` repeats more than {MOST_REPEATS} times", at=start)
            low = int(quantifier[2])
            high = low if not quantifier[3] else int(quantifier[4]) if quantifier[4] else None
        if isinstance(node, Anchor):
            raise self._error(f"`{quantifier[0]}` cannot repeat `{node.sign}`", at=start)
        if high is not None and high < low:
            raise self._error(f"`{quantifier[0]}`: the numbers are out of order", at=start)
        self._skip("?")
        again = self._match(r"[*+?]|\{\d+(?:,\d*)?\}")
        if again:
            hint = "engines without possessive quantifiers have nothing to repeat here" if again[0] == "+" else ""
            raise self._error(f"`{again[0]}` repeats a repeat", hint, again.start())
        return Repeat(node, low, high)

    def _class(self) -> Characters:
        start = self._at
        self._at += 1
        negated = self._skip("^")
        ranges: list[tuple[int, int]] = []
        categories: list[str] = []
        is_empty = True
        while self._peek() not in ("]", ""):
            is_empty = False
            first, place = self._class_atom(), self._at
            if self._peek() == "-" and self._peek(2) not in ("-]", "-"):
                self._at += 1
                last = self._class_atom()
                low, high = first.only, last.only
                if low is not None and high is not None:
                    if high < low:
                        raise self._error("the ends of a range are out of order", at=place - 1)
                    ranges.append((low, high))
                    continue
                self.is_strict = False  # `[\w-.]`: the dash is a character
                ranges += [(0x2D, 0x2D), *last.ranges]
                categories += last.categories
            ranges += first.ranges
            categories += first.categories
        if not self._skip("]"):
            raise self._error("the class that begins here is never closed", r"write \[ for the character", start)
        if is_empty and not negated:
            raise self._error("`[]` is an empty class, which nothing matches", r"write \] for the character", start)
        return Characters(merge(ranges), tuple(dict.fromkeys(categories)), negated)

    def _class_atom(self) -> Characters:
        if self._peek() == "\\":
            return self._escape(in_class=True)
        self._at += 1
        code = ord(self._pattern[self._at - 1])
        return Characters(((code, code),))

    def _escape(self, *, in_class: bool) -> Characters:
        start = self._at
        self._at += 1
        char = self._peek()
        self._at += 1
        if char and char in "dws":
            return Characters(SHORTHANDS[char])
        if char and char in "DWS":
            return Characters(complement(SHORTHANDS[char.lower()]))
        if char and char in "pP":
            return self._property(start, is_negated=char == "P")
        code = self._code(char, start, in_class=in_class)
        if code in SURROGATES:
            raise self._error("half a surrogate pair is no character", r"as in \u{1F600} or \uD83D\uDE00", start)
        if code > LAST:
            raise self._error("no character has a code as high as this", at=start)
        return Characters(((code, code),))

    def _code(self, char: str, start: int, *, in_class: bool) -> int:
        """Return the code point of an escape."""
        self._at = start + 1
        coded = self._match(CODED)
        if coded:
            high, low, letter = coded["high"], coded["low"], coded["letter"]
            if high:
                return 0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00
            return ord(letter) % 32 if letter else int(coded[coded.lastindex or 0], 16)
        self._at += len(char)
        if char and char in CONTROLS:
            return CONTROLS[char]
        if char == "b" and in_class:
            return 0x08
        if not char:
            raise self._error("it ends in a lone backslash", r"write \\ for the character", start)
        if char.isalnum():
            unknown = ("is no escape of ECMA-262", "write the character without `\\`")
            reason, hint = UNSUPPORTED_ESCAPES.get("1" if char in "123456789" else char, unknown)
            raise self._error(f"`\\{char}` {reason}", hint, start)
        self.is_strict &= char in SYNTAX or (in_class and char == "-")
        return ord(char)

    def _property(self, start: int, *, is_negated: bool) -> Characters:
        named = self._match(r"\{([A-Za-z_]+=)?([A-Za-z0-9_]+)\}")
        if not named:
            raise self._error("a Unicode property needs braces", r"as in \p{L} or \p{Script=Hangul}", start)
        key, value = (named[1] or "").removesuffix("="), named[2]
        sign = "^" if is_negated else ""
        category = CATEGORIES.get(value, value) if key in ("", "General_Category", "gc") else ""
        if category in NATIVE:
            return Characters((), (sign + category,))
        if category in CATEGORIES.values():
            pattern = rf"\p{{{category}}}"
        elif not key and value in PROPERTIES:
            pattern = rf"\p{{{PROPERTIES[value]}}}"
        elif key in ("Script", "sc", "Script_Extensions", "scx") and value[0].isupper():
            pattern = rf"\p{{{'scx' if key.endswith(('x', 'Extensions')) else 'sc'}={value}}}"
        else:
            pattern = ""
        ranges = ranges_of(pattern) if pattern else None
        if ranges is None:
            hint = r"as in \p{L}, \p{Letter}, \p{Alphabetic} or \p{Script=Hangul}"
            raise self._error(f"Unicode has no property {clip(named[0].strip('{}'))} that engines know", hint, start)
        return Characters(complement(ranges) if is_negated else ranges)


UNSUPPORTED_GROUPS: Mapping[str, tuple[str, str]] = {
    "(?=": ("looks ahead, which not every engine can", "write the pattern without it, or a second rule"),
    "(?!": ("looks ahead, which not every engine can", "write the pattern without it, or a second rule"),
    "(?<=": ("looks behind, which not every engine can", "write the pattern without it, or a second rule"),
    "(?<!": ("looks behind, which not every engine can", "write the pattern without it, or a second rule"),
    "(?>": ("is an atomic group, which not every engine knows", "write (?:..)"),
    "(?P": ("is Python's way to name a group", "write (?<name>..)"),
    "(?#": ("is a comment, which ECMA-262 does not know", "remove it"),
}
UNSUPPORTED_ESCAPES: Mapping[str, tuple[str, str]] = {
    "1": ("refers back to a group, which not every engine can", "write the pattern without a back-reference"),
    "k": ("refers back to a group, which not every engine can", "write the pattern without a back-reference"),
    "b": ("is a word boundary, which differs between engines", "write the characters around the word"),
    "B": ("is a word boundary, which differs between engines", "write the characters around the word"),
    "A": ("is no anchor of ECMA-262", "write ^"),
    "z": ("is no anchor of ECMA-262", "write $"),
    "Z": ("is no anchor of ECMA-262", "write $"),
    "0": ("is an octal code, which ECMA-262 does not know", r"as in \x07"),
    "c": ("is no control letter", r"as in \cJ"),
    "x": ("is no code of two hexadecimal digits", r"as in \x41"),
    "u": ("is no code of a character", r"as in \u0041 or \u{1F600}"),
}
