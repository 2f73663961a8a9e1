"""Samples, from the contracts to Delta tables."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from martgate.config import Settings

__all__ = ["write_samples"]


def write_samples(
    settings: Settings, folder: Path, spec: Mapping[str, Any], say: Callable[[str], None]
) -> dict[str, int]:
    """Write every upstream table under `folder`, as `--upstreams` reads them; how many rows each got, by name.

    Raises:
        contracts.errors.Unusable: the specification asks for what cannot be, or a contract is missing.
    """
    from builders.sample import SampleSpec, upstreams  # noqa: PLC0415 - numpy and pyarrow
    from martgate.stores.upstreams import Upstreams  # noqa: PLC0415 - delta-rs
    from martgate.wiring import catalog  # noqa: PLC0415

    tables = {table.qualified_name: table for _, table in catalog(settings).tables()}
    target = Upstreams(str(folder), {})
    rows = {}
    for name, content in upstreams(SampleSpec(**spec), tables):
        say(f"writing {name}")
        rows[name] = target.save(tables[name], content)
    return rows
