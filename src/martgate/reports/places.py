"""Where the pages of a site are, so that a link can be told before anything is drawn, and how they are written."""

import hashlib
import re
from pathlib import Path

__all__ = ["file_name", "page_path", "write_whole"]

_LONGEST_NAME = 120


def page_path(site_dir: Path, candidate: str) -> Path:
    """Where the page of a candidate's run is, or will be."""
    return site_dir / "runs" / f"{file_name(candidate)}.html"


def file_name(name: str) -> str:
    """A name that is safe as a file and in a link; another name never gives the same."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:_LONGEST_NAME]
    if safe == name and safe.strip("."):
        return safe
    return f"{safe.strip('.')}-{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:10]}"


def write_whole(file: Path, text: str) -> None:
    """Write a file so that it has all of the text or what it had before."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}")
    unfinished.write_text(text, encoding="utf-8", errors="backslashreplace")
    unfinished.replace(file)
