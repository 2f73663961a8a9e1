"""A small project that runs as it stands: what `martgate demo` plays where there is no other."""

from pathlib import Path

__all__ = ["STARTER", "write_starter"]

STARTER = Path(__file__).parent / "files"
"""The folder that the package carries; it is read, never worked in."""


def write_starter(folder: Path) -> tuple[Path, ...]:
    """Write the starter into a folder, which is made where it is missing; a file that is there stays as it is.

    Args:
        folder: what becomes the folder of a project.

    Returns:
        The files that were written, sorted; empty where all of them were there.
    """
    written = []
    for source in sorted(STARTER.rglob("*")):
        target = folder / source.relative_to(STARTER)
        if source.is_file() and "__pycache__" not in source.parts and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            written.append(target)
    return tuple(written)
