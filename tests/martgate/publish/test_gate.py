"""`judge`: what it takes to be approved, and every way to be refused."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from martgate.builders.ports import WrittenFile
from martgate.contracts.quality import Severity
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, Verdict
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved, Refused, judge
from martgate.gate.waiver import AppliedWaiver, Effect, Waiver

RULE = Rule(name="id|not_null", check=NotNull("id"), clauses=("schema[0].properties[0].required",))
CANDIDATE = Candidate(
    id="c",
    table="s.t",
    part_date=date(2024, 1, 1),
    sequence=1,
    root="/lake/s/t",
    files=(WrittenFile(path="part-c.parquet", rows=5, bytes=100, partition={}),),
    fingerprint="f",
)


def found(*verdicts: Verdict) -> Audit:
    return Audit(
        table="s.t",
        contract="c",
        contract_version="1.0.0",
        part_date=date(2024, 1, 1),
        audited_at=datetime(2024, 1, 2, tzinfo=UTC),
        rows=5,
        rules=len(verdicts),
        queries=1,
        seconds=0.1,
        verdicts=verdicts,
    )


def verdict(outcome: Outcome, **of_rule: object) -> Verdict:
    return Verdict(rule=replace(RULE, **of_rule), outcome=outcome, total=5)


def reasons(audit: Audit, candidate: Candidate = CANDIDATE) -> str:
    decision = judge(candidate, audit)
    assert isinstance(decision, Refused)
    return "; ".join(decision.reasons)


def test_a_candidate_whose_every_rule_passed_is_approved() -> None:
    assert isinstance(judge(CANDIDATE, found(verdict(Outcome.PASSED))), Approved)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.FAILED, "1 failed: id|not_null"),
        (Outcome.ERROR, "1 could not run: id|not_null"),
        (Outcome.VACUOUS, "1 had nothing to look at: id|not_null"),
    ],
)
def test_anything_but_passed_refuses_in_words_of_its_own(outcome: Outcome, words: str) -> None:
    assert reasons(found(verdict(Outcome.PASSED), verdict(outcome))) == words


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.ERROR, Outcome.VACUOUS])
def test_a_warning_never_refuses(outcome: Outcome) -> None:
    audit = found(verdict(Outcome.PASSED), verdict(outcome, severity=Severity.WARNING))
    assert isinstance(judge(CANDIDATE, audit), Approved)


def test_a_rule_that_may_be_vacuous_does_not_refuse_when_it_is_and_does_when_it_could_not_run() -> None:
    assert isinstance(judge(CANDIDATE, found(verdict(Outcome.VACUOUS, allow_vacuous=True))), Approved)
    assert "could not run" in reasons(found(verdict(Outcome.ERROR, allow_vacuous=True)))


def test_no_rule_refuses() -> None:
    assert "no rule" in reasons(found())


def test_no_row_refuses() -> None:
    empty = replace(CANDIDATE, files=())
    assert "no rows" in reasons(replace(found(verdict(Outcome.PASSED)), rows=0), empty)


def test_fewer_verdicts_than_rules_refuse() -> None:
    assert "2 rules but 1 verdicts" in reasons(replace(found(verdict(Outcome.PASSED)), rules=2))


def test_an_audit_of_other_rows_or_another_day_refuses() -> None:
    assert "the audit saw 4 rows" in reasons(replace(found(verdict(Outcome.PASSED)), rows=4))
    assert "not about s.t of 2024-01-01" in reasons(replace(found(verdict(Outcome.PASSED)), part_date=date(2024, 1, 2)))


def test_an_approval_cannot_be_forged() -> None:
    with pytest.raises(TypeError, match=r"only judge\(\) makes"):
        Approved(CANDIDATE, found(verdict(Outcome.PASSED)), object())


def test_an_approval_cannot_be_copied_for_another_candidate() -> None:
    approved = judge(CANDIDATE, found(verdict(Outcome.PASSED)))
    assert isinstance(approved, Approved)
    with pytest.raises(TypeError, match=r"only judge\(\) makes"):
        replace(approved, candidate=replace(CANDIDATE, id="other"))


def covering(name: str = "grade|in_set") -> tuple[AppliedWaiver, ...]:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    waiver = Waiver(table="s.t", rule=name, until=date(2024, 2, 1), reason="r", owner="ana", recorded_at=at)
    return (AppliedWaiver(waiver, Effect.WAIVED, 1),)


GRADE = {"name": "grade|in_set", "check": InSet("grade", ("FAN",))}


def test_a_waived_failure_does_not_block() -> None:
    decision = judge(CANDIDATE, found(verdict(Outcome.FAILED, **GRADE)), covering())
    assert isinstance(decision, Approved)
    assert decision.waivers == covering()


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.VACUOUS])
def test_only_a_counted_failure_can_be_waived(outcome: Outcome) -> None:
    assert isinstance(judge(CANDIDATE, found(verdict(outcome, **GRADE)), covering()), Refused)


def test_a_waiver_of_one_rule_lets_no_other_through() -> None:
    decision = judge(CANDIDATE, found(verdict(Outcome.FAILED, **GRADE), verdict(Outcome.FAILED)), covering())
    assert isinstance(decision, Refused)
    assert decision.reasons == ("1 failed: id|not_null",)


def test_an_approval_by_waivers_cannot_be_copied_with_others() -> None:
    approved = judge(CANDIDATE, found(verdict(Outcome.FAILED, **GRADE)), covering())
    assert isinstance(approved, Approved)
    with pytest.raises(TypeError):
        replace(approved, waivers=())
