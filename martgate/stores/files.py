"""The files of a candidate as they lie on disk: there, and with the bytes that were staged; nothing in them is read."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from builders.ports import WrittenFile

__all__ = ["fingerprint", "missing"]

_CHUNK = 1 << 20


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
        one = hashlib.sha256()
        with (root / path).open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                one.update(chunk)
        whole.update(f"{path}\0{one.hexdigest()}\n".encode())
    return whole.hexdigest()
