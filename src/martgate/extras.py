"""The optional extras of the package, and the message for one that is not installed."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from martgate.errors import InvalidInput

__all__ = ["EXTRAS", "Extra", "install_command", "is_installed", "missing_message", "require"]


@dataclass(frozen=True, slots=True)
class Extra:
    """The main library of an extra.

    Attributes:
        module: The module to import.
        library: The name of the distribution on the package index.
    """

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
"""Every extra by name, as in `martgate[gx]`; a test compares them with the package's metadata."""


def is_installed(extra: str) -> bool:
    """Return whether the library of an extra can be imported, without importing it."""
    try:
        spec = find_spec(EXTRAS[extra].module)
    except ModuleNotFoundError:  # raised for the parent package of a module
        return False
    return spec is not None and spec.origin is not None  # a project's folder of the same name has no origin


def install_command(extra: str, package: str = "martgate") -> str:
    """Return the command that installs an extra of a package."""
    return f"pip install '{package}[{extra}]'"


def missing_message(extra: str, purpose: str, *, instead: str = "") -> str:
    """Return the message for an extra that is needed and not installed.

    Args:
        extra: The name of the extra, a key of `EXTRAS`.
        purpose: What needs it, the subject of the sentence.
        instead: An alternative, as in `set frames to none`.
    """
    otherwise = f", or {instead}" if instead else ""
    return f"{purpose} needs {EXTRAS[extra].library}, which is not installed: {install_command(extra)}{otherwise}"


def require(extra: str, purpose: str, *, instead: str = "") -> None:
    """Raise an error unless an extra is installed. The arguments are those of `missing_message`.

    Raises:
        martgate.errors.InvalidInput: The extra is not installed.
    """
    if not is_installed(extra):
        raise InvalidInput(missing_message(extra, purpose, instead=instead))
