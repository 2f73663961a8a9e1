"""What earlier services left behind: joins and alarms of WV1, and the members who moved over from V."""

import numpy as np
import pyarrow as pa

from martgate.contracts.model import Table

from . import dirt
from .arrays import Ints, Rows, Values
from .draw import DAY, between, first_of_each, hit, shuffled, stacked, taken, up_to
from .shape import assemble, nullable, physical_type, vocabulary
from .world import World

__all__ = ["channel_mapping", "v_migration", "wv1_join"]

_YEAR = 365 * DAY
_WV1 = 0.18
_V_COMMUNITIES = 0.6
_V_MEMBERS = 0.2
_V_VISITORS = 0.05
_FIRST_CHANNEL = 7001
_LOST_CHANNELS = 2


def wv1_join(world: World, table: Table) -> pa.Table:
    """Pairs that go back to WV1, nearly all of them to before they joined here.

    Every boolean column of the contract is an alarm.
    """
    rng = world.stream(table.qualified_name)
    types = vocabulary(table, "notification_type")
    rows = _wv1_pairs(rng, world)
    if not world.spec.clean:
        rows = stacked(rows, _stray_joins(rng, world, rows))
    rows = shuffled(rng, rows)
    size = rows["user"].size
    kinds = types.draw(rng, size, {"ALL": 4.0})
    columns: dict[str, Values] = {
        "wv_user_id": world.user_ids(rows["user"]),
        "comm_id": world.comm_id[rows["community"]],
        "wv1_join_dt": rows["joined"],
        "notification_type": types.spell(kinds, rng.random(size) < 0.08),
    }
    alarms = [column.name for column in table.columns if physical_type(column) == "boolean"]
    return assemble(
        table, columns | {alarm: nullable(rng.random(size) < 0.6, rng.random(size) < 0.05) for alarm in alarms}
    )


def _wv1_pairs(rng: np.random.Generator, world: World) -> Rows:
    pair = np.flatnonzero(rng.random(world.user.size) < _WV1)
    first = world.first[pair]
    before, after = between(rng, first - 3 * _YEAR, first), between(rng, first, world.horizon)
    joined = np.where(rng.random(pair.size) < 0.95, before, after)
    punctual = up_to(rng, np.arange(pair.size), min(world.edges.size, pair.size // 10))
    joined[punctual] = world.edges[: punctual.size]
    return {"user": world.user[pair], "community": world.community[pair], "joined": joined}


def _stray_joins(rng: np.random.Generator, world: World, rows: Rows) -> Rows:
    """WV1 joins of pairs that have no membership."""
    user, community = world.strangers(rng, hit(rng, rows["joined"], dirt.UNKNOWN_SUBJECTS).size)
    new = first_of_each(user, community)
    return taken(rows, np.arange(int(new.sum()))) | {"user": user[new], "community": community[new]}


def channel_mapping(world: World, table: Table) -> pa.Table:
    """The V channels that became communities; unless clean, several channels became one of them here and there."""
    channel, community = _channels(world)
    return assemble(table, {"v_channel_id": channel, "comm_id": world.comm_id[community]})


def v_migration(world: World, table: Table) -> pa.Table:
    """Members who moved over, some of them from channels that became no community, or into one they never joined."""
    rng = world.stream(table.qualified_name)
    channels, communities = _channels(world)
    primary = np.full(world.comm_id.size, -1, dtype=np.int64)
    primary[communities[::-1]] = channels[::-1]
    moved = np.flatnonzero((primary[world.community] >= 0) & (rng.random(world.user.size) < _V_MEMBERS))
    visitors = rng.integers(world.arrived.size, size=2 + round(moved.size * _V_VISITORS))
    visited = rng.choice(channels, size=visitors.size)
    visited[::2] = channels.max() + 1 + rng.integers(_LOST_CHANNELS, size=visited[::2].size)
    parts = [
        _moves(rng, world, world.user[moved], primary[world.community[moved]]),
        _moves(rng, world, visitors, visited),
    ]
    if not world.spec.clean:
        parts.append(_second_moves(rng, world, moved, (channels, communities), primary))
    rows = stacked(*parts)
    rows = shuffled(rng, taken(rows, first_of_each(rows["user"], rows["channel"])))
    return assemble(
        table,
        {
            "wv_user_id": world.user_ids(rows["user"]),
            "v_channel_id": rows["channel"],
            "v_ch_join_dt": rows["joined"],
            "migrated_at": rows["migrated"],
        },
    )


def _channels(world: World) -> tuple[Ints, Ints]:
    """Channels and the communities they became, from a stream of their own because two tables tell of them."""
    rng = world.stream("v_channels")
    chosen = rng.random(world.comm_id.size) < _V_COMMUNITIES
    chosen[0] = True
    community = np.flatnonzero(chosen)
    if not world.spec.clean:
        several = np.union1d(community[:1], hit(rng, community, dirt.SEVERAL_CHANNELS))
        community = np.concatenate([community, several, several[::2]])
    return _FIRST_CHANNEL + rng.permutation(community.size), community


def _moves(rng: np.random.Generator, world: World, user: Ints, channel: Ints) -> Rows:
    """Joined a channel in the years before arriving here; moved within two months of that."""
    arrived = world.arrived[user]
    migrated = between(rng, arrived, np.minimum(arrived + 60 * DAY, world.horizon))
    old = np.flatnonzero(arrived < world.cutoffs[0] - DAY)
    punctual = up_to(rng, old, min(world.edges.size, old.size // 10))
    migrated[punctual] = world.edges[: punctual.size]
    return {
        "user": user,
        "channel": channel,
        "joined": between(rng, arrived - 4 * _YEAR, arrived),
        "migrated": migrated,
    }


def _second_moves(
    rng: np.random.Generator, world: World, moved: Ints, mapping: tuple[Ints, Ints], primary: Ints
) -> Rows:
    """Members of communities that several channels became, who moved over from another one as well."""
    channels, communities = mapping
    other = np.full(world.comm_id.size, -1, dtype=np.int64)
    other[communities] = channels
    able = moved[(other != primary)[world.community[moved]]]
    again = hit(rng, able, dirt.SEVERAL_CHANNELS)
    return _moves(rng, world, world.user[again], other[world.community[again]])
