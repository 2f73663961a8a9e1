"""Who joined which community when: the one story that all upstream tables tell their part of."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from . import dirt
from .arrays import Arrow, Bools, Ints
from .draw import DAY, NEVER, between, hit, instant, repeats, spaced, stream, up_to, zipf
from .spec import SampleSpec
from .text import hashed

__all__ = ["Role", "World", "populate"]

_HISTORY = 5 * 365 * DAY
_AFTERMATH = 3 * DAY
_REJOINS = (0.93, 0.05, 0.015, 0.005)
_COMMUNITIES_PER_USER = (0.62, 0.22, 0.09, 0.04, 0.02, 0.01)
_NEW_PER_DAY = 0.004
_LEAVERS = 0.12
_FIRST_USER, _FIRST_MEMBER = 10_000_001, 500_000_001
_LATENESS = round(dirt.LATENESS.total_seconds() * 1_000_000)


class Role(IntEnum):
    """What a membership is in its community."""

    FAN = 0
    ARTIST = 1
    MANAGER = 2
    OFFICIAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Columns of three kinds of things, each numbered from 0 by its place in them.

    Memberships, in order of `created`: their `pair`, `created`, `ended` (the instant of LEAVE, NEVER where there is
    none), `last` (whether no rejoin follows), `role`. Pairs of a user and a community: `user`, `community`, `first`.
    Users, in order of arrival: `arrived`, `account` (their we_member_id) and `accountless`. Communities, the largest
    first: `comm_id`, `artistless`. `cutoffs` are the ends of the snapshots' days; life goes on until `horizon`.
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
        """The instant up to which things happen: some days after the last snapshot."""
        return int(self.cutoffs[-1]) + _AFTERMATH

    @property
    def taken(self) -> Ints:
        """The instant at which each snapshot was taken."""
        return self.cutoffs if self.spec.clean else self.cutoffs + _LATENESS

    @property
    def edges(self) -> Ints:
        """The last instant of each day and the first of the next one."""
        return np.concatenate([self.cutoffs - 1, self.cutoffs])

    @property
    def member_users(self) -> Ints:
        """The user of each membership."""
        return self.user[self.pair]

    @property
    def member_communities(self) -> Ints:
        return self.community[self.pair]

    def comm_user_ids(self, memberships: Ints) -> Arrow:
        """Text ids; numbers past the last membership give ids that nobody has."""
        return hashed(memberships, int(self.stream("comm_user_id").integers(2**63)))

    def user_ids(self, users: Ints) -> Ints:
        """wv_user_id; numbers past the last user give ids that nobody has."""
        return users + _FIRST_USER

    def knows(self, user: Ints, community: Ints) -> Bools:
        """Whether the user has, or once had, a membership in the community."""
        width = self.comm_id.size
        return np.isin(user * width + community, self.user * width + self.community)

    def strangers(self, rng: np.random.Generator, size: int) -> tuple[Ints, Ints]:
        """Users and communities that are no pair: known users in other communities, and users nobody knows."""
        user = rng.integers(self.arrived.size, size=size)
        user[::2] = self.arrived.size + np.arange(user[::2].size)
        community = rng.integers(self.comm_id.size, size=size)
        apart = ~self.knows(user, community)
        return user[apart], community[apart]

    def neighbours(self, rng: np.random.Generator, community: Ints) -> Ints:
        """A random membership of each community."""
        by_community = np.argsort(self.member_communities, kind="stable")
        sizes = np.bincount(self.member_communities, minlength=self.comm_id.size)
        place = np.floor(rng.random(community.size) * sizes[community]).astype(np.int64)
        neighbours: Ints = by_community[(np.cumsum(sizes) - sizes)[community] + place]
        return neighbours

    def be_punctual(self, rng: np.random.Generator, instants: Ints, after: Ints) -> None:
        """Let some things happen exactly at the edges of the days, where they can only happen after something older."""
        old = np.flatnonzero(after < self.cutoffs[0] - DAY)
        punctual = up_to(rng, old, min(self.edges.size, old.size // 4))
        instants[punctual] = self.edges[: punctual.size]

    def stream(self, name: str) -> np.random.Generator:
        return stream(self.spec.seed, name)


def populate(spec: SampleSpec) -> World:
    """Draw a world; it fits in about 150 bytes a membership."""
    rng = stream(spec.seed, "world")
    cutoffs = np.array([instant(day.cutoff) for day in spec.snapshots], dtype=np.int64)
    sizes, latecomers = _sizes(rng, spec)
    user, community = _pairs(rng, sizes.size, spec.community_count)
    created, last = _created(rng, spec, cutoffs, sizes, latecomers)
    ended = _ended(rng, created, last, cutoffs)
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
        role=_roles(rng, community[pair], spec.community_count),
        user=number[user],
        community=community,
        first=first,
        arrived=arrived[by_arrival],
        account=rng.permutation(arrived.size) + _FIRST_MEMBER,
        accountless=rng.random(arrived.size) < 0.04,
        comm_id=rng.permutation(np.arange(2, 4 * spec.community_count + 2))[: spec.community_count],
        artistless=_artistless(rng, spec),
    )


def _sizes(rng: np.random.Generator, spec: SampleSpec) -> tuple[Ints, Ints]:
    """How many memberships each pair has, and the pairs whose last one begins after the last day."""
    sizes = repeats(rng, spec.members, _REJOINS)
    if spec.clean:
        return sizes, np.zeros(0, dtype=np.int64)
    late = max(2, round(spec.members * dirt.LATE_MEMBERSHIPS))
    rejoining = up_to(rng, np.arange(sizes.size), late // 2)
    sizes[rejoining] += 1
    joining = np.arange(sizes.size, sizes.size + late - rejoining.size)
    return np.concatenate([sizes, np.ones_like(joining)]), np.concatenate([joining, rejoining])


def _pairs(rng: np.random.Generator, size: int, communities: int) -> tuple[Ints, Ints]:
    """User and community of each pair, no pair twice."""
    user_sizes = repeats(rng, size, _COMMUNITIES_PER_USER[:communities])
    user = np.repeat(np.arange(user_sizes.size), user_sizes)
    community = zipf(rng, size, communities)
    again = np.flatnonzero(_repeated(user, community))
    for _ in range(20):
        if not again.size:
            return user, community
        community[again] = zipf(rng, again.size, communities)
        again = np.flatnonzero(_repeated(user, community))
    # Whoever still is in one community twice becomes a user of their own.
    user[again] = user_sizes.size + np.arange(again.size)
    return user, community


def _repeated(user: Ints, community: Ints) -> Bools:
    key = user * (int(community.max()) + 1) + community
    order = np.argsort(key, kind="stable")
    repeated = np.zeros(key.size, dtype=np.bool_)
    repeated[order[1:]] = key[order[1:]] == key[order[:-1]]
    return repeated


def _created(
    rng: np.random.Generator, spec: SampleSpec, cutoffs: Ints, sizes: Ints, latecomers: Ints
) -> tuple[Ints, Bools]:
    """When each membership began, pair by pair in order, and which is the last of its pair.

    All of them begin before the first day, at a growing pace; then the last ones of some pairs are moved on into the
    days, which keeps the order within every pair.
    """
    dawn = int(cutoffs[0]) - DAY
    ends = np.cumsum(sizes) - 1
    pace = rng.random(sizes.size) ** 0.6
    first = dawn - _HISTORY + np.floor(pace * (_HISTORY - DAY)).astype(np.int64)
    created = spaced(rng, first, np.full_like(first, dawn), sizes)
    last = np.zeros(created.size, dtype=np.bool_)
    last[ends] = True
    movable = np.delete(ends, latecomers)
    arrivals = _arrivals(rng, cutoffs, movable.size, spec.members)
    created[up_to(rng, movable, arrivals.size)] = arrivals
    if latecomers.size:
        late = np.full(latecomers.size, cutoffs[-1])
        late[1:] = between(rng, late[1:], late[1:] + _LATENESS)
        created[ends[latecomers]] = late
    return created, last


def _arrivals(rng: np.random.Generator, cutoffs: Ints, movable: int, members: int) -> Ints:
    """Instants during the days: at the very start and end of each, just after its start, and anywhere."""
    a_day = min(max(5, round(members * _NEW_PER_DAY)), movable // (2 * cutoffs.size))
    start = np.repeat(cutoffs - DAY, a_day).reshape(cutoffs.size, a_day)
    arrivals = between(rng, start, start + DAY)
    early = slice(2, 3 + a_day // 20)
    arrivals[:, early] = between(rng, start[:, early], start[:, early] + _LATENESS)
    arrivals[:, :1] = start[:, :1] + DAY - 1
    arrivals[:, 1:2] = start[:, 1:2]
    return arrivals.reshape(-1)


def _ended(rng: np.random.Generator, created: Ints, last: Bools, cutoffs: Ints) -> Ints:
    """The instant of LEAVE: always before the next rejoin, and for some of the last ones at any time."""
    ended = np.full(created.size, NEVER, dtype=np.int64)
    rejoined = np.flatnonzero(~last)
    ended[rejoined] = between(rng, created[rejoined] + 1, created[rejoined + 1])
    leaving = np.flatnonzero(last & (rng.random(created.size) < _LEAVERS))
    ended[leaving] = between(rng, created[leaving] + 1, int(cutoffs[-1]) + _AFTERMATH)
    staying = np.flatnonzero(last & (ended == NEVER) & (created < cutoffs[0] - DAY))
    edges = np.concatenate([cutoffs - 1, cutoffs])
    punctual = up_to(rng, staying, min(edges.size, staying.size // 4))
    ended[punctual] = edges[: punctual.size]
    return ended


def _roles(rng: np.random.Generator, community: Ints, communities: int) -> Ints:
    """A handful of artists, managers and official accounts in each community; everybody else is a fan."""
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


def _artistless(rng: np.random.Generator, spec: SampleSpec) -> Bools:
    """Communities nobody has entered an artist for; never the largest one."""
    without = np.zeros(spec.community_count, dtype=np.bool_)
    if not spec.clean:
        without[hit(rng, np.arange(1, spec.community_count), dirt.MISSING_ARTISTS)] = True
    return without
