"""What the schema of a table alone can answer."""

from bisect import bisect_left
from collections.abc import Sequence

from contracts.types import canonical
from expectations import words
from expectations.rules import HasColumns, HasType, Rule
from expectations.verdict import Outcome, Verdict

__all__ = ["compare_columns", "compare_type"]


def compare_columns(rule: Rule, found: Sequence[tuple[str, str]], partitions: Sequence[str]) -> Verdict:
    """Columns lost, added and moved. Partition columns may also come last: files keep them in their paths."""
    assert isinstance(rule.check, HasColumns)
    expected, names = list(rule.check.columns), [name for name, _ in found]
    lost = [name for name in expected if name not in names]
    added = [name for name in names if name not in expected]
    common = [name for name in expected if name in names]
    moved = [] if _in_paths(names, expected, partitions) else _moved(common, [n for n in names if n in expected])
    differences = {"lost": lost, "added": added, "moved": moved}
    failed = sum(map(len, differences.values()))
    return Verdict(
        rule=rule,
        outcome=Outcome.FAILED if failed else Outcome.PASSED,
        failed=failed,
        total=len(expected),
        unit="columns",
        observed="; ".join(f"{word}: {words.listed(who)}" for word, who in differences.items() if who),
    )


def _in_paths(names: Sequence[str], expected: Sequence[str], partitions: Sequence[str]) -> bool:
    """Whether the names are as expected but for the partition columns, which stand together at the end."""
    apart = [name for name in expected if name not in partitions]
    end = len(names) - len(partitions)
    return list(names[:end]) == apart and sorted(names[end:]) == sorted(partitions)


def _moved(expected: Sequence[str], names: Sequence[str]) -> list[str]:
    """The fewest names that, taken out, leave the others in the expected order."""
    place = {name: position for position, name in enumerate(expected)}
    order = [place[name] for name in names]
    tails: list[int] = []
    lengths = []
    for position in order:
        length = bisect_left(tails, position)
        tails[length : length + 1] = [position]
        lengths.append(length)
    kept, wanted = set(), len(tails) - 1
    for index in range(len(order) - 1, -1, -1):
        if lengths[index] == wanted:
            kept.add(names[index])
            wanted -= 1
    return [name for name in expected if name not in kept]


def compare_type(rule: Rule, found: Sequence[tuple[str, str]]) -> Verdict:
    """The type of a column that is there, to the width."""
    assert isinstance(rule.check, HasType)
    kinds = {name.casefold(): kind for name, kind in found}
    kind = kinds[rule.check.column.casefold()]
    same = _canonical(kind) == _canonical(rule.check.type)
    return Verdict(
        rule=rule,
        outcome=Outcome.PASSED if same else Outcome.FAILED,
        failed=int(not same),
        total=1,
        unit="columns",
        observed=kind if same else f"{kind}, not {rule.check.type}",
    )


def _canonical(kind: str) -> str:
    try:
        return canonical(kind)
    except ValueError:
        return kind.casefold()  # a type that only this engine has; it equals nothing but itself
