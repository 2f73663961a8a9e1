"""Computes the paths of the pages of a site, so that a link is known before its page is rendered, and writes files."""

import hashlib
import re
from pathlib import Path

__all__ = ["page_path", "safe_file_name", "write_atomically"]

_MAX_NAME = 120


def page_path(site_dir: Path, candidate: str) -> Path:
    """Return the path of the page of a candidate's run, whether it is drawn yet or not."""
    return site_dir / "runs" / f"{safe_file_name(candidate)}.html"


def safe_file_name(name: str) -> str:
    """Return a name that is safe as a file name and in a link; different names never give the same one."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:_MAX_NAME]
    if safe == name and safe.strip("."):
        return safe
    return f"{safe.strip('.')}-{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:10]}"


def write_atomically(file: Path, text: str) -> None:
    """Write a file atomically: an interrupted write leaves the previous content."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}")
    unfinished.write_text(text, encoding="utf-8", errors="backslashreplace")
    unfinished.replace(file)
