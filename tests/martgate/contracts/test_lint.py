"""What no schema sees: one contract with one mistake a case, and the whole answer."""

from pathlib import Path

import pytest

from martgate.contracts.catalog import Catalog
from martgate.contracts.lint import lint
from martgate.contracts.odcs import read

DATA = Path(__file__).parent / "data"
ROOM = Path(__file__).parents[3] / "contracts"
SOUND = (DATA / "sound.odcs.yaml").read_text(encoding="utf-8")

ORDER_ID = "      - name: order_id\n"
KEY_1, KEY_2 = "        primaryKeyPosition: 1\n", "        primaryKeyPosition: 2\n"
PARTITION = "        partitionKeyPosition: 1\n"
COUNTRY = '{minLength: 2, maxLength: 2, pattern: "^[A-Z]{2}$"}'
NUMBERS = "{minimum: 1, exclusiveMaximum: 1000}"
DATES = '{minimum: "2020-01-01", maximum: "2030-01-01"}'
NOTE = "        logicalType: string\n        physicalType: varchar(200)"
NORWAY = "[{value: NO}, {value: SE}]"
ROWS = "{metric: rowCount, mustBeGreaterThan: 0}"
PAIR = "arguments: {properties: [customer_id, note]}"
NULLS = "{metric: nullValues, mustBeLessThan: 5, unit: percent, dimension: completeness}"
FRESH = "{property: freshness, value: 26, unit: h, element: orders.day}"
TO = "/schema/customers_table/properties/customer_key"

MISTAKES = {
    "a version without a number": [("version: 1.2.0", "version: draft")],
    "a day that ends in no time zone": [("dayBoundary, value: Asia/Seoul", "dayBoundary, value: Asia/Soul")],
    "two tables of one name": [("    name: customers\n    physicalName: crm.customers", "    name: orders")],
    "two tables that differ only in case": [("    name: customers\n", "    name: Orders\n")],
    "two columns of one name": [("- name: note\n", "- name: country\n")],
    "two columns that differ only in case": [("- name: note\n", "- name: Country\n")],
    "a custom property twice": [("{property: dayBoundary", "{property: dayBoundary, value: UTC}\n  - {property: dayBoundary")],
    "a gap in the key": [(KEY_2, "        primaryKeyPosition: 3\n")],
    "two key columns at one position": [(KEY_2, KEY_1)],
    "a key column without a position": [(KEY_2, "")],
    "a position without a key": [("        primaryKey: true\n" + KEY_2, KEY_2)],
    "a partition at position 2": [(PARTITION, "        partitionKeyPosition: 2\n")],
    "a partition position without a partition": [("        partitioned: true\n", "")],
    "publishPartition that is no column": [("publishPartition, value: day", "publishPartition, value: dya")],
    "publishPartition that is no partition column": [("publishPartition, value: day", "publishPartition, value: amount")],
    "publishPartition that is a number": [("publishPartition, value: day", "publishPartition, value: 1")],
    "a relationship to an unknown column": [("customers.country]", "customers.county]")],
    "a relationship from an unknown column": [("orders.country]", "orders.contry]")],
    "a relationship to an unknown id": [(TO, "/schema/customers_table/properties/customer_kye")],
    "a relationship to an unknown table": [(TO, "custommers.id")],
    "a relationship of unequal lengths": [("[orders.customer_id, orders.country]", "[orders.customer_id]")],
    "a bound that is both": [(NUMBERS, "{minimum: 1, exclusiveMinimum: 1}")],
    "a bound that is no date": [(DATES, '{minimum: "1.1.2020"}')],
    "a pattern that is none": [(COUNTRY, '{pattern: "[A-Z"}')],
    "a pattern that looks ahead": [(COUNTRY, '{pattern: "(?!XX)[A-Z]{2}"}')],
    "a pattern that refers back": [(COUNTRY, "{pattern: '([A-Z])\\1'}")],
    "an enum value of another type": [(NORWAY, "[{value: NO}, {value: 1}, {value: true}]")],
    "an enum with null": [(NORWAY, "[{value: NO}, {value: null}]")],
    "an enum value that is no date": [("logicalType: date\n", 'logicalType: date\n        enum: [{value: "2024-02-30"}]\n')],
    "an unknown physical type": [("physicalType: bigint", "physicalType: bigiint")],
    "a physical type that contradicts": [("logicalType: integer\n        physicalType: bigint", "logicalType: string\n        physicalType: bigint"), (NUMBERS, "{}")],
    "an unknown classification": [("classification: personal", "classification: persnal")],
    "a classification of other words": [("classification: personal", "classification: top secret")],
    "a quality id twice": [("{type: text,", "{id: pair, type: text,")],
    "a quality id twice by case": [("{type: text,", "{id: Pair, type: text,")],
    "an unknown severity": [("severity: warning", "severity: warn")],
    "an unknown unit": [("unit: percent", "unit: '%'")],
    "an operator that compares with text": [("mustBe: 0", "mustBe: none")],
    "between reversed": [("mustBeBetween: [0, 10]", "mustBeBetween: [10, 0]")],
    "a share above 100": [("mustBeLessThan: 5, unit: percent", "mustBeLessThan: 101, unit: percent")],
    "a negative number of rows": [("mustBeLessThan: 9", "mustBeLessThan: -1")],
    "neither metric nor type": [(ROWS, "{id: nothing, description: x}")],
    "a row count of a column": [(NULLS, ROWS)],
    "a row count in percent": [(ROWS, "{metric: rowCount, mustBe: 5, unit: percent}")],
    "a metric of no columns": [(", " + PAIR, "")],
    "a metric of an unknown column": [(PAIR, "arguments: {properties: [customer_id, nte]}")],
    "invalid values of what": [(NULLS, "{metric: invalidValues, mustBe: 0}")],
    "invalid values by a pattern that is none": [(NULLS, '{metric: invalidValues, mustBe: 0, arguments: {pattern: "("}}')],
    "an empty query": [("SELECT count(*) FROM {object}", " ")],
    "an SLA of an unknown column": [("element: orders.day", "element: orders.dya")],
    "an SLA of an unknown table": [("element: orders.day", "element: nowhere.day")],
    "an SLA of a whole table": [("element: orders.day", "element: orders")],
    "an SLA of nothing": [(", element: orders.day", "")],
    "an SLA without a unit": [("unit: h, ", "")],
    "an SLA in an ambiguous unit": [("unit: h", "unit: m")],
    "an SLA in a misspelt unit": [("unit: h", "unit: huors")],
    "a time of day that is none": [(FRESH, "{property: timeOfAvailability, value: soon, element: orders.day}")],
    "an SLA of no time": [("value: 26", "value: 0")],
    "an SLA of text": [("value: 26", 'value: "26h"')],
}  # fmt: skip


