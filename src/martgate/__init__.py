"""Data contracts and quality gates: no bad partition reaches the people who read a mart.

The command line is the interface; from Python there are its exit codes and its errors, for plug-ins and for those who
call it.
"""

from martgate.errors import CouldNotRun, InvalidInput, MartgateError, Problem
from martgate.exits import ExitCode

__all__ = ["CouldNotRun", "ExitCode", "InvalidInput", "MartgateError", "Problem", "__version__"]

__version__ = "0.1.0"
