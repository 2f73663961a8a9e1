"""What users are for a while: in a country, in a fan club, or subscribed to an artist's messages. Intervals include their start and not their end."""

import numpy as np
import pyarrow as pa

from martgate.contracts.model import Table

from . import dirt
from .arrays import Bools, Ints, Rows
from .artists import artist_ids
from .draw import DAY, NEVER, between, hit, shuffled, spaced, stacked, taken, up_to, zipf
from .shape import assemble, moments, vocabulary
from .text import COUNTRIES
from .world import Role, World

__all__ = ["country_history", "dm_subscription", "fan_club_history"]

_YEAR = 365 * DAY
_STAYS = (0.03, 0.62, 0.2, 0.1, 0.05)
_FAN_CLUB = 0.15
_FAN_CLUB_YEARS = (0.7, 0.2, 0.1)
_SUBSCRIPTIONS = 0.05
_MONTH = 30 * DAY


def country_history(world: World, table: Table) -> pa.Table:
    """Where users were: some nowhere, some no longer anywhere, and unless clean some in two countries at once."""
    rng = world.stream(table.qualified_name)
    countries = vocabulary(table, "ip_ctry", COUNTRIES)
    rows = _stays(rng, world, len(countries.words))
    if not world.spec.clean:
        rows = stacked(rows, *_overlapping_stays(rng, world, rows, len(countries.words)))
    rows = shuffled(rng, rows)
    return assemble(
        table,
        {
            "wv_user_id": world.user_ids(rows["user"]),
            "ip_ctry": countries.spell(rows["country"]),
            "valid_from": rows["start"],
            "valid_to": moments(rows["end"]),
        },
    )


