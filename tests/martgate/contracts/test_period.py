"""Periods, and what a contract says of them."""

from datetime import date, timedelta

import pytest

from martgate.contracts.lint import lint
from martgate.contracts.odcs import read
from martgate.contracts.period import Period

DAYS = [date(2023, 12, 1) + timedelta(days=n) for n in range(500)]


@pytest.mark.parametrize("period", Period)
def test_a_period_holds_its_days_and_the_next_begins_where_it_ends(period):
    for day in DAYS:
        first, last = period.first(day), period.last(day)
        assert first <= day <= last
        assert (period.first(first), period.last(last)) == (first, last)
        assert period.first(last + timedelta(days=1)) == last + timedelta(days=1)


def test_weeks_begin_on_monday_as_in_iso_8601_and_months_on_the_first():
    for day in DAYS:
        assert Period.WEEK.first(day).isocalendar()[:2] == day.isocalendar()[:2]
        assert Period.WEEK.first(day).isoweekday() == 1
        assert Period.MONTH.first(day).timetuple()[:3] == (day.year, day.month, 1)


CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: t
name: t
version: 1.0.0
status: active
schema:
  - name: t
    customProperties: [{{property: publishPeriod, value: {period}}}]
    properties:
      - {{name: day, logicalType: date, physicalType: date, required: true, partitioned: true}}
"""


@pytest.mark.parametrize(
    ("period", "messages"), [("month", []), ("monht", ["publishPeriod is 'monht', which is not a period"])]
)
def test_a_period_that_is_none_is_reported_with_the_nearest(tmp_path, period, messages):
    file = tmp_path / "t.odcs.yaml"
    file.write_text(CONTRACT.format(period=period))
    found = lint(read(file), None)
    assert [problem.message for problem in found] == messages
    assert all("month" in problem.hint for problem in found)
