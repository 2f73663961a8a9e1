"""Declares the plug-in points of a project, and the plug-ins that are built in.

A package adds a plug-in by an entry point of the group; a built-in one is a module and a line here.
"""

from typing import TYPE_CHECKING

from martgate.registry import Registry

if TYPE_CHECKING:  # a name is loaded where it is used: settings and `--help` need none of these
    from martgate.builders.ports import Engine
    from martgate.contracts.export.ports import Exporter
    from martgate.reports.ports import Reporter
    from martgate.stores.ports import Store

__all__ = ["ENGINES", "EXPORTERS", "REGISTRIES", "REPORTERS", "STORES"]

ENGINES: "Registry[type[Engine]]" = Registry(
    kind="engine",
    group="martgate.engines",
    port="martgate.builders.ports:Engine",
    built_in={
        "duckdb": "martgate.builders.engines.duckdb:DuckDBEngine",
        "spark": "martgate.builders.engines.spark:SparkEngine [spark]",
    },
)
"""Engine classes, by the setting `engine`."""

STORES: "Registry[type[Store]]" = Registry(
    kind="store",
    group="martgate.stores",
    port="martgate.stores.ports:Store",
    built_in={
        "file": "martgate.stores.delta:DeltaStore",
        "catalog": "martgate.stores.databricks:DatabricksStore",
    },
)
"""Store classes, by the scheme of the setting `warehouse`; a path has the scheme `file`."""

EXPORTERS: "Registry[Exporter]" = Registry(
    kind="exporter",
    group="martgate.exporters",
    port="martgate.contracts.export.ports:Exporter",
    built_in={
        "gx": "martgate.expectations.gx.suite:export",
        "pandera": "martgate.contracts.export.pandera:export",
        "spark": "martgate.contracts.export.spark:export_struct_type",
        "delta-ddl": "martgate.contracts.export.spark:export_delta_ddl",
        "sqlalchemy": "martgate.contracts.export.sqlalchemy:export",
        "jsonschema": "martgate.contracts.export.jsonschema:export",
        "page": "martgate.contracts.export.page:export",
        "sql": "martgate.contracts.export.sql:export",
    },
)
"""Functions that export a contract to another language, by `export --to`."""

REPORTERS: "Registry[Reporter]" = Registry(
    kind="reporter",
    group="martgate.reporters",
    port="martgate.reports.ports:Reporter",
    built_in={
        "full": "martgate.reports.reporters:SITE",
        "fast": "martgate.reports.reporters:RUN_PAGE",
        "none": "martgate.reports.reporters:NO_REPORT",
    },
)
"""Reporters that render the runs of a command, by the setting `report`."""

REGISTRIES = (ENGINES, STORES, EXPORTERS, REPORTERS)
