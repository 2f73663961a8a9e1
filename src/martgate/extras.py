"""The extras of the package: whether one is installed, and the one message where it is needed and is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from martgate.errors import InvalidInput

__all__ = ["EXTRAS", "Extra", "install_command", "is_installed", "missing_message", "require"]


@dataclass(frozen=True, slots=True)
class Extra:
    """The library that an extra is named for: the module that is imported, and its name on the index."""

    module: str
    library: str


EXTRAS: Mapping[str, Extra] = {
    "airflow": Extra("airflow", "apache-airflow"),
    "gx": Extra("great_expectations", "great-expectations"),
    "lineage": Extra("openlineage.client", "openlineage-python"),
    "pandera": Extra("pandera", "pandera"),
    "postgres": Extra("psycopg", "psycopg"),
    "spark": Extra("pyspark", "pyspark"),
}
"""By name, as in `martgate[gx]`; a test holds them against the package's own metadata."""


def is_installed(extra: str) -> bool:
    """Whether the library of an extra can be imported; it is not imported."""
    try:
        spec = find_spec(EXTRAS[extra].module)
    except ModuleNotFoundError:  # of the package that the module lies in
        return False
    return spec is not None and spec.origin is not None  # a folder of that name, as projects have, is no library


def install_command(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install 'martgate[{extra}]'"


def missing_message(extra: str, purpose: str, *, instead: str = "") -> str:
    """What is said where an extra is needed and is not installed.

    Args:
        extra: its name, a key of `EXTRAS`.
        purpose: what needs it, the subject of the sentence.
        instead: what else can be done, as in `set frames to none`.
    """
    otherwise = f", or {instead}" if instead else ""
    return f"{purpose} needs {EXTRAS[extra].library}, which is not installed: {install_command(extra)}{otherwise}"


def require(extra: str, purpose: str, *, instead: str = "") -> None:
    """Refuse to go on without an extra; the arguments are those of `missing_message`.

    Raises:
        martgate.errors.InvalidInput: it is not installed.
    """
    if not is_installed(extra):
        raise InvalidInput(missing_message(extra, purpose, instead=instead))
