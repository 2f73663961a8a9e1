"""Opens the adapters that the settings name; the adapters themselves are registered in `martgate.project.plugins`."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TypeGuard
from urllib.parse import urlsplit, urlunsplit

from martgate.builders.ports import CatalogEngine, Engine, EngineConfig, FrameCheck, Session, StoppableEngine
from martgate.contracts.catalog import Catalog
from martgate.contracts.export.spark import render_delta_table
from martgate.errors import InvalidInput, Problem
from martgate.expectations.ports import AuditEngine
from martgate.expectations.protection import Protection
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Verdict
from martgate.extras import is_installed, require
from martgate.hints import did_you_mean
from martgate.ledger import Ledger, LedgerWarehouse
from martgate.project.clock import system_clock
from martgate.project.context import Context
from martgate.project.plugins import ENGINES, REPORTERS, STORES
from martgate.project.progress import show_progress
from martgate.project.settings import FILE_NAME, Settings
from martgate.stores.ports import Store, Warehouse
from martgate.stores.spark_catalog import is_catalog_location
from martgate.stores.upstreams import Upstreams
from martgate.text.lists import join_words

__all__ = [
    "load_catalog",
    "open_context",
    "open_engine",
    "require_extras",
    "run_expectations",
]


@contextmanager
def open_context(
    settings: Settings, *, contract: Path | None = None, now: Callable[[], datetime] = system_clock
) -> Iterator[Context]:
    """Open the adapters that the settings name.

    Args:
        settings: of the project.
        contract: a file to use instead of the contracts of the project.
        now: the clock of everything that uses the context.

    Raises:
        martgate.errors.InvalidInput: with every problem of every contract; or an extra that the settings need is not
            installed.
    """
    require_extras(settings)
    contracts = load_catalog(settings) if contract is None else Catalog.load([contract])
    if contract is None:
        _require_known_tables(settings.upstream_locations, contracts)
    uses_catalog = _uses_catalog(settings)
    with show_progress() as progress, ExitStack() as opened:

        @cache
        def session() -> CatalogEngine:
            """Open the engine whose catalog has the tables at its first use; later uses get the same."""
            return opened.enter_context(_open_catalog_engine(settings))

        def engine() -> AbstractContextManager[Engine]:
            return nullcontext(session()) if uses_catalog else open_engine(settings)

        store = _open_store(settings, session)
        yield Context(
            catalog=contracts,
            now=now,
            engine=engine,
            parallel_engines=partial(_parallel_engines, settings),
            store=store,
            open_ledger=cache(partial(_open_ledger, settings, contracts, store)),
            upstreams=Upstreams(settings.upstreams, settings.upstream_locations, session if uses_catalog else None),
            reporter=REPORTERS.load(settings.report),
            progress=progress,
            frame_check=_find_frame_check(settings),
            expectation_runner=run_expectations if is_installed("gx") else None,
            trust_written_stats=settings.trust_stats == "written",
            reuse_file_counts=settings.reuse_counts == "files",
        )


def require_extras(settings: Settings) -> None:
    """Refuse settings that need an extra which is not installed. Spark is checked where its engine is opened.

    Raises:
        martgate.errors.InvalidInput: an extra is missing; the message says how to install it.
    """
    if settings.lineage != "none":
        require("lineage", f"lineage {settings.lineage}", instead="set lineage to none")
    if settings.frames == "pandera":
        require("pandera", "frames pandera", instead="set frames to none")
    if settings.report == "full":
        require("gx", "report full, which draws Data Docs,", instead="set report to fast")


def open_engine(settings: Settings) -> AbstractContextManager[Engine]:
    """Open the engine that the settings name, without a context.

    Raises:
        martgate.errors.InvalidInput: there is no such engine, or a library that it needs is not installed.
    """
    return ENGINES.load(settings.engine).from_config(_engine_config(settings))


def load_catalog(settings: Settings) -> Catalog:
    """Load all contracts of the project, with the suites that gate beside them."""
    return Catalog.load(settings.contracts, settings.expectations)


def _require_known_tables(locations: Iterable[str], contracts: Catalog) -> None:
    """Refuse locations of unknown tables: under a misspelt name the default would silently stay in effect."""
    names = {name for _, table in contracts.tables() for name in (table.name, table.qualified_name)}
    unknown = [
        Problem(file=FILE_NAME, path=f"upstreams.{name}", message="names no table", hint=did_you_mean(name, names))
        for name in locations
        if name not in names
    ]
    if unknown:
        raise InvalidInput(*unknown)


def _uses_catalog(settings: Settings) -> bool:
    """Whether any table is in a catalog, which only an engine with a catalog can read."""
    places = {"warehouse": settings.warehouse, "upstreams": settings.upstreams}
    places |= {f"upstreams.{name}": place for name, place in settings.upstream_locations.items()}
    in_catalog = {key: place for key, place in places.items() if is_catalog_location(place)}
    if in_catalog and not _has_catalog(ENGINES.load(settings.engine)):
        raise InvalidInput(
            *(
                f"{key} {place}: tables of a catalog are read by Spark, and the engine is {settings.engine}; set "
                'engine = "spark" in martgate.toml, MARTGATE_ENGINE=spark or --engine spark'
                for key, place in in_catalog.items()
            )
        )
    return bool(in_catalog)


def _has_catalog(engine: type[Engine]) -> TypeGuard[type[CatalogEngine]]:
    return hasattr(engine, "execute") and hasattr(engine, "overwrite")


def _is_stoppable(engine: type[Engine]) -> TypeGuard[type[StoppableEngine]]:
    return hasattr(engine, "stop")


def _open_catalog_engine(settings: Settings) -> CatalogEngine:
    engine = ENGINES.load(settings.engine)
    if _has_catalog(engine):
        return engine.from_config(_engine_config(settings))
    raise InvalidInput(
        f"warehouse {settings.warehouse}: needs an engine with a catalog, and {settings.engine} has none"
    )


def _parallel_engines(settings: Settings, shares: int) -> Callable[[], AbstractContextManager[StoppableEngine]] | None:
    """Return a function that opens one of several parallel engines; None if the engine works alone."""
    engine = ENGINES.load(settings.engine)
    return partial(engine.from_config, _engine_config(settings, shares)) if _is_stoppable(engine) else None


def _engine_config(settings: Settings, shares: int = 1) -> EngineConfig:
    return EngineConfig(
        memory_limit=settings.memory_limit,
        temp_directory=settings.out / "spill",
        spark_master=settings.spark_master,
        shares=shares,
    )


def _open_store(settings: Settings, session: Callable[[], Session]) -> Store:
    """Open the store of the warehouse, by the scheme of its location.

    Raises:
        martgate.errors.InvalidInput: there is no store for that scheme.
    """
    scheme, separator, _ = settings.warehouse.partition("://")
    name = scheme if separator else "file"
    if name not in STORES:
        schemes = join_words((f"{each}://" for each in STORES.names() if each != "file"), "or")
        raise InvalidInput(
            f"warehouse {settings.warehouse}: there is no store for {name}://; give the path of a folder, or a location "
            f"of {schemes}"
        )

    return STORES.load(name).from_warehouse(
        Warehouse(location=settings.warehouse, session=session, define=render_delta_table)
    )


def _find_frame_check(settings: Settings) -> FrameCheck | None:
    if settings.frames == "none":
        return None
    from martgate.builders.frame_check import check_frames  # noqa: PLC0415 - an extra, and slow to import

    return check_frames


def run_expectations(
    engine: AuditEngine, relation: str, rules: Sequence[Rule], *, protection: Protection
) -> Sequence[Verdict]:
    """Judge rules by Great Expectations, which is imported only where a contract needs it and there is data to check."""
    from martgate.expectations.gx.stock import validate_rules  # noqa: PLC0415 - seconds

    return validate_rules(engine, relation, rules, protection=protection)


def _open_ledger(settings: Settings, catalog: Catalog, store: Store) -> Ledger:
    """Open the ledger for the warehouse of the settings; the folder of a new SQLite file is created."""

    def has_commit(name: str, candidate: str) -> bool:
        tables = (table for _, table in catalog.tables() if table.qualified_name == name)
        return any(commit.candidate == candidate for table in tables for commit in store.list_commits(table))

    if settings.ledger.startswith("sqlite:///"):
        Path(settings.ledger.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return Ledger(settings.ledger, LedgerWarehouse(_name_location(settings.warehouse), has_commit))


def _name_location(warehouse: str) -> str:
    """Name a warehouse for the ledger: an absolute path, or a URL without what it may have of a login."""
    if "://" not in warehouse:
        return os.path.abspath(warehouse)  # noqa: PTH100 - no symbolic link is followed
    url = urlsplit(warehouse)
    return urlunsplit((url.scheme, url.netloc.rpartition("@")[2], url.path, "", ""))
