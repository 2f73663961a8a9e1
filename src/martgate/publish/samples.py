"""Samples, from the contracts to Delta tables."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from martgate.project.settings import Settings

__all__ = ["write_samples"]


def write_samples(
    settings: Settings, folder: Path, spec: Mapping[str, Any], progress: Callable[[str], None]
) -> dict[str, int]:
    """Write every upstream table under `folder`, as `--upstreams` reads them; how many rows each got, by name.

    Raises:
        martgate.errors.InvalidInput: the specification asks for what cannot be, or a contract is missing.
    """
    from martgate.project.sample import sample_tables  # noqa: PLC0415 - see below
    from martgate.project.wiring import catalog  # noqa: PLC0415
    from martgate.stores.upstreams import Upstreams  # noqa: PLC0415 - delta-rs

    tables = {table.qualified_name: table for _, table in catalog(settings).tables()}
    target = Upstreams(str(folder), {})
    rows = {}
    for name, content in sample_tables(settings.sample, spec, tables):
        progress(f"writing {name}")
        rows[name] = target.save(tables[name], content)
    return rows
