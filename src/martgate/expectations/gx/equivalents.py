"""Checks that Great Expectations has an expectation of its own for."""

from collections.abc import Mapping

from martgate.expectations.kinds.base import Check
from martgate.expectations.protection import Protection

__all__ = ["find_core_expectation"]

Core = tuple[str, dict[str, object]]
"""The type of an expectation and its arguments, as a suite's JSON spells them."""


def find_core_expectation(check: Check, protection: Protection, types: Mapping[str, str]) -> Core | None:
    """The core expectation that means the same as a check; None where there is none, or it would show what `protection` hides.

    What Great Expectations itself judges stays what it is, for nothing else says it; a suite leaves it out where it would
    show those. `types` are the columns' types in Spark's spelling, by casefolded name.
    """
    found = check.expectation_config(types)
    if found is None:
        return None
    if found.quotes_values and not check.is_foreign and protection.hides_any(check.columns_read):
        return None
    return found.type, found.arguments
