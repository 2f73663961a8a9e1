"""Classification of changes to rules: the numbers that they allow, and whether they block."""

import re
from decimal import localcontext
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
from martgate.contracts.quality import QualityType, Severity, Threshold
from martgate.text.numbers import to_decimal

__all__ = ["rule", "severity", "threshold", "tolerance", "vacuous"]


def rule(clause: ClauseChange) -> Impact:
    """Classify a rule as a whole, or a key of it without a classifier of its own."""
    if clause.shape.endswith("quality[]"):
        if (clause.new if clause.is_added else clause.old).get("type") == QualityType.TEXT:
            return semantic(f"a rule for people is {'new' if clause.is_added else 'gone'}")
        return classify_entry("a rule")(clause)
    if clause.qualities and all(quality.type is QualityType.TEXT for quality in clause.qualities):
        return semantic(f"a rule for people changed: {clause.values}")
    inside = clause.shape.rpartition("quality[].")[2]
    if inside == "description":
        return semantic(f"changed: {clause.values}")
    if re.match(r"(dimension|businessImpact|name|tags|authoritativeDefinitions)\b", inside):
        return editorial(f"is worded differently: {clause.values}")
    return breaking(f"another rule under the same name: {clause.values}")


def severity(clause: ClauseChange) -> Impact:
    """Classify a change to the severity, which decides whether a rule blocks."""
    before, after = clause.qualities or (None, None)
    if before is None or after is None or before.type is QualityType.TEXT:
        return rule(clause)
    if before.severity == after.severity:
        return editorial(f"blocks as before: {clause.values}")
    return classify_strictness(after.severity is Severity.ERROR, clause, "the severity")


def threshold(clause: ClauseChange) -> Impact:
    """Classify a change to the numbers that a rule allows."""
    before, after = clause.qualities or (None, None)
    if before is None or after is None or before.type is QualityType.TEXT or after.type is QualityType.TEXT:
        return rule(clause)
    if before.threshold is None or after.threshold is None:
        return classify_strictness(None, clause, "the threshold of the rule")
    if before.unit != after.unit or before.metric != after.metric or before.query != after.query:
        return rule(clause)
    narrower = _is_within(after.threshold, before.threshold)
    if narrower and _is_within(before.threshold, after.threshold):
        return editorial(f"allows the same: {clause.values}")
    return classify_strictness(narrower, clause, "the threshold of the rule")


def _is_within(inner: Threshold, outer: Threshold) -> bool:
    """Return whether the outer threshold allows every number that the inner one allows.

    It is enough to try every end of both, and a number between and beyond them.
    """
    with localcontext(prec=1_000):  # more digits than any two ends
        ends = sorted({to_decimal(end) for end in (*inner.values, *outer.values)})
        between = [(low + high) / 2 for low, high in pairwise(ends)]
        numbers = [ends[0] - 1, *ends, *between, ends[-1] + 1]
    return all(outer.admits(number) for number in numbers if inner.admits(number))


def vacuous(clause: ClauseChange) -> Impact:
    """Classify a change to `allow_vacuous`, which is weaker when on."""
    before, after = clause.old is True, clause.new is True
    if before == after:
        return editorial(f"requires the same: {clause.values}")
    return classify_strictness(before, clause, "the treatment of vacuous outcomes")


def tolerance(clause: ClauseChange) -> Impact:
    """Classify a change to a tolerance; without one, it is 0."""
    none = 0 if clause.key == "tolerance" else None
    before, after = (none if value is ABSENT else value for value in (clause.old, clause.new))
    if before == after:
        return editorial(f"requires the same: {clause.values}")
    if isinstance(before, int | float) and isinstance(after, int | float):
        return classify_strictness(after < before, clause, clause.key)
    return rule(clause)
