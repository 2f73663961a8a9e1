"""A YAML document with the position of each value."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from martgate.contracts.yaml.address import extend_address, parse_address
from martgate.contracts.yaml.composer import Place, Places, compose
from martgate.errors import InvalidInput, Problem

__all__ = ["MAX_BYTES", "Document"]

MAX_BYTES = 1_000_000
"""Five times the largest public contract, about 12,000 columns; a file of this size is checked within half a minute."""

# c-printable of YAML 1.2, without the three line ends of YAML 1.1 (NEL, LS, PS): readers of either version would count
# different line numbers after them.
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MARKS = {
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\xfe\xff": "UTF-16",
    b"\xff\xfe": "UTF-16",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML 1.2 document.

    Addresses look like `schema[0].properties[3].logicalType`; a key that is not a plain word is written as `["a.b"]`.

    Attributes:
        file: The path, as the user typed it.
        data: Dicts, lists and scalars; keys are text.
    """

    file: str
    data: Any
    _places: Places

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the document in a file.

        Raises:
            InvalidInput: The file cannot be read, or is not one YAML document; with every problem in it.
        """
        return cls.parse(_text(path), file=str(path))

    @classmethod
    def parse(cls, text: str, *, file: str) -> Self:
        """Parse the document in a text; `file` is named in its problems.

        Raises:
            InvalidInput: The text is not one YAML document.
        """
        odd = UNPRINTABLE.search(text)
        if odd is not None:
            line, column = _place(text, odd.start())
            message = f"found the character U+{ord(odd.group()):04X}, which YAML does not allow"
            hint = (
                'inside double quotes it can be written as "\\u..."' if ord(odd.group()) else "is this a binary file?"
            )
            raise InvalidInput(Problem(file=file, line=line, column=column, message=message, hint=hint))
        composed = compose(file, text)
        if composed.problems:
            raise InvalidInput(*composed.problems)
        if composed.data is None:
            raise InvalidInput(Problem(file=file, message="is empty", hint="a contract starts with apiVersion"))
        return cls(file, composed.data, composed.places)

    def locate(self, path: str, *, key: bool = False) -> Place:
        """Return line and column, from 1, of the value at an address, or of its key.

        For an address that does not exist, they are those of the nearest value above it.
        """
        place, value = self._places[0][None], self.data
        for part in _parts(path):
            places = self._places.get(id(value), {}) if isinstance(value, dict | list) else {}
            if part not in places:
                return place[1]
            place, value = places[part], value[part]
        return place[0] if key else place[1]

    def at(self, path: str) -> Any:
        """Return the value at an address; None where there is none."""
        value = self.data
        for part in _parts(path):
            inside = isinstance(value, dict) or (
                isinstance(value, list) and isinstance(part, int) and part < len(value)
            )
            if not inside or (isinstance(value, dict) and part not in value):
                return None
            value = value[part]
        return value

    def leaves(self) -> Iterator[tuple[str, object]]:
        """Yield every scalar with its address, in the order of the file."""
        yield from _leaves("", self.data)

    def problem(self, path: str, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """Return a problem at an address, with the line and column of its value, or of its key."""
        line, column = self.locate(path, key=key)
        return Problem(file=self.file, line=line, column=column, path=path, message=message, hint=hint)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, object]]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _leaves(extend_address(path, key), inner)
        case list():
            for index, inner in enumerate(value):
                yield from _leaves(extend_address(path, index), inner)
        case _:
            yield path, value


def _parts(path: str) -> tuple[str | int, ...]:
    try:
        return parse_address(path)
    except ValueError:
        return ()


def _text(path: Path) -> str:
    file = str(path)
    try:
        # Opening a pipe or a device could block forever.
        if not path.is_file():
            raise InvalidInput(Problem(file=file, message=_absence(path), hint="expected a contract in YAML"))
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(Problem(file=file, message=f"cannot be read: {reason}")) from error
    if len(content) > MAX_BYTES:
        message = f"is larger than {MAX_BYTES:,} bytes, the limit for one contract"
        raise InvalidInput(Problem(file=file, message=message, hint="split it by table"))
    return _decode(file, content)


def _absence(path: Path) -> str:
    return (
        "is a folder, not a file" if path.is_dir() else "is not a regular file" if path.exists() else "does not exist"
    )


def _decode(file: str, content: bytes) -> str:
    for mark, name in MARKS.items():
        if content.startswith(mark):
            raise InvalidInput(
                Problem(file=file, line=1, column=1, message=f"is written in {name}", hint="save it as UTF-8")
            )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line, column = _place(before, len(before))
        message = f"the byte 0x{content[error.start]:02x} is not UTF-8"
        hint = "is this a binary file?" if 0 in content[:1000] else "save the file as UTF-8 (is it Latin-1 now?)"
        raise InvalidInput(Problem(file=file, line=line, column=column, message=message, hint=hint)) from error
    return text


def _place(text: str, index: int) -> Place:
    lines = re.split(r"\r\n|\r|\n", text[:index])
    return len(lines), len(lines[-1]) + 1
