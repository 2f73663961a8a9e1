"""The clock of the house; the only one."""

from datetime import UTC, datetime

__all__ = ["now"]


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)
