"""The look that a project sets for its pages: title, logo, links and stylesheet, all embedded in each page."""

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
MAX_BYTES = 200_000
"""The largest size of a logo or a stylesheet, since every page embeds it."""

# The policy of the pages keeps a browser from loading any of this; here the author gets an error instead.
_LOADING = re.compile(r"@import|url\(\s*['\"]?(?!data:)|image-set\(|<\s*/|<!--", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Appearance:
    """The look of the pages.

    Attributes:
        title: The title of the site.
        logo: An image as a `data:` URL.
        links: Addresses by name.
        stylesheet: CSS rules that follow those of the pages.
    """

    title: str = ""
    logo: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    stylesheet: str = ""

    def to_json(self) -> str:
        """Serialize the look for the process that renders the site; `from_json` reads it back."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Appearance":
        """Read the look that `to_json` wrote."""
        return cls(**json.loads(text))


DEFAULT = Appearance()
"""The look of a project that sets nothing."""


def read_logo(file: Path) -> str:
    """Read an image as a `data:` URL.

    Raises:
        ValueError: The type is unknown, or the file is too large or cannot be read.
    """
    media_type = LOGO_TYPES.get(file.suffix.lower())
    if media_type is None:
        raise ValueError(f"expected an image: {', '.join(sorted(LOGO_TYPES))}")
    return f"data:{media_type};base64,{base64.b64encode(_content(file)).decode()}"


def read_stylesheet(file: Path) -> str:
    """Read a stylesheet.

    Raises:
        ValueError: The rules load a resource or leave their element, or the file is too large or cannot be read.
    """
    try:
        text = _content(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    match = _LOADING.search(text)
    if match:
        line = text[: match.start()].count("\n") + 1
        raise ValueError(f"line {line}: {match[0].strip()!r} is not allowed: a page loads no resources")
    return text.replace("\r\n", "\n").replace("\r", "\n")  # as a browser reads it, or the hash would differ


def find_link_problem(address: str) -> str:
    """Return why an address cannot be a link; empty where it can."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "is not a URL"
    if parts.scheme in ("http", "https"):
        return "" if parts.hostname else "names no host"
    if parts.scheme == "mailto":
        return "" if "@" in parts.path else "names no mailbox"
    return "must start with https:, http: or mailto:"


def _content(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES:,} bytes, and every page would embed it")
    return content
