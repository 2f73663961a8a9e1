"""Draws the users, communities and memberships that all upstream tables are derived from."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from . import dirt
from .arrays import Arrow, Bools, Ints
from .draw import DAY, NEVER, draw_between, draw_group_sizes, draw_spaced, instant, pick_share, pick_up_to, stream, zipf
from .spec import SampleSpec
from .text import hash_ids

__all__ = ["Role", "World", "draw_world"]

_HISTORY = 5 * 365 * DAY
_AFTERMATH = 3 * DAY
_REJOINS = (0.93, 0.05, 0.015, 0.005)
_COMMUNITIES_PER_USER = (0.62, 0.22, 0.09, 0.04, 0.02, 0.01)
_NEW_PER_DAY = 0.004
_LEAVERS = 0.12
_FIRST_USER, _FIRST_MEMBER = 10_000_001, 500_000_001
_LATENESS = round(dirt.LATENESS.total_seconds() * 1_000_000)


class Role(IntEnum):
    """Role of a membership in its community."""

    FAN = 0
    ARTIST = 1
    MANAGER = 2
    OFFICIAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Memberships, pairs, users and communities as columns; a number in one column is an index into another.

    Attributes:
        spec: the parameters of the sample.
        cutoffs: the ends of the days with a snapshot.
        pair: the pair of each membership, in order of `created`.
        created: the instant of each membership's start.
        ended: the instant of its LEAVE, or NEVER.
        last: whether no later membership of the pair follows.
        role: its role.
        user: the user of each pair.
        community: the community of each pair.
        first: the start of the first membership of each pair.
        arrived: the first instant of each user, in order of arrival.
        account: the we_member_id of each user.
        accountless: whether a user has no we_member_id.
        comm_id: the id of each community, the largest first.
        artistless: whether a community has no artist.
    """

    spec: SampleSpec
    cutoffs: Ints
    pair: Ints
    created: Ints
    ended: Ints
    last: Bools
    role: Ints
    user: Ints
    community: Ints
    first: Ints
    arrived: Ints
    account: Ints
    accountless: Bools
    comm_id: Ints
    artistless: Bools

    @property
    def horizon(self) -> int:
        """The end of all events, some days after the last snapshot."""
        return int(self.cutoffs[-1]) + _AFTERMATH

    @property
    def snapshot_instants(self) -> Ints:
        """The instant of each snapshot."""
        return self.cutoffs if self.spec.clean else self.cutoffs + _LATENESS

    @property
    def day_edges(self) -> Ints:
        """The last instant of each day, and the first of the next."""
        return np.concatenate([self.cutoffs - 1, self.cutoffs])

    @property
    def member_users(self) -> Ints:
        """The user of each membership."""
        return self.user[self.pair]

    @property
    def member_communities(self) -> Ints:
        """The community of each membership."""
        return self.community[self.pair]

    def comm_user_ids(self, memberships: Ints) -> Arrow:
        """Return comm_user_id of memberships; numbers after the last one give unknown ids."""
        return hash_ids(memberships, int(self.stream("comm_user_id").integers(2**63)))

    def user_ids(self, users: Ints) -> Ints:
        """Return wv_user_id of users; numbers after the last one give unknown ids."""
        return users + _FIRST_USER

    def has_pair(self, user: Ints, community: Ints) -> Bools:
        """Whether users have, or had, a membership in communities."""
        width = self.comm_id.size
        return np.isin(user * width + community, self.user * width + self.community)

    def draw_unknown_pairs(self, rng: np.random.Generator, size: int) -> tuple[Ints, Ints]:
        """Draw users and communities without a membership: known users in other communities, and unknown users."""
        user = rng.integers(self.arrived.size, size=size)
        user[::2] = self.arrived.size + np.arange(user[::2].size)
        community = rng.integers(self.comm_id.size, size=size)
        apart = ~self.has_pair(user, community)
        return user[apart], community[apart]

    def draw_members(self, rng: np.random.Generator, community: Ints) -> Ints:
        """Draw a random membership of each community."""
        by_community = np.argsort(self.member_communities, kind="stable")
        sizes = np.bincount(self.member_communities, minlength=self.comm_id.size)
        place = np.floor(rng.random(community.size) * sizes[community]).astype(np.int64)
        members: Ints = by_community[(np.cumsum(sizes) - sizes)[community] + place]
        return members

    def move_to_day_edges(self, rng: np.random.Generator, instants: Ints, after: Ints) -> None:
        """Move some instants to the edges of days; only those whose `after`, which they must follow, is old enough."""
        old = np.flatnonzero(after < self.cutoffs[0] - DAY)
        punctual = pick_up_to(rng, old, min(self.day_edges.size, old.size // 4))
        instants[punctual] = self.day_edges[: punctual.size]

    def stream(self, name: str) -> np.random.Generator:
        """Create a stream of random numbers by name."""
        return stream(self.spec.seed, name)


def draw_world(spec: SampleSpec) -> World:
    """Draw a world, which takes about 150 bytes per membership."""
    rng = stream(spec.seed, "world")
    cutoffs = np.array([instant(day.cutoff) for day in spec.snapshots], dtype=np.int64)
    sizes, latecomers = _draw_sizes(rng, spec)
    user, community = _draw_pairs(rng, sizes.size, spec.community_count)
    created, last = _draw_created(rng, spec, cutoffs, sizes, latecomers)
    ended = _draw_ended(rng, created, last, cutoffs)
    first = created[np.cumsum(sizes) - sizes]
    arrived = np.full(int(user.max()) + 1, NEVER, dtype=np.int64)
    np.minimum.at(arrived, user, first)
    by_arrival, by_creation = np.argsort(arrived, kind="stable"), np.argsort(created, kind="stable")
    number = np.empty_like(by_arrival)
    number[by_arrival] = np.arange(number.size)
    pair = np.repeat(np.arange(sizes.size), sizes)[by_creation]
    return World(
        spec=spec,
        cutoffs=cutoffs,
        pair=pair,
        created=created[by_creation],
        ended=ended[by_creation],
        last=last[by_creation],
        role=_draw_roles(rng, community[pair], spec.community_count),
        user=number[user],
        community=community,
        first=first,
        arrived=arrived[by_arrival],
        account=rng.permutation(arrived.size) + _FIRST_MEMBER,
        accountless=rng.random(arrived.size) < 0.04,
        comm_id=rng.permutation(np.arange(2, 4 * spec.community_count + 2))[: spec.community_count],
        artistless=_draw_artistless(rng, spec),
    )


def _draw_sizes(rng: np.random.Generator, spec: SampleSpec) -> tuple[Ints, Ints]:
    """Draw the number of memberships of each pair, and the pairs whose last one starts after the last day."""
    sizes = draw_group_sizes(rng, spec.members, _REJOINS)
    if spec.clean:
        return sizes, np.zeros(0, dtype=np.int64)
    late = max(2, round(spec.members * dirt.LATE_MEMBERSHIPS))
    rejoining = pick_up_to(rng, np.arange(sizes.size), late // 2)
    sizes[rejoining] += 1
    joining = np.arange(sizes.size, sizes.size + late - rejoining.size)
    return np.concatenate([sizes, np.ones_like(joining)]), np.concatenate([joining, rejoining])


def _draw_pairs(rng: np.random.Generator, size: int, communities: int) -> tuple[Ints, Ints]:
    """Draw user and community of each pair, without duplicates."""
    user_sizes = draw_group_sizes(rng, size, _COMMUNITIES_PER_USER[:communities])
    user = np.repeat(np.arange(user_sizes.size), user_sizes)
    community = zipf(rng, size, communities)
    again = np.flatnonzero(_is_repeated(user, community))
    for _ in range(20):
        if not again.size:
            return user, community
        community[again] = zipf(rng, again.size, communities)
        again = np.flatnonzero(_is_repeated(user, community))
    # A user who still is in one community twice is split into two users.
    user[again] = user_sizes.size + np.arange(again.size)
    return user, community


def _is_repeated(user: Ints, community: Ints) -> Bools:
    key = user * (int(community.max()) + 1) + community
    order = np.argsort(key, kind="stable")
    repeated = np.zeros(key.size, dtype=np.bool_)
    repeated[order[1:]] = key[order[1:]] == key[order[:-1]]
    return repeated


def _draw_created(
    rng: np.random.Generator, spec: SampleSpec, cutoffs: Ints, sizes: Ints, latecomers: Ints
) -> tuple[Ints, Bools]:
    """Draw when each membership starts, pair by pair, and mark the last of each pair.

    All start before the first day, at a growing rate; then the last ones of some pairs are moved into the days, which
    keeps the order within a pair.
    """
    dawn = int(cutoffs[0]) - DAY
    ends = np.cumsum(sizes) - 1
    pace = rng.random(sizes.size) ** 0.6
    first = dawn - _HISTORY + np.floor(pace * (_HISTORY - DAY)).astype(np.int64)
    created = draw_spaced(rng, first, np.full_like(first, dawn), sizes)
    last = np.zeros(created.size, dtype=np.bool_)
    last[ends] = True
    movable = np.delete(ends, latecomers)
    arrivals = _draw_arrivals(rng, cutoffs, movable.size, spec.members)
    created[pick_up_to(rng, movable, arrivals.size)] = arrivals
    if latecomers.size:
        late = np.full(latecomers.size, cutoffs[-1])
        late[1:] = draw_between(rng, late[1:], late[1:] + _LATENESS)
        created[ends[latecomers]] = late
    return created, last


def _draw_arrivals(rng: np.random.Generator, cutoffs: Ints, movable: int, members: int) -> Ints:
    """Draw instants during the days: at the start and the end of each, just after its start, and anywhere."""
    a_day = min(max(5, round(members * _NEW_PER_DAY)), movable // (2 * cutoffs.size))
    start = np.repeat(cutoffs - DAY, a_day).reshape(cutoffs.size, a_day)
    arrivals = draw_between(rng, start, start + DAY)
    early = slice(2, 3 + a_day // 20)
    arrivals[:, early] = draw_between(rng, start[:, early], start[:, early] + _LATENESS)
    arrivals[:, :1] = start[:, :1] + DAY - 1
    arrivals[:, 1:2] = start[:, 1:2]
    return arrivals.reshape(-1)


def _draw_ended(rng: np.random.Generator, created: Ints, last: Bools, cutoffs: Ints) -> Ints:
    """Draw the instant of LEAVE: before the next rejoin, and for some of the last memberships at any time."""
    ended = np.full(created.size, NEVER, dtype=np.int64)
    rejoined = np.flatnonzero(~last)
    ended[rejoined] = draw_between(rng, created[rejoined] + 1, created[rejoined + 1])
    leaving = np.flatnonzero(last & (rng.random(created.size) < _LEAVERS))
    ended[leaving] = draw_between(rng, created[leaving] + 1, int(cutoffs[-1]) + _AFTERMATH)
    staying = np.flatnonzero(last & (ended == NEVER) & (created < cutoffs[0] - DAY))
    day_edges = np.concatenate([cutoffs - 1, cutoffs])
    punctual = pick_up_to(rng, staying, min(day_edges.size, staying.size // 4))
    ended[punctual] = day_edges[: punctual.size]
    return ended


def _draw_roles(rng: np.random.Generator, community: Ints, communities: int) -> Ints:
    """Assign a few artists, managers and official accounts in each community; all others are fans."""
    order = np.lexsort((rng.random(community.size), community))
    sizes = np.bincount(community, minlength=communities)
    place = np.empty_like(order)
    place[order] = np.arange(order.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    artists = np.clip(np.ceil(sizes * 0.01), 1, 7)
    managers = artists + np.where(sizes >= 4, np.clip(np.ceil(sizes * 0.005), 1, 3), 0)
    officials = managers + (sizes >= 8)
    role = np.full(community.size, Role.FAN, dtype=np.int64)
    for most, kind in ((officials, Role.OFFICIAL), (managers, Role.MANAGER), (artists, Role.ARTIST)):
        role[place < most[community]] = kind
    return role


def _draw_artistless(rng: np.random.Generator, spec: SampleSpec) -> Bools:
    """Draw the communities without an artist; never the largest one."""
    without = np.zeros(spec.community_count, dtype=np.bool_)
    if not spec.clean:
        without[pick_share(rng, np.arange(1, spec.community_count), dirt.MISSING_ARTISTS)] = True
    return without
