"""Generates upstreams to try this project on: seeded, with as many errors as the contracts of the upstreams allow.

A sample plug-in defines two names. `SampleSpec` is a dataclass whose fields `date`, `days`, `seed` and `clean` every
command line sets; each further field is an option of `martgate sample` and `martgate demo`. `upstreams` yields the name
and the rows of each upstream.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

STORES = ("HARBOUR", "MARKET", "MILL", "STATION")
PRICES = (Decimal("2.80"), Decimal("3.40"), Decimal("4.10"))


@dataclass(frozen=True)
class SampleSpec:
    """The size of the sample; the same values always give the same rows."""

    date: dt.date
    days: int = 1
    seed: int = 0
    clean: bool = False
    orders: int = field(default=2_000, metadata={"help": "how many orders a day", "minimum": 1})

    @property
    def dates(self) -> list[dt.date]:
        """The days, the earliest first."""
        return [self.date - dt.timedelta(days=age) for age in reversed(range(self.days))]

    @property
    def customers(self) -> int:
        """The number of customers."""
        return max(self.orders // 4, 1)


def upstreams(spec: SampleSpec, tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the qualified name and the rows of each upstream; `tables` are the contracts' tables, by that name."""
    import pyarrow as pa  # here, since `martgate demo --help` reads this file, and has no need of it

    schema = pa.schema(
        {"customer_id": pa.int64(), "email": pa.string(), "level": pa.string(), "part_date": pa.string()}
    )
    yield "app.customers", pa.Table.from_pylist([row for day in spec.dates for row in customers(spec, day)], schema)
    schema = pa.schema(
        {
            "receipt_id": pa.string(),
            "sent_at": pa.timestamp("us", "UTC"),
            "store": pa.string(),
            "customer_id": pa.int64(),
            "status": pa.string(),
            "cups": pa.int32(),
            "total": pa.decimal128(9, 2),
            "part_date": pa.string(),
        }
    )
    yield "till.receipts", pa.Table.from_pylist([row for day in spec.dates for row in receipts(spec, day)], schema)


def customers(spec: SampleSpec, day: dt.date) -> Iterator[dict[str, Any]]:
    """All customers; dirt: addresses with spaces around them, or none."""
    draw = Random(f"{spec.seed} customers")  # the same people every day
    for customer_id in range(1, spec.customers + 1):
        email: str | None = f"customer{customer_id}@example.org"
        level = draw.choice(("BASIC", "BASIC", "BASIC", "GOLD"))
        if not spec.clean:
            email = draw.choice((email, email, email, f" {email} ", None))
        yield {"customer_id": customer_id, "email": email, "level": level, "part_date": day.isoformat()}


def receipts(spec: SampleSpec, day: dt.date) -> Iterator[dict[str, Any]]:
    """A day's receipts; dirt: some are sent twice, with a space before the store, or with an unknown card."""
    draw = Random(f"{spec.seed} receipts {day}")
    opening = dt.datetime(day.year, day.month, day.day, 7, tzinfo=dt.UTC)
    for number in range(1, spec.orders + 1):
        cups = draw.choice((1, 1, 1, 2, 2, 3, 6))
        sent_at = opening + dt.timedelta(seconds=draw.randrange(12 * 3600))
        row = {
            "receipt_id": f"R-{day:%Y%m%d}-{number:06}",
            "sent_at": sent_at,
            "store": draw.choice(STORES),
            "customer_id": draw.choice((None, draw.randint(1, spec.customers))),
            "status": "CANCELLED" if draw.random() < 0.02 else "PAID",
            "cups": cups,
            "total": sum(draw.choices(PRICES, k=cups), Decimal(0)),
            "part_date": day.isoformat(),
        }
        if not spec.clean and draw.random() < 0.01:
            row["customer_id"] = spec.customers + number
        if not spec.clean and draw.random() < 0.05:
            row["store"] = f" {row['store']}"
        yield row
        if not spec.clean and draw.random() < 0.03:
            yield row | {"sent_at": sent_at + dt.timedelta(minutes=1)}
