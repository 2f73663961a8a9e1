"""Generates upstream data from the contracts: seeded, skewed like real communities, and with deliberate defects.

>>> from datetime import date
>>> SampleSpec(members=0, date=date(2024, 3, 31))
Traceback (most recent call last):
martgate.errors.InvalidInput: members is 0; expected a whole number from 1 to 20,000,000
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from martgate.contracts.model import Table

from .spec import SampleSpec

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SampleSpec", "upstreams"]


def upstreams(spec: SampleSpec, contracts: Mapping[str, Table]) -> "Iterator[tuple[str, pa.Table]]":
    """Draw every upstream table: yield its qualified name, and its rows with the columns and types of its contract."""
    from .tables import upstreams as draw  # noqa: PLC0415 - takes a second, not needed for `martgate sample --help`

    return draw(spec, contracts)
