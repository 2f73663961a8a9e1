"""Type aliases for columns: numpy arrays of random numbers and Arrow arrays."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["Arrow", "Bools", "Ints", "Rows", "Values"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

Rows = Mapping[str, Ints]
"""Columns of equal length, before they become a table."""

# In quotes, because only the stubs of Arrow's types are generic.
Arrow: TypeAlias = "pa.Array[Any]"
Values: TypeAlias = "Ints | Bools | pa.Array[Any] | pa.ChunkedArray[Any]"
