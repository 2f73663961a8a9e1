"""Resolves the paths and URLs of settings, each against the folder of the file, variable or flag that it is from."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = [
    "is_lineage_target",
    "resolve_database",
    "resolve_lineage",
    "resolve_location",
    "resolve_path",
    "split_upstreams",
]


def resolve_path(value: str | Path, base: Path) -> Path:
    return base / Path(value).expanduser()


def resolve_location(value: str | Path, base: Path) -> str:
    """Resolve a path against its base; `file://` with an absolute path is that path, any other URL stays as it is."""
    text = str(value)
    if text.startswith("file:///"):
        return unquote(urlsplit(text).path)
    return text if "://" in text else str(resolve_path(value, base))


def resolve_database(url: str, base: Path) -> str:
    """Resolve the path of a SQLite URL against its base; any other URL stays as it is."""
    scheme, separator, path = url.partition("sqlite:///")
    if scheme or not separator or path in ("", ":memory:"):
        return url
    return f"sqlite:///{resolve_path(path, base)}"


def is_lineage_target(text: str) -> bool:
    """Whether events can be sent there; a server must be named without a password, which `martgate config` would print."""
    parts = urlsplit(text)
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname) and "@" not in parts.netloc
    is_file = text.startswith("file:") and text != "file:"
    return text == "none" or is_file or (not parts.scheme and text.endswith(".ndjson"))


def resolve_lineage(text: str, base: Path) -> str:
    """Write every target except a server as `file:` and an absolute path."""
    if text == "none" or "://" in text.removeprefix("file:"):
        return text
    return f"file:{resolve_path(text.removeprefix('file://').removeprefix('file:'), base)}"


def split_upstreams(value: str | Path | dict[str, str], base: Path) -> tuple[str, dict[str, str]]:
    """Split the setting `upstreams` into the folder of all upstreams and the locations of single ones, by table.

    Args:
        value: a folder, or a table of locations whose key `root` is the folder.
        base: what relative paths are relative to.
    """
    if not isinstance(value, dict):
        return resolve_location(value, base), {}
    locations = {name: resolve_location(place, base) for name, place in value.items()}
    return locations.pop("root", str(base / "out" / "upstreams")), locations
