"""Properties of a parsed pattern: its size, its anchors, its unbounded repeats."""

from martgate.text.regex.tree import REFUSED, Anchor, Characters, Group, Node, PatternError, Repeat
from martgate.text.regex.unicode import merge, ranges_of_category

__all__ = ["count_unbounded", "is_anchored", "raise_if_too_large"]

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
