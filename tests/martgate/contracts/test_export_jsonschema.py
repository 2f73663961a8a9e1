"""The JSON Schema export, judged by a validator of JSON Schema."""

import json

import jsonschema
import pytest

from martgate.contracts.export.jsonschema import render_schema
from martgate.contracts.model import Column, Contract, Table
from martgate.errors import InvalidInput

GOOD = {
    "sku": "AB123", "day": "2024-01-31", "shelf": 1, "level": -128, "pieces": 10, "weight": 0.5, "price": 1.25,
    "label": "tag", "code": None, "grade": "NO", "owner": "Ann", "seen": "2024-01-31T00:00:00Z",
    "wall": "2024-01-31T00:00:00.5", "small": 32767, "big": 2**63 - 1, "ratio": 1.5, "flag": True, "raw": "AAE=",
    "tags": ["a", None], "counts": {"a": 1}, "place": {"x": 1, "y": None},
}  # fmt: skip
REQUIRED = {"sku", "day", "shelf", "price"}


@pytest.fixture(scope="module")
def validator(wares):
    document = json.loads(render_schema(wares[1]))
    jsonschema.Draft202012Validator.check_schema(document)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(document, format_checker=checker)


def test_a_good_row_is_accepted(validator):
    validator.validate(GOOD)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_null_and_absence_are_refused_exactly_where_a_column_is_required(validator, name):
    left_out = {key: value for key, value in GOOD.items() if key != name}
    for row in (GOOD | {name: None}, left_out):
        assert validator.is_valid(row) is (name not in REQUIRED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sku", "AB12"), ("sku", "xAB123"), ("sku", 1), ("day", "31.01.2024"), ("shelf", 2), ("level", -129),
        ("pieces", -5), ("pieces", 1000), ("pieces", 7), ("pieces", "5"), ("weight", 0), ("price", 0.25),
        ("label", "x"), ("label", "longer"), ("grade", "C"), ("grade", False), ("owner", "Cy"), ("wall", "2024-01-31"),
        ("small", 32768), ("big", 2**63), ("flag", 1), ("tags", "a"), ("tags", [1]), ("counts", {"a": "1"}),
        ("place", {"x": 2**31}), ("another", 1),
    ],
)  # fmt: skip
def test_a_row_with_one_bad_value_is_refused(validator, name, value):
    assert not validator.is_valid(GOOD | {name: value})


def test_titles_and_descriptions_arrive_letter_for_letter(wares, hostile):
    document = json.loads(render_schema(wares[1]))
    assert document["description"] == f"Wares. {hostile}"
    assert document["properties"]["label"]["description"] == hostile
    assert list(document["properties"]) == list(GOOD)


def test_nothing_hides_in_the_text(wares):
    assert all(char.isprintable() or char == "\n" for char in render_schema(wares[1]))


def test_what_cannot_be_exported_is_reported_all_at_once():
    columns = (
        Column(path="p[0]", name="a", logical_type="string", physical_type="strng"),
        Column(path="p[1]", name="b", logical_type="integer", physical_type="int", enum=("x",)),
        Column(path="p[2]", name="c", logical_type="date", physical_type="date", options={"minimum": "yesterday"}),
        Column(path="p[3]", name="d", logical_type="string", physical_type="string", options={"minLength": -1}),
    )
    table = Table(path="schema[0]", name="t", qualified_name="t", columns=columns)
    table = Contract(file="t.yaml", id="t", version="1.0.0", api_version="v3.2.0", tables=(table,)).tables[0]
    with pytest.raises(InvalidInput) as refused:
        render_schema(table)
    paths = ["p[0].physicalType", "p[1].enum", "p[2].logicalTypeOptions.minimum", "p[3].logicalTypeOptions.minLength"]
    assert [problem.path for problem in refused.value.problems] == paths
    assert all(problem.file == "t.yaml" for problem in refused.value.problems)
    assert "Did you mean string" in str(refused.value)
