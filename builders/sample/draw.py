"""Drawing whole columns: every function here takes and gives arrays, and none of them loops over rows.

Instants are int64 microseconds since 1970-01-01 UTC, the resolution in which they are stored.
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
    "between",
    "first_of_each",
    "hit",
    "instant",
    "repeats",
    "shuffled",
    "spaced",
    "stacked",
    "stream",
    "taken",
    "up_to",
    "zipf",
]

MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE
NEVER = int(np.iinfo(np.int64).max)
"""An instant after all others: what has not happened, happens then."""


def stream(seed: int, name: str) -> np.random.Generator:
    """A stream of random numbers that depends on the seed and on its own name, and on no other stream.

    >>> int(stream(7, "a").integers(1000)) == int(stream(7, "a").integers(1000))
    True
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(name.encode()),)))


def instant(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime, exactly."""
    return (moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // timedelta(microseconds=1)


def hit(rng: np.random.Generator, candidates: Ints, rate: float) -> Ints:
    """A share of the candidates, at least one where there is one, in their order.

    >>> hit(stream(0, "doc"), np.arange(50), 0.001).size
    1
    """
    size = min(candidates.size, max(1, round(candidates.size * rate)))
    return np.sort(rng.choice(candidates, size=size, replace=False))


def up_to(rng: np.random.Generator, candidates: Ints, size: int) -> Ints:
    """That many of the candidates in random order, or all of them where there are not as many."""
    return rng.choice(candidates, size=min(size, candidates.size), replace=False)


def between(rng: np.random.Generator, low: Ints | int, high: Ints | int) -> Ints:
    """One instant in each [low, high); low itself where the interval is empty."""
    span = np.maximum(np.asarray(high) - np.asarray(low), 1)
    drawn: Ints = np.asarray(low) + np.floor(rng.random(span.shape) * span).astype(np.int64)
    return drawn


def zipf(rng: np.random.Generator, size: int, ranks: int, exponent: float = 1.0) -> Ints:
    """Ranks from 0 on; rank r comes up in proportion to 1 / (r + 1) ** exponent."""
    weights = np.cumsum(1.0 / np.arange(1, ranks + 1) ** exponent)
    ranked: Ints = np.searchsorted(weights, rng.random(size) * weights[-1], side="right")
    return ranked


def repeats(rng: np.random.Generator, total: int, shares: Sequence[float]) -> Ints:
    """Sizes of groups that add up to exactly `total`; a group has k + 1 members in proportion to `shares[k]`.

    >>> int(repeats(stream(0, "doc"), 100, [0.8, 0.2]).sum())
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


def spaced(rng: np.random.Generator, first: Ints, last: Ints, sizes: Ints) -> Ints:
    """For each group, `sizes` instants from `first` on and before `last`, in order and at least a minute apart.

    The first of a group is `first` itself; `last - first` must be more than `sizes` minutes.
    """
    group = np.repeat(np.arange(sizes.size), sizes)
    place = np.arange(group.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    share = rng.random(group.size)
    share = share[np.lexsort((share, group))]
    share[place == 0] = 0.0
    room = (last - first)[group] - sizes[group] * MINUTE
    return first[group] + place * MINUTE + np.floor(share * room).astype(np.int64)


def first_of_each(*keys: Ints) -> Bools:
    """Where a combination of keys comes up for the first time.

    >>> first_of_each(np.array([1, 1, 2]), np.array([5, 5, 5])).tolist()
    [True, False, True]
    """
    order = np.lexsort(keys)
    new = np.ones(order.size, dtype=np.bool_)
    new[1:] = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
    first = np.empty_like(new)
    first[order] = new
    return first


def stacked(*parts: Rows) -> dict[str, Ints]:
    """The rows of all parts, which have the same columns, one part after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def shuffled(rng: np.random.Generator, rows: Rows) -> dict[str, Ints]:
    """The same rows in an order that tells nothing."""
    order = rng.permutation(len(next(iter(rows.values()))))
    return {name: column[order] for name, column in rows.items()}


def taken(rows: Rows, places: Ints | Bools) -> dict[str, Ints]:
    """The rows at those places, or where the mask is true."""
    return {name: column[places] for name, column in rows.items()}
