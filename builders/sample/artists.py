"""Draws artists and the memberships of their members."""

import numpy as np
import pyarrow as pa

from martgate.contracts.model import Table

from . import dirt
from .arrays import Ints, Rows
from .draw import DAY, NEVER, concat_rows, draw_between, pick_share, pick_up_to, shuffle_rows, take_rows
from .shape import assemble, nullable_instants, vocabulary
from .text import artist_names, member_names
from .world import Role, World

__all__ = ["artist_ids", "special_member", "we_artist"]


def artist_ids(community: Ints) -> Ints:
    """Return the artist id of each community; artist 1 has the largest."""
    return community + 1


def we_artist(world: World, table: Table) -> pa.Table:
    """Draw the artist of each community that has one."""
    rank = np.flatnonzero(~world.artistless)
    return assemble(
        table,
        {
            "we_art_id": artist_ids(rank),
            "we_art_name": artist_names(world.comm_id.size).take(rank),
            "comm_id": world.comm_id[rank],
        },
    )


def special_member(world: World, table: Table) -> pa.Table:
    """Draw the members of artists: active, removed, and registered again."""
    rng = world.stream(table.qualified_name)
    types = vocabulary(table, "art_indi_type", ("MEMBER", "GROUP", "STAFF"))
    rows = _specials(rng, world)
    if not world.spec.clean:
        rows = concat_rows(rows, *_second_specials(rng, world, rows), _stray_specials(rng, world, rows))
    rows = shuffle_rows(rng, rows)
    people = int(rows["person"].max()) + 1
    kinds = types.draw(rng, people, {"MEMBER": 8.0})
    return assemble(
        table,
        {
            "comm_user_id": world.comm_user_ids(rows["member"]),
            "comm_id": world.comm_id[rows["community"]],
            "art_indi_id": pa.array([f"A{number:06d}" for number in rows["person"].tolist()]),
            "art_indi_type": types.decode(kinds[rows["person"]]),
            "art_indi_name": member_names(people).take(rows["person"]),
            "registered_at": rows["registered"],
            "removed_at": nullable_instants(rows["removed"]),
        },
    )


def _specials(rng: np.random.Generator, world: World) -> Rows:
    member = np.flatnonzero(world.role == Role.ARTIST)
    created, dawn = world.created[member], world.cutoffs[0] - DAY
    registered = draw_between(rng, created, np.minimum(created + 30 * DAY, world.horizon))
    removed = np.where(rng.random(member.size) < 0.2, draw_between(rng, registered + 1, world.horizon), NEVER)
    for moment in (registered, removed):
        old = np.flatnonzero(np.maximum(created, registered) < dawn)
        punctual = pick_up_to(rng, old, min(world.day_edges.size, old.size // 4))
        moment[punctual] = world.day_edges[: punctual.size]
    removed[removed <= registered] = NEVER
    rows: Rows = {
        "member": member,
        "community": world.member_communities[member],
        "person": np.arange(member.size),
        "registered": registered,
        "removed": removed,
    }
    returning = take_rows(rows, (removed < NEVER) & (rng.random(member.size) < 0.5))
    again = draw_between(rng, returning["removed"], world.horizon)
    return concat_rows(rows, returning | {"registered": again, "removed": np.full_like(again, NEVER)})


def _second_specials(rng: np.random.Generator, world: World, rows: Rows) -> tuple[Rows, Rows]:
    """Draw second active rows of active members for other persons: at the same instant, and later."""
    active = np.flatnonzero((rows["removed"] == NEVER) & (rows["registered"] < world.cutoffs[0] - 1))
    people = int(rows["person"].max(initial=0)) + 1

    def second_rows() -> dict[str, Ints]:
        second = take_rows(rows, pick_share(rng, active, dirt.SEVERAL_SPECIAL_ROWS / 2))
        step = rng.integers(1, people + 1, size=second["person"].size)
        return second | {"person": (second["person"] + step) % (people + 1)}

    twins, later = second_rows(), second_rows()
    return twins, later | {"registered": draw_between(rng, later["registered"] + 1, world.cutoffs[0])}


def _stray_specials(rng: np.random.Generator, world: World, rows: Rows) -> Rows:
    """Draw rows of memberships that do not exist."""
    stray = take_rows(rows, pick_share(rng, np.arange(rows["member"].size), dirt.UNKNOWN_SUBJECTS))
    return stray | {"member": world.created.size + np.arange(stray["member"].size)}
