"""Draws intervals of users: in a country, in a fan club, subscribed to messages. They include the start, not the end."""

import numpy as np
import pyarrow as pa

from martgate.contracts.model import Table

from . import dirt
from .arrays import Bools, Ints, Rows
from .artists import artist_ids
from .draw import (
    DAY,
    NEVER,
    concat_rows,
    draw_between,
    draw_spaced,
    pick_share,
    pick_up_to,
    shuffle_rows,
    take_rows,
    zipf,
)
from .shape import assemble, nullable_instants, vocabulary
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
    """Draw countries of users: none for some, ended for others, and unless clean, two at once for a few."""
    rng = world.stream(table.qualified_name)
    countries = vocabulary(table, "ip_ctry", COUNTRIES)
    rows = _stays(rng, world, len(countries.words))
    if not world.spec.clean:
        rows = concat_rows(rows, *_overlapping_stays(rng, world, rows, len(countries.words)))
    rows = shuffle_rows(rng, rows)
    return assemble(
        table,
        {
            "wv_user_id": world.user_ids(rows["user"]),
            "ip_ctry": countries.decode(rows["country"]),
            "valid_from": rows["start"],
            "valid_to": nullable_instants(rows["end"]),
        },
    )


def _stays(rng: np.random.Generator, world: World, countries: int) -> Rows:
    sizes = rng.choice(len(_STAYS), size=world.arrived.size, p=_STAYS)
    user = np.flatnonzero(sizes)
    sizes = sizes[user]
    start = draw_spaced(rng, world.arrived[user], np.full(user.size, world.horizon), sizes)
    final = _is_last(sizes)
    # Some last stays of several start at the end of a day, where the stay before them then ends.
    movable = np.flatnonzero(final & ~np.roll(final, 1) & (start < world.cutoffs[0] - DAY))
    punctual = pick_up_to(rng, movable, min(world.day_edges.size, movable.size // 4))
    start[punctual] = world.day_edges[: punctual.size]
    follows = np.where(final, NEVER, np.roll(start, -1))
    ends_early = (rng.random(start.size) < 0.05) & ~np.isin(follows, world.day_edges)
    early = draw_between(rng, start + 1, np.minimum(follows, world.horizon + DAY))
    return {
        "user": np.repeat(user, sizes),
        "country": zipf(rng, start.size, countries, 1.1),
        "start": start,
        "end": np.where(ends_early, early, follows),
    }


def _is_last(sizes: Ints) -> Bools:
    """Mark the last row of each group."""
    final = np.zeros(int(sizes.sum()), dtype=np.bool_)
    final[np.cumsum(sizes) - 1] = True
    return final


def _overlapping_stays(rng: np.random.Generator, world: World, rows: Rows, countries: int) -> tuple[Rows, Rows]:
    """Draw stays in another country that start during a current one, and at the same instant."""
    places = _current(world, rows)

    def elsewhere() -> dict[str, Ints]:
        stay = take_rows(rows, pick_share(rng, places, dirt.OVERLAPPING_INTERVALS / 2))
        step = rng.integers(1, max(2, countries), size=stay["user"].size)
        return stay | {"country": (stay["country"] + step) % countries}

    inside, same = elsewhere(), elsewhere()
    inside["start"] = draw_between(rng, inside["start"] + 1, world.cutoffs[0])
    for stay in (inside, same):
        some_day = draw_between(rng, stay["start"] + DAY, stay["start"] + 200 * DAY)
        stay["end"] = np.where(rng.random(some_day.size) < 0.5, NEVER, some_day)
    return inside, same


def _current(world: World, rows: Rows) -> Ints:
    """Find the intervals that include every day, so that overlaps affect the mart."""
    return np.flatnonzero((rows["start"] < world.cutoffs[0] - 1) & (rows["end"] >= world.cutoffs[-1]))


def fan_club_history(world: World, table: Table) -> pa.Table:
    """Draw past, current and future years in fan clubs, some renewed with or without a gap."""
    rng = world.stream(table.qualified_name)
    rows = _fan_club_years(rng, world)
    if not world.spec.clean:
        rows = concat_rows(rows, *_overlapping_years(rng, world, rows))
    rows = shuffle_rows(rng, rows)
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
    eligible = ~world.accountless[world.user] & ~world.artistless[world.community]
    pair = np.flatnonzero(eligible & (rng.random(eligible.size) < _FAN_CLUB))
    years = 1 + rng.choice(len(_FAN_CLUB_YEARS), size=pair.size, p=_FAN_CLUB_YEARS)
    begin = draw_between(rng, world.first[pair], world.horizon + 20 * DAY)
    single = np.flatnonzero((years == 1) & (world.first[pair] < world.cutoffs[0] - DAY))
    day_edges = np.concatenate([world.day_edges, world.day_edges - _YEAR])
    punctual = pick_up_to(rng, single, min(day_edges.size, single.size // 4))
    begin[punctual] = rng.permutation(day_edges)[: punctual.size]
    gap = np.where(
        rng.random(pair.size) < 0.5, 0, draw_between(rng, np.zeros_like(begin), np.full_like(begin, 40 * DAY))
    )
    turn = np.arange(int(years.sum())) - np.repeat(np.cumsum(years) - years, years)
    start = np.repeat(begin, years) + turn * (_YEAR + np.repeat(gap, years))
    return {"pair": np.repeat(pair, years), "start": start, "end": start + _YEAR, "fan_club": start // _YEAR}


def _overlapping_years(rng: np.random.Generator, world: World, rows: Rows) -> tuple[Rows, Rows]:
    """Draw years in another fan club of the same artist that start during a current one, and at the same instant."""
    places = _current(world, rows)

    def another() -> dict[str, Ints]:
        year = take_rows(rows, pick_share(rng, places, dirt.OVERLAPPING_INTERVALS / 2))
        return year | {"fan_club": (year["fan_club"] + rng.integers(1, 999, size=year["pair"].size)) % 1000}

    inside, same = another(), another()
    inside["start"] = draw_between(rng, inside["start"] + 1, world.cutoffs[0])
    inside["end"] = inside["start"] + _YEAR
    return inside, same


def dm_subscription(world: World, table: Table) -> pa.Table:
    """Draw subscriptions to messages of members of artists, for some months or without an end."""
    rng = world.stream(table.qualified_name)
    rows = _subscriptions(rng, world)
    if not world.spec.clean:
        user, community = world.draw_unknown_pairs(rng, pick_share(rng, rows["start"], dirt.UNKNOWN_SUBJECTS).size)
        rows = concat_rows(rows, take_rows(rows, np.arange(user.size)) | {"user": user, "community": community})
    return assemble(
        table,
        {
            "subscr_id": 900_001 + rng.permutation(rows["user"].size),
            "wv_user_id": world.user_ids(rows["user"]),
            "comm_id": world.comm_id[rows["community"]],
            "artist_member_id": pa.array([f"A{number:06d}" for number in rows["artist"].tolist()], pa.string()),
            "start_dt": rows["start"],
            "end_dt": nullable_instants(rows["end"]),
        },
    )


def _subscriptions(rng: np.random.Generator, world: World) -> Rows:
    """Draw subscriptions to an artist of the same community."""
    artists = np.flatnonzero(world.role == Role.ARTIST)
    artist = rng.integers(artists.size, size=max(1, round(world.created.size * _SUBSCRIPTIONS)))
    community = world.member_communities[artists[artist]]
    member = world.draw_members(rng, community)
    start = draw_between(rng, world.created[member], world.horizon)
    world.move_to_day_edges(rng, start, world.created[member])
    months = 1 + rng.integers(12, size=start.size)
    end = np.where(rng.random(start.size) < 0.3, NEVER, start + _MONTH * months)
    world.move_to_day_edges(rng, end, start)
    return {
        "user": world.member_users[member],
        "community": community,
        "artist": artist,
        "start": start,
        "end": end,
    }
