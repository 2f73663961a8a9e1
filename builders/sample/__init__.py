"""Upstream data born from the contracts: seeded, skewed as real communities are, and dirty on purpose.

>>> from datetime import date
>>> SampleSpec(members=0, date=date(2024, 3, 31))
Traceback (most recent call last):
martgate.errors.InvalidInput: members is 0; expected a whole number from 1 to 20,000,000
"""

from .spec import SampleSpec
from .tables import UPSTREAMS, upstreams

__all__ = ["UPSTREAMS", "SampleSpec", "upstreams"]
