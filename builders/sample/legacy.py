"""Draws data of earlier services: joins and alarms of WV1, and members who migrated from V."""

import numpy as np
import pyarrow as pa

from martgate.contracts.model import Table

from . import dirt
from .arrays import Ints, Rows, Values
from .draw import DAY, concat_rows, draw_between, is_first, pick_share, pick_up_to, shuffle_rows, take_rows
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
    """Draw WV1 joins of pairs, nearly all before their first membership; boolean columns are alarms."""
    rng = world.stream(table.qualified_name)
    types = vocabulary(table, "notification_type")
    rows = _wv1_pairs(rng, world)
    if not world.spec.clean:
        rows = concat_rows(rows, _stray_joins(rng, world, rows))
    rows = shuffle_rows(rng, rows)
    size = rows["user"].size
    kinds = types.draw(rng, size, {"ALL": 4.0})
    columns: dict[str, Values] = {
        "wv_user_id": world.user_ids(rows["user"]),
        "comm_id": world.comm_id[rows["community"]],
        "wv1_join_dt": rows["joined"],
        "notification_type": types.decode(kinds, rng.random(size) < 0.08),
    }
    alarms = [column.name for column in table.columns if physical_type(column) == "boolean"]
    return assemble(
        table, columns | {alarm: nullable(rng.random(size) < 0.6, rng.random(size) < 0.05) for alarm in alarms}
    )


def _wv1_pairs(rng: np.random.Generator, world: World) -> Rows:
    pair = np.flatnonzero(rng.random(world.user.size) < _WV1)
    first = world.first[pair]
    before, after = draw_between(rng, first - 3 * _YEAR, first), draw_between(rng, first, world.horizon)
    joined = np.where(rng.random(pair.size) < 0.95, before, after)
    punctual = pick_up_to(rng, np.arange(pair.size), min(world.day_edges.size, pair.size // 10))
    joined[punctual] = world.day_edges[: punctual.size]
    return {"user": world.user[pair], "community": world.community[pair], "joined": joined}


def _stray_joins(rng: np.random.Generator, world: World, rows: Rows) -> Rows:
    """Draw WV1 joins of pairs without a membership."""
    user, community = world.draw_unknown_pairs(rng, pick_share(rng, rows["joined"], dirt.UNKNOWN_SUBJECTS).size)
    new = is_first(user, community)
    return take_rows(rows, np.arange(int(new.sum()))) | {"user": user[new], "community": community[new]}


def channel_mapping(world: World, table: Table) -> pa.Table:
    """Draw the V channels that became communities; unless clean, some communities were several channels."""
    channel, community = _channels(world)
    return assemble(table, {"v_channel_id": channel, "comm_id": world.comm_id[community]})


def v_migration(world: World, table: Table) -> pa.Table:
    """Draw migrations of members, some from channels without a community, or into one that they never joined."""
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
    rows = concat_rows(*parts)
    rows = shuffle_rows(rng, take_rows(rows, is_first(rows["user"], rows["channel"])))
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
    """Draw channels and their communities, from a separate stream because two tables use them."""
    rng = world.stream("v_channels")
    chosen = rng.random(world.comm_id.size) < _V_COMMUNITIES
    chosen[0] = True
    community = np.flatnonzero(chosen)
    if not world.spec.clean:
        several = np.union1d(community[:1], pick_share(rng, community, dirt.SEVERAL_CHANNELS))
        community = np.concatenate([community, several, several[::2]])
    return _FIRST_CHANNEL + rng.permutation(community.size), community


def _moves(rng: np.random.Generator, world: World, user: Ints, channel: Ints) -> Rows:
    """Draw migrations: a join in the years before the user arrived, a migration within two months after."""
    arrived = world.arrived[user]
    migrated = draw_between(rng, arrived, np.minimum(arrived + 60 * DAY, world.horizon))
    old = np.flatnonzero(arrived < world.cutoffs[0] - DAY)
    punctual = pick_up_to(rng, old, min(world.day_edges.size, old.size // 10))
    migrated[punctual] = world.day_edges[: punctual.size]
    return {
        "user": user,
        "channel": channel,
        "joined": draw_between(rng, arrived - 4 * _YEAR, arrived),
        "migrated": migrated,
    }


def _second_moves(
    rng: np.random.Generator, world: World, moved: Ints, mapping: tuple[Ints, Ints], primary: Ints
) -> Rows:
    """Draw second migrations of members whose community was several channels."""
    channels, communities = mapping
    other = np.full(world.comm_id.size, -1, dtype=np.int64)
    other[communities] = channels
    eligible = moved[(other != primary)[world.community[moved]]]
    again = pick_share(rng, eligible, dirt.SEVERAL_CHANNELS)
    return _moves(rng, world, world.user[again], other[world.community[again]])
