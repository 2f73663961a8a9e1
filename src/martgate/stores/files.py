"""The files of a candidate as they lie on disk: there, and with the bytes that were staged; nothing in them is read."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from martgate.builders.ports import WrittenFile

__all__ = ["digest_of", "fingerprint", "missing"]


def missing(root: Path, files: Iterable[WrittenFile]) -> Iterator[str]:
    """One sentence for each file that is gone or has another size than it was written with."""
    for file in files:
        try:
            size = (root / file.path).stat().st_size
        except OSError:
            yield f"{file.path}: the file is missing"
            continue
        if size != file.bytes:
            yield f"{file.path}: {size:,} bytes, {file.bytes:,} were written"


def fingerprint(root: Path, files: Iterable[WrittenFile]) -> str:
    """SHA-256 over the sorted paths and the SHA-256 of each file's bytes."""
    whole = hashlib.sha256()
    for path in sorted(file.path for file in files):
        whole.update(f"{path}\0{digest_of(root / path)}\n".encode())
    return whole.hexdigest()


def digest_of(file: Path) -> str:
    """SHA-256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
