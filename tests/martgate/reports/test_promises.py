"""Promises about time as people and programs read them; the same words in the terminal and on the page."""

import json

import pytest

from martgate.errors import CouldNotRun
from martgate.reports.promises import build_table_view, from_json, render_sla_json, render_sla_text, to_json


def test_the_terminal_tells_each_promise_and_each_day_that_is_not_as_promised(promises, snapshot):
    assert render_sla_text(promises) == snapshot


def test_programs_are_told_every_day(promises, snapshot):
    assert json.loads(render_sla_json(promises)) == snapshot


def test_what_is_written_for_the_site_is_read_back_as_it_was(promises):
    assert from_json(to_json(promises)) == promises
    with pytest.raises(CouldNotRun):
        from_json("[{}]")


@pytest.mark.parametrize(("number", "status"), [(0, "broken"), (1, ""), (2, "unknown")])
def test_a_table_stands_as_its_worst_promise(promises, number, status):
    assert build_table_view(promises[number]).status == status
