"""Draws views of and reactions to posts, most of them by new members."""

import numpy as np
import pyarrow as pa

from martgate.contracts.model import Table

from . import dirt
from .arrays import Ints, Rows
from .draw import DAY, concat_rows, draw_between, pick_share, shuffle_rows, take_rows, zipf
from .shape import assemble, vocabulary
from .world import World

__all__ = ["post_reaction", "post_view"]

_VIEWS, _REACTIONS = 1.0, 0.5
_NEWCOMERS = 0.1
_POSTS = 200


def post_view(world: World, table: Table) -> pa.Table:
    """Draw views of posts, about one per membership."""
    rng = world.stream(table.qualified_name)
    rows = _events(rng, world, _VIEWS)
    return assemble(table, _columns(world, rows))


def post_reaction(world: World, table: Table) -> pa.Table:
    """Draw comments and likes, more likes than comments."""
    rng = world.stream(table.qualified_name)
    types = vocabulary(table, "reaction_type")
    rows = _events(rng, world, _REACTIONS, (len(types.words), types.code("LIKE")))
    return assemble(table, _columns(world, rows) | {"reaction_type": types.decode(rows["kind"])})


def _columns(world: World, rows: Rows) -> dict[str, Ints]:
    return {
        "wv_user_id": world.user_ids(rows["user"]),
        "comm_id": world.comm_id[rows["community"]],
        "post_id": world.comm_id[rows["community"]] * 1_000_000 + rows["post"],
        "occurred_at": rows["at"],
    }


def _events(rng: np.random.Generator, world: World, rate: float, kinds: tuple[int, int] = (1, 0)) -> Rows:
    """Draw events of pairs after they joined, in random order; unless clean, with duplicates and unknown pairs.

    Args:
        rng: the random numbers.
        world: the memberships.
        rate: the number of events per membership.
        kinds: the number of kinds of events, and the most frequent of them.
    """
    pair = _active_pairs(rng, world, max(1, round(world.created.size * rate)))
    at = draw_between(rng, world.first[pair], world.horizon)
    world.move_to_day_edges(rng, at, world.first[pair])
    many, usual = kinds
    rows: Rows = {
        "user": world.user[pair],
        "community": world.community[pair],
        "post": zipf(rng, pair.size, _POSTS),
        "kind": np.where(rng.random(pair.size) < 0.5, usual, rng.integers(many, size=pair.size)),
        "at": at,
    }
    if not world.spec.clean:
        again = take_rows(rows, pick_share(rng, np.arange(pair.size), dirt.REPEATED_POST_EVENTS))
        rows = concat_rows(rows, again, _stray_events(rng, world, rows))
    return shuffle_rows(rng, rows)


def _active_pairs(rng: np.random.Generator, world: World, size: int) -> Ints:
    """Draw pairs, a few much more often than others, and a tenth from those that joined in the last days."""
    active = rng.permutation(world.user.size)[np.floor(world.user.size * rng.random(size) ** 2).astype(np.int64)]
    newcomers = np.flatnonzero(world.first >= world.cutoffs[0] - DAY)
    if newcomers.size:
        new = rng.random(size) < _NEWCOMERS
        active[new] = rng.choice(newcomers, size=int(new.sum()))
    return active


def _stray_events(rng: np.random.Generator, world: World, rows: Rows) -> dict[str, Ints]:
    """Draw events of pairs without a membership."""
    user, community = world.draw_unknown_pairs(rng, pick_share(rng, rows["at"], dirt.UNKNOWN_SUBJECTS).size)
    return take_rows(rows, np.arange(user.size)) | {"user": user, "community": community}
