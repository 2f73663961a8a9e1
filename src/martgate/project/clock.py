"""The one place that reads the system's clock; everything else gets the time from its `Context` or an argument."""

from datetime import UTC, datetime

__all__ = ["system_clock"]


def system_clock() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)
