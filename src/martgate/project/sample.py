"""The sample of a project: a plug-in that makes its upstreams, so that its models have something to read."""

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from martgate.contracts.model import Table
from martgate.errors import InvalidInput

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["sample_tables"]

_NAME = "martgate_project_sample"


def sample_tables(
    place: Path | None, spec: Mapping[str, Any], tables: Mapping[str, Table]
) -> "Iterator[tuple[str, pa.Table]]":
    """Make the rows of a project's upstreams, one table at a time.

    The plug-in is a module or a package with a dataclass `SampleSpec`, whose fields are the arguments it takes, and a
    function `upstreams(spec, tables)` that yields the name and the rows of each upstream.

    Args:
        place: the plug-in's file or folder, as the setting `sample` names it; None where the project has none.
        spec: the arguments, by name of a field of its `SampleSpec`.
        tables: the tables of the project's contracts, by qualified name.

    Returns:
        The qualified name and the rows of each upstream.

    Raises:
        martgate.errors.InvalidInput: there is no plug-in, it cannot be used, or it does not take such an argument.
    """
    if place is None:
        raise InvalidInput("this project has no sample: name a Python module or package that makes one as `sample`")
    plugin = _load(place)
    known = {field.name for field in fields(plugin.SampleSpec)}
    unknown = sorted(spec.keys() - known)
    if unknown:
        raise InvalidInput(*(f"the sample of this project has no {name}" for name in unknown))
    rows: Iterator[tuple[str, pa.Table]] = plugin.upstreams(plugin.SampleSpec(**spec), tables)
    return rows


def _load(place: Path) -> ModuleType:
    """The plug-in, under a name of our own, whatever else is called as its folder is."""
    file = place / "__init__.py" if place.is_dir() else place
    if not file.is_file():
        raise InvalidInput(f"sample {place}: there is no such module, and no such package with an __init__.py")
    found = importlib.util.spec_from_file_location(_NAME, file, submodule_search_locations=[str(file.parent)])
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    for name in [name for name in sys.modules if name == _NAME or name.startswith(f"{_NAME}.")]:
        del sys.modules[name]  # that of another project
    sys.modules[_NAME] = module
    found.loader.exec_module(module)
    missing = [name for name in ("SampleSpec", "upstreams") if not hasattr(module, name)]
    if missing:
        raise InvalidInput(*(f"sample {place}: has no {name}" for name in missing))
    return module
