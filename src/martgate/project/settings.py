"""The effective settings of a project: defaults, then `martgate.toml`, then `MARTGATE_*`, then flags."""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from martgate.errors import InvalidInput, Problem
from martgate.extras import is_installed
from martgate.hints import did_you_mean
from martgate.project.plugins import ENGINES, REPORTERS
from martgate.project.site import read_site
from martgate.reports.appearance import Appearance

__all__ = ["FILE_NAME", "KEYS", "PLUGINS", "Settings", "load_settings"]

FILE_NAME = "martgate.toml"

KEYS: Mapping[str, str] = {
    "contracts": "folders of *.odcs.yaml",
    "models": "folders of *.sql, each file the query that makes the table of its name",
    "queries": "folders of *.sql, each file a query with a name for `martgate query`",
    "expectations": "folders of *.json, Great Expectations suites that gate beside the contracts, and *.sql they name",
    "reports": "folder of what is generated and kept under version control: pages/<schema.table>.md",
    "sample": "a Python module or package that makes the upstreams of `martgate sample`",
    "demo": "tables that `martgate demo` publishes, as `run --select` takes them (default: all that models make)",
    "upstreams": "input tables as <schema>/<table>, Delta or Parquet; or catalog://<name>, on Spark",
    "warehouse": "published tables, same layout; or catalog://<name>, on Databricks; or a URL that a package has a store for",
    "ledger": "database of runs and receipts, as a SQLAlchemy URL",
    "engine": "what builds and audits: duckdb, spark, or one that a package registered",
    "spark_master": "where Spark runs if no session is there: local[*], spark://host:7077",
    "out": "reports and everything else that is generated",
    "memory_limit": "what the engine may use before it spills to disk",
    "frames": "pandera: have it check each upstream, as the engine reads it, beside the rules; none: the rules alone",
    "reuse_counts": "files: what an earlier audit counted in files that have not changed counts again; never: read them",
    "trust_stats": "written: what the engine tells of the files it wrote in this run may prove a rule; never: read them",
    "lineage": "where runs are told as OpenLineage events: file:PATH (or *.ndjson), http(s)://server, or none",
    "report": "full: draw the whole site, Data Docs, after each decision (martgate[gx]); fast: one page; none: no page; or one that a package registered",
}
"""Every setting, with what it is for. Each is a key of the file, a flag, and `MARTGATE_<KEY>`."""

