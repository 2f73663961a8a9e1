"""The rows that break a check, as one Spark SQL query over `{batch}`: what `UnexpectedRowsExpectation` asks for.

Conditions are those of the gate itself (`predicates`, `wholes`); only what is selected differs. A query shows the table's
key and the columns that the check reads, never a hidden one; where nothing may be shown, it returns a mere 1 a row.
"""

import re
from collections.abc import Iterable, Mapping

from contracts.model import Table, Threshold
from contracts.quoting import escape_variables, identifier, identifiers, literal, relation, text
from contracts.types import canonical
from expectations import rules, wholes
from expectations.days import AcrossDays, allowances, both_days, day_test
from expectations.fragments import tables_read
from expectations.measured import Learned
from expectations.predicates import group_test, row_test
from expectations.protection import Protection
from expectations.rules import Check, columns_of

__all__ = ["bound", "other_tables", "parameters_left", "types_of", "unexpected_rows"]

_BATCH = "__the_batch__"
_EARLIER = "__the_earlier_day__"
_NOTHING = "1 AS `offending`"
_OURS = re.compile(
    r"""'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `[^`]*` | --[^\n]* | /\*.*?\*/ | (?<!:):(?P<name>[A-Za-z_]\w*)""",
    re.DOTALL | re.VERBOSE,
)


def types_of(table: Table) -> dict[str, str]:
    """Each column's type in Spark's spelling, by casefolded name; empty where the contract's word is no type."""
    return {column.name.casefold(): _kind(column.physical_type) for column in table.columns}


def _kind(physical_type: str) -> str:
    try:
        return canonical(physical_type)
    except ValueError:
        return ""


def unexpected_rows(check: Check, protection: Protection) -> str:
    """The query, with `{batch}` for the table and every other brace doubled; `:parameters` stay as they are."""
    sql = _query(check, protection)
    if relation(_EARLIER) in sql:
        sql = sql.replace(relation(_EARLIER), _newest_before(protection.table))
    doubled = escape_variables(sql).replace("{", "{{").replace("}", "}}")  # the session is not ours
    return doubled.replace(relation(_BATCH), "{batch}")


def _newest_before(table: Table) -> str:
    """The rows of the newest day before the one under audit, as the table itself has them."""
    assert table.publish_partition is not None  # without days, no rule that looks back is derived
    name, day = relation(table.qualified_name), identifier(table.publish_partition)
    newest = f"SELECT MAX({day}) FROM {name} WHERE {day} < :part_date"
    return f"(SELECT * FROM {name} WHERE {day} = ({newest})) AS days"


def bound(sql: str, parameters: Mapping[str, str]) -> str:
    """The SQL with the `:parameters` that are known as literals; the time of the audit becomes the time of the query."""

    def spelled(found: re.Match[str]) -> str:
        name = found["name"]
        if name in parameters:
            return text(parameters[name])
        return "CURRENT_TIMESTAMP()" if name == "audited_at" else found[0]

    return _OURS.sub(spelled, sql)


def parameters_left(sql: str) -> frozenset[str]:
    """The `:parameters` that a query still waits for."""
    return frozenset(found["name"] for found in _OURS.finditer(sql) if found["name"])


def other_tables(check: Check) -> tuple[str, ...]:
    """The tables beside the one under audit that a check looks at."""
    match check:
        case rules.References() | rules.SameSet():
            return (check.to,)
        case rules.Reconciles(_, against):
            return tables_read(against)
        case rules.SqlNumber(query):
            return tables_read(query)
        case rules.NeverFalls() | rules.NeverRises():
            return tables_read(check.allowance) if check.allowance else ()
        case _:
            return ()


class _Shown:
    """Which columns a reader may see."""

    def __init__(self, protection: Protection) -> None:
        self.protection = protection
        self.key = protection.table.primary_key
        self._spelled = {name.casefold(): name for name in protection.table.column_names}

    def columns(self, names: Iterable[str], prefix: str = "") -> list[str]:
        shown = dict.fromkeys(self._spelled[name.casefold()] for name in names if not self.protection.hides(name))
        return [f"{prefix}{identifier(name)}" for name in shown]

    def row(self, check: Check, prefix: str = "") -> str:
        """The list of a SELECT that returns rows of the table."""
        return ", ".join(self.columns((*self.key, *columns_of(check)), prefix)) or _NOTHING


