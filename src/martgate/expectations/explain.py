"""A plan for people: each statement, the rules that it answers, and what it has to read of the table for them."""

from collections.abc import Iterable, Mapping, Sequence

from martgate.expectations import wording as words
from martgate.expectations.plan import Plan
from martgate.expectations.rules import Rule

__all__ = ["explain"]


def explain(planned: Plan, columns: Sequence[str], sizes: Mapping[str, int] | None = None) -> str:
    """The plan as SQL with comments.

    `columns` are all of the table's; `sizes` are their bytes in its files, by casefolded name, where there are files.
    """
    statements = [(query.sql, query.rules) for query in planned.queries]
    statements += [(count.sql, each.rules) for each in planned.counted for count in each.counts]
    parts = [
        _named("from the schema, without a statement", planned.by_schema),
        _named("from the statistics of the files, without a statement", planned.proved),
    ]
    for number, (sql, answered) in enumerate(statements, start=1):
        read = _read(_columns_of(answered), sizes) if not _may_read_all(answered) else "may read any column"
        head = _named(f"statement {number} of {len(statements)}, {read}", answered, otherwise="the number of rows")
        parts.append(f"{head}\n{sql};")
    everybody = [rule for _, answered in statements for rule in answered]
    foreign = [rule for rule in everybody if rule.check.is_foreign]
    parts.append(_named("then by Great Expectations itself, where there is anything to look at", foreign))
    if not _may_read_all(everybody):
        asked = {name.casefold() for name in _columns_of(everybody)}
        unread = [name for name in columns if name.casefold() not in asked]
        parts.append(f"-- no statement {_read(unread, sizes)}" if unread else "-- every column is read")
    return "\n\n".join(filter(None, parts)) + "\n"


def _named(head: str, answered: Iterable[Rule], *, otherwise: str = "") -> str:
    names = [rule.name for rule in answered] or [otherwise] * bool(otherwise)
    return "\n".join([f"-- {head}:", *(f"--   {name}" for name in names)]) if names else ""


def _columns_of(answered: Iterable[Rule]) -> list[str]:
    return list(dict.fromkeys(name for rule in answered for name in rule.check.columns_read))


def _read(names: Sequence[str], sizes: Mapping[str, int] | None) -> str:
    if not names:
        return "reads no column"
    size = f", {sum(sizes.get(name.casefold(), 0) for name in names):,} bytes" if sizes is not None else ""
    return f"reads {words.plural(len(names), 'column')}{size} ({', '.join(names)})"


def _may_read_all(answered: Iterable[Rule]) -> bool:
    """Whether a whole query of the contract's is among them, which is not taken apart."""
    return any("{object}" in query for rule in answered for query in rule.check.queries)
