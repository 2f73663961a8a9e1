"""SLAs about time as text and JSON; the terminal and the page use the same words."""

import json

import pytest

from martgate.errors import CouldNotRun
from martgate.reports.promises import build_table_view, from_json, render_sla_json, render_sla_text, to_json


def test_the_terminal_shows_each_sla_and_each_day_that_breaks_one(promises, snapshot):
    assert render_sla_text(promises) == snapshot


def test_json_has_every_day(promises, snapshot):
    assert json.loads(render_sla_json(promises)) == snapshot


def test_to_json_and_from_json_round_trip(promises):
    assert from_json(to_json(promises)) == promises
    with pytest.raises(CouldNotRun):
        from_json("[{}]")


@pytest.mark.parametrize(("number", "status"), [(0, "broken"), (1, ""), (2, "unknown")])
def test_a_table_has_the_status_of_its_worst_sla(promises, number, status):
    assert build_table_view(promises[number]).status == status
