"""Comparison of two versions of a contract: every change, its effect on consumers, and the version that it requires."""

from martgate.contracts.diff.changes import Change, Diff, diff
from martgate.contracts.diff.clause import Bump, ChangeKind

__all__ = ["Bump", "Change", "ChangeKind", "Diff", "diff"]
