"""The model, by hand: rows of its inputs, and the orders that they make. `pytest` runs this without any data."""

from martgate.testing import assert_rows, run_model


def test_a_receipt_that_was_sent_again_is_one_order_by_its_last_transmission() -> None:
    rows = run_model(
        "orders",
        {
            "till.receipts": """
                receipt_id | sent_at          | status    | total
                R1         | 2024-01-01 10:00 | PAID      | 3.00
                R1         | 2024-01-01 10:05 | CANCELLED | 3.00
                R2         | 2024-01-01 11:00 | PAID      | 4.50
            """
        },
        date="2024-01-01",
    )
    assert_rows(
        rows,
        """
        order_id | status    | amount
        R1       | CANCELLED | 0
        R2       | PAID      | 4.50
        """,
    )


def test_a_customer_without_a_card_has_no_level() -> None:
    rows = run_model("orders", {"till.receipts": [{"receipt_id": "R1", "customer_id": None}]}, date="2024-01-01")
    assert_rows(rows, [{"order_id": "R1", "email": None, "level": "NONE"}])
