"""What it means, in Spark SQL, for a row or a group of rows to break a check.

A row test is a pair: the aggregate that counts what was looked at, and a condition that is true on exactly the rows that
break the check (false or null on all others). A group test is one condition over a group's aggregates.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.quoting import fraction, identifier, is_text, literal, step, text
from contracts.regex import to_sql
from expectations import rules
from expectations.rules import Check

__all__ = ["RowTest", "group_test", "row_test"]


@dataclass(frozen=True, slots=True)
class RowTest:
    total: str
    broken: str


def row_test(check: Check, types: Mapping[str, str]) -> RowTest | None:  # noqa: PLR0911 (one answer a kind)
    """The test of a check that looks at each row by itself; None for every other kind.

    `types` are the columns' types in Spark's spelling, by casefolded name: a bound or a value is compared as what the
    column really is.
    """
    match check:
        case rules.Holds() | rules.Implies() | rules.Iff():
            return _condition(check)
        case rules.AllOrNone(columns):
            nulls = " + ".join(f"CASE WHEN {identifier(name)} IS NULL THEN 1 ELSE 0 END" for name in columns)
            return RowTest("COUNT(*)", f"({nulls}) NOT IN (0, {len(columns)})")
        case rules.InPartition(columns, day_column):
            return RowTest("COUNT(*)", _outside_partition(columns, day_column, types))
        case rules.NotNull(column):
            return RowTest("COUNT(*)", f"{identifier(column)} IS NULL")
        case rules.QualityMetric():
            return _metric(check, types)
        case rules.InSet() | rules.Pattern() | rules.Length() | rules.Range() | rules.MultipleOf():
            name = identifier(check.column)
            return RowTest(f"COUNT({name})", _value(check, name, types.get(check.column.casefold(), "")))
        case _:
            return None


def _condition(check: rules.Holds | rules.Implies | rules.Iff) -> RowTest:
    """Boolean expressions: what comes out null is broken, unless null passes; then it was not looked at."""
    within, holds = "", ""
    match check:
        case rules.Holds(expression):
            holds = f"({expression})"
        case rules.Iff(left, right):
            holds = f"(({left}) = ({right}))"
        case rules.Implies(when, then):
            within, holds = f"({when})", f"({then})"
    both = f"{within} AND " if within else ""
    if check.null_passes:
        return RowTest(f"COUNT_IF({both}{holds} IS NOT NULL)", f"{both}NOT {holds}")
    return RowTest(f"COUNT_IF({within})" if within else "COUNT(*)", f"{both}NOT COALESCE({holds}, FALSE)")


def _outside_partition(columns: tuple[str, ...], day_column: str | None, types: Mapping[str, str]) -> str:
    ways = [f"{identifier(name)} IS NULL" for name in columns]
    ways += [f"{identifier(name)} = ''" for name in columns if is_text(types.get(name.casefold(), ""))]
    if day_column:
        kind = types.get(day_column.casefold(), "string")
        day = ":part_date" if is_text(kind) else f"CAST(:part_date AS {kind.upper()})"
        ways.append(f"{identifier(day_column)} <> {day}")
    return " OR ".join(ways)


def _value(
    check: rules.InSet | rules.Pattern | rules.Length | rules.Range | rules.MultipleOf, name: str, kind: str
) -> str:
    """One non-null value of a column; null compares to null, which breaks nothing."""
    match check:
        case rules.InSet(_, values):
            return f"{name} NOT IN ({', '.join(literal(value, kind) for value in values)})"
        case rules.Pattern(_, written):
            return f"NOT {name} RLIKE {text(to_sql(written))}"
        case rules.Length(_, bound, value):
            return f"LENGTH({name}) {'<' if bound == 'minimum' else '>'} {value}"
        case rules.Range(_, bound, value):
            wrong = {"minimum": "<", "maximum": ">", "exclusive_minimum": "<=", "exclusive_maximum": ">="}
            return f"{name} {wrong[bound]} {literal(value, kind)}"
        case rules.MultipleOf(_, value):
            if not fraction(kind):
                return f"{name} % {step(value, kind)} <> 0"
            times = f"CAST({name} AS DOUBLE) / {literal(value, 'double')}"
            slack = f"1e-9 + 6e-8 * ABS({times})" if kind == "float" else "1e-9"  # half of a float's last digit
            return f"NOT ABS({times} - ROUND({times})) < {slack}"  # 0.3 is a multiple of 0.1


def _metric(check: rules.QualityMetric, types: Mapping[str, str]) -> RowTest | None:
    if check.metric not in ("nullValues", "missingValues", "invalidValues"):
        return None
    column = check.columns[0]
    name, kind = identifier(column), types.get(column.casefold(), "")
    if check.metric == "nullValues":
        return RowTest("COUNT(*)", f"{name} IS NULL")
    if check.metric == "missingValues":
        values = [literal(value, kind) for value in check.missing_values if value is not None]
        ways = [f"{name} IS NULL"] if None in check.missing_values else []
        ways += [f"{name} IN ({', '.join(values)})"] if values else []
        return RowTest("COUNT(*)", " OR ".join(ways))
    ways = [_value(rules.InSet(column, check.valid_values), name, kind)] if check.valid_values else []
    ways += [_value(rules.Pattern(column, check.pattern), name, kind)] if check.pattern else []
    return RowTest(f"COUNT({name})", " OR ".join(ways))


def group_test(check: Check) -> str | None:
    """The condition under which a group of rows breaks a check; None for checks that do not look at groups so."""
    match check:
        case rules.ConstantWithin(columns):
            return f"NOT ({' AND '.join(_constant(identifier(name)) for name in columns)})"
        case rules.CountMatches(column):
            name = identifier(column)
            return f"NOT (COUNT({name}) = COUNT(*) AND MIN({name}) = COUNT(*) AND MAX({name}) = COUNT(*))"
        case rules.ExtremeOf(column, of, _, extreme):
            name, function = identifier(column), extreme.upper()
            return f"NOT ({_constant(name)} AND MIN({name}) <=> {function}({of}))"
        case rules.ExactlyOne(_, distinct, where):
            picked = f"CASE WHEN {where} THEN {distinct} END"
            one = f"MIN({picked}) = MAX({picked})"
            return f"NOT COALESCE(COUNT({picked}) > 0 AND COUNT({picked}) = COUNT_IF({where}) AND {one}, FALSE)"
        case _:
            return None


def _constant(name: str) -> str:
    """One value in all rows of a group, where null is a value like any other."""
    return f"MIN({name}) <=> MAX({name}) AND COUNT({name}) IN (0, COUNT(*))"
