"""What a project sets of the look of its pages: a title, a logo, links and a stylesheet, all inside of each page."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["DEFAULT", "LOGO_TYPES", "Appearance", "find_link_problem", "read_logo", "read_stylesheet"]

LOGO_TYPES: Mapping[str, str] = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
MOST_BYTES = 200_000
"""Of a logo or a stylesheet: it is in every page."""

# The policy of the pages would keep a browser from all of this; here the author hears of it before a reader misses it.
_LOADS = re.compile(r"@import|url\(\s*['\"]?(?!data:)|image-set\(|<\s*/|<!--", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Appearance:
    """The look of the pages. `logo` is an image as a `data:` URL, `links` addresses by name, `stylesheet` rules of CSS."""

    title: str = ""
    logo: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    stylesheet: str = ""

    def to_json(self) -> str:
        """What `from_json` reads back, for the process that draws the site."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Appearance":
        """The look as `to_json` wrote it."""
        return cls(**json.loads(text))


DEFAULT = Appearance()
"""The look of the pages of a project that sets nothing."""


def read_logo(file: Path) -> str:
    """An image as a `data:` URL.

    Raises:
        ValueError: it is of no known type, too large, or cannot be read.
    """
    kind = LOGO_TYPES.get(file.suffix.lower())
    if kind is None:
        raise ValueError(f"expected an image: {', '.join(sorted(LOGO_TYPES))}")
    return f"data:{kind};base64,{base64.b64encode(_content(file)).decode()}"


def read_stylesheet(file: Path) -> str:
    """The rules of a stylesheet.

    Raises:
        ValueError: it would load something, leave its element, is too large, or cannot be read.
    """
    try:
        text = _content(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    loading = _LOADS.search(text)
    if loading:
        line = text[: loading.start()].count("\n") + 1
        raise ValueError(f"line {line}: {loading[0].strip()!r} has no place here: a page loads nothing from anywhere")
    return text.replace("\r\n", "\n").replace("\r", "\n")  # as a browser reads it, or its hash would be another one


def find_link_problem(address: str) -> str:
    """What keeps an address from being linked to; empty where nothing does."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "is no URL"
    if parts.scheme in ("http", "https"):
        return "" if parts.hostname else "names no host"
    if parts.scheme == "mailto":
        return "" if "@" in parts.path else "names no mailbox"
    return "starts with none of https:, http: and mailto:"


def _content(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise ValueError(f"is larger than {MOST_BYTES:,} bytes, and would be in every page")
    return content
