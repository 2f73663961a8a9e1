"""The result of promoting an approved candidate."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Promotion", "Published"]


class Promotion(StrEnum):
    """What a store did with an approved candidate.

    Attributes:
        PUBLISHED: this call published it.
        ALREADY: an earlier call published the same candidate.
        SUPERSEDED: a later candidate of the day is published; nothing changed.
        MOVED: the published day is not the one that the caller compared the candidate with; nothing changed.
    """

    PUBLISHED = "published"
    ALREADY = "already"
    SUPERSEDED = "superseded"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The version of the table that readers see after a promotion."""

    promotion: Promotion
    version: int
