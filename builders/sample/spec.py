"""The parameters of a sample, validated before anything is drawn."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from martgate.contracts.day import Day
from martgate.errors import InvalidInput

__all__ = ["ZONE", "SampleSpec"]

ZONE = "Asia/Seoul"
"""The time zone in which the days of the sampled service end."""

MOST_MEMBERS = 20_000_000
MOST_DAYS = 366
MOST_COMMUNITIES = 10_000
FIRST_DATE, LAST_DATE = date(2000, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class SampleSpec:
    """Parameters of a sample; the same values always give the same rows.

    Attributes:
        members: the exact number of memberships on `date`.
        date: the last day.
        days: the number of consecutive days with a snapshot.
        seed: the seed of the random numbers.
        communities: the number of communities; it grows with the members if None.
        clean: whether to leave out the defects in `dirt`.

    Raises:
        martgate.errors.InvalidInput: values are out of range; with a problem for each of them.
    """

    members: int = field(metadata={"help": "how many memberships", "minimum": 1, "demo": 20_000})
    date: date
    days: int = 1
    seed: int = 0
    communities: int | None = field(
        default=None, metadata={"help": "how many communities (default: grows with members)", "minimum": 1}
    )
    clean: bool = False

    def __post_init__(self) -> None:
        problems = tuple(self._problems())
        if problems:
            raise InvalidInput(*problems)

    def _problems(self) -> Iterator[str]:
        for name, number, low, high in (
            ("members", self.members, 1, MOST_MEMBERS),
            ("days", self.days, 1, MOST_DAYS),
            ("seed", self.seed, 0, 2**63 - 1),
            ("communities", self.community_count, 1, MOST_COMMUNITIES),
        ):
            if not low <= number <= high:
                yield f"{name} is {number:,}; expected a whole number from {low:,} to {high:,}"
        if not FIRST_DATE <= self.date <= LAST_DATE:
            yield f"date is {self.date}; expected a day from {FIRST_DATE} to {LAST_DATE}"

    @property
    def community_count(self) -> int:
        """The number of communities.

        >>> [SampleSpec(members, date(2024, 3, 1)).community_count for members in (1, 500, 20_000, 5_000_000)]
        [5, 12, 31, 120]
        """
        return min(4 + round(max(self.members, 1) ** (1 / 3)), 120) if self.communities is None else self.communities

    @property
    def snapshots(self) -> tuple[Day, ...]:
        """The days that have a snapshot, oldest first.

        >>> [day.date.isoformat() for day in SampleSpec(10, date(2024, 3, 1), days=2).snapshots]
        ['2024-02-29', '2024-03-01']
        """
        ages = range(self.days - 1, -1, -1)
        return tuple(Day(self.date - timedelta(days=age), ZONE) for age in ages)