def _query(check: Check, protection: Protection) -> str:
    types, shown = types_of(protection.table), _Shown(protection)
    if isinstance(check, rules.QualityMetric):
        return _metric(check, types)
    row = row_test(check, types)
    if row:
        return f"SELECT {shown.row(check)}\nFROM {relation(_BATCH)}\nWHERE {row.broken}"
    group = group_test(check)
    return _groups(check, group, shown) if group else _whole(check, shown)


def _whole(check: Check, shown: _Shown) -> str:  # noqa: C901, PLR0911 (one answer a kind)
    """Checks that share their shape with no other."""
    match check:
        case rules.DenseSequence():
            return _dense(check, shown)
        case rules.Unique():
            return _unique(check, shown)
        case rules.HasType():
            return _type(check)
        case rules.Fresh():
            return _fresh(check, shown)
        case rules.SqlNumber():
            return _number(check, shown)
        case rules.References():
            return _references(check, shown)
        case rules.SameSet():
            return _same_set(check, shown)
        case rules.Reconciles():
            return _reconciles(check, shown)
        case rules.UnchangedSince() | rules.NeverDisappears() | rules.NeverFalls() | rules.NeverRises():
            return _across_days(check, shown)
        case rules.VolumeBand() | rules.ShareShift():
            return _sizes(check, shown)
        case _:
            raise ValueError(f"no query over rows finds what breaks a check of kind {check.kind}")


def _groups(check: Check, broken: str, shown: _Shown) -> str:
    assert isinstance(check, rules.ConstantWithin | rules.CountMatches | rules.ExtremeOf | rules.ExactlyOne)
    listed = ", ".join([*shown.columns(check.by), "COUNT(*) AS `rows`"])
    return f"SELECT {listed}\nFROM {relation(_BATCH)}\nGROUP BY {identifiers(check.by)}\nHAVING {broken}"


def _dense(check: rules.DenseSequence, shown: _Shown) -> str:
    windows, broken = wholes.place_in_group(check, "__place", "__length")
    return f"SELECT {shown.row(check)}\nFROM {wholes.with_windows(windows, _BATCH)}\nWHERE {broken}"


def _unique(check: rules.Unique, shown: _Shown) -> str:
    over = f"COUNT(*) OVER (PARTITION BY {identifiers(check.columns)})"
    present = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in check.columns)
    counted = f"  SELECT *, {over} AS __rows\n  FROM {relation(_BATCH)}\n  WHERE {present}"
    return f"SELECT {shown.row(check)}\nFROM (\n{counted}\n) AS counted\nWHERE __rows > 1"


def _type(check: rules.HasType) -> str:
    """An aggregate, for a table without rows has types too."""
    found = f"TYPEOF(FIRST({identifier(check.column)}))"
    return f"SELECT {found} AS `found`\nFROM {relation(_BATCH)}\nHAVING {found} <> {text(check.type)}"


def _fresh(check: rules.Fresh, shown: _Shown) -> str:
    latest = f"MAX({identifier(check.column)})"
    listed = f"{latest} AS `latest`" if not shown.protection.hides(check.column) else _NOTHING
    oldest = f"CURRENT_TIMESTAMP() - INTERVAL {check.seconds} SECOND"
    return f"SELECT {listed}\nFROM {relation(_BATCH)}\nHAVING CAST({latest} AS TIMESTAMP) < {oldest}"


def _metric(check: rules.QualityMetric, types: Mapping[str, str]) -> str:
    """The measured number, where the threshold does not admit it."""
    test = row_test(check, types)
    if test:
        counts = f"SELECT COUNT_IF({test.broken}) AS m0, {test.total} AS m1 FROM {relation(_BATCH)}"
    elif check.metric == "duplicateValues":
        counts = wholes.statement(check, _BATCH, {})
    else:
        counts = f"SELECT COUNT(*) AS m0, COUNT(*) AS m1 FROM {relation(_BATCH)}"
    number = "100 * m0 / NULLIF(m1, 0)" if check.unit == "percent" else "m0"
    measured = f"  SELECT {number} AS `number` FROM (\n{counts}\n) AS counted"
    return f"SELECT `number`\nFROM (\n{measured}\n) AS measured\nWHERE NOT ({_admits('`number`', check.threshold)})"


