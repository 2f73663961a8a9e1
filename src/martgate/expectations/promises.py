"""Holds the assessment of the SLAs of a table about time: statuses, publication history and results."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from martgate.contracts.period import Period

__all__ = ["Arrival", "Delivery", "Punctuality", "SlaResult", "SlaStatus", "Window"]


class SlaStatus(StrEnum):
    """The state of an SLA or of one day: PENDING is not yet due; UNKNOWN cannot be assessed, which is not a pass."""

    KEPT = "kept"
    BROKEN = "broken"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The publication history of one day.

    Attributes:
        published: When the day was first published, None where no receipt says so.
        republications: How often it was published again.
        is_in_table: Whether the table holds it now.
        passed_rules: The names of the rules about time that passed when the current version was approved.
    """

    published: datetime | None = None
    republications: int = 0
    is_in_table: bool = False
    passed_rules: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days to assess.

    Attributes:
        now: The instant of the assessment.
        on: Assess only the day, week or month that contains this date.
        last: Without `on`, assess this many of the newest days that were due by `now`, and those still pending.
    """

    now: datetime
    on: date | None = None
    last: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One day, week or month compared with the instant at which it was due.

    Attributes:
        date: Its first day.
        due: When it was due, None where no SLA sets a time.
        published: When it was first published.
        republications: How often it was published again.
        is_in_table: Whether the table holds it now.
        status: Whether the SLAs are kept on it.
        delay: How late it was published; for a day that is due and missing, the time since then.
    """

    date: date
    due: datetime | None
    published: datetime | None
    republications: int
    is_in_table: bool
    status: SlaStatus
    delay: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaResult:
    """One SLA of the contract and whether it is kept.

    Attributes:
        property: The ODCS property, for instance `timeOfAvailability`.
        terms: Its value and unit.
        path: Its address in the contract.
        description: The contract's own words.
        status: The worst status of the days that were due.
        kept: The number of due days on which it is kept.
        due: The number of due days that it covers.
        days: The due days on which it is not kept.
        older: Days that the table still holds beyond their retention, which no SLA forbids.
        reason: Why it cannot be assessed, empty where it can.
    """

    property: str
    terms: str
    path: str
    description: str
    status: SlaStatus
    kept: int = 0
    due: int = 0
    days: tuple[date, ...] = ()
    older: tuple[date, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Punctuality:
    """The assessment of all SLAs of one table about time.

    Attributes:
        table: The qualified name.
        contract: The contract's id.
        contract_version: The contract's version.
        zone: The time zone of the contract.
        as_of: The instant of the assessment.
        period: The unit by which the table is published.
        promises: One result for each SLA.
        days: The assessed days, oldest first.
        stray_partitions: How many partition values do not name the first day of a period.
        reason: Why nothing can be assessed, empty where it can.
    """

    table: str
    contract: str
    contract_version: str
    zone: str
    as_of: datetime
    period: Period = Period.DAY
    promises: tuple[SlaResult, ...] = ()
    days: tuple[Delivery, ...] = ()
    stray_partitions: int = 0
    reason: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether any SLA is broken or cannot be assessed."""
        return bool(self.reason) or any(
            result.status in (SlaStatus.BROKEN, SlaStatus.UNKNOWN) for result in self.promises
        )
