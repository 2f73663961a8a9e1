"""Draws random columns as arrays, without loops over rows.

Instants are int64 microseconds since 1970-01-01 UTC.
"""

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from .arrays import Bools, Ints, Rows

__all__ = [
    "DAY",
    "MINUTE",
    "NEVER",
    "concat_rows",
    "draw_between",
    "draw_group_sizes",
    "draw_spaced",
    "instant",
    "is_first",
    "pick_share",
    "pick_up_to",
    "shuffle_rows",
    "stream",
    "take_rows",
    "zipf",
]

MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE
NEVER = int(np.iinfo(np.int64).max)
"""Instant after all others, for events that do not happen."""


def stream(seed: int, name: str) -> np.random.Generator:
    """Create a stream of random numbers that depends on the seed and its name only.

    >>> int(stream(7, "a").integers(1000)) == int(stream(7, "a").integers(1000))
    True
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(name.encode()),)))


def instant(moment: datetime) -> int:
    """Convert an aware datetime to microseconds since 1970, exactly."""
    return (moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // timedelta(microseconds=1)


def pick_share(rng: np.random.Generator, candidates: Ints, rate: float) -> Ints:
    """Pick a share of the candidates, but at least one if there is any, and keep their order.

    >>> pick_share(stream(0, "doc"), np.arange(50), 0.001).size
    1
    """
    size = min(candidates.size, max(1, round(candidates.size * rate)))
    return np.sort(rng.choice(candidates, size=size, replace=False))


def pick_up_to(rng: np.random.Generator, candidates: Ints, size: int) -> Ints:
    """Pick `size` candidates, or all if there are fewer, in random order."""
    return rng.choice(candidates, size=min(size, candidates.size), replace=False)


def draw_between(rng: np.random.Generator, low: Ints | int, high: Ints | int) -> Ints:
    """Draw one instant from each interval [low, high); `low` if it is empty."""
    span = np.maximum(np.asarray(high) - np.asarray(low), 1)
    drawn: Ints = np.asarray(low) + np.floor(rng.random(span.shape) * span).astype(np.int64)
    return drawn


def zipf(rng: np.random.Generator, size: int, ranks: int, exponent: float = 1.0) -> Ints:
    """Draw ranks from 0 on; the weight of rank r is 1 / (r + 1) ** exponent."""
    weights = np.cumsum(1.0 / np.arange(1, ranks + 1) ** exponent)
    ranked: Ints = np.searchsorted(weights, rng.random(size) * weights[-1], side="right")
    return ranked


def draw_group_sizes(rng: np.random.Generator, total: int, shares: Sequence[float]) -> Ints:
    """Draw sizes of groups that add up to `total`; size k + 1 has the weight `shares[k]`.

    >>> int(draw_group_sizes(stream(0, "doc"), 100, [0.8, 0.2]).sum())
    100
    """
    odds = np.asarray(shares) / sum(shares)
    sizes = 1 + rng.choice(len(odds), size=total, p=odds)
    ends = np.cumsum(sizes)
    groups = int(np.searchsorted(ends, total)) + 1 if total else 0
    sizes = sizes[:groups]
    if groups:
        sizes[-1] -= ends[groups - 1] - total
    return sizes


def draw_spaced(rng: np.random.Generator, first: Ints, last: Ints, sizes: Ints) -> Ints:
    """Draw ascending instants for each group, at least a minute apart, from `first` to before `last`.

    Args:
        rng: the random numbers.
        first: the first instant of each group, which is part of it.
        last: the end of each group, more than `sizes` minutes after `first`.
        sizes: the number of instants of each group.
    """
    group = np.repeat(np.arange(sizes.size), sizes)
    place = np.arange(group.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    share = rng.random(group.size)
    share = share[np.lexsort((share, group))]
    share[place == 0] = 0.0
    slack = (last - first)[group] - sizes[group] * MINUTE
    return first[group] + place * MINUTE + np.floor(share * slack).astype(np.int64)


def is_first(*keys: Ints) -> Bools:
    """Mark the rows in which a combination of keys occurs for the first time.

    >>> is_first(np.array([1, 1, 2]), np.array([5, 5, 5])).tolist()
    [True, False, True]
    """
    order = np.lexsort(keys)
    new = np.ones(order.size, dtype=np.bool_)
    new[1:] = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
    first = np.empty_like(new)
    first[order] = new
    return first


def concat_rows(*parts: Rows) -> dict[str, Ints]:
    """Concatenate rows with the same columns."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def shuffle_rows(rng: np.random.Generator, rows: Rows) -> dict[str, Ints]:
    """Put rows in random order."""
    order = rng.permutation(len(next(iter(rows.values()))))
    return {name: column[order] for name, column in rows.items()}


def take_rows(rows: Rows, places: Ints | Bools) -> dict[str, Ints]:
    """Select rows by position or by mask."""
    return {name: column[places] for name, column in rows.items()}