def _stays(rng: np.random.Generator, world: World, countries: int) -> Rows:
    sizes = rng.choice(len(_STAYS), size=world.arrived.size, p=_STAYS)
    user = np.flatnonzero(sizes)
    sizes = sizes[user]
    start = spaced(rng, world.arrived[user], np.full(user.size, world.horizon), sizes)
    final = _final(sizes)
    # Some last stays of several are moved on to where a day ends; the stay before them then ends there, too.
    movable = np.flatnonzero(final & ~np.roll(final, 1) & (start < world.cutoffs[0] - DAY))
    punctual = up_to(rng, movable, min(world.edges.size, movable.size // 4))
    start[punctual] = world.edges[: punctual.size]
    follows = np.where(final, NEVER, np.roll(start, -1))
    ends_early = (rng.random(start.size) < 0.05) & ~np.isin(follows, world.edges)
    early = between(rng, start + 1, np.minimum(follows, world.horizon + DAY))
    return {
        "user": np.repeat(user, sizes),
        "country": zipf(rng, start.size, countries, 1.1),
        "start": start,
        "end": np.where(ends_early, early, follows),
    }


def _final(sizes: Ints) -> Bools:
    """Which rows are the last of their group."""
    final = np.zeros(int(sizes.sum()), dtype=np.bool_)
    final[np.cumsum(sizes) - 1] = True
    return final


def _overlapping_stays(rng: np.random.Generator, world: World, rows: Rows, countries: int) -> tuple[Rows, Rows]:
    """Stays in another country: from within a current one on, and from the very same instant on."""
    places = _current(world, rows)

    def elsewhere() -> dict[str, Ints]:
        stay = taken(rows, hit(rng, places, dirt.OVERLAPPING_INTERVALS / 2))
        step = rng.integers(1, max(2, countries), size=stay["user"].size)
        return stay | {"country": (stay["country"] + step) % countries}

    inside, same = elsewhere(), elsewhere()
    inside["start"] = between(rng, inside["start"] + 1, world.cutoffs[0])
    for stay in (inside, same):
        some_day = between(rng, stay["start"] + DAY, stay["start"] + 200 * DAY)
        stay["end"] = np.where(rng.random(some_day.size) < 0.5, NEVER, some_day)
    return inside, same


def _current(world: World, rows: Rows) -> Ints:
    """Places of intervals that hold on every day, so that what overlaps them matters."""
    return np.flatnonzero((rows["start"] < world.cutoffs[0] - 1) & (rows["end"] >= world.cutoffs[-1]))


def fan_club_history(world: World, table: Table) -> pa.Table:
    """Years in fan clubs, some renewed, with or without a gap: past ones, current ones, and ones still to come."""
    rng = world.stream(table.qualified_name)
    rows = _fan_club_years(rng, world)
    if not world.spec.clean:
        rows = stacked(rows, *_overlapping_years(rng, world, rows))
    rows = shuffled(rng, rows)
    artist = artist_ids(world.community[rows["pair"]])
    return assemble(
        table,
        {
            "we_member_id": world.account[world.user[rows["pair"]]],
            "we_art_id": artist,
            "fc_id": artist * 1000 + rows["fan_club"],
            "start_dt": rows["start"],
            "end_dt": rows["end"],
        },
    )


def _fan_club_years(rng: np.random.Generator, world: World) -> Rows:
    able = ~world.accountless[world.user] & ~world.artistless[world.community]
    pair = np.flatnonzero(able & (rng.random(able.size) < _FAN_CLUB))
    years = 1 + rng.choice(len(_FAN_CLUB_YEARS), size=pair.size, p=_FAN_CLUB_YEARS)
    begin = between(rng, world.first[pair], world.horizon + 20 * DAY)
    single = np.flatnonzero((years == 1) & (world.first[pair] < world.cutoffs[0] - DAY))
    edges = np.concatenate([world.edges, world.edges - _YEAR])
    punctual = up_to(rng, single, min(edges.size, single.size // 4))
    begin[punctual] = rng.permutation(edges)[: punctual.size]
    gap = np.where(rng.random(pair.size) < 0.5, 0, between(rng, np.zeros_like(begin), np.full_like(begin, 40 * DAY)))
    turn = np.arange(int(years.sum())) - np.repeat(np.cumsum(years) - years, years)
    start = np.repeat(begin, years) + turn * (_YEAR + np.repeat(gap, years))
    return {"pair": np.repeat(pair, years), "start": start, "end": start + _YEAR, "fan_club": start // _YEAR}


def _overlapping_years(rng: np.random.Generator, world: World, rows: Rows) -> tuple[Rows, Rows]:
    """Years in another fan club of the same artist: begun within a current one, and at the very same instant."""
    places = _current(world, rows)

    def another() -> dict[str, Ints]:
        year = taken(rows, hit(rng, places, dirt.OVERLAPPING_INTERVALS / 2))
        return year | {"fan_club": (year["fan_club"] + rng.integers(1, 999, size=year["pair"].size)) % 1000}

    inside, same = another(), another()
    inside["start"] = between(rng, inside["start"] + 1, world.cutoffs[0])
    inside["end"] = inside["start"] + _YEAR
    return inside, same


def dm_subscription(world: World, table: Table) -> pa.Table:
    """Subscriptions to the messages of artists' members, for some months or without an end."""
    rng = world.stream(table.qualified_name)
    rows = _subscriptions(rng, world)
    if not world.spec.clean:
        user, community = world.strangers(rng, hit(rng, rows["start"], dirt.UNKNOWN_SUBJECTS).size)
        rows = stacked(rows, taken(rows, np.arange(user.size)) | {"user": user, "community": community})
    return assemble(
        table,
        {
            "subscr_id": 900_001 + rng.permutation(rows["user"].size),
            "wv_user_id": world.user_ids(rows["user"]),
            "comm_id": world.comm_id[rows["community"]],
            "artist_member_id": pa.array([f"A{number:06d}" for number in rows["artist"].tolist()], pa.string()),
            "start_dt": rows["start"],
            "end_dt": moments(rows["end"]),
        },
    )


def _subscriptions(rng: np.random.Generator, world: World) -> Rows:
    """Members who subscribed to somebody of their own community."""
    artists = np.flatnonzero(world.role == Role.ARTIST)
    artist = rng.integers(artists.size, size=max(1, round(world.created.size * _SUBSCRIPTIONS)))
    community = world.member_communities[artists[artist]]
    member = world.neighbours(rng, community)
    start = between(rng, world.created[member], world.horizon)
    world.be_punctual(rng, start, world.created[member])
    months = 1 + rng.integers(12, size=start.size)
    end = np.where(rng.random(start.size) < 0.3, NEVER, start + _MONTH * months)
    world.be_punctual(rng, end, start)
    return {
        "user": world.member_users[member],
        "community": community,
        "artist": artist,
        "start": start,
        "end": end,
    }
