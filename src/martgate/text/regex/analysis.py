"""What can be said of a parsed pattern without running it."""

from martgate.text.regex.tree import REFUSED, Anchor, Characters, Group, Node, PatternError, Repeat
from martgate.text.regex.unicode import merge, ranges_of_category

__all__ = ["count_unbounded", "is_anchored", "raise_if_too_large"]

MOST_REPEATS = 1000
"""RE2 counts no further, repeats inside repeats multiplied."""
MOST_STEPS = 280_000
"""Ranges of all classes, with ten for each class, and repeats multiplied; RE2 gives up at about 300,000."""


def raise_if_too_large(root: Group) -> None:
    """Refuse what an engine would refuse as too large."""
    repeats, steps = size(root)
    if repeats > MOST_REPEATS:
        hint = f"engines count to {MOST_REPEATS}, and multiply what repeats inside a repeat"
        raise PatternError(f"{REFUSED}: it repeats {repeats} times", hint)
    if steps > MOST_STEPS:
        raise PatternError(f"{REFUSED}: {steps} steps are too many", "lower its counts")


def size(node: Node) -> tuple[int, int]:
    """The largest product of counts, and the number of ranges with repeats multiplied."""
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
    """Whether every match begins (`^`) or ends (`$`) where the value does."""
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
    """How many repeats have no end, and whether a group is repeated."""
    match node:
        case Group(branches):
            found = [count_unbounded(one) for branch in branches for one in branch]
            return sum(count for count, _ in found), any(repeated for _, repeated in found)
        case Repeat(inner, _, high):
            return int(high is None), isinstance(inner, Group)
        case _:
            return 0, False
