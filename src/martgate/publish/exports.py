"""One contract in many languages: the target's name finds the exporter."""

from datetime import date

from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.contracts.model import Contract, Table
from martgate.contracts.odcs import ContractFile
from martgate.errors import InvalidInput
from martgate.project.settings import Settings
from martgate.project.wiring import model_of

__all__ = ["exported"]


def exported(  # noqa: PLR0913 - one parameter an option
    settings: Settings, contracts: Catalog, name: str, *, target: str, flavour: str = "polars", day: date | None = None
) -> str:
    """The text of table `name` for a target of `martgate export`; `flavour` is pandera's.

    With a `day` by the version of the contract that is about it, and what gx is told is about that day.

    Raises:
        martgate.errors.InvalidInput: there is no such table, or (for `sql`) no model that makes it.
    """
    loaded, table = contracts.find(name, day)
    if target == "sql":
        return model_of(settings, table).sql
    if target == "gx":
        return _suite(loaded, table, day, contracts)
    return _written(loaded.contract, table, target, flavour)


def _written(contract: Contract, table: Table, target: str, flavour: str) -> str:
    from martgate.contracts.export import (  # noqa: PLC0415 - only what export needs
        jsonschema,
        page,
        pandera,
        spark,
        sqlalchemy,
    )

    match target:
        case "spark":
            return spark.struct_type(contract, table)
        case "delta-ddl":
            return spark.delta_ddl(contract, table)
        case "sqlalchemy":
            return sqlalchemy.metadata(contract, table)
        case "jsonschema":
            return jsonschema.schema(contract, table)
        case "pandera":
            return pandera.schema(contract, table, flavour=flavour)
        case "page":
            return page.page(contract, table)
        case _:
            raise InvalidInput(f"{target!r} is not an export")


def _suite(loaded: ContractFile, table: Table, day: date | None, contracts: Catalog) -> str:
    from martgate.expectations.gx.suite import suite_json  # noqa: PLC0415
    from martgate.expectations.protection import Protection  # noqa: PLC0415
    from martgate.expectations.retroactive import asked  # noqa: PLC0415

    contract = loaded.contract
    about = None if day is None else Day(day, contract.zone)
    stated = asked(contract, table, contracts.newer(loaded, table)).rules
    return suite_json(contract, table, stated, day=about, protection=Protection(table, contracts.every_version))
