"""How it is told what replacing a published day changes: counts of rows and names of columns, never a value."""

from martgate.expectations.restatement import Difference, Restatement
from martgate.text.wording import counted, plain

__all__ = ["restated", "restated_columns"]


def restated(restatement: Restatement, verb: str = "replaces") -> str:
    """What follows the day as a subject.

    >>> found = Difference(rows=1000, added=0, removed=2, changed=1, key=("id",), columns={"status": 1})
    >>> restated(Restatement(version=3, state="", apart=("run_timestamp",), difference=found))
    'replaces 1,000 rows of version 3: 2 rows removed, 1 row changed (run_timestamp aside)'
    """
    found = restatement.difference
    if found is None:
        return (
            f"{verb} what version {restatement.version} has, which could not be compared: {plain(restatement.trouble)}"
        )
    aside = f" ({plain(', '.join(restatement.apart))} aside)" if restatement.apart else ""
    return f"{verb} {counted(found.rows, 'rows')} of version {restatement.version}: {_changes(found)}{aside}"


def _changes(found: Difference) -> str:
    kinds = (("added", found.added), ("removed", found.removed), ("changed", found.changed))
    told = ", ".join(f"{counted(number, 'rows')} {kind}" for kind, number in kinds if number)
    whole = "" if found.key else "; without a key, a row that changed is one removed and one added"
    return f"{told}{whole}" if told else "no row differs"


def restated_columns(restatement: Restatement) -> tuple[tuple[str, str], ...]:
    """Each column that differs, with the number of rows in which it does; the most telling first."""
    columns = restatement.difference.columns if restatement.difference else {}
    ordered = sorted(columns.items(), key=lambda item: -item[1])
    return tuple((name, counted(number, "rows")) for name, number in ordered)
