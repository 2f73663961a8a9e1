"""Emits the lineage of decided runs as OpenLineage events, to a file or a server; it never changes a decision."""

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from martgate.contracts.catalog import Catalog
from martgate.contracts.model import Table
from martgate.credentials import hide_credentials
from martgate.errors import InvalidInput, MartgateError
from martgate.gate.run import RunRecord
from martgate.project.settings import Settings
from martgate.text.quoting import join_parts, split_last

if TYPE_CHECKING:  # an extra, and slow to import
    from openlineage.client.event_v2 import RunEvent
    from openlineage.client.transport import Transport

    from martgate.builders.model import Model
    from martgate.project.context import Context
    from martgate.reports.lineage import DatasetAddress, TableLineage

__all__ = ["emit_failed_run", "emit_run"]

_RETRIES = {"total": 2, "connect": 2, "read": 2, "backoff_factor": 0.2}


def emit_run(record: RunRecord, settings: Settings, context: "Context") -> str:
    """Emit the lineage of a decided run; a record without a candidate has none.

    Returns:
        What went wrong; empty if nothing did.
    """
    if settings.lineage == "none" or not record.candidate:
        return ""
    from martgate.reports.lineage import build_run_events  # noqa: PLC0415 - an extra

    return _emit(partial(build_run_events, record), record.table, record.date, settings, context)


def emit_failed_run(table: str, day: date, reason: str, settings: Settings, context: "Context") -> str:
    """Emit the lineage of a run that failed before a decision, with the reason.

    Returns:
        What went wrong; empty if nothing did.
    """
    if settings.lineage == "none":
        return ""
    from martgate.reports.lineage import build_stopped_events  # noqa: PLC0415 - an extra

    return _emit(partial(build_stopped_events, day, reason), table, day, settings, context)


def _emit(
    events: Callable[..., Iterable["RunEvent"]], name: str, day: date | None, settings: Settings, context: "Context"
) -> str:
    try:
        transport = _open_transport(settings.lineage)
        for event in events(_table_lineage(name, day, settings, context.catalog), at=context.now()):
            transport.emit(event)
        transport.close()
    except (MartgateError, OSError, RuntimeError) as error:
        return f"the decision stands, but its lineage could not be sent: {error}"
    return ""


def _open_transport(where: str) -> "Transport":
    """Open the transport to a file, one line an event, or to a server, with the key of OpenLineage's own variable."""
    from openlineage.client.transport.file import FileConfig, FileTransport  # noqa: PLC0415 - an extra
    from openlineage.client.transport.http import HttpConfig, HttpTransport  # noqa: PLC0415

    if where.startswith("file:"):
        file = Path(where.removeprefix("file:"))
        file.parent.mkdir(parents=True, exist_ok=True)
        return FileTransport(FileConfig(str(file), append=True))
    parts = urlsplit(where)
    key = os.environ.get("OPENLINEAGE_API_KEY")
    return HttpTransport(
        HttpConfig.from_dict(
            {
                "url": f"{parts.scheme}://{parts.netloc}",
                "endpoint": parts.path.strip("/") or "api/v1/lineage",
                "auth": {"type": "api_key", "apiKey": key} if key else {},
                "retry": _RETRIES,
            }
        )
    )


def _table_lineage(name: str, day: date | None, settings: Settings, catalog: Catalog) -> "TableLineage":
    """Collect the facts of a table beside its runs; without column lineage if its SQL cannot be traced."""
    from martgate.builders.model import find_model, load_models  # noqa: PLC0415 - parsing SQL is slow to import
    from martgate.project.inputs import list_inputs  # noqa: PLC0415 - parsing SQL is slow to import
    from martgate.reports.lineage import TableLineage  # noqa: PLC0415 - an extra

    models = load_models(settings.models)
    contract_file, table = catalog.find(name, day)
    model = find_model(table, models)
    names = sorted(list_inputs((contract_file, table), model, models, catalog, day))
    inputs = tuple(catalog.find(name, day)[1] for name in names)
    addresses = {
        upstream.qualified_name: _find_address(upstream, settings, has_model=bool(find_model(upstream, models)))
        for upstream in inputs
    }
    return TableLineage(
        table=table,
        zone=contract_file.contract.zone,
        inputs=inputs,
        columns=_column_lineage(model, catalog) if model else {},
        addresses=addresses | {table.qualified_name: _find_address(table, settings, has_model=True)},
        namespace=os.environ.get("OPENLINEAGE_NAMESPACE", "martgate"),
    )


def _column_lineage(model: "Model", catalog: Catalog) -> Mapping[str, frozenset[str]]:
    try:
        traced = model.lineage()
    except InvalidInput:
        return {}
    split = {column: [split_last(source) for source in sources] for column, sources in traced.items()}
    return {
        column: frozenset(
            join_parts([*catalog.find(table)[1].qualified_name.split("."), field]) for table, field in sources
        )
        for column, sources in split.items()
    }


def _find_address(table: Table, settings: Settings, *, has_model: bool) -> "DatasetAddress":
    """Find the address of a table: in the warehouse if a model makes it, otherwise among the upstreams."""
    from martgate.reports.lineage import DatasetAddress  # noqa: PLC0415 - an extra
    from martgate.stores.spark_catalog import (  # noqa: PLC0415 - brings the ports of stores along
        get_table_name,
        is_catalog_location,
    )

    own = (
        None
        if has_model
        else settings.upstream_locations.get(table.qualified_name) or settings.upstream_locations.get(table.name)
    )
    root = settings.warehouse if has_model else settings.upstreams
    if is_catalog_location(own or root):
        name = get_table_name(own or root, table, single=own is not None)
        return DatasetAddress(f"catalog://{name.partition('.')[0]}", name)
    if "://" in (own or root):
        return DatasetAddress(hide_credentials(own or root), table.qualified_name)
    return DatasetAddress("file", own or str(Path(root).joinpath(*table.qualified_name.split("."))))
