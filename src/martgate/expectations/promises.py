"""What a contract promises about time, held against when its days were published and which of them are there.

A day, week or month is due at the first `timeOfAvailability` after it has ended; where only its `frequency` is
promised, when the next one has ended, too. It counts from its first publication: one that is published again later was
there. `freshness` and `latency` are judged by the gate; here it is told whether they were, for each day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from martgate.contracts.durations import duration, time_of_day
from martgate.contracts.model import Sla, Table
from martgate.contracts.period import Period
from martgate.expectations.clock import Clock
from martgate.expectations.derive import derive

__all__ = ["Arrival", "Delivery", "Promise", "Punctuality", "Standing", "Window", "promised", "punctuality"]

_GATED = frozenset({"freshness", "latency"})
_ABOUT_TIME = _GATED | {"timeOfAvailability", "frequency", "retention"}
_DAYS = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 28}


class Standing(StrEnum):
    """PENDING means not yet due; UNKNOWN that it cannot be judged, which is not the same as kept."""

    KEPT = "kept"
    BROKEN = "broken"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is known of one day: when it was first published, how often again, whether it is in the table.

    `passed` are the rules on time that passed when the version that stands was let through.
    """

    published: datetime | None = None
    again: int = 0
    is_there: bool = False
    passed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which days are looked at, and when: the day, week or month of `on`, or the `last` ones that were due by `now`."""

    now: datetime
    on: date | None = None
    last: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One day, week or month, named by its first day, against the time it was due at; `late` where it came after that.

    A day that is due and was never published is late by the time since.
    """

    date: date
    due: datetime | None
    published: datetime | None
    again: int
    is_there: bool
    standing: Standing
    late: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One SLA of the contract, and how it stands: `kept` of the `due` days that it is about, and those that it is not
    kept on. `older` are days that are there beyond their retention, which no promise forbids. `reason` says why it
    cannot be judged.
    """

    property: str
    terms: str
    path: str
    description: str
    standing: Standing
    kept: int = 0
    due: int = 0
    days: tuple[date, ...] = ()
    older: tuple[date, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Punctuality:
    """Every promise of one table about time, as of `asked_at`, and its days, oldest first.

    `strays` counts values of its partition that name no day, week or month of its own. `reason` says why nothing of it
    can be judged.
    """

    table: str
    contract: str
    contract_version: str
    zone: str
    asked_at: datetime
    period: Period = Period.DAY
    promises: tuple[Promise, ...] = ()
    days: tuple[Delivery, ...] = ()
    strays: int = 0
    reason: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether anything is not kept, or cannot be told."""
        return bool(self.reason) or any(p.standing in (Standing.BROKEN, Standing.UNKNOWN) for p in self.promises)


def promised(table: Table) -> tuple[Sla, ...]:
    """What the contract promises about time of this table; a promise that names no element is about all tables."""
    return tuple(sla for sla in table.contract.slas if sla.property in _ABOUT_TIME and _is_about(sla, table))


def _is_about(sla: Sla, table: Table) -> bool:
    names = [name.strip() for name in sla.element.split(",") if name.strip()]
    owners = (table.name, table.qualified_name)
    return not names or any(name in owners or table.column_named(name) is not None for name in names)


def punctuality(table: Table, arrivals: Mapping[date, Arrival], window: Window) -> Punctuality:
    """How the promises about one table stand, by what is known of its days.

    Raises:
        martgate.errors.InvalidInput: the contract's rules cannot be derived.
    """
    slas = promised(table)
    clock = Clock(slas, table, ZoneInfo(table.contract.zone), window.now)
    wanted = [clock.period.first(window.on)] if window.on else list(clock.expected(arrivals))
    every = [_delivery(day, arrivals.get(day, Arrival()), clock) for day in wanted] if slas else []
    pending = [each for each in every if each.standing is Standing.PENDING]
    settled = [each for each in every if each.standing is not Standing.PENDING]
    days = (*settled[-window.last :], *pending)
    known = {day: arrival for day, arrival in arrivals.items() if window.on is None or day in wanted}
    return Punctuality(
        table=table.qualified_name,
        contract=table.contract.id,
        contract_version=table.contract.version,
        zone=table.contract.zone,
        period=clock.period,
        asked_at=window.now,
        promises=tuple(_promise(sla, clock, days, known, _rules_of(sla, table)) for sla in slas),
        days=days,
    )


def _rules_of(sla: Sla, table: Table) -> frozenset[str]:
    """The names of the rules by which the gate judges a promise."""
    if sla.property not in _GATED:
        return frozenset()
    return frozenset(rule.name for rule in derive(table) if sla.path in rule.clauses)


