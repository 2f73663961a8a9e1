"""Reads the system's clock, in this one place; everything else gets the time from its `Context` or an argument."""

from datetime import UTC, datetime

__all__ = ["system_clock"]


def system_clock() -> datetime:
    """Give the current time in UTC."""
    return datetime.now(UTC)
