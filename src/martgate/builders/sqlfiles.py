"""Folders of SQL files, each file one thing of the same kind, named as the file is."""

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
    """What `make(name, sql, file)` makes of every `*.sql` of some folders, by name; problems speak of `kind`s.

    Raises:
        martgate.errors.InvalidInput: a folder is not there, a file cannot be used, or two files have one name; with every
            problem of every file.
    """
    problems: list[Problem] = []
    made: dict[str, T] = {}
    for folder in folders:
        if not folder.is_dir():
            problems.append(Problem(file=str(folder), message=f"there is no such folder of {kinds}"))
            continue
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            name = file.name.removesuffix(".sql")
            if name == file.name:
                continue
            if name in made:
                told = f"a second {kind} {name}; the first is {made[name].file}"
                problems.append(Problem(file=str(file), message=told))
                continue
            try:
                made[name] = make(name, file.read_text("utf-8"), str(file))
            except InvalidInput as error:
                problems.extend(error.problems)
            except (OSError, UnicodeDecodeError) as error:
                problems.append(Problem(file=str(file), message=f"cannot be read as UTF-8 text: {error}"))
    if problems:
        raise InvalidInput(*problems)
    return made
