"""Upstream data born from the contracts: seeded, skewed as real communities are, and dirty on purpose.

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
    """Draw every upstream table: its qualified name, and its rows in the columns and types of its contract."""
    from .tables import upstreams as draw  # noqa: PLC0415 - a second, which `martgate sample --help` does without

    return draw(spec, contracts)
