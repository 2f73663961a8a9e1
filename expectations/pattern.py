r"""One regular expression, the same on every engine.

Contracts write ECMA-262; Spark matches with Java, DuckDB with RE2. They differ in small and silent ways: Java's `$` also
matches before a last line break, its `.` skips more line ends, its `\s` and RE2's disagree on the vertical tab, and `[[]`
opens a nested class there. So a pattern is rewritten into the part that all of them read alike, and what has no such
spelling (looking ahead or back, back references, the edge of a word) is refused when the contract is read, not when a day is waiting.
"""

import re
import warnings

__all__ = ["portable"]

_SPACE = r"\t\n\x0B\f\r \x{A0}\x{FEFF}\x{2028}\x{2029}\p{Zs}"
_SHORTHAND = {
    "d": "[0-9]",
    "D": "[^0-9]",
    "w": "[A-Za-z0-9_]",
    "W": "[^A-Za-z0-9_]",
    "s": f"[{_SPACE}]",
    "S": f"[^{_SPACE}]",
}
_CONTROL = {"t": r"\t", "n": r"\n", "r": r"\r", "f": r"\f", "v": r"\x0B", "0": r"\x00"}
_HEX = re.compile(r"x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})")
_PROPERTY = re.compile(r"[pP]\{[A-Za-z]{1,2}\}")
_QUANTIFIER = re.compile(r"\{[0-9]+(,[0-9]*)?\}")
_NAMED_GROUP = re.compile(r"\(\?<[A-Za-z_$][A-Za-z0-9_$]*>")
_MOST_REPEATS = 1000
"""RE2 refuses to count further."""


def portable(pattern: str) -> str:
    r"""The pattern, anchored at both ends of the whole value, as Java and RE2 read it alike.

    >>> portable(r"^[A-Z]{2}$")
    '\\A(?:\\A[A-Z]{2}\\z)\\z'

    Raises:
        ValueError: the pattern is no regular expression, or has no spelling that all engines share.
    """
    body = _translated(pattern)
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # about classes of a future Python
            re.compile(_for_python(body))
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return rf"\A(?:{body})\z"


def _translated(pattern: str) -> str:
    written: list[str] = []
    position = 0
    while position < len(pattern):
        text, position = _next(pattern, position)
        written.append(text)
    return "".join(written)


def _next(pattern: str, at: int) -> tuple[str, int]:
    """The portable spelling of what starts at a position outside of any class, and where it ends."""
    match pattern[at]:
        case "\\":
            return _escape(pattern, at + 1)
        case "[":
            return _class(pattern, at)
        case "(":
            return _group(pattern, at)
        case "{":
            return _repeat(pattern, at)
        case "*" | "+" | "?" if pattern[at + 1 : at + 2] == "+":
            raise ValueError(f"possessive quantifiers ({pattern[at : at + 2]}) do not exist in every engine")
        case char:
            plain = {"^": r"\A", "$": r"\z", ".": r"[^\n\r\x{2028}\x{2029}]", "]": r"\]", "}": r"\}"}
            return plain.get(char, char), at + 1


def _group(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at + 1 : at + 2] != "?":
        return "(?:", at + 1
    if pattern[at : at + 3] == "(?:":
        return "(?:", at + 3
    named = _NAMED_GROUP.match(pattern, at)
    if named:
        return "(?:", named.end()
    raise ValueError(f"`{pattern[at : at + 4]}..` (looking ahead or back, flags) does not exist in every engine")


def _repeat(pattern: str, at: int) -> tuple[str, int]:
    counted = _QUANTIFIER.match(pattern, at)
    if not counted:
        return r"\{", at + 1
    if any(int(number) > _MOST_REPEATS for number in re.findall(r"[0-9]+", counted[0])):
        raise ValueError(f"{counted[0]} repeats too often; engines count to {_MOST_REPEATS}")
    if pattern[counted.end() : counted.end() + 1] == "+":
        raise ValueError(f"possessive quantifiers ({counted[0]}+) do not exist in every engine")
    return counted[0], counted.end()


def _escape(pattern: str, at: int) -> tuple[str, int]:
    """What a backslash before position `at` means outside of a class."""
    char = pattern[at : at + 1]
    if char in _SHORTHAND and char:
        return _SHORTHAND[char], at + 1
    if char in ("b", "B"):
        raise ValueError(
            f"`\\{char}` (the edge of a word) means another word in every engine; write out what stands around"
        )
    return _character(pattern, at)


def _character(pattern: str, at: int) -> tuple[str, int]:
    """An escaped character, inside or outside of a class."""
    char = pattern[at : at + 1]
    if not char:
        raise ValueError("it ends in a lone backslash")
    code = _HEX.match(pattern, at)
    if code:
        return rf"\x{{{int(code[1] or code[2] or code[3], 16):X}}}", code.end()
    category = _PROPERTY.match(pattern, at)
    if category:
        return f"\\{category[0]}", category.end()
    if char in _CONTROL and not (char == "0" and pattern[at + 1 : at + 2].isdigit()):
        return _CONTROL[char], at + 1
    if char.isalnum():
        raise ValueError(f"`\\{char}` does not exist in every engine, or not with one meaning")
    return (f"\\{char}" if char.isascii() and char.isprintable() and char not in " _" else char), at + 1


def _class(pattern: str, at: int) -> tuple[str, int]:
    """A bracketed class, with every character escaped that only some engines read as syntax."""
    at += 1
    written = ["["]
    if pattern[at : at + 1] == "^":
        written.append("^")
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        text, at = _class_member(pattern, at)
        written.append(text)
    if at >= len(pattern):
        raise ValueError("a class `[` is never closed")
    if written[-1] in ("[", "^"):
        raise ValueError("an empty class `[]` or `[^]` does not exist in every engine")
    return "".join([*written, "]"]), at + 1


def _class_member(pattern: str, at: int) -> tuple[str, int]:
    char = pattern[at]
    if char != "\\":
        return (f"\\{char}" if char in "[&^~" else char), at + 1
    char = pattern[at + 1 : at + 2]
    if char == "b":
        return r"\x08", at + 2
    if char in ("D", "W", "S"):
        raise ValueError(f"`\\{char}` inside a class does not exist in every engine; write the characters out")
    if char in ("d", "w", "s"):
        return _SHORTHAND[char][1:-1], at + 2
    return _character(pattern, at + 1)


def _for_python(body: str) -> str:
    """The portable form as Python's own engine reads it, to have its syntax checked."""
    spelled = re.sub(r"\\x\{([0-9A-F]+)\}", lambda code: f"\\U{int(code[1], 16):08X}", body)
    return re.sub(r"\\[pP]\{[A-Za-z]{1,2}\}", "a", spelled).replace(r"\z", r"\Z")
