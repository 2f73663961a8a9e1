"""Data contracts and quality gates for tables: a partition is published only if it keeps its contract.

>>> import martgate
>>> martgate.check("orders.parquet", "orders.odcs.yaml").raise_for_failures()  # doctest: +SKIP

`check` judges a file or a frame in one call; `Project` runs the steps of a project, as the command line does. Errors have the
exit codes of the commands.
"""

import importlib as _importlib
import typing as _typing

from martgate.errors import CouldNotRun, InvalidInput, MartgateError, Problem
from martgate.exits import ExitCode

if _typing.TYPE_CHECKING:
    from martgate.api import CheckResult, ChecksFailed, Contract, Project, check, read_contract

__all__ = [
    "CheckResult",
    "ChecksFailed",
    "Contract",
    "CouldNotRun",
    "ExitCode",
    "InvalidInput",
    "MartgateError",
    "Problem",
    "Project",
    "__version__",
    "check",
    "read_contract",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> _typing.Any:
    """Import the interface when it is first used: commands and errors start without it."""
    if name in __all__:
        return getattr(_importlib.import_module("martgate.api"), name)
    raise AttributeError(f"module 'martgate' has no attribute {name!r}")
