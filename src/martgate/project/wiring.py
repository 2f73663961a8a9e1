"""Names become adapters: the one place where rooms are introduced to each other."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from martgate.builders.engines.duckdb import DuckDBEngine
from martgate.builders.model import Model, load, making, typed
from martgate.builders.ports import Engine
from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.contracts.export.spark import delta_table
from martgate.contracts.model import Table
from martgate.errors import InvalidInput, Problem
from martgate.expectations.ports import AuditEngine
from martgate.expectations.protection import Protection
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Verdict
from martgate.extras import demand, is_installed
from martgate.hints import did_you_mean
from martgate.ledger import Ledger
from martgate.project.clock import now
from martgate.project.context import Context, FrameCheck, PublishRequest
from martgate.project.progress import show_progress
from martgate.project.review import demand_judges, raise_for_problems
from martgate.project.settings import FILE_NAME, Settings
from martgate.stores.databricks import DatabricksStore
from martgate.stores.delta import DeltaStore
from martgate.stores.ports import Store
from martgate.stores.tables import is_catalog
from martgate.stores.upstreams import Upstreams

if TYPE_CHECKING:
    from martgate.builders.engines.spark import SparkEngine

__all__ = [
    "catalog",
    "demand_extras",
    "engine_of",
    "model_of",
    "open_context",
    "publish_request",
    "publish_request_of",
    "publish_requests",
]

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)?(.*)", re.DOTALL)


@contextmanager
def open_context(settings: Settings, *, contract: Path | None = None) -> Iterator[Context]:
    """The adapters that the settings name; `contract` stands in for the project's contracts where it is given.

    Raises:
        martgate.errors.InvalidInput: with every problem of every contract; or the settings need an extra that is not
            installed.
    """
    demand_extras(settings)
    contracts = catalog(settings) if contract is None else Catalog.load([contract])
    if contract is None:
        _demand_known(settings.upstream_locations, contracts)
    has_catalog = _has_catalog(settings)
    with show_progress() as progress, ExitStack() as opened:

        @cache
        def session() -> "SparkEngine":
            """One for whoever asks for the catalog, from the first use to the end."""
            return opened.enter_context(_spark(settings))

        def engine() -> AbstractContextManager[Engine]:
            return nullcontext(session()) if has_catalog else _engine(settings)

        def define(table: Table, name: str) -> str:
            return delta_table(contracts.find(table.qualified_name)[0].contract, table, name)

        in_catalog = is_catalog(settings.warehouse)
        store: Store = (
            DatabricksStore(settings.warehouse, session, define) if in_catalog else DeltaStore(settings.warehouse)
        )
        yield Context(
            catalog=contracts,
            engine=engine,
            store=store,
            ledger=_ledger(settings),
            upstreams=Upstreams(settings.upstreams, settings.upstream_locations, session if has_catalog else None),
            progress=progress,
            trusts_written=settings.trust_stats == "written",
            reuses_counts=settings.reuse_counts == "files",
            frames=_frame_check(settings),
            share=(lambda shares: _share(settings, shares)) if settings.engine == "duckdb" else None,
            foreign=_judge_foreign if is_installed("gx") else None,
        )


def demand_extras(settings: Settings) -> None:
    """Refuse settings that need an extra which is not installed. Spark is demanded where its engine is opened.

    Raises:
        martgate.errors.InvalidInput: one is not; the message says how to install it.
    """
    if settings.lineage != "none":
        demand("lineage", f"lineage {settings.lineage}", instead="set lineage to none")
    if settings.frames == "pandera":
        demand("pandera", "frames pandera", instead="set frames to none")
    if settings.report == "full":
        demand("gx", "report full, which draws Data Docs,", instead="set report to fast")


def engine_of(settings: Settings) -> AbstractContextManager[Engine]:
    """The engine that the settings name, for whoever needs nothing else of the house."""
    return _engine(settings)


def catalog(settings: Settings) -> Catalog:
    """All contracts of the project."""
    return Catalog.load(settings.contracts)


def publish_request(settings: Settings, contracts: Catalog, name: str, day: date) -> PublishRequest:
    """What it takes to publish one table for one day, its contract reviewed first.

    Raises:
        martgate.errors.InvalidInput: no such table, no model that makes it, or a contract with problems.
    """
    return publish_request_of(load(settings.models), contracts, name, day)


def publish_requests(settings: Settings, contracts: Catalog, name: str, days: Iterable[date]) -> list[PublishRequest]:
    """The same for many days, each by the version of the contract that is about it.

    Raises:
        martgate.errors.InvalidInput: as `job` does, and where the model makes other columns than a version promises.
    """
    models = load(settings.models)
    reviewed: dict[str, PublishRequest] = {}
    for day in days:
        loaded, table = contracts.find(name, day)
        if loaded.contract.file not in reviewed:
            reviewed[loaded.contract.file] = publish_request_of(models, contracts, name, day)
            typed(reviewed[loaded.contract.file].model, table)
    found = ((day, contracts.find(name, day)[0].contract) for day in days)
    return [replace(reviewed[contract.file], day=Day(day, contract.zone)) for day, contract in found]


def publish_request_of(models: Mapping[str, Model], contracts: Catalog, name: str, day: date) -> PublishRequest:
    """The same, of models that are loaded already.

    Raises:
        martgate.errors.InvalidInput: as `job` does.
    """
    loaded, table = contracts.find(name, day)
    model = _making(table, models)
    raise_for_problems(loaded, contracts)
    inputs = [contracts.find(read, day) for read in sorted(model.inputs)]
    outside = [each for each in inputs if making(each[1], models) is None]
    demand_judges([(loaded, table), *outside], contracts)
    when = Day(day, loaded.contract.zone)
    return PublishRequest(loaded=loaded, table=table, model=model, day=when, started=now(), made=frozenset(models))


def model_of(settings: Settings, table: Table) -> Model:
    """The model that makes a table, by its qualified or bare name.

    Raises:
        martgate.errors.InvalidInput: none does; the message says which there are.
    """
    return _making(table, load(settings.models))


def _making(table: Table, models: Mapping[str, Model]) -> Model:
    model = making(table, models)
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


def _has_catalog(settings: Settings) -> bool:
    """Whether anything lies in Spark's catalog, which only Spark can read."""
    places = {"warehouse": settings.warehouse, "upstreams": settings.upstreams}
    places |= {f"upstreams.{name}": place for name, place in settings.upstream_locations.items()}
    found = {key: place for key, place in places.items() if is_catalog(place)}
    if found and settings.engine != "spark":
        raise InvalidInput(
            *(
                f"{key} {place}: tables of a catalog are read by Spark, and the engine is {settings.engine}; set "
                'engine = "spark" in martgate.toml, MARTGATE_ENGINE=spark or --engine spark'
                for key, place in found.items()
            )
        )
    return bool(found)


def _engine(settings: Settings) -> Engine:
    if settings.engine == "duckdb":
        return DuckDBEngine(memory_limit=settings.memory_limit, temp_directory=_spill(settings))
    return _spark(settings)


def _share(settings: Settings, shares: int) -> DuckDBEngine:
    """One of so many engines that work at the same time, and together take what one alone would."""
    amount, unit = _AMOUNT.match(settings.memory_limit).groups()  # type: ignore[union-attr] # it matches any text
    limit = f"{float(amount) / shares:.3f}{unit}" if amount else settings.memory_limit
    threads = max(1, (os.cpu_count() or 1) // shares)
    return DuckDBEngine(memory_limit=limit, temp_directory=_spill(settings), threads=threads)


def _spark(settings: Settings) -> "SparkEngine":
    demand("spark", "engine spark", instead="set engine to duckdb")
    from martgate.builders.engines.spark import SparkEngine  # noqa: PLC0415 - an extra, and slow to import

    return SparkEngine(settings.memory_limit, _spill(settings), master=settings.spark_master)


def _spill(settings: Settings) -> Path:
    spill = settings.out / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    return spill


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
