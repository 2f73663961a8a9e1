"""Names become adapters: the one place where rooms are introduced to each other."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from builders.engines.duckdb import DuckDBEngine
from builders.model import Model, load, making
from builders.ports import Engine
from contracts.catalog import Catalog
from contracts.day import Day
from contracts.errors import Problem, Unusable
from contracts.hints import did_you_mean
from contracts.model import Table
from martgate.config import FILE_NAME, Settings
from martgate.ledger import Ledger
from martgate.progress import progress
from martgate.publish import House, Job, now
from martgate.review import demand_sound
from martgate.stores.delta import DeltaStore
from martgate.stores.upstreams import Upstreams

__all__ = ["catalog", "house", "job", "model_of"]


@contextmanager
def house(settings: Settings, *, contract: Path | None = None) -> Iterator[House]:
    """The adapters that the settings name; `contract` stands in for the project's contracts where it is given.

    Raises:
        contracts.errors.Unusable: with every problem of every contract.
    """
    contracts = catalog(settings) if contract is None else Catalog.load([contract])
    if contract is None:
        _demand_known(settings.upstream_locations, contracts)
    with progress() as say:
        yield House(
            catalog=contracts,
            engine=lambda: _engine(settings),
            store=DeltaStore(settings.warehouse),
            ledger=_ledger(settings),
            upstreams=Upstreams(settings.upstreams, settings.upstream_locations),
            say=say,
        )


def catalog(settings: Settings) -> Catalog:
    """All contracts of the project."""
    return Catalog.load(settings.contracts)


def job(settings: Settings, contracts: Catalog, name: str, day: date) -> Job:
    """What it takes to publish one table for one day, its contract reviewed first.

    Raises:
        contracts.errors.Unusable: no such table, no model that makes it, or a contract with problems.
    """
    loaded, table = contracts.find(name)
    models = load(settings.models)
    model = _making(table, models)
    demand_sound(loaded, contracts)
    when = Day(day, loaded.contract.zone)
    return Job(loaded=loaded, table=table, model=model, day=when, started=now(), made=frozenset(models))


def model_of(settings: Settings, table: Table) -> Model:
    """The model that makes a table, by its qualified or bare name.

    Raises:
        contracts.errors.Unusable: none does; the message says which there are.
    """
    return _making(table, load(settings.models))


def _making(table: Table, models: Mapping[str, Model]) -> Model:
    model = making(table, models)
    if model is None:
        made = ", ".join(sorted(models)) or "none at all"
        raise Unusable(f"no model makes {table.qualified_name}: there are models for {made}")
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
        raise Unusable(*unknown)


def _engine(settings: Settings) -> Engine:
    spill = settings.out / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    if settings.engine == "duckdb":
        return DuckDBEngine(memory_limit=settings.memory_limit, temp_directory=spill)
    try:
        from builders.engines.spark import SparkEngine  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise Unusable("the engine spark needs pyspark: install martgate[spark]") from None
    return SparkEngine(settings.memory_limit, spill, master=settings.spark_master)


def _ledger(settings: Settings) -> Ledger:
    """Its database is created where it is a file that does not exist yet."""
    if settings.ledger.startswith("sqlite:///"):
        Path(settings.ledger.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return Ledger(settings.ledger)
