"""Errors of `oneOf` and `anyOf`, which say "none of these", traced to the branch that was meant."""

from collections.abc import Hashable, Iterator
from typing import Any

from jsonschema.exceptions import ValidationError

__all__ = ["branch_keys", "narrow_errors", "present_keys"]


def narrow_errors(error: ValidationError) -> Iterator[ValidationError]:
    """The errors of the one branch of a choice that was meant; the error itself where that cannot be told."""
    inner = list(_branch(error)) if error.validator in {"oneOf", "anyOf"} else []
    for part in inner:
        yield from narrow_errors(part)
    if not inner:
        yield error


def _branch(error: ValidationError) -> list[ValidationError]:
    named = branch_keys(error)
    found = present_keys(named, error)
    if named and len(found) != 1:
        return []
    branches: dict[Hashable, list[ValidationError]] = {}
    for part in error.context or ():
        branches.setdefault(part.schema_path[0], []).append(part)
    if named:
        return branches.get(named.index(found[0]), [])
    # A branch for another type altogether was not meant.
    meant = [parts for parts in branches.values() if not any(_is_other_type(part, error) for part in parts)]
    return next(iter(meant or branches.values()), [])


def _is_other_type(part: ValidationError, whole: ValidationError) -> bool:
    depth = len(whole.absolute_path)
    return any(leaf.validator == "type" and len(leaf.absolute_path) == depth for leaf in narrow_errors(part))


def branch_keys(error: ValidationError) -> list[str]:
    """The key that tells each branch apart, where each branch is told by one key."""
    branches: Any = error.validator_value
    named = [branch["required"][0] for branch in branches if len(branch.get("required", ())) == 1]
    return named if len(named) == len(branches) and isinstance(error.instance, dict) else []


def present_keys(named: list[str], error: ValidationError) -> list[str]:
    """Which of these keys are there."""
    return [name for name in named if isinstance(error.instance, dict) and name in error.instance]
