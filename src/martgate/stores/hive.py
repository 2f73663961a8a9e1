"""Partition values of files: what their folders say, and whether every engine reads it there alike."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from urllib.parse import unquote

from martgate.contracts.partition import PARTITION_TYPES

__all__ = ["NULL_FOLDER", "is_read_alike", "read_folder_values"]

NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"
"""The value in the name of a folder that stands for null."""

_NOT_ASCII = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")
"""A byte of a longer character: DuckDB decodes such bytes together, Spark one by one."""


def read_folder_values(relative: PurePath) -> dict[str, str]:
    """Read the value of each `name=value` folder of a path, in order.

    >>> read_folder_values(PurePath("day=2024-01-01/city=a%20b/file.parquet"))
    {'day': '2024-01-01', 'city': 'a b'}
    """
    pairs = (part.split("=", 1) for part in relative.parts[:-1] if "=" in part)
    return {unquote(name): unquote(value) for name, value in pairs}


def is_read_alike(files: Mapping[str, Mapping[str, str | None]], types: Mapping[str, str]) -> bool:
    """Whether every engine reads these partition values, as they should be, from the folders of the files.

    Args:
        files: the value of each partition column, by the path of the file; None is null.
        types: the type of each partition column, in Spark's spelling.
    """
    return PARTITION_TYPES.issuperset(types.values()) and all(
        _is_in_folders(path, values, tuple(types)) for path, values in files.items()
    )


def _is_in_folders(path: str, values: Mapping[str, str | None], names: Sequence[str]) -> bool:
    expected = [f"{name}={NULL_FOLDER if values[name] is None else values[name]}" for name in names]
    folders = path.split("/")[:-1]
    return (
        [unquote(folder) for folder in folders[-len(expected) :]] == expected
        and not any("=" in folder for folder in folders[: -len(expected)])
        and not any(_NOT_ASCII.search(folder) for folder in folders)
    )
