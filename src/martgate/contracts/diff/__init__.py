"""Two versions of a contract: every change, what it does to readers, and the version that it calls for."""

from martgate.contracts.diff.changes import Change, Diff, diff
from martgate.contracts.diff.clause import Bump, ChangeKind

__all__ = ["Bump", "Change", "ChangeKind", "Diff", "diff"]
