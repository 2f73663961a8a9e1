"""How it is told what replacing a published day changes: counts of rows and names of columns, never a value."""

from martgate.expectations.restatement import Difference, Restatement
from martgate.text.wording import escape_text, format_count

__all__ = ["describe_changed_columns", "restated"]


def restated(restatement: Restatement, verb: str = "replaces") -> str:
    """What follows the day as a subject.

    >>> found = Difference(rows=1000, added=0, removed=2, changed=1, key=("id",), columns={"status": 1})
    >>> restated(Restatement(version=3, state="", apart=("run_timestamp",), difference=found))
    'replaces 1,000 rows of version 3: 2 rows removed, 1 row changed (run_timestamp aside)'
    """
    found = restatement.difference
    if found is None:
        return f"{verb} what version {restatement.version} has, which could not be compared: {escape_text(restatement.trouble)}"
    aside = f" ({escape_text(', '.join(restatement.apart))} aside)" if restatement.apart else ""
    return f"{verb} {format_count(found.rows, 'rows')} of version {restatement.version}: {_changes(found)}{aside}"


def _changes(found: Difference) -> str:
    kinds = (("added", found.added), ("removed", found.removed), ("changed", found.changed))
    told = ", ".join(f"{format_count(number, 'rows')} {kind}" for kind, number in kinds if number)
    whole = "" if found.key else "; without a key, a row that changed is one removed and one added"
    return f"{told}{whole}" if told else "no row differs"


def describe_changed_columns(restatement: Restatement) -> tuple[tuple[str, str], ...]:
    """Each column that differs, with the number of rows in which it does; the most telling first."""
    columns = restatement.difference.columns if restatement.difference else {}
    ordered = sorted(columns.items(), key=lambda item: -item[1])
    return tuple((name, format_count(number, "rows")) for name, number in ordered)
