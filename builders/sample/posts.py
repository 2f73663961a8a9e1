"""What members do with posts: they look at them, comment on them and like them, most of all when they are new."""

import numpy as np
import pyarrow as pa

from martgate.contracts.model import Table

from . import dirt
from .arrays import Ints, Rows
from .draw import DAY, between, hit, shuffled, stacked, taken, zipf
from .shape import assemble, vocabulary
from .world import World

__all__ = ["post_reaction", "post_view"]

_VIEWS, _REACTIONS = 1.0, 0.5
_NEWCOMERS = 0.1
_POSTS = 200


def post_view(world: World, table: Table) -> pa.Table:
    """Views of posts, about one a membership."""
    rng = world.stream(table.qualified_name)
    rows = _events(rng, world, _VIEWS)
    return assemble(table, _columns(world, rows))


def post_reaction(world: World, table: Table) -> pa.Table:
    """Comments and likes, twice as many likes as comments."""
    rng = world.stream(table.qualified_name)
    types = vocabulary(table, "reaction_type")
    rows = _events(rng, world, _REACTIONS, (len(types.words), types.code("LIKE")))
    return assemble(table, _columns(world, rows) | {"reaction_type": types.spell(rows["kind"])})


def _columns(world: World, rows: Rows) -> dict[str, Ints]:
    return {
        "wv_user_id": world.user_ids(rows["user"]),
        "comm_id": world.comm_id[rows["community"]],
        "post_id": world.comm_id[rows["community"]] * 1_000_000 + rows["post"],
        "occurred_at": rows["at"],
    }


def _events(rng: np.random.Generator, world: World, rate: float, kinds: tuple[int, int] = (1, 0)) -> Rows:
    """What pairs did since they first joined, in no order; unless clean, some of it twice, and some by strangers.

    `kinds` are how many there are, and which of them happens most.
    """
    pair = _active_pairs(rng, world, max(1, round(world.created.size * rate)))
    at = between(rng, world.first[pair], world.horizon)
    world.be_punctual(rng, at, world.first[pair])
    many, usual = kinds
    rows: Rows = {
        "user": world.user[pair],
        "community": world.community[pair],
        "post": zipf(rng, pair.size, _POSTS),
        "kind": np.where(rng.random(pair.size) < 0.5, usual, rng.integers(many, size=pair.size)),
        "at": at,
    }
    if not world.spec.clean:
        again = taken(rows, hit(rng, np.arange(pair.size), dirt.REPEATED_POST_EVENTS))
        rows = stacked(rows, again, _stray_events(rng, world, rows))
    return shuffled(rng, rows)


def _active_pairs(rng: np.random.Generator, world: World, size: int) -> Ints:
    """Pairs, a few of them much livelier than the others; a tenth of all that happens is by those of the last days."""
    lively = rng.permutation(world.user.size)[np.floor(world.user.size * rng.random(size) ** 2).astype(np.int64)]
    newcomers = np.flatnonzero(world.first >= world.cutoffs[0] - DAY)
    if newcomers.size:
        new = rng.random(size) < _NEWCOMERS
        lively[new] = rng.choice(newcomers, size=int(new.sum()))
    return lively


def _stray_events(rng: np.random.Generator, world: World, rows: Rows) -> dict[str, Ints]:
    """Events of pairs that have no membership."""
    user, community = world.strangers(rng, hit(rng, rows["at"], dirt.UNKNOWN_SUBJECTS).size)
    return taken(rows, np.arange(user.size)) | {"user": user, "community": community}
