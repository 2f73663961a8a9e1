"""Addresses inside a document, as in `schema[0].properties[3].logicalType`."""

import re
from collections.abc import Iterable

__all__ = ["extend_address", "format_address", "parse_address"]

PLAIN = re.compile(r"[\w-]+")
# The quoted form is that of JSON, so that a key with dots, brackets or quotes has exactly one address.
STEP = re.compile(r'\.?(?P<key>[\w-]+)|\[(?P<index>\d+)\]|\["(?P<quoted>(?:[^"\\]|\\.)*)"\]', re.DOTALL)


def format_address(parts: Iterable[str | int]) -> str:
    """Return the address of a value from the keys and indices that lead to it from the root.

    >>> format_address(["schema", 0, "custom", "a.b"])
    'schema[0].custom["a.b"]'
    """
    path = ""
    for part in parts:
        path = extend_address(path, part)
    return path


def extend_address(path: str, part: str | int) -> str:
    """Return the address of a key or an index below an address.

    >>> extend_address("schema[0]", "name"), extend_address("", "schema")
    ('schema[0].name', 'schema')
    """
    if isinstance(part, int):
        return f"{path}[{part}]"
    if PLAIN.fullmatch(part):
        return f"{path}.{part}" if path else part
    quoted = part.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{quoted}"]'


def parse_address(path: str) -> tuple[str | int, ...]:
    """Return the keys and indices of an address: the inverse of `format_address`.

    Raises:
        ValueError: The text is not an address.

    >>> parse_address('schema[0].custom["a.b"]')
    ('schema', 0, 'custom', 'a.b')
    """
    parts: list[str | int] = []
    position = 0
    while position < len(path):
        match = STEP.match(path, position)
        if match is None:
            raise ValueError(f"{path!r} is not an address: cannot be read from character {position + 1} on")
        if match["index"] is not None:
            parts.append(int(match["index"]))
        elif match["quoted"] is not None:
            parts.append(re.sub(r"\\(.)", r"\1", match["quoted"], flags=re.DOTALL))
        else:
            parts.append(match["key"])
        position = match.end()
    return tuple(parts)
