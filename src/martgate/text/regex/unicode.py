"""Sets of characters as ranges of codes, and the properties of Unicode."""

from collections.abc import Mapping
from functools import lru_cache

__all__ = [
    "CATEGORIES",
    "LAST",
    "LINE_END",
    "NATIVE",
    "PROPERTIES",
    "SHORTHANDS",
    "SURROGATES",
    "Ranges",
    "complement",
    "merge",
    "ranges_of",
    "ranges_of_category",
]

LAST = 0x10FFFF
SURROGATES = range(0xD800, 0xE000)

Ranges = tuple[tuple[int, int], ...]

DIGIT: Ranges = ((0x30, 0x39),)
WORD: Ranges = (*DIGIT, (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
SPACE: Ranges = (
    (0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
    (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
)  # fmt: skip
LINE_END: Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
SHORTHANDS: Mapping[str, Ranges] = {"d": DIGIT, "w": WORD, "s": SPACE}
CATEGORIES: Mapping[str, str] = {
    "Cased_Letter": "LC", "Close_Punctuation": "Pe", "Connector_Punctuation": "Pc", "Control": "Cc",
    "Currency_Symbol": "Sc", "Dash_Punctuation": "Pd", "Decimal_Number": "Nd", "Enclosing_Mark": "Me",
    "Final_Punctuation": "Pf", "Format": "Cf", "Initial_Punctuation": "Pi", "Letter": "L", "Letter_Number": "Nl",
    "Line_Separator": "Zl", "Lowercase_Letter": "Ll", "Mark": "M", "Combining_Mark": "M", "Math_Symbol": "Sm",
    "Modifier_Letter": "Lm", "Modifier_Symbol": "Sk", "Nonspacing_Mark": "Mn", "Number": "N", "Open_Punctuation": "Ps",
    "Other": "C", "Other_Letter": "Lo", "Other_Number": "No", "Other_Punctuation": "Po", "Other_Symbol": "So",
    "Paragraph_Separator": "Zp", "Private_Use": "Co", "Punctuation": "P", "Separator": "Z", "Space_Separator": "Zs",
    "Spacing_Mark": "Mc", "Symbol": "S", "Titlecase_Letter": "Lt", "Unassigned": "Cn", "Uppercase_Letter": "Lu",
    "cntrl": "Cc", "digit": "Nd", "punct": "P",
}  # fmt: skip
NATIVE = frozenset(CATEGORIES.values()) - {"LC", "C", "Cn"}
"""The categories that both Java and RE2 know by this name; others are written as ranges."""
PROPERTIES: Mapping[str, str] = {
    **{name: name for name in (
        "Any", "ASCII", "ASCII_Hex_Digit", "Alphabetic", "Emoji", "Emoji_Presentation", "Extended_Pictographic",
        "Hex_Digit", "ID_Continue", "ID_Start", "Ideographic", "Lowercase", "Uppercase", "White_Space",
    )},
    "AHex": "ASCII_Hex_Digit", "Alpha": "Alphabetic", "EPres": "Emoji_Presentation", "ExtPict": "Extended_Pictographic",
    "Hex": "Hex_Digit", "IDC": "ID_Continue", "IDS": "ID_Start", "Ideo": "Ideographic", "Lower": "Lowercase",
    "Upper": "Uppercase", "space": "White_Space",
}  # fmt: skip
"""The supported properties of ECMA-262; it has others about how characters combine."""


def merge(ranges: list[tuple[int, int]]) -> Ranges:
    """Return the same characters in ranges that are sorted and do not touch."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    """Return the ranges of all other characters."""
    gaps, start = [], 0
    for low, high in merge(list(ranges)):
        if low > start:
            gaps.append((start, low - 1))
        start = high + 1
    return (*gaps, (start, LAST)) if start <= LAST else tuple(gaps)


def ranges_of_category(name: str) -> Ranges:
    """Return the characters of a general category, as in `L`, or all others, as in `^L`."""
    ranges = ranges_of(rf"\p{{{name.removeprefix('^')}}}") or ()
    return complement(ranges) if name.startswith("^") else ranges


@lru_cache(maxsize=256)
def ranges_of(pattern: str) -> Ranges | None:
    r"""Return the characters of a Unicode property, as in `\p{L}`; None where there is no such property."""
    import regex  # noqa: PLC0415 - few patterns need its tables

    try:
        compiled = regex.compile(f"{pattern}+")
    except regex.error:
        return None
    return tuple((ord(run[0][0]), ord(run[0][-1])) for run in compiled.finditer(every_character()))


@lru_cache(maxsize=1)
def every_character() -> str:
    return "".join(map(chr, [*range(SURROGATES.start), *range(SURROGATES.stop, LAST + 1)]))
