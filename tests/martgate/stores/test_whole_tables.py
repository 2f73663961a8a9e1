"""A table without partitions is published whole: each publish replaces all of it."""

from dataclasses import replace

import pytest

from martgate.gate.promotion import Promotion


@pytest.fixture
def whole(shop):
    """The same shop, its table in one piece."""
    columns = tuple(replace(column, partition_position=None) for column in shop.table.columns)
    shop.table = replace(shop.table, custom={}, columns=columns)
    return shop


def test_a_publish_of_any_day_replaces_every_row(whole):
    whole.publish((1, 10), (2, 20))
    whole.publish((3, 30), day="2024-01-02")
    assert whole.seen() == whole.seen("2024-01-01") == [(3, 30, "2024-01-02")]
    assert whole.store.list_partition_values(whole.table) == set()


def test_an_earlier_candidate_is_superseded_and_the_same_one_is_published_once(whole):
    early, late = whole.stage((1, 10)), whole.stage((2, 20))
    outcomes = [whole.store.promote(whole.approve(candidate), {}).promotion for candidate in (late, late, early)]
    assert outcomes == [Promotion.PUBLISHED, Promotion.ALREADY, Promotion.SUPERSEDED]
    assert whole.seen() == [(2, 20, "2024-01-01")]


def test_a_whole_table_in_another_state_is_not_replaced(whole):
    whole.publish((1, 10))
    seen = whole.store.read_published_state(whole.table, "2024-01-02")
    whole.publish((2, 20))
    approved = whole.approve(whole.stage((3, 30)))
    assert whole.store.promote(approved, {}, onto=seen.state).promotion is Promotion.MOVED
    assert whole.seen() == [(2, 20, "2024-01-01")]


def test_a_table_in_one_piece_has_no_days(whole):
    whole.publish((1, 10))
    assert whole.store.list_partition_values(whole.table) == set()
