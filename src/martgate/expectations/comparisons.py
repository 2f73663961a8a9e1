"""What SQL conditions of a contract say about single columns, as far as their text says so by itself."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from martgate.contracts.quality import Scalar
from martgate.expectations.domain import Domain, Interval, Requirement, Requirements, list_values
from martgate.expectations.fragments import parse_sql
from martgate.text.quoting import is_fraction

if TYPE_CHECKING:  # sqlglot takes a third of a second to import; see `martgate.expectations.fragments`
    from sqlglot.expressions import Expr

__all__ = ["constant_value", "read_condition"]


def read_condition(condition: str, types: Mapping[str, str]) -> Requirements:
    """Read what a condition requires of each column to be true.

    Args:
        condition: the condition, in Spark SQL.
        types: the types of the columns in Spark's spelling, by casefolded name.

    Returns:
        The requirements; exact where they say all that the condition says.
    """
    from sqlglot import exp  # noqa: PLC0415 (see above)

    trees = parse_sql(condition)
    if len(trees) != 1 or trees[0] is None:
        return Requirements()
    tree = trees[0].unnest()
    parts = list(tree.flatten()) if isinstance(tree, exp.And) else [tree]
    requirements = [_read_comparison(part, types) for part in parts]
    return Requirements(tuple(each for each in requirements if each), all(requirements))


def constant_value(condition: str) -> bool | None:
    """Compute a condition that reads no column, as in `1 = 1`; None for every other one."""
    from sqlglot import exp  # noqa: PLC0415 (see above)
    from sqlglot.optimizer.simplify import simplify  # noqa: PLC0415

    trees = parse_sql(condition)
    if len(trees) != 1 or trees[0] is None:
        return None
    if any(not isinstance(node, _constant_nodes()) for node in trees[0].walk()):
        return None
    result = simplify(trees[0].copy())
    return bool(result.this) if isinstance(result, exp.Boolean) else None


def _constant_nodes() -> "tuple[type[Expr], ...]":
    from sqlglot import exp  # noqa: PLC0415 (see above)

    connectors = (exp.And, exp.Or, exp.Not, exp.Paren)
    return (exp.Literal, exp.Boolean, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, *connectors)


def _read_comparison(  # noqa: PLR0911 - one return a kind of comparison
    tree: "Expr", types: Mapping[str, str]
) -> Requirement | None:
    """Read a comparison of one column with values; None for everything else."""
    from sqlglot import exp  # noqa: PLC0415 (see above)

    tree = tree.unnest()
    is_negated = isinstance(tree, exp.Not)
    if is_negated:
        tree = tree.this.unnest()
    if isinstance(tree, exp.Is) and isinstance(tree.expression, exp.Null):
        domain: Domain | None = Domain(has_null=False) if is_negated else Domain(members=frozenset())
        return _require(tree.this, domain, types)
    if isinstance(tree, exp.In) and "query" not in {key for key, value in tree.args.items() if value}:
        values = _read_literals(tree.expressions, _kind(tree.this, types))
        if values is None:
            return None
        listed = Domain(excluded=values, has_null=False) if is_negated else Domain(members=values, has_null=False)
        return _require(tree.this, listed, types)
    if is_negated:
        return None
    if isinstance(tree, exp.Between):
        ends = [_read_literals([tree.args[end]], _kind(tree.this, types)) for end in ("low", "high")]
        if None in ends:
            return None
        low, high = (next(iter(end)) for end in ends if end is not None)
        return _require(tree.this, Domain(interval=Interval(low, high), has_null=False), types)
    return _read_binary(tree, types)


def _read_binary(tree: "Expr", types: Mapping[str, str]) -> Requirement | None:
    from sqlglot import exp  # noqa: PLC0415 (see above)

    mirrored = {exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE, exp.EQ: exp.EQ, exp.NEQ: exp.NEQ}
    sign = type(tree)
    if sign not in mirrored:
        return None
    side, other = tree.this.unnest(), tree.expression.unnest()
    if not isinstance(side, exp.Column | exp.Length):
        sign, side, other = mirrored[sign], other, side
    is_length = isinstance(side, exp.Length)
    values = _read_literals([other], "bigint" if is_length else _kind(side, types))
    if not values:
        return None
    (value,) = values
    intervals = {
        exp.GT: Interval(value, None, excludes_low=True),
        exp.GTE: Interval(value, None),
        exp.LT: Interval(None, value, excludes_high=True),
        exp.LTE: Interval(None, value),
        exp.EQ: Interval(value, value),
    }
    if is_length:
        is_known = sign in intervals and _kind(side.this, types) == "string"
        return _require(side.this, Domain(lengths=intervals[sign], has_null=False), types) if is_known else None
    if sign is exp.NEQ:
        domain = Domain(excluded=values, has_null=False)
    else:
        domain = Domain(interval=intervals[sign], members=values if sign is exp.EQ else None, has_null=False)
    return _require(side, domain, types)


def _require(tree: "Expr", domain: Domain | None, types: Mapping[str, str]) -> Requirement | None:
    if domain is None or not _kind(tree, types):
        return None
    return Requirement(tree.unnest().name.casefold(), domain)


def _kind(tree: "Expr", types: Mapping[str, str]) -> str:
    """The type of a column; empty for every other expression, for a field of a column, and for binary fractions.

    What is no number (NaN) passes some comparisons of SQL and no bound of a contract.
    """
    from sqlglot import exp  # noqa: PLC0415 (see above)

    tree = tree.unnest()
    kind = types.get(tree.name.casefold(), "") if isinstance(tree, exp.Column) and len(tree.parts) == 1 else ""
    return "" if is_fraction(kind) else kind


def _read_literals(trees: "list[Expr]", kind: str) -> frozenset[Any] | None:
    """Read literals of the type of a column, which no engine has to convert; None where one is of another type."""
    if not kind:
        return None
    values = list(_iterate_literals(trees, kind))
    return None if None in values else list_values([value for value in values if value is not None], kind)


def _iterate_literals(trees: "list[Expr]", kind: str) -> Iterator[Scalar | None]:
    from sqlglot import exp  # noqa: PLC0415 (see above)

    for each in trees:
        tree = each.unnest()
        sign = "-" if isinstance(tree, exp.Neg) else ""
        tree = tree.this if sign else tree
        if isinstance(tree, exp.Cast) and kind in ("date", "timestamp"):
            is_same = tree.to.sql(dialect="databricks").casefold() == kind
            yield tree.this.name if is_same and isinstance(tree.this, exp.Literal) and tree.this.is_string else None
        elif isinstance(tree, exp.Boolean) and kind == "boolean":
            yield bool(tree.this)
        elif (
            isinstance(tree, exp.Literal)
            and (tree.is_string == (kind == "string"))
            and kind not in ("date", "timestamp")
        ):
            yield f"{sign}{tree.name}"
        else:
            yield None
