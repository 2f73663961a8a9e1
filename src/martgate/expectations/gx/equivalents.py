"""The core expectation of Great Expectations that means the same as a check, where there is one."""

from collections.abc import Mapping

from martgate.expectations.kinds.base import Check
from martgate.expectations.protection import Protection

__all__ = ["find_core_expectation"]

CoreExpectation = tuple[str, dict[str, object]]
"""The type of an expectation and its arguments, as the JSON of a suite has them."""


def find_core_expectation(check: Check, protection: Protection, types: Mapping[str, str]) -> CoreExpectation | None:
    """Return the core expectation that means the same as a check.

    An expectation that Great Expectations itself judges stays as it is, since no query says the same; a suite leaves it out
    where it would show protected values.

    Args:
        check: the check to translate.
        protection: says which values may be shown.
        types: the columns' types in Spark's spelling, by casefolded name.

    Returns:
        The expectation; None where there is none, or where it would quote protected values.
    """
    config = check.expectation_config(types)
    if config is None:
        return None
    if config.quotes_values and not check.is_foreign and protection.hides_any(check.columns_read):
        return None
    return config.type, config.arguments
