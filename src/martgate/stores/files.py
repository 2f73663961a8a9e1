"""Checks that the files of a candidate exist and have the bytes that were staged, without reading their content."""

import hashlib
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from martgate.builders.ports import WrittenFile

__all__ = ["compute_file_digest", "compute_fingerprint", "find_missing"]


def find_missing(root: Path, files: Iterable[WrittenFile]) -> Iterator[str]:
    """Describe each file that is missing or has another size than it was written with, one sentence a file."""
    for file in files:
        try:
            found = (root / file.path).lstat()
        except OSError:
            yield f"{file.path}: the file is missing"
            continue
        if not stat.S_ISREG(found.st_mode):
            yield f"{file.path}: a link or something else is in the place of the file"
            continue
        size = found.st_size
        if size != file.bytes:
            yield f"{file.path}: {size:,} bytes, {file.bytes:,} were written"


def compute_fingerprint(root: Path, files: Iterable[WrittenFile]) -> str:
    """Compute SHA-256 over the sorted paths and the SHA-256 of each file's bytes."""
    whole = hashlib.sha256()
    for path in sorted(file.path for file in files):
        whole.update(f"{path}\0{compute_file_digest(root / path)}\n".encode())
    return whole.hexdigest()


def compute_file_digest(file: Path) -> str:
    """Compute the SHA-256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