@pytest.fixture
def linted(tmp_path):
    def linted(*replacements, catalog=None):
        text = SOUND
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "c.odcs.yaml"
        path.write_text(text, encoding="utf-8")
        return [str(problem).replace(f"{tmp_path}/", "") for problem in lint(read(path), catalog)]

    return linted


def test_a_sound_contract_has_no_problems(linted):
    assert linted() == []
    assert linted(catalog=Catalog.load([DATA / "sound.odcs.yaml"])) == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_with_its_place_and_what_to_do(linted, snapshot, mistake):
    problems = linted(*MISTAKES[mistake], catalog=Catalog())
    assert problems
    assert "\n".join(problems) == snapshot


def test_all_mistakes_are_reported_at_once_in_the_order_of_their_lines(linted):
    pairs = [MISTAKES[name][0] for name in ("a version without a number", "an unknown severity", "an SLA of no time")]
    lines = [int(problem.split(":")[1]) for problem in linted(*pairs)]
    assert len(lines) == 3
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    "replacement",
    [
        (KEY_1, "        primaryKeyPosition: -1\n"),
        (PARTITION, ""),
        ("element: orders.day", "element: shop.orders.day"),
        ("unit: h", "unit: Hours"),
        ("version: 1.2.0", "version: 1.2.0-rc.1+build.5"),
        ("physicalType: decimal(18,2)", "physicalType: bigint"),
        ("mustBeLessThan: 5, unit: percent", "mustBeLessThan: 100, unit: percent"),
    ],
)
def test_what_is_right_is_not_reported(linted, replacement):
    also = [(KEY_2, "")] if replacement[0] == KEY_1 else []
    assert linted(replacement, *also) == []


def test_a_table_of_another_contract_is_judged_with_a_catalog_only(linted, tmp_path):
    reference = (TO, "sales.regions.id")
    assert linted(reference) == []
    (problem,) = linted(reference, catalog=Catalog())
    assert "no contract has a table 'sales.regions'" in problem
    other = tmp_path / "others" / "r.odcs.yaml"
    other.parent.mkdir()
    other.write_text(
        "apiVersion: v3.2.0\nkind: DataContract\nid: r\nversion: 1.0.0\n"
        "schema: [{name: regions, physicalName: sales.regions, properties: [{name: id, logicalType: integer}]}]\n"
    )
    catalog = Catalog.load([other])
    assert linted(reference, catalog=catalog) == []
    (problem,) = linted((TO, "sales.regions.ids"), catalog=catalog)
    assert "'sales.regions' has no column 'ids' (Did you mean 'id'?)" in problem


def test_the_shipped_contracts_have_no_problems():
    catalog = Catalog.load([ROOM])
    assert len(catalog.contracts) >= 13
    assert [str(problem) for loaded in catalog.contracts for problem in lint(loaded, catalog)] == []
