"""Data contracts and quality gates for tables: a partition is published only if it keeps its contract.

The interface is the command line. This module has its exit codes and errors, for plug-ins and for callers in Python.
"""

from martgate.errors import CouldNotRun, InvalidInput, MartgateError, Problem
from martgate.exits import ExitCode

__all__ = ["CouldNotRun", "ExitCode", "InvalidInput", "MartgateError", "Problem", "__version__"]

__version__ = "0.1.0"
