"""Reduction of the errors of `oneOf` and `anyOf` to those of the branch that the author meant."""

from collections.abc import Hashable, Iterator
from typing import Any

from jsonschema.exceptions import ValidationError

__all__ = ["branch_keys", "narrow_errors", "present_keys"]


def narrow_errors(error: ValidationError) -> Iterator[ValidationError]:
    """Yield the errors of the branch that the author meant; the error itself where the branch is not clear."""
    inner = list(_branch(error)) if error.validator in {"oneOf", "anyOf"} else []
    for part in inner:
        yield from narrow_errors(part)
    if not inner:
        yield error


def _branch(error: ValidationError) -> list[ValidationError]:
    keys = branch_keys(error)
    present = present_keys(keys, error)
    if keys and len(present) != 1:
        return []
    branches: dict[Hashable, list[ValidationError]] = {}
    for part in error.context or ():
        branches.setdefault(part.schema_path[0], []).append(part)
    if keys:
        return branches.get(keys.index(present[0]), [])
    # The author did not mean a branch for another type.
    candidates = [parts for parts in branches.values() if not any(_is_other_type(part, error) for part in parts)]
    return next(iter(candidates or branches.values()), [])


def _is_other_type(part: ValidationError, whole: ValidationError) -> bool:
    depth = len(whole.absolute_path)
    return any(leaf.validator == "type" and len(leaf.absolute_path) == depth for leaf in narrow_errors(part))


def branch_keys(error: ValidationError) -> list[str]:
    """Return the key that each branch requires, if every branch requires exactly one; else nothing."""
    branches: Any = error.validator_value
    keys = [branch["required"][0] for branch in branches if len(branch.get("required", ())) == 1]
    return keys if len(keys) == len(branches) and isinstance(error.instance, dict) else []


def present_keys(keys: list[str], error: ValidationError) -> list[str]:
    """Return those of some keys that the value of the error has."""
    return [key for key in keys if isinstance(error.instance, dict) and key in error.instance]
