"""Runs of one small table, one for each outcome."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from martgate.contracts.model import Column, Contract, Table
from martgate.contracts.quality import Severity, Threshold
from martgate.expectations.kinds.conditions import Implies
from martgate.expectations.kinds.has_columns import HasColumns
from martgate.expectations.kinds.has_type import HasType
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.kinds.not_null import NotNull
from martgate.expectations.kinds.quality_metric import QualityMetric
from martgate.expectations.kinds.references import References
from martgate.expectations.kinds.unique import Unique
from martgate.expectations.promises import Delivery, Punctuality, SlaResult, SlaStatus
from martgate.expectations.restatement import Difference, Restatement
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import Audit, Outcome, OutOfScope, Verdict
from martgate.gate.run import RunRecord
from martgate.gate.waiver import AppliedWaiver, Effect, Waiver

TABLE = Table(
    path="schema[0]",
    name="orders",
    qualified_name="shop.orders",
    description="One row per order.",
    columns=(
        Column(path="schema[0].properties[0]", name="order_id", logical_type="integer", physical_type="bigint"),
        Column(path="schema[0].properties[1]", name="status", logical_type="string", physical_type="string"),
        Column(
            path="schema[0].properties[2]",
            name="email",
            logical_type="string",
            physical_type="string",
            classification="restricted",
        ),
    ),
)
CONTRACT = Contract(
    file="orders.odcs.yaml",
    id="orders",
    version="1.2.0",
    api_version="v3.1.0",
    description={"purpose": "Orders as the shop took them."},
    tables=(TABLE,),
    team=({"username": "min", "role": "reader"}, {"username": "ada", "role": "owner"}),
)
TABLE = CONTRACT.tables[0]
RULES = (
    Rule(
        name="table|columns",
        check=HasColumns(("order_id", "status", "email")),
        clauses=("schema[0].properties[0].name",),
    ),
    Rule(
        name="order_id|type",
        check=HasType("order_id", "bigint"),
        clauses=("schema[0].properties[0].physicalType",),
        columns=("order_id",),
    ),
    Rule(
        name="order_id|not_null",
        check=NotNull("order_id"),
        clauses=("schema[0].properties[0].required",),
        columns=("order_id",),
    ),
    Rule(
        name="status|in_set",
        check=InSet("status", ("PAID", "OPEN")),
        clauses=("schema[0].properties[1].enum[0]", "schema[0].properties[1].enum[1]"),
        columns=("status",),
        severity=Severity.WARNING,
    ),
    Rule(
        name="status|implies_email",
        check=Implies("status = 'PAID'", "email IS NOT NULL"),
        clauses=("schema[0].properties[1].quality[0].implementation",),
        columns=("status", "email"),
        description="A paid order can be answered.",
        dimension="consistency",
    ),
    Rule(
        name="table|key",
        check=Unique(("order_id",)),
        clauses=("schema[0].properties[0].primaryKey",),
        columns=("order_id",),
    ),
    Rule(
        name="table|volume",
        check=QualityMetric("rowCount", (), Threshold("mustBeGreaterThan", (0,))),
        clauses=("schema[0].quality[0].mustBeGreaterThan",),
    ),
)
ELSEWHERE = Rule(
    name="status|references",
    check=References(("status",), "shop.statuses", ("status",)),
    clauses=("schema[0].properties[1].relationships[0].to",),
    columns=("status",),
)


def _audit(**verdicts):
    found = {rule.name: Verdict(rule=rule, outcome=Outcome.PASSED, total=1000) for rule in RULES}
    for verdict in verdicts.values():
        found[verdict.rule.name] = verdict
    return Audit(
        table="shop.orders",
        contract="orders",
        contract_version="1.2.0",
        part_date=date(2024, 1, 1),
        audited_at=datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        rows=1000,
        rules=len(RULES),
        queries=3,
        seconds=1.25,
        verdicts=tuple(found.values()),
        out_of_scope=(OutOfScope(rule=ELSEWHERE, reason="shop.statuses is not here"),),
    )


def _verdict(name, outcome, **found):
    return Verdict(rule=next(rule for rule in RULES if rule.name == name), outcome=outcome, **found)


WARNED = _verdict(
    "status|in_set",
    Outcome.FAILED,
    failed=1,
    total=10_000_000,
    examples=({"order_id": "7", "status": "paid"},),
    values=(("paid", 1),),
)
BROKEN = _verdict(
    "status|implies_email",
    Outcome.FAILED,
    failed=2,
    total=640,
    examples=(
        {"order_id": "11", "status": "PAID", "email": "(protected)"},
        {"order_id": "12", "status": "PAID", "email": "(protected)"},
    ),
)
REPEATED = _verdict("table|key", Outcome.FAILED, failed=4, total=1000, examples=({"order_id": "3"},))
CRASHED = _verdict("order_id|not_null", Outcome.ERROR, reason="there is no column order_id")
NOTHING = _verdict("status|implies_email", Outcome.VACUOUS)

PUBLISHED = RunRecord(
    table="shop.orders",
    date=date(2024, 1, 1),
    candidate="20240101-a1",
    decision="approved",
    published_version=3,
    audit=_audit(),
    report="out/site/runs/20240101-a1.html",
)
RESTATED = Restatement(
    version=2,
    state="of files",
    apart=("built_at",),
    difference=Difference(
        rows=1200, added=1, removed=201, changed=640, key=("order_id",), columns={"status": 3, "email": 640}
    ),
)


def _day(number, status, **more):
    defaults = {
        "due": datetime(2024, 1, number, 21, tzinfo=UTC),
        "published": None,
        "republications": 0,
        "is_in_table": False,
    }
    return Delivery(date=date(2024, 1, number), status=status, **defaults | more)


def _promise(name, terms, status, **more):
    return SlaResult(property=name, terms=terms, path="slaProperties[0]", description="", status=status, **more)


PROMISES = (
    Punctuality(
        table="shop.orders",
        contract="orders",
        contract_version="1.2.0",
        zone="Asia/Seoul",
        as_of=datetime(2024, 1, 8, 3, tzinfo=UTC),
        stray_partitions=1,
        promises=(
            _promise("timeOfAvailability", "06:00+09:00", SlaStatus.BROKEN, kept=1, due=6, days=tuple(date(2024, 1, n) for n in (2, 3, 4, 5, 6, 7))),
            _promise("frequency", "12 h", SlaStatus.UNKNOWN, reason="the table is published by the day"),
            _promise("retention", "1 y", SlaStatus.KEPT, kept=5, due=5, older=(date(2023, 1, 1),)),
            _promise("freshness", "26 h", SlaStatus.PENDING),
        ),
        days=(
            _day(1, SlaStatus.KEPT, published=datetime(2024, 1, 1, 20, tzinfo=UTC), is_in_table=True),
            _day(2, SlaStatus.BROKEN, published=datetime(2024, 1, 2, 23, 12, tzinfo=UTC), is_in_table=True, republications=2, delay=timedelta(hours=2, minutes=12)),
            _day(3, SlaStatus.BROKEN, delay=timedelta(days=4, hours=6)),
            _day(4, SlaStatus.UNKNOWN, is_in_table=True),
            _day(5, SlaStatus.BROKEN, published=datetime(2024, 1, 5, 20, tzinfo=UTC)),
            _day(7, SlaStatus.PENDING),
        ),
    ),
    Punctuality(table="shop.items", contract="items", contract_version="1.0.0", zone="UTC", as_of=datetime(2024, 1, 8, 3, tzinfo=UTC)),
    Punctuality(
        table="shop.\x1b[31mwares",
        contract="wares",
        contract_version="1.0.0",
        zone="UTC",
        as_of=datetime(2024, 1, 8, 3, tzinfo=UTC),
        reason="its contract has problems",
    ),
)  # fmt: skip


WAIVED = (
    AppliedWaiver(
        Waiver(
            table="shop.orders",
            rule="status|implies_email",
            until=date(2024, 2, 1),
            reason="the shop in Busan <b>asks</b> for no address yet",
            owner="ana",
            recorded_at=datetime(2024, 1, 1, tzinfo=UTC),
            most=2,
        ),
        Effect.WAIVED,
        2,
    ),
    AppliedWaiver(
        Waiver(
            table="shop.orders",
            rule="table|key",
            until=date(2024, 2, 1),
            reason="twice",
            owner="bo",
            recorded_at=datetime(2024, 1, 1, tzinfo=UTC),
            part_date=date(2024, 1, 1),
        ),
        Effect.UNUSED,
    ),
)


@pytest.fixture(scope="session")
def promises():
    """A table with a promise and a day of every status, one that promises nothing, one that cannot be judged."""
    return PROMISES


@pytest.fixture(scope="session")
def table():
    return TABLE


@pytest.fixture(scope="session")
def contract():
    return CONTRACT


@pytest.fixture(scope="session")
def runs():
    """Runs by how they ended: published, warned, waived, refused, error, vacuous, dry_run, restated, approved."""
    held = replace(PUBLISHED, published_version=None)
    return {
        "published": PUBLISHED,
        "warned": replace(PUBLISHED, candidate="20240101-a2", audit=_audit(warned=WARNED)),
        "waived": replace(
            PUBLISHED, candidate="20240101-a9", audit=_audit(warned=WARNED, broken=BROKEN), waivers=WAIVED
        ),
        "refused": replace(
            held,
            candidate="20240101-a3",
            decision="refused",
            reasons=("2 failed: status|implies_email, table|key",),
            audit=_audit(warned=WARNED, broken=BROKEN, repeated=REPEATED),
        ),
        "error": replace(
            held,
            candidate="20240101-a4",
            decision="refused",
            reasons=("1 could not run: order_id|not_null",),
            audit=_audit(crashed=CRASHED),
        ),
        "vacuous": replace(
            held,
            candidate="20240101-a5",
            decision="refused",
            reasons=("1 had nothing to look at: status|implies_email",),
            audit=_audit(nothing=NOTHING),
        ),
        "dry_run": replace(held, candidate="20240101-a6", dry_run=True, report=""),
        "restated": replace(PUBLISHED, candidate="20240101-a8", restatement=RESTATED),
        "approved": replace(held, candidate="20240101-a7", date=None, report=""),
    }
