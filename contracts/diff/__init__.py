"""Two versions of a contract: every change, what it does to readers, and the version that it calls for."""

from contracts.diff.changes import Change, Diff, diff
from contracts.diff.moved import Bump, Kind

__all__ = ["Bump", "Change", "Diff", "Kind", "diff"]
