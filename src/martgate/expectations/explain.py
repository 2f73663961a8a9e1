"""The text of a plan: each statement, the rules that it evaluates, and the columns that it reads for them."""

from collections.abc import Iterable, Mapping, Sequence

from martgate.expectations import wording
from martgate.expectations.plan import Plan
from martgate.expectations.rules import Rule

__all__ = ["explain"]


def explain(plan: Plan, columns: Sequence[str], sizes: Mapping[str, int] | None = None) -> str:
    """Render a plan as SQL with comments.

    Args:
        plan: the plan.
        columns: all columns of the table.
        sizes: the bytes of each column in the table's files, by casefolded name; None where there are no files.
    """
    statements = [(statement.sql, statement.rules) for statement in plan.statements]
    statements += [(count.sql, counts.rules) for counts in plan.measurement_plans for count in counts.queries]
    parts = [
        _comment("from the schema, without a statement", plan.schema_checks),
        _comment("from the statistics of the files, without a statement", plan.proofs),
    ]
    for number, (sql, rules) in enumerate(statements, start=1):
        columns_read = (
            _describe_columns(_columns_read(rules), sizes) if _has_known_columns(rules) else "may read any column"
        )
        head = f"statement {number} of {len(statements)}, {columns_read}"
        parts.append(f"{_comment(head, rules, otherwise='the number of rows')}\n{sql};")
    all_rules = [rule for _, rules in statements for rule in rules]
    foreign = [rule for rule in all_rules if rule.check.is_foreign]
    parts.append(_comment("then by Great Expectations itself, where there is anything to look at", foreign))
    if _has_known_columns(all_rules):
        read = {name.casefold() for name in _columns_read(all_rules)}
        unread = [name for name in columns if name.casefold() not in read]
        parts.append(f"-- no statement {_describe_columns(unread, sizes)}" if unread else "-- every column is read")
    return "\n\n".join(filter(None, parts)) + "\n"


def _comment(head: str, rules: Iterable[Rule], *, otherwise: str = "") -> str:
    names = [rule.name for rule in rules] or [otherwise] * bool(otherwise)
    return "\n".join([f"-- {head}:", *(f"--   {name}" for name in names)]) if names else ""


def _columns_read(rules: Iterable[Rule]) -> list[str]:
    return list(dict.fromkeys(name for rule in rules for name in rule.check.columns_read))


def _describe_columns(names: Sequence[str], sizes: Mapping[str, int] | None) -> str:
    if not names:
        return "reads no column"
    size = f", {sum(sizes.get(name.casefold(), 0) for name in names):,} bytes" if sizes is not None else ""
    return f"reads {wording.format_count(len(names), 'column')}{size} ({', '.join(names)})"


def _has_known_columns(rules: Iterable[Rule]) -> bool:
    """Whether the columns that rules read are all known: a query over `{object}` is not analysed."""
    return not any("{object}" in query for rule in rules for query in rule.check.queries)
