"""Reads the table `[site]` of martgate.toml, which sets the look of a project's pages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from martgate.errors import Problem
from martgate.hints import clip, did_you_mean
from martgate.reports.appearance import DEFAULT, Appearance, find_link_problem, read_logo, read_stylesheet

__all__ = ["KEYS", "read_site"]

KEYS: Mapping[str, str] = {
    "title": "text above every page",
    "logo": "an image, as in reports/logo.svg; it becomes part of each page",
    "links": "a table of addresses by name: https:, http: or mailto:",
    "stylesheet": "a file of CSS, whose rules come after ours; it becomes part of each page",
}
"""The description of every key of the table."""


def read_site(values: object, folder: Path, file: str, problems: list[Problem]) -> Appearance:
    """Read the look of the pages, with the files that it names.

    Args:
        values: the table of the file.
        folder: the folder that paths are relative to.
        file: the name of the file, for messages.
        problems: collects what is wrong with the table.
    """
    if not isinstance(values, dict):
        problems.append(Problem(file=file, path="site", message=f"found {clip(values)}, expected a table [site]"))
        return DEFAULT
    for key in values:
        if key not in KEYS:
            hint = did_you_mean(key, KEYS)
            problems.append(Problem(file=file, path=f"site.{key}", message="is not a setting", hint=hint))
    settings: dict[str, Any] = {}
    for key in KEYS:
        if key in values:
            try:
                settings[key] = _links(values[key]) if key == "links" else _value(key, values[key], folder)
            except ValueError as error:
                problems.append(Problem(file=file, path=f"site.{key}", message=str(error), hint=KEYS[key]))
    return Appearance(**settings)


def _links(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(address, str) for address in value.values()):
        raise ValueError(f"found {clip(value)}, expected addresses by name")
    problems = [f"{clip(name)} {problem}" for name, address in value.items() if (problem := find_link_problem(address))]
    if problems:
        raise ValueError("; ".join(problems))
    return value


def _value(key: str, value: object, folder: Path) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"found {clip(value)}, expected text")
    if key == "title":
        return value.strip()
    file = folder / Path(value).expanduser()
    if not file.is_file():
        raise ValueError(f"there is no file {file}")
    try:
        return read_logo(file) if key == "logo" else read_stylesheet(file)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
