"""What lint says of rules that contradict each other, or cannot fail: the place, both clauses, and what to do."""

from pathlib import Path

import pytest

from martgate.contracts.catalog import Catalog
from martgate.contracts.odcs import read
from martgate.project.review import find_contract_problems, find_contract_warnings, review

HEAD = """apiVersion: v3.2.0
kind: DataContract
id: shop.orders
version: 1.0.0
status: active
schema:
  - name: orders
    physicalName: shop.orders
    properties:
"""
COLUMNS = """      - name: country
        logicalType: string
        CLAUSES
      - {name: amount, logicalType: integer, physicalType: tinyint, AMOUNT: x}
      - {name: day, logicalType: date}
"""
OPTIONS = "logicalTypeOptions: "
IN_SHOP = "quality: [{type: custom, engine: martgate, implementation: {rule: holds, expression: "


@pytest.fixture
def lint(tmp_path):
    """lint(clauses, amount): the problems and the warnings of two columns with these clauses, without their folder."""

    def _lint(*, country="description: x", amount="description: x", more=""):
        text = HEAD + COLUMNS.replace("CLAUSES", country).replace("AMOUNT: x", amount) + more
        path = tmp_path / "shop.odcs.yaml"
        path.write_text(text, encoding="utf-8")
        contract_file = read(path)
        catalog = Catalog.load([tmp_path])
        problems = find_contract_problems(contract_file, catalog)
        found = problems, ([] if problems else find_contract_warnings(contract_file))
        return tuple([str(each).replace(f"{tmp_path}/", "") for each in each_list] for each_list in found)

    return _lint


ERRORS = {
    "lengths": {"country": OPTIONS + "{minLength: 3, maxLength: 2}"},
    "bounds": {"amount": OPTIONS + "{minimum: 10, maximum: 9}"},
    "open bounds": {"amount": OPTIONS + "{exclusiveMinimum: 10, maximum: 10}"},
    "a bound outside of the type": {"amount": OPTIONS + "{minimum: 128}"},
    "a list and a length": {"country": OPTIONS + "{maxLength: 2}\n        enum: [{value: NO}, {value: NOR}]"},
    "a list and a pattern": {"country": OPTIONS + '{pattern: "^[A-Z]{2}$"}\n        enum: [{value: No}]'},
    "a list and a bound": {"amount": "enum: [{value: 0}, {value: 5}], " + OPTIONS + "{minimum: 1}"},
    "a list and a step": {"amount": "enum: [{value: 10}, {value: 5}], " + OPTIONS + "{multipleOf: 10}"},
    "a list and a type": {"amount": "enum: [{value: 128}, {value: -128}]"},
    "a list and a quality rule": {"country": "enum: [{value: NO}]\n        " + IN_SHOP + "\"country = 'SE'\"}}]"},
    "a pattern and a length": {"country": OPTIONS + '{pattern: "^[A-Z]{2}$", minLength: 3}'},
    "required and null": {"amount": "required: true, " + IN_SHOP + "amount IS NULL}}]"},
    "required and a number of nulls": {
        "amount": "required: true, quality: [{metric: nullValues, mustBeGreaterThan: 0}]"
    },
    "two numbers of rows": {
        "more": "    quality: [{metric: rowCount, mustBe: 0}, {id: some, metric: rowCount, mustBeGreaterThan: 0}]\n"
    },
    "a foreign key and a list": {
        "country": "enum: [{value: NO}]\n        relationships: [{to: regions.code}]",
        "more": "  - name: regions\n    physicalName: shop.regions\n    properties:\n"
        "      - {name: code, logicalType: string, enum: [{value: SE}, {value: DK}]}\n",
    },
}
RUN_AT = """      - {name: run_at, logicalType: timestamp, transformLogic: "CAST(:run_timestamp AS TIMESTAMP)"}
      - {name: sent_at, logicalType: timestamp}
    quality:
      - {id: happened, type: custom, engine: martgate, implementation: {rule: happened, column: sent_at}}
"""
WARNINGS = {
    "a length that a list implies": {"country": OPTIONS + "{maxLength: 2}\n        enum: [{value: NO}, {value: SE}]"},
    "a bound that a type implies": {"amount": OPTIONS + "{maximum: 127}"},
    "a key that may be null": {"amount": "required: false, primaryKey: true, primaryKeyPosition: 1"},
    "a condition that is never met": {
        "country": "enum: [{value: NO}]\n        quality: [{type: custom, engine: martgate,"
        " implementation: {rule: implies, when: \"country = 'SE'\", then: amount > 1}}]"
    },
    "nulls of what is required": {"amount": "required: true, quality: [{metric: nullValues, mustBe: 0}]"},
    "a rule twice": {
        "amount": "quality: [{id: a, metric: nullValues, mustBe: 0}, {id: b, metric: nullValues, mustBe: 0}]"
    },
    "a bound that only warns against another": {
        "amount": "logicalTypeOptions: {minimum: 5}, quality: [{type: custom, engine: martgate, severity: warning,"
        " implementation: {rule: holds, expression: amount < 3}}]"
    },
    "a column that nobody compares with its source": {"amount": "transformSourceObjects: [till.receipts.amount]"},
    "a time of a run that may be in the future": {"amount": "description: x", "more": RUN_AT},
    "a pattern of everything": {"country": OPTIONS + "{pattern: '^[\\s\\S]*$'}"},
}


