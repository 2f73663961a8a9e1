"""Exports a contract to the language of another tool, by the name of the exporter."""

from datetime import date

from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.contracts.export.ports import ExportRequest
from martgate.project.plugins import EXPORTERS
from martgate.project.requests import require_model
from martgate.project.settings import Settings

__all__ = ["export_table"]


def export_table(  # noqa: PLR0913 - one parameter an option
    settings: Settings, contracts: Catalog, name: str, *, target: str, flavour: str = "polars", day: date | None = None
) -> str:
    """Export the contract of a table.

    Args:
        settings: of the project, which say where its models are.
        contracts: the contracts of the project.
        name: the table.
        target: the name of an exporter, as in `martgate export --to`.
        flavour: the library that the pandera schema is for.
        day: the day whose version of the contract to export; None for the newest version.

    Returns:
        The text of the file.

    Raises:
        martgate.errors.InvalidInput: the table or the exporter is unknown, or the exporter cannot express the contract.
    """
    contract_file, table = contracts.find(name, day)
    request = ExportRequest(
        table=table,
        newer_versions=contracts.newer_versions(contract_file, table),
        known_tables=contracts.every_version,
        day=None if day is None else Day(day, contract_file.contract.zone),
        flavour=flavour,
        model_sql=lambda: require_model(settings, table).sql,
    )
    return EXPORTERS.load(target)(request)
