"""Runs as OpenLineage events, made of the library's own classes, which refuse what is none: whole events, as text."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from openlineage.client.serde import Serde

from martgate.contracts.model import Column, Table
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Outcome, Verdict
from martgate.reports.lineage import DatasetAddress, TableLineage, build_run_events, build_stopped_events

AT = datetime(2024, 1, 2, 3, 5, tzinfo=UTC)
BASKETS = Table(
    path="schema[0]",
    name="baskets",
    qualified_name="shop.baskets",
    columns=(Column(path="", name="id", logical_type="integer", physical_type="bigint"),),
)


@pytest.fixture
def about(table):
    return TableLineage(
        table=table,
        zone="Asia/Seoul",
        inputs=(BASKETS,),
        columns={"order_id": frozenset({"shop.baskets.id"}), "status": frozenset()},
        addresses={
            "shop.orders": DatasetAddress("file", "/mart/shop/orders"),
            "shop.baskets": DatasetAddress("file", "/lake/shop/baskets"),
        },
        namespace="martgate",
    )


def as_json(events):
    return [json.loads(Serde.to_json(event)) for event in events]


def test_a_published_run_as_a_whole(runs, about, snapshot):
    assert as_json(build_run_events(runs["warned"], about, at=AT)) == snapshot


def test_a_rule_that_was_waived_did_not_pass_and_is_a_warning_of_a_run_that_was_published(runs, about):
    _, end = as_json(build_run_events(runs["waived"], about, at=AT))
    (output,) = end["outputs"]
    assertions = output["facets"]["dataQualityAssertions"]["assertions"]
    (assertion,) = [each for each in assertions if each["name"] == "status|implies_email"]
    (test,) = [each for each in end["run"]["facets"]["test"]["tests"] if each["name"] == "status|implies_email"]
    assert end["eventType"] == "COMPLETE"
    assert (assertion["success"], assertion["severity"], assertion["actual"]) == (False, "warn", "2 of 640 rows failed")
    assert (test["status"], test["severity"]) == ("fail", "warn")


def test_a_refused_run_as_a_whole(runs, about, snapshot):
    assert as_json(build_run_events(runs["refused"], about, at=AT)) == snapshot


@pytest.mark.parametrize("end", ["refused", "error", "vacuous", "dry_run"])
def test_what_was_not_published_is_no_output(runs, about, end):
    record = replace(runs[end], date=date(2024, 1, 1))
    assert [event["outputs"] for event in as_json(build_run_events(record, about, at=AT))] == [[], []]


def test_an_input_that_broke_its_own_contract_carries_the_verdicts_on_itself(runs, about):
    rule = Rule(name="shop.baskets: id|in_set", check=InSet("id", (1, 2)), clauses=(), columns=("id",))
    verdict = Verdict(rule=rule, outcome=Outcome.FAILED, failed=1, total=3, examples=({"id": "5"},))
    record = replace(runs["refused"], audit=replace(runs["refused"].audit, verdicts=(verdict,)))
    (read,) = as_json(build_run_events(record, about, at=AT))[1]["inputs"]
    (assertion,) = read["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert (assertion["name"], assertion["assertion"], assertion["success"]) == ("id|in_set", "in_set", False)


def test_a_rule_that_had_nothing_to_look_at_and_may_did_not_pass_and_is_a_warning(runs, about):
    verdict = Verdict(
        rule=replace(runs["published"].audit.verdicts[2].rule, allow_vacuous=True), outcome=Outcome.VACUOUS
    )
    record = replace(runs["published"], audit=replace(runs["published"].audit, verdicts=(verdict,)))
    _, end = as_json(build_run_events(record, about, at=AT))
    (assertion,) = end["outputs"][0]["facets"]["dataQualityAssertions"]["assertions"]
    (test,) = end["run"]["facets"]["test"]["tests"]
    assert (assertion["success"], assertion["severity"], test["status"]) == (False, "warn", "skip")


def test_a_run_keeps_its_id_and_another_candidate_has_another(runs, about):
    def ids(record, at=AT):
        return {event["run"]["runId"] for event in as_json(build_run_events(record, about, at=at))}

    published = runs["published"]
    assert len(ids(published)) == 1
    assert ids(published) == ids(published, AT + timedelta(hours=1))
    assert ids(published) != ids(replace(published, candidate="20240101-b7"))
    assert ids(published) != ids(replace(published, published_version=None))


def test_events_contain_no_example_and_no_value_that_a_rule_compares_with(runs, about):
    for end in ("warned", "refused"):
        text = json.dumps(as_json(build_run_events(runs[end], about, at=AT)))
        assert not [value for value in ('"11"', "paid", "PAID", "OPEN", "(protected)") if value in text]


def test_a_run_that_could_not_be_decided_says_why_and_of_which_day(about):
    start, end = as_json(build_stopped_events(date(2024, 1, 1), "the lake is dry", about, at=AT))
    assert (start["eventType"], end["eventType"], start["run"]["runId"]) == ("START", "FAIL", end["run"]["runId"])
    assert end["run"]["facets"]["errorMessage"]["message"] == "the lake is dry"
    assert end["run"]["facets"]["nominalTime"]["nominalStartTime"] == "2023-12-31T15:00:00.000Z"
    assert end["run"]["facets"]["nominalTime"]["nominalEndTime"] == "2024-01-01T15:00:00.000Z"
