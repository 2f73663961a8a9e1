"""Writes the sample upstreams of a project as Delta tables."""

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
    """Write every upstream that the project's sample generates, where `--upstreams` can read them.

    Args:
        settings: of the project; each upstream gets the columns and partitions of its contract.
        folder: where to write the tables.
        spec: the values of the plug-in's `SampleSpec`, by field.
        progress: called with a message before each table is written.
        sample: the project's plug-in, if it is loaded already.

    Returns:
        The number of rows of each table, by qualified name.

    Raises:
        martgate.errors.InvalidInput: there is no plug-in, it cannot be imported, it rejects the values, or it generates
            a table without a contract.
        martgate.errors.CouldNotRun: the plug-in failed while it generated rows.
    """
    from martgate.project.wiring import load_catalog  # noqa: PLC0415 - slow to import
    from martgate.stores.upstreams import Upstreams  # noqa: PLC0415 - delta-rs

    sample = sample or load_sample(settings.sample)
    tables = {table.qualified_name: table for _, table in load_catalog(settings).tables()}
    target = Upstreams(str(folder), {})
    rows = {}
    for name, content in sample.tables(spec, tables):
        if name not in tables:
            near = did_you_mean(str(name), tables)
            raise InvalidInput(f"sample {sample.place}: generates {clip(name)}, which has no contract; {near}")
        progress(f"writing {name}")
        rows[name] = target.replace_table(tables[name], content)
    return rows
