"""Two days of one table side by side: what it means for a key of the earlier day to break a check.

`earlier` is a row of the earlier day, `here` the row of the same key on the day under audit. Columns of our own start with
two underscores.
"""

from collections.abc import Iterable, Mapping

from contracts.quoting import identifier, identifiers, relation
from expectations import rules
from expectations.predicates import RowTest
from expectations.rules import columns_of
from expectations.wholes import all_set

__all__ = ["AcrossDays", "allowances", "both_days", "day_test"]

AcrossDays = rules.UnchangedSince | rules.NeverDisappears | rules.NeverFalls | rules.NeverRises
"""The kinds that compare rows with those of an earlier day."""

_STILL = "here.__here = 1"


def both_days(checks: Iterable[AcrossDays], key: tuple[str, ...], audited: str, earlier: str) -> str:
    """FROM the rows of the earlier day, each joined with its row of today, if any, for checks that share a key."""
    every = list(checks)
    columns = tuple(dict.fromkeys([*key, *(name for check in every for name in columns_of(check))]))
    listed, present = identifiers(columns), all_set(key)
    sides = [
        f"FROM (\n  SELECT {listed} FROM {relation(earlier)} WHERE {present}\n) AS earlier",
        f"LEFT JOIN (\n  SELECT {listed}, 1 AS __here FROM {relation(audited)} WHERE {present}\n) AS here"
        f" ON {_pairs('here', key)}",
        *(_allowed(query, name, key) for query, name in allowances(every).items()),
    ]
    return "\n".join(sides)


def allowances(checks: Iterable[AcrossDays]) -> dict[str, str]:
    """What each query that allows a move is called in `both_days`."""
    moving = [check for check in checks if isinstance(check, rules.NeverFalls | rules.NeverRises)]
    queries = dict.fromkeys(check.allowance for check in moving if check.allowance)
    return {query: f"allowed{place}" for place, query in enumerate(queries)}


def _allowed(query: str, name: str, key: tuple[str, ...]) -> str:
    """One row a key, however many the query returns."""
    keys = identifiers(key)
    summed = f"SELECT {keys}, SUM(`measure`) AS __allowed FROM (\n{query}\n  ) AS named GROUP BY {keys}"
    return f"LEFT JOIN (\n  {summed}\n) AS {name} ON {_pairs(name, key)}"


def _pairs(side: str, key: tuple[str, ...]) -> str:
    return " AND ".join(f"{side}.{identifier(name)} = earlier.{identifier(name)}" for name in key)


def day_test(check: AcrossDays, allowed: Mapping[str, str]) -> RowTest:
    """The test of a check over `both_days`; `allowed` is what its queries are called there."""
    match check:
        case rules.NeverDisappears():
            return RowTest("COUNT(*)", "here.__here IS NULL")
        case rules.UnchangedSince(columns):
            same = " AND ".join(f"here.{identifier(name)} <=> earlier.{identifier(name)}" for name in columns)
            return RowTest("COUNT(here.__here)", f"{_STILL} AND NOT ({same})")
        case rules.NeverFalls() | rules.NeverRises():
            return _moves(check, allowed.get(check.allowance, ""))


def _moves(check: rules.NeverFalls | rules.NeverRises, allowed: str) -> RowTest:
    now, then = f"here.{identifier(check.column)}", f"earlier.{identifier(check.column)}"
    sign, towards = ("<", "+") if isinstance(check, rules.NeverFalls) else (">", "-")
    compared = f"{_STILL} AND {then} IS NOT NULL"
    slack = f" {towards} COALESCE({allowed}.__allowed, 0)" if allowed else ""
    return RowTest(f"COUNT_IF({compared})", f"{compared} AND ({now} IS NULL OR {now}{slack} {sign} {then})")
