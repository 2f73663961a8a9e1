"""What became of an approved candidate when a store was given it."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Promotion", "Published"]


class Promotion(StrEnum):
    """PUBLISHED by this call; ALREADY by an earlier call with the same candidate; SUPERSEDED by a later candidate.

    MOVED: nothing was published, since what stands published of the day is not what the caller has seen.
    """

    PUBLISHED = "published"
    ALREADY = "already"
    SUPERSEDED = "superseded"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Where a promoted candidate can be read: the version of the table that holds it."""

    promotion: Promotion
    version: int
