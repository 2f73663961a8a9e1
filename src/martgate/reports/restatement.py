"""Describes a restatement in words: counts of rows and names of columns, never a value."""

from martgate.expectations.restatement import Difference, Restatement
from martgate.text.wording import escape_text, format_count

__all__ = ["describe_changed_columns", "describe_restatement"]


def describe_restatement(restatement: Restatement, verb: str = "replaces") -> str:
    """Return a clause that follows the day as its subject.

    >>> difference = Difference(rows=1000, added=0, removed=2, changed=1, key=("id",), columns={"status": 1})
    >>> describe_restatement(Restatement(version=3, state="", apart=("run_timestamp",), difference=difference))
    'replaces 1,000 rows of version 3: 2 rows removed, 1 row changed (run_timestamp aside)'
    """
    difference = restatement.difference
    if difference is None:
        return f"{verb} what version {restatement.version} has, which could not be compared: {escape_text(restatement.trouble)}"
    aside = f" ({escape_text(', '.join(restatement.apart))} aside)" if restatement.apart else ""
    return f"{verb} {format_count(difference.rows, 'rows')} of version {restatement.version}: {_describe_changes(difference)}{aside}"


def _describe_changes(difference: Difference) -> str:
    kinds = (("added", difference.added), ("removed", difference.removed), ("changed", difference.changed))
    changes = ", ".join(f"{format_count(number, 'rows')} {kind}" for kind, number in kinds if number)
    note = "" if difference.key else "; without a key, a row that changed is one removed and one added"
    return f"{changes}{note}" if changes else "no row differs"


def describe_changed_columns(restatement: Restatement) -> tuple[tuple[str, str], ...]:
    """Return each column that differs with the number of rows in which it does, the most frequent first."""
    columns = restatement.difference.columns if restatement.difference else {}
    ordered = sorted(columns.items(), key=lambda item: -item[1])
    return tuple((name, format_count(number, "rows")) for name, number in ordered)
