import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from martgate.errors import CouldNotRun
from martgate.gate.run import RunRecord
from martgate.reports.build_view import build_run_view
from martgate.text.wording import escape_text, format_percent


def test_a_record_reads_back_as_it_was_written(runs):
    for record in runs.values():
        assert RunRecord.from_json(record.to_json()) == record


def test_a_record_that_is_none_says_where_and_shows_no_value(runs):
    broken = json.loads(runs["published"].to_json())
    broken["audit"]["rows"] = "secret@example.com"
    with pytest.raises(CouldNotRun, match=r"audit\.rows") as caught:
        RunRecord.from_json(json.dumps(broken))
    assert "secret" not in str(caught.value)


def test_the_contract_lends_its_purpose_and_its_owner(runs, contract):
    run = build_run_view(runs["published"], contract)
    assert (run.owner, run.description) == ("ada", "Orders as the shop took them.")


def test_blocking_rules_come_first_and_passed_ones_last_in_contract_order(runs):
    rules = build_run_view(runs["refused"]).rules
    assert [rule.urgency for rule in rules] == [0, 0, 1, 3, 3, 3, 3]
    assert [rule.name for rule in rules if rule.urgency == 3] == [
        "table|columns",
        "order_id|type",
        "order_id|not_null",
        "table|volume",
    ]


@given(st.integers(1, 10**12).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_a_share_is_all_or_nothing_only_where_it_is(share):
    part, whole = share
    assert (format_percent(part, whole) == "100 %") == (part == whole)
    assert (format_percent(part, whole) == "0 %") == (part == 0)
    assert "100.0" not in format_percent(part, whole)
    assert format_percent(part, whole) != "0.0 %"


@given(st.text())
def test_plain_text_is_printable_whatever_it_was(text):
    assert escape_text(text).isprintable()
