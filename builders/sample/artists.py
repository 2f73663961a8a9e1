"""Artists and the memberships of their members."""

import numpy as np
import pyarrow as pa

from martgate.contracts.model import Table

from . import dirt
from .arrays import Ints, Rows
from .draw import DAY, NEVER, between, hit, shuffled, stacked, taken, up_to
from .shape import assemble, moments, vocabulary
from .text import artist_names, member_names
from .world import Role, World

__all__ = ["artist_ids", "special_member", "we_artist"]


def artist_ids(community: Ints) -> Ints:
    """The artist of each community; artist 1 has the largest."""
    return community + 1


def we_artist(world: World, table: Table) -> pa.Table:
    """One artist for each community that has one."""
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
    """The members of artists: active ones, removed ones, and some who came back."""
    rng = world.stream(table.qualified_name)
    types = vocabulary(table, "art_indi_type", ("MEMBER", "GROUP", "STAFF"))
    rows = _specials(rng, world)
    if not world.spec.clean:
        rows = stacked(rows, *_second_specials(rng, world, rows), _stray_specials(rng, world, rows))
    rows = shuffled(rng, rows)
    people = int(rows["person"].max()) + 1
    kinds = types.draw(rng, people, {"MEMBER": 8.0})
    return assemble(
        table,
        {
            "comm_user_id": world.comm_user_ids(rows["member"]),
            "comm_id": world.comm_id[rows["community"]],
            "art_indi_id": pa.array([f"A{number:06d}" for number in rows["person"].tolist()]),
            "art_indi_type": types.spell(kinds[rows["person"]]),
            "art_indi_name": member_names(people).take(rows["person"]),
            "registered_at": rows["registered"],
            "removed_at": moments(rows["removed"]),
        },
    )


def _specials(rng: np.random.Generator, world: World) -> Rows:
    member = np.flatnonzero(world.role == Role.ARTIST)
    created, dawn = world.created[member], world.cutoffs[0] - DAY
    registered = between(rng, created, np.minimum(created + 30 * DAY, world.horizon))
    removed = np.where(rng.random(member.size) < 0.2, between(rng, registered + 1, world.horizon), NEVER)
    for moment in (registered, removed):
        old = np.flatnonzero(np.maximum(created, registered) < dawn)
        punctual = up_to(rng, old, min(world.edges.size, old.size // 4))
        moment[punctual] = world.edges[: punctual.size]
    removed[removed <= registered] = NEVER
    rows: Rows = {
        "member": member,
        "community": world.member_communities[member],
        "person": np.arange(member.size),
        "registered": registered,
        "removed": removed,
    }
    back = taken(rows, (removed < NEVER) & (rng.random(member.size) < 0.5))
    again = between(rng, back["removed"], world.horizon)
    return stacked(rows, back | {"registered": again, "removed": np.full_like(again, NEVER)})


def _second_specials(rng: np.random.Generator, world: World, rows: Rows) -> tuple[Rows, Rows]:
    """More active rows of active artists, as somebody else: registered at the same instant, and later."""
    active = np.flatnonzero((rows["removed"] == NEVER) & (rows["registered"] < world.cutoffs[0] - 1))
    people = int(rows["person"].max(initial=0)) + 1

    def more() -> dict[str, Ints]:
        second = taken(rows, hit(rng, active, dirt.SEVERAL_SPECIAL_ROWS / 2))
        step = rng.integers(1, people + 1, size=second["person"].size)
        return second | {"person": (second["person"] + step) % (people + 1)}

    twins, later = more(), more()
    return twins, later | {"registered": between(rng, later["registered"] + 1, world.cutoffs[0])}


def _stray_specials(rng: np.random.Generator, world: World, rows: Rows) -> Rows:
    """Artists whose membership no profile knows."""
    stray = taken(rows, hit(rng, np.arange(rows["member"].size), dirt.UNKNOWN_SUBJECTS))
    return stray | {"member": world.created.size + np.arange(stray["member"].size)}
