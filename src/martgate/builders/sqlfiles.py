"""Loads folders of SQL files in which each file defines one object, a model or a query, named after the file."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from martgate.errors import InvalidInput, Problem

__all__ = ["load_sql_files"]


class _Named(Protocol):
    @property
    def file(self) -> str: ...


T = TypeVar("T", bound=_Named)


def load_sql_files(
    folders: Iterable[Path], make: Callable[[str, str, str], T], *, kind: str, kinds: str
) -> dict[str, T]:
    """Load every `*.sql` file of some folders.

    Args:
        folders: the folders to read; subfolders are not read.
        make: builds the object from its name, its SQL and its file's path.
        kind: what one object is called in messages, such as "model".
        kinds: the plural of `kind`.

    Returns:
        The objects by name.

    Raises:
        martgate.errors.InvalidInput: a folder does not exist, a file is not valid, or two files have the same name; with
            every problem of every file.
    """
    problems: list[Problem] = []
    loaded: dict[str, T] = {}
    for folder in folders:
        if not folder.is_dir():
            problems.append(Problem(file=str(folder), message=f"no folder of {kinds} here"))
            continue
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            name = file.name.removesuffix(".sql")
            if name == file.name:
                continue
            if name in loaded:
                message = f"{kind} {name} is already defined in {loaded[name].file}"
                problems.append(Problem(file=str(file), message=message))
                continue
            try:
                loaded[name] = make(name, file.read_text("utf-8"), str(file))
            except InvalidInput as error:
                problems.extend(error.problems)
            except (OSError, UnicodeDecodeError) as error:
                problems.append(Problem(file=str(file), message=f"cannot be read as UTF-8 text: {error}"))
    if problems:
        raise InvalidInput(*problems)
    return loaded