def _delivery(day: date, arrival: Arrival, clock: Clock, by: Sla | None = None) -> Delivery:
    """A day against one promise, or against the strictest of them."""
    due = min(filter(None, (clock.due(day, sla) for sla in ((by,) if by else clock.slas))), default=None)
    came = arrival.published or clock.now
    return Delivery(
        date=day,
        due=due,
        published=arrival.published,
        again=arrival.again,
        is_there=arrival.is_there,
        standing=_standing(day, arrival, due, clock),
        late=came - due if due and came > due else None,
    )


def _standing(day: date, arrival: Arrival, due: datetime | None, clock: Clock) -> Standing:
    if arrival.published is None:
        if arrival.is_there:
            return Standing.UNKNOWN
        return Standing.PENDING if due and clock.now < due else Standing.BROKEN
    if not arrival.is_there and clock.is_retained(day):
        return Standing.BROKEN
    return Standing.KEPT if due is None or arrival.published <= due else Standing.BROKEN


def _promise(
    sla: Sla, clock: Clock, days: Iterable[Delivery], known: Mapping[date, Arrival], rules: frozenset[str]
) -> Promise:
    """How one promise stands on the days that are looked at; retention is about every day that is known."""
    if problem := _unclear(sla, clock):
        return _made(sla, Standing.UNKNOWN, reason=problem)
    match sla.property:
        case "retention":
            return _retention(sla, clock, known)
        case "frequency":
            judged = {day.date: _presence(day, clock) for day in days}
        case "timeOfAvailability":
            judged = {
                day.date: _delivery(day.date, known.get(day.date, Arrival()), clock, sla).standing for day in days
            }
        case _:
            judged = {day.date: _gated(known[day.date], rules) for day in days if day.published}
    return _judged(sla, judged)


def _unclear(sla: Sla, clock: Clock) -> str:
    """Why a promise cannot be judged; empty where it can."""
    if sla.property == "timeOfAvailability":
        return "" if time_of_day(str(sla.value)) else "it names no time of day, as 06:00+09:00 does"
    span, start = duration(sla.value, sla.unit), datetime(2001, 2, 1)  # noqa: DTZ001 - a wall clock; the shortest month
    if span is None:
        return "it names no length of time, as 1 d does"
    if sla.property == "frequency" and start + span < start + timedelta(days=_DAYS[clock.period]):
        return f"the table is published by the {clock.period}: what happens within one cannot be told"
    if sla.property == "retention" and clock.table.publish_partition is None:
        return "the table is published whole: no day of it is kept"
    return ""


def _presence(day: Delivery, clock: Clock) -> Standing:
    """Whether a day is there, however late it came; or was, if it need not be there any more."""
    was_there = day.published is not None and not clock.is_retained(day.date)
    return Standing.KEPT if day.is_there or was_there else day.standing


def _gated(arrival: Arrival, rules: frozenset[str]) -> Standing:
    """A rule that was not judged when a day was let through did not pass."""
    return Standing.KEPT if rules and rules <= arrival.passed else Standing.UNKNOWN


def _retention(sla: Sla, clock: Clock, known: Mapping[date, Arrival]) -> Promise:
    span = duration(sla.value, sla.unit)
    young = {day: arrival for day, arrival in known.items() if clock.outlasts(day, span)}
    judged = {
        day: Standing.KEPT if arrival.is_there else Standing.BROKEN
        for day, arrival in young.items()
        if arrival.published or arrival.is_there
    }
    older = sorted(day for day, arrival in known.items() if arrival.is_there and day not in young)
    return replace(_judged(sla, judged), older=tuple(older))


def _judged(sla: Sla, judged: Mapping[date, Standing]) -> Promise:
    """The worst of the days that were due decides; what is not yet due decides nothing."""
    due = {day: standing for day, standing in judged.items() if standing is not Standing.PENDING}
    worst = next((each for each in (Standing.BROKEN, Standing.UNKNOWN, Standing.KEPT) if each in due.values()), None)
    return replace(
        _made(sla, worst or Standing.PENDING),
        kept=sum(standing is Standing.KEPT for standing in due.values()),
        due=len(due),
        days=tuple(sorted(day for day, standing in due.items() if standing is not Standing.KEPT)),
    )


def _made(sla: Sla, standing: Standing, *, reason: str = "") -> Promise:
    return Promise(
        property=sla.property,
        terms=f"{sla.value} {sla.unit}".strip(),
        path=sla.path,
        description=sla.description,
        standing=standing,
        reason=reason,
    )
