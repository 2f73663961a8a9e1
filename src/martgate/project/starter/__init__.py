"""Carries a small project that runs as it is: `martgate demo` runs it where there is no other."""

from pathlib import Path

__all__ = ["STARTER", "write_starter"]

STARTER = Path(__file__).parent / "files"
"""The folder in the package; it is read and never written."""


def write_starter(folder: Path) -> tuple[Path, ...]:
    """Write the starter into a folder, which is created if it is missing; existing files stay as they are.

    Args:
        folder: becomes the folder of a project.

    Returns:
        The files that were written, sorted; empty if all of them existed.
    """
    files = []
    for source in sorted(STARTER.rglob("*")):
        target = folder / source.relative_to(STARTER)
        if source.is_file() and "__pycache__" not in source.parts and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            files.append(target)
    return tuple(files)
