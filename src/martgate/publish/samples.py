"""Samples, from the contracts to Delta tables."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from martgate.errors import InvalidInput
from martgate.hints import clip, did_you_mean
from martgate.project.sample import Sample, load_sample
from martgate.project.settings import Settings

__all__ = ["write_samples"]


def write_samples(
    settings: Settings,
    folder: Path,
    spec: Mapping[str, Any],
    progress: Callable[[str], None],
    sample: Sample | None = None,
) -> dict[str, int]:
    """Write every upstream that the project's sample makes, as `--upstreams` reads them.

    Args:
        settings: the project; each upstream is written with the columns and partitions of its contract.
        folder: where the tables go.
        spec: the values of the plug-in's `SampleSpec`, by field.
        progress: is told of each table before it is written.
        sample: the project's plug-in where it is loaded already.

    Returns:
        How many rows each table got, by qualified name.

    Raises:
        martgate.errors.InvalidInput: there is no plug-in, it cannot be imported or does not take these values, or it
            makes a table without a contract.
        martgate.errors.CouldNotRun: the plug-in failed while it made rows.
    """
    from martgate.project.wiring import load_catalog  # noqa: PLC0415 - see below
    from martgate.stores.upstreams import Upstreams  # noqa: PLC0415 - delta-rs

    sample = sample or load_sample(settings.sample)
    tables = {table.qualified_name: table for _, table in load_catalog(settings).tables()}
    target = Upstreams(str(folder), {})
    rows = {}
    for name, content in sample.tables(spec, tables):
        if name not in tables:
            near = did_you_mean(str(name), tables)
            raise InvalidInput(f"sample {sample.place}: makes {clip(name)}, which has no contract; {near}")
        progress(f"writing {name}")
        rows[name] = target.save(tables[name], content)
    return rows