@pytest.mark.parametrize("clauses", ERRORS)
def test_a_contradiction_is_an_error_at_its_line(lint, snapshot, clauses):
    problems, _ = lint(**ERRORS[clauses])
    assert problems
    assert "\n".join(problems) == snapshot


@pytest.mark.parametrize("clauses", WARNINGS)
def test_a_rule_that_cannot_fail_is_a_warning_at_its_line(lint, snapshot, clauses):
    problems, warnings = lint(**WARNINGS[clauses])
    assert problems == []
    assert "\n".join(warnings) == snapshot


@pytest.mark.parametrize(
    "clauses",
    [
        {"country": OPTIONS + '{pattern: "^[A-Z]{2}$"}'},
        {"amount": "required: true, primaryKey: true, primaryKeyPosition: 1"},
        {"amount": OPTIONS + "{minimum: 0, maximum: 100}"},
        {"country": "enum: [{value: NO}]\n        " + OPTIONS + '{pattern: "(a+)+b"}'},
    ],
)
def test_what_can_hold_and_fail_is_not_reported(lint, clauses):
    assert (
        lint(**clauses) == ([], []) or "anchor" in str(lint(**clauses)) or "no ^ at its start" in str(lint(**clauses))
    )


def test_the_contracts_of_this_project_have_neither(request):
    found = review(
        [request.config.rootpath / "contracts"], known=[], expectations=[Path(request.config.rootpath / "expectations")]
    )
    assert (found.problems, found.warnings) == ((), ())


@pytest.mark.parametrize(
    "ends",
    [
        ["run_at <= CAST(:audited_at AS TIMESTAMP)", "sent_at < CAST(:day_end AS TIMESTAMP)"],
        ["CAST(:audited_at AS TIMESTAMP) >= run_at AND sent_at <= run_at"],
        ["run_at BETWEEN sent_at AND CAST(:day_end AS TIMESTAMP)", "sent_at < run_at"],
    ],
)
def test_an_end_of_an_instant_may_be_that_of_another_one(lint, ends):
    rules = "".join(
        f"      - {{id: end{number}, type: custom, engine: martgate, implementation: {{rule: holds, expression: '{end}'}}}}\n"
        for number, end in enumerate(ends)
    )
    assert lint(more=RUN_AT + rules) == ([], [])


@pytest.mark.parametrize("end", ["sent_at <= run_at AND run_at <= sent_at", "run_at > sent_at", "sent_at = run_at"])
def test_two_instants_are_no_end_of_each_other(lint, end):
    rule = (
        f"      - {{id: end, type: custom, engine: martgate, implementation: {{rule: holds, expression: '{end}'}}}}\n"
    )
    _, warnings = lint(more=RUN_AT + rule)
    assert len(warnings) == 2


def test_an_end_under_the_condition_that_there_is_a_value_is_an_end(lint):
    rule = (
        "      - {id: end, type: custom, engine: martgate, implementation: {rule: implies, when: run_at IS NOT NULL,"
        " then: 'run_at <= CAST(:audited_at AS TIMESTAMP)'}}\n"
    )
    _, warnings = lint(more=RUN_AT + rule)
    assert len(warnings) == 1
    _, warnings = lint(more=RUN_AT + rule.replace("run_at IS NOT NULL", "amount > 1"))
    assert len(warnings) == 2
