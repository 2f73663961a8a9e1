"""An audit as JSON and back, for everything that must remember one: what is read equals what was written."""

from functools import lru_cache

from pydantic import TypeAdapter, ValidationError

from contracts.errors import CouldNotRun
from expectations.verdict import Audit

__all__ = ["dumps", "loads"]


def dumps(audit: Audit, *, indent: int | None = None) -> str:
    """The audit as JSON text; the same audit gives the same bytes."""
    return _adapter().dump_json(audit, indent=indent).decode()


def loads(text: str | bytes) -> Audit:
    """The audit that `dumps` wrote.

    Raises:
        contracts.errors.CouldNotRun: the text is not such an audit; the message says where, and shows no value.
    """
    try:
        return _adapter().validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole text"
        raise CouldNotRun(f"not a recorded audit: {place}: {first['msg']}") from None


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Audit]:
    return TypeAdapter(Audit)
