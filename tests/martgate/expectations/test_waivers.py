"""What a waiver lets through: a failure that was counted, on its day, until its date, and no more of it than it says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from martgate.contracts.quality import Severity
from martgate.expectations.kinds.has_columns import HasColumns
from martgate.expectations.kinds.has_type import HasType
from martgate.expectations.kinds.in_partition import InPartition
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, OutOfScope, Verdict
from martgate.gate.waiver import (
    AppliedWaiver,
    Effect,
    Waiver,
    apply_waivers,
    explain_unwaivable,
    find_refusing_waivers,
    reapply_waivers,
    waived_rules,
)

ON = date(2024, 3, 1)
RULE = Rule(name="grade|in_set", check=InSet("grade", ("FAN",)), clauses=())
WAIVER = Waiver(
    table="s.t",
    rule=RULE.name,
    until=ON,
    reason="a new grade",
    owner="ana",
    recorded_at=datetime(2024, 2, 1, tzinfo=UTC),
)


def audit(*verdicts: Verdict, outside: tuple[OutOfScope, ...] = ()) -> Audit:
    return Audit(
        table="s.t",
        contract="c",
        contract_version="1.0.0",
        part_date=date(2024, 2, 29),
        audited_at=datetime(2024, 3, 1, tzinfo=UTC),
        rows=9,
        rules=len(verdicts),
        queries=1,
        seconds=0.1,
        verdicts=verdicts,
        out_of_scope=outside,
    )


def verdict_of(outcome: Outcome = Outcome.FAILED, failed: int = 3, **rule: object) -> Verdict:
    return Verdict(rule=replace(RULE, **rule), outcome=outcome, failed=failed, total=9)


def effects(verdict: Verdict | None, *waivers: Waiver, known: tuple[str, ...] = (RULE.name,)) -> list[Effect]:
    verdicts = [verdict] if verdict else []
    return [one.effect for one in apply_waivers(audit(*verdicts), waivers, on=ON, rule_names=known)]


def test_a_failure_is_let_through_until_the_end_of_its_last_day():
    assert effects(verdict_of(), WAIVER) == [Effect.WAIVED]
    assert effects(verdict_of(), replace(WAIVER, until=ON - timedelta(days=1))) == [Effect.EXPIRED]


def test_one_that_is_past_its_date_and_not_missed_is_not_told():
    assert effects(verdict_of(Outcome.PASSED, 0), replace(WAIVER, until=date(2024, 1, 1))) == []
    assert effects(None, replace(WAIVER, until=date(2024, 1, 1)), known=()) == []


@pytest.mark.parametrize(("failed", "effect"), [(3, Effect.WAIVED), (4, Effect.EXCEEDED)])
def test_it_covers_as_many_failures_as_it_says_and_not_one_more(failed, effect):
    assert effects(verdict_of(failed=failed), replace(WAIVER, most=3)) == [effect]


def test_it_is_about_its_day_alone():
    assert effects(verdict_of(), replace(WAIVER, part_date=date(2024, 2, 29))) == [Effect.WAIVED]
    assert effects(verdict_of(), replace(WAIVER, part_date=date(2024, 2, 28))) == []


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.VACUOUS])
def test_what_was_not_counted_is_never_let_through(outcome):
    assert effects(verdict_of(outcome, 0), WAIVER) == [Effect.POWERLESS]


@pytest.mark.parametrize("check", [HasColumns(("a",)), HasType("a", "int"), InPartition(("a",), "a"), NotNull("a")])
def test_the_shape_of_a_table_is_never_let_through(check):
    assert "the shape of the table" in explain_unwaivable(replace(RULE, check=check))
    assert effects(verdict_of(check=check), WAIVER) == [Effect.POWERLESS]
    assert explain_unwaivable(RULE) == ""


def test_where_nothing_stands_in_the_way_it_is_told_as_unused():
    warning = {"severity": Severity.WARNING}
    assert "is a warning" in explain_unwaivable(replace(RULE, **warning))
    for verdict in (
        verdict_of(Outcome.PASSED, 0),
        verdict_of(**warning),
        verdict_of(Outcome.VACUOUS, 0, allow_vacuous=True),
    ):
        assert effects(verdict, WAIVER) == [Effect.UNUSED]


def test_a_rule_that_was_not_judged_leaves_it_unused():
    outside = (OutOfScope(rule=RULE, reason="learning"),)
    (one,) = apply_waivers(audit(outside=outside), [WAIVER], on=ON, rule_names=())
    assert one.effect is Effect.UNUSED


def test_a_rule_that_no_version_of_the_contract_has_is_a_reason_to_refuse():
    (one,) = apply_waivers(audit(), [WAIVER], on=ON, rule_names=())
    assert (one.effect, list(find_refusing_waivers([one]))) == (Effect.UNKNOWN, [one])
    assert effects(None, WAIVER) == []


def test_one_that_was_altered_lets_nothing_through_whatever_its_day_says_now():
    altered = replace(WAIVER, part_date=date(2024, 2, 28), is_sound=False)
    assert effects(verdict_of(), altered) == [Effect.ALTERED]
    assert effects(verdict_of(), altered, WAIVER) == [Effect.ALTERED, Effect.WAIVED]


def test_beside_one_that_covers_a_failure_others_of_its_rule_are_not_told():
    few, past = replace(WAIVER, most=1), replace(WAIVER, until=date(2024, 1, 1))
    assert effects(verdict_of(), few, WAIVER, past) == [Effect.WAIVED]
    assert (
        apply_waivers(audit(verdict_of()), [WAIVER, replace(WAIVER, owner="bo")], on=ON, rule_names=())[0].waiver.owner
        == "bo"
    )


def test_one_that_expired_or_went_or_changed_since_lets_nothing_through_any_more():
    (used,) = apply_waivers(audit(verdict_of()), [WAIVER], on=ON, rule_names=())
    later = ON + timedelta(days=1)
    assert reapply_waivers([used], [WAIVER], on=ON) == (used,)
    for kept, on, effect in (
        ([WAIVER], later, Effect.EXPIRED),
        ([], ON, Effect.WITHDRAWN),
        ([replace(WAIVER, until=later)], ON, Effect.WITHDRAWN),
        ([replace(WAIVER, is_sound=False)], ON, Effect.WITHDRAWN),
    ):
        assert [one.effect for one in reapply_waivers([used], kept, on=on)] == [effect]
        assert list(find_refusing_waivers(reapply_waivers([used], kept, on=on)))


def test_one_that_did_nothing_at_the_gate_does_nothing_later():
    few = AppliedWaiver(replace(WAIVER, most=1), Effect.EXCEEDED, 3)
    assert reapply_waivers([few], [few.waiver, WAIVER], on=ON) == (few,)


@given(
    outcome=st.sampled_from(Outcome),
    failed=st.integers(0, 9),
    severity=st.sampled_from(Severity),
    waivers=st.lists(
        st.builds(
            replace,
            st.just(WAIVER),
            until=st.sampled_from([date(2024, 2, 29), ON, date(2024, 3, 2)]),
            most=st.sampled_from([None, 1, 5]),
            part_date=st.sampled_from([None, date(2024, 2, 28), date(2024, 2, 29)]),
            rule=st.sampled_from([RULE.name, "other|rule"]),
            is_sound=st.booleans(),
        ),
        max_size=4,
    ),
)
def test_nothing_but_a_counted_failure_is_ever_let_through(outcome, failed, severity, waivers):
    verdict = verdict_of(outcome, failed, severity=severity)
    exempt = waived_rules(apply_waivers(audit(verdict), waivers, on=ON, rule_names=("other|rule",)))
    covering = [
        waiver
        for waiver in waivers
        if waiver.is_sound
        and waiver.rule == RULE.name
        and waiver.until >= ON
        and waiver.part_date in (None, date(2024, 2, 29))
        and (waiver.most is None or failed <= waiver.most)
    ]
    is_failure = outcome is Outcome.FAILED and severity is Severity.ERROR
    assert exempt == (frozenset({RULE.name}) if is_failure and covering else frozenset())
