"""A day of a table, as a value and as text."""

from dataclasses import dataclass
from datetime import date

import pytest
from pydantic import TypeAdapter, ValidationError

from martgate.contracts.partition import OptionalDate, Partition, format_day

DAY = date(2024, 2, 29)


@dataclass(frozen=True)
class Record:
    day: OptionalDate = None


RECORDS = TypeAdapter(Record)


def test_a_partition_reads_its_own_value():
    partition = Partition("shop.orders", DAY)
    assert Partition.parse("shop.orders", partition.value) == partition
    assert str(partition) == "shop.orders of 2024-02-29"


@pytest.mark.parametrize("value", ["", "2023-02-29", "20240229", "2024-02-29T00:00:00", "__HIVE_DEFAULT_PARTITION__"])
def test_a_value_that_is_no_day_is_no_partition(value):
    assert Partition.parse("shop.orders", value) is None


def test_partitions_of_a_table_sort_by_day():
    days = [date(2024, 10, 1), date(2024, 9, 30), date(2023, 12, 31)]
    assert [partition.day for partition in sorted(Partition("t", day) for day in days)] == sorted(days)


@pytest.mark.parametrize(("day", "text"), [(DAY, "2024-02-29"), (None, "")])
def test_an_absent_day_is_an_empty_text_in_json(day, text):
    written = RECORDS.dump_json(Record(day))
    assert written == f'{{"day":"{text}"}}'.encode()
    assert RECORDS.validate_json(written) == Record(day)
    assert format_day(day) == text


def test_a_text_that_is_no_day_is_refused_in_json():
    with pytest.raises(ValidationError):
        RECORDS.validate_json('{"day":"soon"}')