def _number(check: rules.SqlNumber, shown: _Shown) -> str:
    listed = _NOTHING if shown.protection.hides_check(check) else "`number`"
    answer = f"  SELECT (\n{wholes.statement(check, _BATCH, {})}\n  ) AS `number`"
    admitted = f"COALESCE({_admits('`number`', check.threshold)}, FALSE)"
    return f"SELECT {listed}\nFROM (\n{answer}\n) AS answer\nWHERE NOT {admitted}"


def _admits(number: str, threshold: Threshold) -> str:
    first, last = (literal(value, "") for value in (threshold.values[0], threshold.values[-1]))
    if threshold.operator in ("mustBeBetween", "mustNotBeBetween"):
        between = f"{number} BETWEEN {first} AND {last}"
        return between if threshold.operator == "mustBeBetween" else f"NOT ({between})"
    signs = {"mustBe": "=", "mustNotBe": "<>", "mustBeGreaterThan": ">", "mustBeLessThan": "<"}
    signs |= {"mustBeGreaterOrEqualTo": ">=", "mustBeLessOrEqualTo": "<="}
    return f"{number} {signs[threshold.operator]} {first}"


# Other tables and days: for people to read, and for sessions that know those tables by their names.


def _references(check: rules.References, shown: _Shown) -> str:
    body = wholes.unmatched(check, _BATCH, check.to, grouped=False, more=shown.key)
    return f"SELECT {shown.row(check, 'here.')}\n{body}\nWHERE found.__to0 IS NULL"


def _same_set(check: rules.SameSet, shown: _Shown) -> str:
    pairs = enumerate(zip(check.columns, check.to_columns, strict=True))
    hides = shown.protection.hides
    values = [f"__{n} AS {identifier(name)}" for n, (name, to) in pairs if not (hides(name) or hides(to, check.to))]
    sides = wholes.compared_sets(check, _BATCH, check.to)
    listed = ", ".join([*values, "__here AS `here`", "__there AS `there`"])
    return f"SELECT {listed}\nFROM (\n{sides}\n) AS compared\nWHERE __here = 0 OR __there = 0"


def _reconciles(check: rules.Reconciles, shown: _Shown) -> str:
    there = shown.protection.hides_sql(check.against)
    found = [] if shown.protection.hides_sql(check.measure) else ["__here AS `found`"]
    others = [] if there else ["__there AS `expected`"]
    listed = ", ".join([*([] if there else shown.columns(check.by)), *found, *others]) or _NOTHING
    sides = wholes.reconciled(check, _BATCH)
    return f"SELECT {listed}\nFROM (\n{sides}\n) AS compared\nWHERE {wholes.differs_by(check)}"


def _across_days(check: AcrossDays, shown: _Shown) -> str:
    moved = [name for name in columns_of(check) if name not in check.key]
    hides = shown.protection.hides
    then = [f"earlier.{identifier(name)} AS {identifier(f'{name} (earlier)')}" for name in moved if not hides(name)]
    listed = ", ".join([*shown.columns(check.key, "earlier."), *then, *shown.columns(moved, "here.")]) or _NOTHING
    broken = day_test(check, allowances([check])).broken
    return f"SELECT {listed}\n{both_days([check], check.key, _BATCH, _EARLIER)}\nWHERE {broken}"


def _sizes(check: Learned, shown: _Shown) -> str:
    """The rows of each group; what to expect of them no query knows."""
    listed = ", ".join([*shown.columns(check.by), "COUNT(1) AS `rows`"])
    grouping = f"\nGROUP BY {identifiers(check.by)}" if check.by else ""
    return f"SELECT {listed}\nFROM {relation(_BATCH)}{grouping}"
