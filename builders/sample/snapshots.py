"""Draws the two tables with a full snapshot per day: profiles of memberships, and users.

Rows are in order of arrival, so that an earlier snapshot is the start of a later one and shares its memory.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from martgate.contracts.model import Table

from . import dirt
from .arrays import Arrow, Bools, Ints, Values
from .draw import DAY, MINUTE, NEVER, draw_between, pick_share
from .shape import assemble, nullable, nullable_instants, vocabulary
from .text import BLANKS, NICKNAMES, image_urls
from .world import Role, World

__all__ = ["member_profile", "we_user"]

_SLOWEST_PROFILE = 30 * DAY
_STRANGERS = 0.02


def member_profile(world: World, table: Table) -> pa.Table:
    """Draw one row per membership and day; a profile appears in the snapshots after its creation."""
    rng = world.stream(table.qualified_name)
    size = world.created.size
    grades = vocabulary(table, "member_grade")
    created = _profile_created(rng, world)
    exists = created < NEVER
    base = {
        "comm_user_id": world.comm_user_ids(np.arange(size)),
        "wv_user_id": pa.array(world.user_ids(world.member_users)),
        "comm_id": pa.array(world.comm_id[world.member_communities]),
        "member_grade": grades.decode(np.array([grades.code(role.name) for role in Role])[world.role]),
        "is_private": pa.array(rng.random(size) < 0.1),
        "is_official": pa.array(world.role == Role.OFFICIAL),
        "cre_dt": pa.array(world.created),
    }
    profile = {
        "profile_created_dt": nullable_instants(created),
        "profile_name": _nicknames(rng, exists & (rng.random(size) < 0.98)),
        "profile_img_url": _images(rng, exists & (rng.random(size) < 0.45), clean=world.spec.clean),
        "profile_background_img_url": _images(rng, exists & (rng.random(size) < 0.15), clean=world.spec.clean),
    }
    settled = int(np.searchsorted(world.created, world.snapshot_instants[0] - _SLOWEST_PROFILE - DAY))
    days = []
    for day, snapshot_at in zip(world.spec.snapshots, world.snapshot_instants, strict=True):
        seen = int(np.searchsorted(world.created, snapshot_at))
        hidden = pa.array(created[settled:seen] >= snapshot_at)
        rows: dict[str, Values] = {name: column.slice(0, seen) for name, column in base.items()}
        rows |= {name: _hide(column.slice(0, seen), settled, hidden) for name, column in profile.items()}
        days.append(assemble(table, rows | {"part_date": pa.repeat(day.date.isoformat(), seen)}))
    return pa.concat_tables(days)


def we_user(world: World, table: Table) -> pa.Table:
    """Draw one row per user and day, with some users without a membership; a status changes at most once."""
    rng = world.stream(table.qualified_name)
    statuses = vocabulary(table, "wv_user_status")
    users = np.arange(world.arrived.size)
    if not world.spec.clean:
        users = np.setdiff1d(users, pick_share(rng, users[1:], dirt.MISSING_USERS))
    strangers = world.arrived.size + np.arange(round(users.size * _STRANGERS))
    user = np.concatenate([strangers, users])
    arrived = np.concatenate([np.zeros_like(strangers), world.arrived[users]])
    recently = np.where(rng.random(user.size) < 0.3, 2 * DAY, 365 * DAY)
    changed = draw_between(rng, np.maximum(arrived, world.cutoffs[0] - recently), world.horizon)
    changed[rng.random(user.size) >= 0.1] = NEVER
    later = statuses.draw(rng, user.size, {"NORMAL": 0.02, "INACTIVE": 2.0})
    columns = {"wv_user_id": pa.array(world.user_ids(user)), "we_member_id": _accounts(world, strangers, users)}
    days = []
    for day, snapshot_at in zip(world.spec.snapshots, world.snapshot_instants, strict=True):
        seen = int(np.searchsorted(arrived, snapshot_at))
        status = np.where(changed[:seen] < snapshot_at, later[:seen], statuses.code("NORMAL"))
        rows: Mapping[str, Arrow] = {name: column.slice(0, seen) for name, column in columns.items()} | {
            "wv_user_status": statuses.decode(status),
            "part_date": pa.repeat(day.date.isoformat(), seen),
        }
        days.append(assemble(table, rows))
    return pa.concat_tables(days)


def _accounts(world: World, strangers: Ints, users: Ints) -> Arrow:
    without = np.concatenate([np.ones(strangers.size, dtype=np.bool_), world.accountless[users]])
    return nullable(np.concatenate([strangers, world.account[users]]), without)


def _profile_created(rng: np.random.Generator, world: World) -> Ints:
    """Draw when profiles are created: most within minutes, some within a month, some never."""
    size = world.created.size
    quick, slow = rng.exponential(2 * MINUTE, size), rng.random(size) * _SLOWEST_PROFILE
    delay = np.where(rng.random(size) < 0.9, np.minimum(quick, _SLOWEST_PROFILE), slow)
    created = world.created + np.floor(delay).astype(np.int64)
    created[rng.random(size) < 0.08] = NEVER
    return created


def _nicknames(rng: np.random.Generator, named: Bools) -> Arrow:
    return NICKNAMES.take(nullable(rng.integers(len(NICKNAMES), size=named.size), ~named))


def _images(rng: np.random.Generator, uploaded: Bools, *, clean: bool) -> Arrow:
    """Draw URLs of uploaded images, else null; unless clean, some are blank."""
    owners = np.flatnonzero(uploaded)
    place = np.cumsum(uploaded) - 1
    if not clean:
        blank = pick_share(rng, owners, dirt.BLANK_IMAGES)
        place[blank] = owners.size + np.arange(blank.size) % len(BLANKS)
    addresses = image_urls(owners, int(rng.integers(2**63)))
    return pa.concat_arrays([addresses, BLANKS]).take(nullable(place, ~uploaded))


def _hide(column: Arrow, settled: int, hidden: Arrow) -> Values:
    """Set a column to null where `hidden` is true, which starts at the row `settled`."""
    visible = pc.if_else(hidden, pa.scalar(None, column.type), column.slice(settled))
    return pa.chunked_array([column.slice(0, settled), visible])
