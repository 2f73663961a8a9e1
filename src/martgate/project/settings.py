"""Reads the settings of a project: defaults, then `martgate.toml`, then `MARTGATE_*`, then flags."""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from martgate.errors import InvalidInput, Problem
from martgate.extras import is_installed
from martgate.hints import did_you_mean
from martgate.project.locations import (
    is_lineage_target,
    resolve_database,
    resolve_lineage,
    resolve_location,
    resolve_path,
    split_upstreams,
)
from martgate.project.plugins import ENGINES, REPORTERS
from martgate.project.site import read_site
from martgate.reports.appearance import Appearance
from martgate.text.lists import join_words

__all__ = ["FILE_NAME", "KEYS", "PLUGINS", "Settings", "load_settings"]

FILE_NAME = "martgate.toml"

KEYS: Mapping[str, str] = {
    "contracts": "folders of *.odcs.yaml",
    "models": "folders of *.sql, each file the query that makes the table with its name",
    "queries": "folders of *.sql, each file a named query of `martgate query`",
    "expectations": "folders of *.json, Great Expectations suites that gate beside the contracts, and *.sql that contracts name",
    "reports": "folder of generated pages under version control: pages/<schema.table>.md",
    "sample": "a Python module or package that generates the upstreams of `martgate sample`",
    "demo": "tables that `martgate demo` publishes, as `run --select` takes them (default: all with a model)",
    "upstreams": "input tables as <schema>/<table>, Delta or Parquet; or catalog://<name>, on Spark",
    "warehouse": "published tables, same layout; or catalog://<name>, on Databricks; or the URL of a store from a package",
    "ledger": "database of runs and receipts, as a SQLAlchemy URL",
    "engine": "the engine that builds and audits: duckdb, spark, or one from a package",
    "spark_master": "the Spark master if there is no session: local[*], spark://host:7077",
    "out": "folder of reports and other generated files",
    "memory_limit": "memory of the engine before it spills to disk",
    "frames": "pandera: also check each upstream with pandera, as the engine reads it; none: the rules alone",
    "reuse_counts": "files: reuse the counts of earlier audits for unchanged files; never: read every file",
    "trust_stats": "written: statistics of the files that this run wrote may prove a rule; never: read every file",
    "lineage": "where to send OpenLineage events: file:PATH (or *.ndjson), http(s)://server, or none",
    "report": "full: the whole site with Data Docs after each decision (martgate[gx]); fast: one page; none: no page; or a reporter from a package",
}
"""The description of every setting. Each is a key of the file, a flag, and a variable `MARTGATE_<KEY>`."""

