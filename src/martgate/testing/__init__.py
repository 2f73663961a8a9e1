"""Tests of models without files: rows of the inputs in, rows of the model out.

A test needs five lines:

    rows = run_model("orders", {"receipts": [{"receipt_id": "R1", "cups": 2}]}, date="2024-01-01")
    assert_rows(rows, [{"order_id": "R1", "cups": 2, "level": "NONE"}])
"""

from martgate.testing.comparison import assert_rows
from martgate.testing.models import ModelRows, run_model

__all__ = ["ModelRows", "assert_rows", "run_model"]
