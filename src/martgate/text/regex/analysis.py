"""Properties of a parsed pattern: its size, its anchors, its unbounded repeats, and the texts that it matches."""

from itertools import product

from martgate.text.regex.tree import REFUSED, Anchor, Characters, Group, Node, PatternError, Repeat
from martgate.text.regex.unicode import LAST, merge, ranges_of_category

__all__ = [
    "count_unbounded",
    "is_anchored",
    "list_texts",
    "matches_everything",
    "measure_lengths",
    "raise_if_too_large",
]

MOST_REPEATS = 1000
"""The greatest count of RE2, with the counts of nested repeats multiplied."""
MOST_STEPS = 280_000
"""The limit of all ranges, plus ten for each class, multiplied by repeats; RE2 fails at about 300,000."""


def raise_if_too_large(root: Group) -> None:
    """Raise PatternError for a pattern that is too large for an engine."""
    repeats, steps = size(root)
    if repeats > MOST_REPEATS:
        hint = f"engines count to {MOST_REPEATS}, and multiply nested repeats"
        raise PatternError(f"{REFUSED}: it repeats {repeats} times", hint)
    if steps > MOST_STEPS:
        raise PatternError(f"{REFUSED}: it has too many steps ({steps})", "lower its counts")


def size(node: Node) -> tuple[int, int]:
    """Return the largest product of counts, and the number of ranges multiplied by repeats."""
    match node:
        case Characters(ranges, categories):
            every = [*ranges, *(one for name in categories for one in ranges_of_category(name))]
            return 1, len(merge(every)) + 10
        case Anchor():
            return 1, 1
        case Group(branches):
            sizes = [size(one) for branch in branches for one in branch] or [(1, 1)]
            return max(repeats for repeats, _ in sizes), sum(steps for _, steps in sizes) + len(branches)
        case Repeat(inner, low, high):
            repeats, steps = size(inner)
            times = max(low if high is None else high, 1)
            return repeats * times, steps * times


def is_anchored(node: Node, sign: str) -> bool:
    """Return whether every match starts (`^`) or ends (`$`) where the value does."""
    match node:
        case Anchor(own):
            return own == sign
        case Group(branches):
            outer = 0 if sign == "^" else -1
            return all(branch and is_anchored(branch[outer], sign) for branch in branches)
        case Repeat(inner, low, _):
            return low > 0 and is_anchored(inner, sign)
        case _:
            return False


def count_unbounded(node: Node) -> tuple[int, bool]:
    """Return the number of unbounded repeats, and whether a group is repeated."""
    match node:
        case Group(branches):
            results = [count_unbounded(one) for branch in branches for one in branch]
            return sum(count for count, _ in results), any(is_repeated for _, is_repeated in results)
        case Repeat(inner, _, high):
            return int(high is None), isinstance(inner, Group)
        case _:
            return 0, False


def measure_lengths(node: Node) -> tuple[int, int | None]:
    """Return the least and the greatest number of characters of a match; None is without limit."""
    match node:
        case Characters():
            return 1, 1
        case Anchor():
            return 0, 0
        case Group(branches):
            sizes = [[measure_lengths(one) for one in branch] for branch in branches]
            most = [
                None if any(high is None for _, high in one) else sum(high or 0 for _, high in one) for one in sizes
            ]
            greatest = None if None in most else max((high or 0 for high in most), default=0)
            return min((sum(low for low, _ in one) for one in sizes), default=0), greatest
        case Repeat(inner, least, times):
            low, high = measure_lengths(inner)
            endless = high is None or (times is None and high > 0)
            return low * least, None if endless else (high or 0) * (times or 0)


def list_texts(  # noqa: PLR0911 - one return a kind of node
    node: Node, limit: int
) -> frozenset[str] | None:
    """Return all texts of a node, whose anchors count as empty; None where there are more than `limit`."""
    match node:
        case Characters(ranges, categories, negated):
            if categories or negated or sum(high - low + 1 for low, high in ranges) > limit:
                return None
            return frozenset(chr(code) for low, high in ranges for code in range(low, high + 1))
        case Anchor():
            return frozenset({""})
        case Group(branches):
            texts: set[str] = set()
            for branch in branches:
                one = _join_texts([list_texts(part, limit) for part in branch], limit)
                if one is None:
                    return None
                texts |= one
            return frozenset(texts) if len(texts) <= limit else None
        case Repeat(inner, least, times):
            part = list_texts(inner, limit)
            if part is None or times is None or times > limit:
                return None
            counts = [_join_texts([part] * count, limit) for count in range(least, times + 1)]
            every = [one for one in counts if one is not None]
            texts = {text for one in every for text in one}
            return frozenset(texts) if len(every) == len(counts) and len(texts) <= limit else None


def _join_texts(parts: list[frozenset[str] | None], limit: int) -> frozenset[str] | None:
    """Return the texts of a sequence; None where a part has too many, or they have together."""
    texts = frozenset({""})
    for part in parts:
        if part is None or len(texts) * len(part) > limit:
            return None
        texts = frozenset(map("".join, product(texts, part)))
    return texts


def matches_everything(root: Group) -> bool:
    """Return whether every text certainly matches: an alternative is empty somewhere, or any text between two anchors."""
    return any(_matches_everything(branch) for branch in root.branches)


def _matches_everything(branch: tuple[Node, ...]) -> bool:
    starts, ends = branch[:1] == (Anchor("^"),), branch[-1:] == (Anchor("$"),)
    inner = branch[int(starts) : len(branch) - int(ends)]
    if not (starts and ends):
        return not any(map(_has_anchor, inner)) and measure_lengths(Group((inner,)))[0] == 0
    match inner:
        case (Repeat(Characters(ranges, (), False), 0, None),):
            return merge(list(ranges)) == ((0, LAST),)
        case _:
            return False


def _has_anchor(node: Node) -> bool:
    match node:
        case Anchor():
            return True
        case Group(branches):
            return any(_has_anchor(one) for branch in branches for one in branch)
        case Repeat(inner, _, _):
            return _has_anchor(inner)
        case _:
            return False