_CHOICES = {
    "frames": ("none", "pandera"),
    "reuse_counts": ("never", "files"),
    "trust_stats": ("written", "never"),
}
PLUGINS = {"engine": ENGINES, "report": REPORTERS}
"""The plug-in point of each setting that names a plug-in; packages can register more choices."""
_LISTS = ("contracts", "models", "queries", "expectations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings in effect; each field without a description here is a key of `KEYS`.

    Attributes:
        project: the project's folder; the working folder where a command works without a project.
        upstream_locations: the locations of single upstreams, by table.
        is_project: whether there is a project.
        site: the look of its pages, with the logo and the stylesheet read in.
        site_given: the table `[site]` as it is in the file.
        origins: where the value of each key came from.
    """

    project: Path
    contracts: tuple[Path, ...]
    models: tuple[Path, ...]
    queries: tuple[Path, ...]
    expectations: tuple[Path, ...]
    reports: Path
    sample: Path | None
    demo: tuple[str, ...]
    upstreams: str
    upstream_locations: Mapping[str, str]
    warehouse: str
    ledger: str
    engine: str
    spark_master: str
    out: Path
    memory_limit: str
    frames: str
    trust_stats: str
    reuse_counts: str
    lineage: str
    report: str
    is_project: bool = True
    site: Appearance = field(default_factory=Appearance)
    site_given: Mapping[str, object] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Value:
    """A value as it was written; relative paths are relative to `base`."""

    value: Any
    origin: str
    base: Path


def load_settings(
    project: Path | None = None,
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    outside: bool = False,
) -> Settings:
    """Load the settings in effect.

    Args:
        project: the project's folder; None searches for `martgate.toml` here and in the folders above.
        flags: the values of the command line, by key; None values are ignored.
        environment: the environment variables; None for those of the process.
        outside: also work without a project; contracts, models and queries are empty then.

    Raises:
        martgate.errors.InvalidInput: there is no project, or with every unknown key and invalid value of the file,
            environment and flags.
    """
    here = Path.cwd()
    environment = os.environ if environment is None else environment
    if project is None and environment.get("MARTGATE_PROJECT"):
        project = Path(environment["MARTGATE_PROJECT"])
    file = _project_file(project, here)
    if file is None and not outside:
        raise InvalidInput(_describe_missing_project(project, here))
    folder = (file.parent if file else (project or here)).absolute()

    values = {key: _Value(value, "default", folder) for key, value in _defaults(folder).items()}
    if file is None:
        values |= {key: _Value([], "no project", folder) for key in _LISTS}
    table = _read_file(file) if file else {}
    site = _Value(table.pop("site", {}), str(file), folder)
    values |= {key: _Value(value, str(file), folder) for key, value in table.items()}
    for key in KEYS:
        text = environment.get(f"MARTGATE_{key.upper()}")
        if text:
            value = text.split(os.pathsep) if key in _LISTS else text
            values[key] = _Value(value, f"MARTGATE_{key.upper()}", here)
    for key, flag in (flags or {}).items():
        if flag not in (None, ()):
            values[key] = _Value(flag, f"--{key.replace('_', '-')}", here)
    return _create_settings(folder, values, site, is_project=file is not None)


def _project_file(project: Path | None, here: Path) -> Path | None:
    if project is not None:
        if not project.is_dir():
            raise InvalidInput(f"--project {project}: there is no such folder")
        return project / FILE_NAME if (project / FILE_NAME).is_file() else None
    return next((f / FILE_NAME for f in (here, *here.parents) if (f / FILE_NAME).is_file()), None)


def _describe_missing_project(project: Path | None, here: Path) -> str:
    problem = (
        f"{project.absolute()}: there is no {FILE_NAME} in this folder"
        if project
        else f"{here}: there is no {FILE_NAME} here"
    )
    return (
        f"{problem}{'' if project else ' or in a folder above'}; go to a project, name one with --project DIR, or make "
        f"this folder one: write a {FILE_NAME} (an empty one will do) beside contracts/ and builders/models/"
    )


def _defaults(folder: Path) -> dict[str, Any]:
    out = folder / "out"
    return {
        "contracts": ["contracts"],
        "models": [name] if (folder / (name := "builders/models")).is_dir() else [],
        "queries": [name] if (folder / (name := "builders/queries")).is_dir() else [],
        "expectations": [name] if (folder / (name := "expectations")).is_dir() else [],
        "reports": "reports",
        "sample": "",
        "demo": [],
        "upstreams": str(out / "upstreams"),
        "warehouse": str(out / "warehouse"),
        "ledger": f"sqlite:///{out / 'ledger.db'}",
        "engine": "duckdb",
        "spark_master": "local[*]",
        "out": str(out),
        "memory_limit": "3GB",
        "frames": "none",
        "trust_stats": "written",
        "reuse_counts": "never",
        "lineage": "none",
        "report": "full" if is_installed("gx") else "fast",
    }


def _read_file(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(Problem(file=str(file), message=f"is not TOML: {error}")) from error
    unknown = [key for key in values if key not in (*KEYS, "site")]
    if unknown:
        raise InvalidInput(*(_unknown_key(file, key) for key in unknown))
    return values


def _unknown_key(file: Path, key: str) -> Problem:
    keys = (*KEYS, "site")
    similar = difflib.get_close_matches(key, keys, n=1)
    hint = f"did you mean {similar[0]!r}?" if similar else f"known keys are {', '.join(keys)}"
    return Problem(file=str(file), path=key, message="is not a setting", hint=hint)


def _create_settings(folder: Path, values: Mapping[str, _Value], site: _Value, *, is_project: bool) -> Settings:
    problems = [problem for key, value in values.items() for problem in _find_problems(key, value)]
    appearance = read_site(site.value, site.base, site.origin, problems)
    if problems:
        raise InvalidInput(*problems)
    upstreams, locations = split_upstreams(values["upstreams"].value, values["upstreams"].base)
    ledger = values["ledger"]
    return Settings(
        project=folder,
        contracts=tuple(resolve_path(item, values["contracts"].base) for item in values["contracts"].value),
        models=tuple(resolve_path(item, values["models"].base) for item in values["models"].value),
        queries=tuple(resolve_path(item, values["queries"].base) for item in values["queries"].value),
        expectations=tuple(resolve_path(item, values["expectations"].base) for item in values["expectations"].value),
        reports=resolve_path(values["reports"].value, values["reports"].base),
        sample=resolve_path(values["sample"].value, values["sample"].base) if values["sample"].value else None,
        demo=_as_selectors(values["demo"].value),
        upstreams=upstreams,
        upstream_locations=locations,
        warehouse=resolve_location(values["warehouse"].value, values["warehouse"].base),
        ledger=resolve_database(ledger.value, ledger.base),
        engine=values["engine"].value,
        spark_master=values["spark_master"].value,
        out=resolve_path(values["out"].value, values["out"].base),
        memory_limit=values["memory_limit"].value,
        frames=values["frames"].value,
        trust_stats=values["trust_stats"].value,
        reuse_counts=values["reuse_counts"].value,
        lineage=resolve_lineage(values["lineage"].value, values["lineage"].base),
        report=values["report"].value,
        is_project=is_project,
        site=appearance,
        site_given=site.value,
        origins={key: value.origin for key, value in values.items()}
        | {"site": site.origin if site.value else "default"},
    )


def _find_problems(key: str, setting: _Value) -> list[Problem]:
    value = setting.value
    if key in _LISTS:
        is_list = isinstance(value, (list, tuple)) and all(isinstance(item, (str, Path)) for item in value)
        fits = is_list and (bool(value) or setting.origin in ("default", "no project"))
        expected = "a list of folders"
    elif key == "upstreams":
        fits = isinstance(value, (str, Path)) or (
            isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
        )
        expected = "a folder, or a table of locations by name"
    elif key == "sample":
        fits, expected = isinstance(value, (str, Path)), "the path of a Python module or package"
    elif key == "demo":
        selectors = [value] if isinstance(value, str) else value
        fits = isinstance(selectors, (list, tuple)) and all(
            isinstance(selector, str) and selector for selector in selectors
        )
        expected = "a selector of tables, or a list of them"
    elif key in _CHOICES:
        fits, expected = value in _CHOICES[key], join_words(_CHOICES[key], "or")
    elif key in PLUGINS:
        fits = isinstance(value, str) and value in PLUGINS[key]
        expected = "" if fits else join_words(PLUGINS[key].names(), "or")
    elif key == "lineage":
        fits = isinstance(value, str) and is_lineage_target(value)
        expected = "none, file:PATH, a path that ends in .ndjson, or http(s)://server without a user"
    else:
        fits, expected = isinstance(value, (str, Path)) and bool(str(value)), "text"
    if fits:
        return []
    text = "hidden" if "@" in str(value) else repr(value)  # a password may be in it
    similar = did_you_mean(value, PLUGINS[key].names()) if key in PLUGINS and isinstance(value, str) else ""
    hint = similar if similar.startswith("Did") else KEYS[key]
    return [Problem(file=setting.origin, path=key, message=f"is {text}, expected {expected}", hint=hint)]


def _as_selectors(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
