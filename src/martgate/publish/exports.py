"""One contract in many languages: the exporter is looked up by its name."""

from datetime import date

from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.contracts.export.ports import ExportRequest
from martgate.project.plugins import EXPORTERS
from martgate.project.settings import Settings
from martgate.project.wiring import require_model

__all__ = ["export_table"]


def export_table(  # noqa: PLR0913 - one parameter an option
    settings: Settings, contracts: Catalog, name: str, *, target: str, flavour: str = "polars", day: date | None = None
) -> str:
    """The text of a table for a target of `martgate export`.

    Args:
        settings: of the project, where its models are.
        contracts: the contracts of the project.
        name: the table.
        target: the name of an exporter.
        flavour: the library that pandera's schema is for.
        day: exports the version of the contract that is about this day; the newest where it is None.

    Raises:
        martgate.errors.InvalidInput: there is no such table or exporter, or the exporter cannot write it.
    """
    loaded, table = contracts.find(name, day)
    request = ExportRequest(
        table=table,
        newer=contracts.newer(loaded, table),
        known=contracts.every_version,
        day=None if day is None else Day(day, loaded.contract.zone),
        flavour=flavour,
        model_sql=lambda: require_model(settings, table).sql,
    )
    return EXPORTERS.load(target)(request)
