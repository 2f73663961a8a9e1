"""Checks that the files of a candidate exist and have the bytes that were staged."""

import hashlib
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from martgate.builders.ports import WrittenFile

__all__ = ["add_digests", "compute_file_digest", "compute_fingerprint", "find_changed_files", "find_missing"]


def find_missing(root: Path, files: Iterable[WrittenFile]) -> Iterator[str]:
    """Describe each file that is missing or has another size than it was written with, one sentence a file.

    A file is named without its folders, whose names are values of partitions.
    """
    for file in files:
        name = PurePath(file.path).name
        try:
            found = (root / file.path).lstat()
        except OSError:
            yield f"{name}: the file is missing"
            continue
        if not stat.S_ISREG(found.st_mode):
            yield f"{name}: a link or something else is in the place of the file"
            continue
        size = found.st_size
        if size != file.bytes:
            yield f"{name}: {size:,} bytes, {file.bytes:,} were written"


def find_changed_files(root: Path, files: Sequence[WrittenFile], fingerprint: str) -> tuple[str, ...]:
    """Describe each file that does not have the bytes that were staged, one sentence a file; every file is read.

    Args:
        root: the folder that the paths of the files are relative to.
        files: the files as they were staged.
        fingerprint: their fingerprint, which decides.
    """
    if missing := tuple(find_missing(root, files)):
        return missing
    current = _compute_digests(root, files)
    if _compute_whole(current) == fingerprint:
        return ()
    other = (file for file in files if file.digest and current[file.path] != file.digest)
    sentences = tuple(f"{PurePath(file.path).name}: its bytes are not those that were staged" for file in other)
    return sentences or ("the bytes of its files are not those that were staged",)


def add_digests(root: Path, files: Iterable[WrittenFile]) -> tuple[WrittenFile, ...]:
    """Read files, and return them with the digests of their bytes."""
    return tuple(replace(file, digest=compute_file_digest(root / file.path)) for file in files)


def compute_fingerprint(files: Iterable[WrittenFile]) -> str:
    """Compute SHA-256 over the sorted paths and the digests of files."""
    return _compute_whole({file.path: file.digest for file in files})


def compute_file_digest(file: Path) -> str:
    """Compute the SHA-256 of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _compute_digests(root: Path, files: Iterable[WrittenFile]) -> dict[str, str]:
    return {file.path: compute_file_digest(root / file.path) for file in files}


def _compute_whole(digests: Mapping[str, str]) -> str:
    whole = hashlib.sha256()
    for path in sorted(digests):
        whole.update(f"{path}\0{digests[path]}\n".encode())
    return whole.hexdigest()
