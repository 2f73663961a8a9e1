"""From settings to the adapters that they name; no adapter is imported here: see `martgate.project.plugins`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import TypeGuard

from martgate.builders.model import Model, cast_to_contract, find_model, load
from martgate.builders.ports import CatalogEngine, Engine, EngineConfig, FrameCheck, Session, StoppableEngine
from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.contracts.export.spark import render_delta_table
from martgate.contracts.model import Table
from martgate.errors import InvalidInput, Problem
from martgate.expectations.ports import AuditEngine
from martgate.expectations.protection import Protection
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Verdict
from martgate.extras import is_installed, require
from martgate.hints import did_you_mean
from martgate.ledger import Ledger
from martgate.project.clock import system_clock
from martgate.project.context import Context, PublishRequest
from martgate.project.plugins import ENGINES, REPORTERS, STORES
from martgate.project.progress import show_progress
from martgate.project.review import raise_for_problems, require_great_expectations
from martgate.project.settings import FILE_NAME, Settings
from martgate.stores.ports import Store, Warehouse
from martgate.stores.tables import is_catalog
from martgate.stores.upstreams import Upstreams
from martgate.text.lists import join_words

__all__ = [
    "create_publish_request",
    "load_catalog",
    "load_publish_request",
    "load_publish_requests",
    "open_context",
    "open_engine",
    "require_extras",
    "require_model",
]


@contextmanager
def open_context(
    settings: Settings, *, contract: Path | None = None, now: Callable[[], datetime] = system_clock
) -> Iterator[Context]:
    """Open the adapters that the settings name.

    Args:
        settings: of the project.
        contract: a file that stands in for the contracts of the project.
        now: the clock of everything that is done with the context.

    Raises:
        martgate.errors.InvalidInput: with every problem of every contract; or the settings need an extra that is not
            installed.
    """
    require_extras(settings)
    contracts = load_catalog(settings) if contract is None else Catalog.load([contract])
    if contract is None:
        _demand_known(settings.upstream_locations, contracts)
    uses_catalog = _uses_catalog(settings)
    with show_progress() as progress, ExitStack() as opened:

        @cache
        def session() -> CatalogEngine:
            """The one engine whose catalog holds tables, from its first use to the end."""
            return opened.enter_context(_catalog_engine(settings))

        def engine() -> AbstractContextManager[Engine]:
            return nullcontext(session()) if uses_catalog else open_engine(settings)

        yield Context(
            catalog=contracts,
            now=now,
            engine=engine,
            parallel_engines=partial(_parallel_engines, settings),
            store=_store(settings, session),
            open_ledger=cache(partial(_ledger, settings)),
            upstreams=Upstreams(settings.upstreams, settings.upstream_locations, session if uses_catalog else None),
            reporter=REPORTERS.load(settings.report),
            progress=progress,
            frame_check=_frame_check(settings),
            expectation_runner=_judge_foreign if is_installed("gx") else None,
            trust_written_stats=settings.trust_stats == "written",
            reuse_file_counts=settings.reuse_counts == "files",
        )


def require_extras(settings: Settings) -> None:
    """Refuse settings that need an extra which is not installed. Spark is demanded where its engine is opened.

    Raises:
        martgate.errors.InvalidInput: one is not; the message says how to install it.
    """
    if settings.lineage != "none":
        require("lineage", f"lineage {settings.lineage}", instead="set lineage to none")
    if settings.frames == "pandera":
        require("pandera", "frames pandera", instead="set frames to none")
    if settings.report == "full":
        require("gx", "report full, which draws Data Docs,", instead="set report to fast")


def open_engine(settings: Settings) -> AbstractContextManager[Engine]:
    """The engine that the settings name, for what needs nothing else of a project.

    Raises:
        martgate.errors.InvalidInput: there is no such engine, or a library that it needs is not installed.
    """
    return ENGINES.load(settings.engine).from_config(_engine_config(settings))


def load_catalog(settings: Settings) -> Catalog:
    """All contracts of the project, with the suites that gate beside them."""
    return Catalog.load(settings.contracts, settings.expectations)


def load_publish_request(settings: Settings, context: Context, name: str, day: date) -> PublishRequest:
    """What it takes to publish one table for one day, its contract reviewed first.

    Raises:
        martgate.errors.InvalidInput: no such table, no model that makes it, or a contract with problems.
    """
    return create_publish_request(load(settings.models), context, name, day)


def load_publish_requests(
    settings: Settings, context: Context, name: str, days: Iterable[date]
) -> list[PublishRequest]:
    """The same for many days, each by the version of the contract that is about it.

    Raises:
        martgate.errors.InvalidInput: as `publish_request` does, and where the model makes other columns than a version promises.
    """
    models = load(settings.models)
    reviewed: dict[str, PublishRequest] = {}
    for day in days:
        loaded, table = context.catalog.find(name, day)
        if loaded.contract.file not in reviewed:
            reviewed[loaded.contract.file] = create_publish_request(models, context, name, day)
            cast_to_contract(reviewed[loaded.contract.file].model, table)
    found = ((day, context.catalog.find(name, day)[0].contract) for day in days)
    return [replace(reviewed[contract.file], day=Day(day, contract.zone)) for day, contract in found]


def create_publish_request(models: Mapping[str, Model], context: Context, name: str, day: date) -> PublishRequest:
    """The same, of models that are loaded already.

    Raises:
        martgate.errors.InvalidInput: as `publish_request` does.
    """
    loaded, table = context.catalog.find(name, day)
    model = _making(table, models)
    raise_for_problems(loaded, context.catalog)
    inputs = [context.catalog.find(read, day) for read in sorted(model.inputs)]
    outside = [each for each in inputs if find_model(each[1], models) is None]
    require_great_expectations([(loaded, table), *outside], context.catalog)
    when = Day(day, loaded.contract.zone)
    return PublishRequest(
        contract_file=loaded, table=table, model=model, day=when, started=context.now(), model_names=frozenset(models)
    )


def require_model(settings: Settings, table: Table) -> Model:
    """The model that makes a table, by its qualified or bare name.

    Raises:
        martgate.errors.InvalidInput: none does; the message says which there are.
    """
    return _making(table, load(settings.models))


def _making(table: Table, models: Mapping[str, Model]) -> Model:
    model = find_model(table, models)
    if model is None:
        made = ", ".join(sorted(models)) or "none at all"
        raise InvalidInput(f"no model makes {table.qualified_name}: there are models for {made}")
    return model


def _demand_known(locations: Iterable[str], contracts: Catalog) -> None:
    """A location under a misspelt name would leave the default one in place, silently."""
    names = {name for _, table in contracts.tables() for name in (table.name, table.qualified_name)}
    unknown = [
        Problem(file=FILE_NAME, path=f"upstreams.{name}", message="names no table", hint=did_you_mean(name, names))
        for name in locations
        if name not in names
    ]
    if unknown:
        raise InvalidInput(*unknown)


def _uses_catalog(settings: Settings) -> bool:
    """Whether any table lies in a catalog, which only an engine that has one can read."""
    places = {"warehouse": settings.warehouse, "upstreams": settings.upstreams}
    places |= {f"upstreams.{name}": place for name, place in settings.upstream_locations.items()}
    found = {key: place for key, place in places.items() if is_catalog(place)}
    if found and not _has_catalog(ENGINES.load(settings.engine)):
        raise InvalidInput(
            *(
                f"{key} {place}: tables of a catalog are read by Spark, and the engine is {settings.engine}; set "
                'engine = "spark" in martgate.toml, MARTGATE_ENGINE=spark or --engine spark'
                for key, place in found.items()
            )
        )
    return bool(found)


def _has_catalog(engine: type[Engine]) -> TypeGuard[type[CatalogEngine]]:
    return hasattr(engine, "execute") and hasattr(engine, "overwrite")


def _is_stoppable(engine: type[Engine]) -> TypeGuard[type[StoppableEngine]]:
    return hasattr(engine, "stop")


def _catalog_engine(settings: Settings) -> CatalogEngine:
    engine = ENGINES.load(settings.engine)
    if _has_catalog(engine):
        return engine.from_config(_engine_config(settings))
    raise InvalidInput(
        f"warehouse {settings.warehouse}: needs an engine with a catalog, and {settings.engine} has none"
    )


def _parallel_engines(settings: Settings, shares: int) -> Callable[[], AbstractContextManager[StoppableEngine]] | None:
    """What opens one of several engines that work at the same time; None where the engine works alone."""
    engine = ENGINES.load(settings.engine)
    return partial(engine.from_config, _engine_config(settings, shares)) if _is_stoppable(engine) else None


def _engine_config(settings: Settings, shares: int = 1) -> EngineConfig:
    return EngineConfig(
        memory_limit=settings.memory_limit,
        temp_directory=settings.out / "spill",
        spark_master=settings.spark_master,
        shares=shares,
    )


def _store(settings: Settings, session: Callable[[], Session]) -> Store:
    """The store of the warehouse, by the scheme of its location.

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


def _frame_check(settings: Settings) -> FrameCheck | None:
    if settings.frames == "none":
        return None
    from martgate.builders.frame_check import check_frames  # noqa: PLC0415 - an extra, and slow to import

    return check_frames


def _judge_foreign(
    engine: AuditEngine, relation: str, asked: Sequence[Rule], *, protection: Protection
) -> Sequence[Verdict]:
    """Great Expectations is imported where a contract needs it, and there is something to look at."""
    from martgate.expectations.gx.stock import judge  # noqa: PLC0415 - seconds

    return judge(engine, relation, asked, protection=protection)


def _ledger(settings: Settings) -> Ledger:
    """Its database is created where it is a file that does not exist yet."""
    if settings.ledger.startswith("sqlite:///"):
        Path(settings.ledger.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return Ledger(settings.ledger)