_CHOICES = {
    "frames": ("none", "pandera"),
    "reuse_counts": ("never", "files"),
    "trust_stats": ("written", "never"),
}
PLUGINS = {"engine": ENGINES, "report": REPORTERS}
"""Settings that name a plug-in: what packages have registered is a choice, too."""
_LISTS = ("contracts", "models", "queries", "expectations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where a project keeps things. `origins` says for each key where its value came from.

    Where a command works without a project, `is_project` is false and `project` is the folder that it works in.
    `site` is the look of its pages, with the logo and the stylesheet read in, and `site_given` as the file has it.
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
class _Given:
    """One value as somebody wrote it; relative paths are relative to `base`."""

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
    """Read the settings in effect.

    Args:
        project: the project's folder; None looks for `martgate.toml` here and in the folders above.
        flags: what the command line said, by key; None values do not count.
        environment: by default the process's own.
        outside: also work where there is no project; contracts, models and queries are empty then.

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
        raise InvalidInput(_no_project(project, here))
    folder = (file.parent if file else (project or here)).absolute()

    given = {key: _Given(value, "default", folder) for key, value in _defaults(folder).items()}
    if file is None:
        given |= {key: _Given([], "no project", folder) for key in _LISTS}
    values = _read(file) if file else {}
    site = _Given(values.pop("site", {}), str(file), folder)
    given |= {key: _Given(value, str(file), folder) for key, value in values.items()}
    for key in KEYS:
        text = environment.get(f"MARTGATE_{key.upper()}")
        if text:
            value = text.split(os.pathsep) if key in _LISTS else text
            given[key] = _Given(value, f"MARTGATE_{key.upper()}", here)
    for key, flag in (flags or {}).items():
        if flag not in (None, ()):
            given[key] = _Given(flag, f"--{key.replace('_', '-')}", here)
    return _settings(folder, given, site, is_project=file is not None)


def _project_file(project: Path | None, here: Path) -> Path | None:
    if project is not None:
        if not project.is_dir():
            raise InvalidInput(f"--project {project}: there is no such folder")
        return project / FILE_NAME if (project / FILE_NAME).is_file() else None
    return next((f / FILE_NAME for f in (here, *here.parents) if (f / FILE_NAME).is_file()), None)


def _no_project(project: Path | None, here: Path) -> str:
    nowhere = (
        f"{project.absolute()}: there is no {FILE_NAME} in this folder"
        if project
        else f"{here}: there is no {FILE_NAME} here"
    )
    return (
        f"{nowhere}{'' if project else ' or in a folder above'}; go to a project, name one with --project DIR, or make "
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


def _read(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(Problem(file=str(file), message=f"is not TOML: {error}")) from error
    unknown = [key for key in values if key not in (*KEYS, "site")]
    if unknown:
        raise InvalidInput(*(_unknown_key(file, key) for key in unknown))
    return values


def _unknown_key(file: Path, key: str) -> Problem:
    known = (*KEYS, "site")
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(known)}"
    return Problem(file=str(file), path=key, message="is not a setting", hint=hint)


def _settings(folder: Path, given: Mapping[str, _Given], site: _Given, *, is_project: bool) -> Settings:
    problems = [problem for key, one in given.items() for problem in _misfits(key, one)]
    appearance = read_site(site.value, site.base, site.origin, problems)
    if problems:
        raise InvalidInput(*problems)
    upstreams, locations = _upstreams(given["upstreams"])
    ledger = given["ledger"]
    return Settings(
        project=folder,
        contracts=tuple(_path(item, given["contracts"].base) for item in given["contracts"].value),
        models=tuple(_path(item, given["models"].base) for item in given["models"].value),
        queries=tuple(_path(item, given["queries"].base) for item in given["queries"].value),
        expectations=tuple(_path(item, given["expectations"].base) for item in given["expectations"].value),
        reports=_path(given["reports"].value, given["reports"].base),
        sample=_path(given["sample"].value, given["sample"].base) if given["sample"].value else None,
        demo=_selectors(given["demo"].value),
        upstreams=upstreams,
        upstream_locations=locations,
        warehouse=_location(given["warehouse"].value, given["warehouse"].base),
        ledger=_database(ledger.value, ledger.base),
        engine=given["engine"].value,
        spark_master=given["spark_master"].value,
        out=_path(given["out"].value, given["out"].base),
        memory_limit=given["memory_limit"].value,
        frames=given["frames"].value,
        trust_stats=given["trust_stats"].value,
        reuse_counts=given["reuse_counts"].value,
        lineage=_lineage(given["lineage"]),
        report=given["report"].value,
        is_project=is_project,
        site=appearance,
        site_given=site.value,
        origins={key: one.origin for key, one in given.items()} | {"site": site.origin if site.value else "default"},
    )


def _misfits(key: str, one: _Given) -> list[Problem]:
    value = one.value
    if key in _LISTS:
        named = isinstance(value, (list, tuple)) and all(isinstance(item, (str, Path)) for item in value)
        fits = named and (bool(value) or one.origin in ("default", "no project"))
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
        fits = isinstance(selectors, (list, tuple)) and all(isinstance(each, str) and each for each in selectors)
        expected = "a selector of tables, or a list of them"
    elif key in _CHOICES:
        fits, expected = value in _CHOICES[key], " or ".join(_CHOICES[key])
    elif key in PLUGINS:
        fits = isinstance(value, str) and value in PLUGINS[key]
        expected = "" if fits else " or ".join(PLUGINS[key].names())
    elif key == "lineage":
        fits = isinstance(value, str) and _is_place_of_lineage(value)
        expected = "none, file:PATH, a path that ends in .ndjson, or http(s)://server without a user"
    else:
        fits, expected = isinstance(value, (str, Path)) and bool(str(value)), "text"
    if fits:
        return []
    shown = "hidden" if "@" in str(value) else repr(value)  # a password may be in it
    near = did_you_mean(value, PLUGINS[key].names()) if key in PLUGINS and isinstance(value, str) else ""
    hint = near if near.startswith("Did") else KEYS[key]
    return [Problem(file=one.origin, path=key, message=f"is {shown}, expected {expected}", hint=hint)]


def _selectors(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _is_place_of_lineage(text: str) -> bool:
    """A server is named without a password, which would be printed with the settings."""
    parts = urlsplit(text)
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname) and "@" not in parts.netloc
    is_file = text.startswith("file:") and text != "file:"
    return text == "none" or is_file or (not parts.scheme and text.endswith(".ndjson"))


def _lineage(given: _Given) -> str:
    """Every place but a server is `file:` and the whole path."""
    text: str = given.value
    if text == "none" or "://" in text.removeprefix("file:"):
        return text
    return f"file:{_path(text.removeprefix('file://').removeprefix('file:'), given.base)}"


def _upstreams(given: _Given) -> tuple[str, dict[str, str]]:
    """The folder of all upstreams and the locations of single ones: a table's `root` is the folder."""
    if not isinstance(given.value, dict):
        return _location(given.value, given.base), {}
    locations = {name: _location(place, given.base) for name, place in given.value.items()}
    return locations.pop("root", str(given.base / "out" / "upstreams")), locations


def _path(value: str | Path, base: Path) -> Path:
    return base / Path(value).expanduser()


def _location(value: str | Path, base: Path) -> str:
    """A path is relative to where it was written; `file://` and a whole path mean that path, any other URL itself."""
    text = str(value)
    if text.startswith("file:///"):
        return unquote(urlsplit(text).path)
    return text if "://" in text else str(_path(value, base))


def _database(url: str, base: Path) -> str:
    """A SQLite path is relative to where it was written, as every other path is."""
    scheme, separator, path = url.partition("sqlite:///")
    if scheme or not separator or path in ("", ":memory:"):
        return url
    return f"sqlite:///{_path(path, base)}"
