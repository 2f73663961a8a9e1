"""The record of a run survives being written down, to the last digit of its audit."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from martgate.contracts.quality import Severity, Threshold
from martgate.errors import CouldNotRun
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.registry import load_kinds
from martgate.expectations.kinds.sql_number import SqlNumber
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, OutOfScope, Verdict
from martgate.gate.run import RunRecord

NOON = datetime(2024, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(str, texts)
checks = st.sampled_from(list(load_kinds().values())).flatmap(st.from_type)
a_rule = st.builds(
    Rule,
    name=texts,
    check=checks,
    clauses=st.tuples(texts),
    columns=st.tuples(texts, texts),
    severity=st.sampled_from(Severity),
    allow_vacuous=st.booleans(),
)
verdicts = st.builds(
    Verdict,
    rule=a_rule,
    outcome=st.sampled_from(Outcome),
    failed=st.integers(0, 2**70),
    total=st.integers(0, 2**70),
    examples=st.tuples(st.dictionaries(texts, texts, max_size=3)),
)


def audit_of(*found, outside=(), at=NOON):
    return Audit(
        table="s.t", contract="c", contract_version="1.0.0", part_date=date(2024, 1, 1), audited_at=at, rows=3,
        rules=len(found), queries=2, seconds=0.125, verdicts=found, out_of_scope=outside,
    )  # fmt: skip


def dumps(audit):
    return RunRecord(table="s.t", date=date(2024, 1, 1), candidate="c", decision="approved", audit=audit).to_json()


def loads(text):
    return RunRecord.from_json(text).audit


@settings(max_examples=60)
@given(verdicts, a_rule, texts)
def test_what_is_read_equals_what_was_written(verdict, outside, reason):
    audit = audit_of(verdict, outside=(OutOfScope(rule=outside, reason=reason),))
    text = dumps(audit)
    again = loads(text)
    assert again == audit
    assert dumps(again) == text
    assert type(again.verdicts[0].rule.check) is type(verdict.rule.check)


@pytest.mark.parametrize("value", [1, 1.0, "1", True, False, 0, "true"])
def test_a_value_keeps_its_type(value):
    rule = Rule(name="r", check=InSet("a", (value,)), clauses=())
    (again,) = loads(dumps(audit_of(Verdict(rule=rule, outcome=Outcome.PASSED)))).verdicts[0].rule.check.values
    assert (again, type(again)) == (value, type(value))


def test_an_instant_keeps_its_moment():
    seoul = datetime(2024, 1, 1, 21, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    assert loads(dumps(audit_of(at=seoul))).audited_at == NOON


def test_the_text_names_the_kind_of_each_check():
    rule = Rule(name="r", check=SqlNumber("SELECT 1", Threshold("mustBe", (0,))), clauses=("p",))
    written = json.loads(dumps(audit_of(Verdict(rule=rule, outcome=Outcome.FAILED))))
    assert written["audit"]["verdicts"][0]["rule"]["check"]["kind"] == "sql"


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"table": "s3cret"}'])
def test_an_invalid_record_is_reported_without_its_values(text):
    with pytest.raises(CouldNotRun, match="not the record of a run") as caught:
        loads(text)
    assert "s3cret" not in str(caught.value)
