"""How rules move: what they admit, and whether they block."""

import re
from itertools import pairwise

from martgate.contracts.diff.clause import (
    ABSENT,
    ClauseChange,
    Impact,
    breaking,
    classify_entry,
    classify_strictness,
    editorial,
    semantic,
)
from martgate.contracts.model import QualityType, Severity, Threshold

__all__ = ["rule", "severity", "threshold", "tolerance", "vacuous"]


def rule(moved: ClauseChange) -> Impact:
    """A rule as a whole, or whatever of it is not looked at more closely."""
    if moved.shape.endswith("quality[]"):
        if (moved.new if moved.came else moved.old).get("type") == QualityType.TEXT:
            return semantic(f"a rule for people is {'new' if moved.came else 'gone'}")
        return classify_entry("a rule")(moved)
    if moved.qualities and all(quality.type is QualityType.TEXT for quality in moved.qualities):
        return semantic(f"a rule for people says something else: {moved.shown}")
    inside = moved.shape.rpartition("quality[].")[2]
    if inside == "description":
        return semantic(f"says something else: {moved.shown}")
    if re.match(r"(dimension|businessImpact|name|tags|authoritativeDefinitions)\b", inside):
        return editorial(f"is told differently: {moved.shown}")
    return breaking(f"another rule under the same name: {moved.shown}")


def severity(moved: ClauseChange) -> Impact:
    """Whether a rule blocks."""
    before, after = moved.qualities or (None, None)
    if before is None or after is None or before.type is QualityType.TEXT:
        return rule(moved)
    if before.severity == after.severity:
        return editorial(f"blocks as before: {moved.shown}")
    return classify_strictness(after.severity is Severity.ERROR, moved, "the severity")


def threshold(moved: ClauseChange) -> Impact:
    """Which numbers a rule admits."""
    before, after = moved.qualities or (None, None)
    if before is None or after is None or before.type is QualityType.TEXT or after.type is QualityType.TEXT:
        return rule(moved)
    if before.threshold is None or after.threshold is None:
        return classify_strictness(None, moved, "what the rule admits")
    if before.unit != after.unit or before.metric != after.metric or before.query != after.query:
        return rule(moved)
    narrower = _is_within(after.threshold, before.threshold)
    if narrower and _is_within(before.threshold, after.threshold):
        return editorial(f"admits the same: {moved.shown}")
    return classify_strictness(narrower, moved, "what the rule admits")


def _is_within(inner: Threshold, outer: Threshold) -> bool:
    """Whether every number that one admits is admitted by the other: at each end of theirs, between and beyond them."""
    ends = sorted({float(end) for end in (*inner.values, *outer.values)})
    between = [(low + high) / 2 for low, high in pairwise(ends)]
    numbers = [ends[0] - 1, *ends, *between, ends[-1] + 1]
    return all(outer.admits(number) for number in numbers if inner.admits(number))


def vacuous(moved: ClauseChange) -> Impact:
    """Whether a rule may have nothing to look at."""
    before, after = moved.old is True, moved.new is True
    if before == after:
        return editorial(f"asks the same: {moved.shown}")
    return classify_strictness(before, moved, "what happens when there is nothing to look at")


def tolerance(moved: ClauseChange) -> Impact:
    """No tolerance is a tolerance of nothing."""
    none = 0 if moved.key == "tolerance" else None
    before, after = (none if value is ABSENT else value for value in (moved.old, moved.new))
    if before == after:
        return editorial(f"asks the same: {moved.shown}")
    if isinstance(before, int | float) and isinstance(after, int | float):
        return classify_strictness(after < before, moved, moved.key)
    return rule(moved)
