"""Every place of a contract that takes a pattern, and every export, accepts and refuses the same ones."""

import json

import pytest

from martgate.contracts.catalog import Catalog
from martgate.errors import InvalidInput
from martgate.project.plugins import EXPORTERS
from martgate.project.review import review
from martgate.publish.exports import export_table
from martgate.text.regex import PatternError, parse

ACCEPTED = [
    r"^ORD-", r"^\p{L}+$", r"^\p{Script=Hangul}$", r"\p{sc=Latn}", r"^\u{1F600}$", r"^\uD83D\uDE00$", r"^(?<year>\d{4})$", r"\/",
    r"[^\s]", r"[\D]", r"\cJ", r"\0", r"[\b]", r"[\w\-]", r"[\w-.]", "[😀-🙏]", "a{", r"^a{300}$", "[^]", "(a|b)?", "it's ${x} %s {0}",
]  # fmt: skip
REFUSED = [
    r"(?=a)",
    r"(?<!a)b",
    r"(a)\1",
    r"\k<a>",
    r"\ba\b",
    r"(?i)a",
    "a{1001}",
    "a++",
    "[z-a]",
    "(",
    r"\p{Elvish}",
    r"\uD83D",
]

EXPECTATIONS = {
    "expect_column_values_to_match_regex": "regex",
    "expect_column_values_to_not_match_regex": "regex",
    "expect_column_values_to_match_regex_list": "regex_list",
    "expect_column_values_to_not_match_regex_list": "regex_list",
}


def places(pattern):
    """The clauses of a column that take a pattern, by the address of the pattern."""
    metric = {"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": pattern}}
    own = {
        "type": "custom",
        "engine": "martgate",
        "implementation": {"rule": "pattern", "column": "x", "pattern": pattern},
    }
    quality = {"arguments.pattern": metric, "implementation.pattern": own}
    for name, key in EXPECTATIONS.items():
        written = [pattern] if key == "regex_list" else pattern
        implementation = {"type": name, "kwargs": {"column": "x", key: written}}
        address = f"implementation.kwargs.{key}" + ("[0]" if key == "regex_list" else "")
        quality[f"{address} {name}"] = {
            "type": "custom",
            "engine": "greatExpectations",
            "implementation": implementation,
        }
    yield "logicalTypeOptions.pattern", {"logicalTypeOptions": {"pattern": pattern}}
    for address, entry in quality.items():
        yield f"quality[0].{address.partition(' ')[0]}", {"quality": [{"id": "q", **entry}]}


def written(folder, clauses):
    column = {"name": "x", "logicalType": "string", "physicalType": "string", "classification": "public", **clauses}
    key = {
        "name": "id",
        "logicalType": "integer",
        "physicalType": "bigint",
        "primaryKey": True,
        "primaryKeyPosition": 1,
    }
    table = {
        "name": "t",
        "logicalType": "object",
        "physicalType": "table",
        "properties": [key | {"required": True}, column],
    }
    document = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "t", "version": "1.0.0", "status": "active"}
    file = folder / "t.odcs.yaml"
    file.write_text(json.dumps(document | {"schema": [table]}, ensure_ascii=False, indent=1), encoding="utf-8")
    return file


@pytest.mark.parametrize("pattern", ACCEPTED)
def test_every_place_and_every_export_accepts_it(pattern, tmp_path):
    for _, clauses in places(pattern):
        assert review([written(tmp_path, clauses)], known=[]).problems == ()
    catalog = Catalog.load([written(tmp_path, {"logicalTypeOptions": {"pattern": pattern}})])
    for target in TARGETS:
        for flavour in ("polars", "pyspark"):
            assert export_table(None, catalog, "t", target=target, flavour=flavour)


TARGETS = [target for target in EXPORTERS.names() if target != "sql"]
"""`sql` is the model of a table, and has no pattern of the contract; it alone needs settings."""
SAYS_NO_LIMITS = {"spark", "delta-ddl", "page"}
"""Exports of types, and the page, which shows the contract as it stands."""


@pytest.mark.parametrize("pattern", REFUSED)
def test_every_place_and_every_export_refuses_it_by_one_message(pattern, tmp_path):
    with pytest.raises(PatternError) as refused:
        parse(pattern)
    expected = (refused.value.message, refused.value.hint)
    for address, clauses in places(pattern):
        (problem,) = review([written(tmp_path, clauses)], known=[]).problems
        assert (problem.message, problem.hint) == expected
        assert problem.path == f"schema[0].properties[1].{address}"
        assert problem.line > 1
    catalog = Catalog.load([written(tmp_path, {"logicalTypeOptions": {"pattern": pattern}})])
    for target in sorted(set(TARGETS) - SAYS_NO_LIMITS):
        with pytest.raises(InvalidInput) as unusable:
            export_table(None, catalog, "t", target=target)
        assert [(problem.message, problem.hint) for problem in unusable.value.problems] == [expected]


@pytest.mark.parametrize(
    ("pattern", "ends"), [("a", "no ^ at its start and no $ at its end"), ("^a", "no $ at its end")]
)
def test_a_missing_anchor_is_a_warning_that_says_which_end(pattern, ends, tmp_path):
    for _, clauses in list(places(pattern))[:4]:
        found = review([written(tmp_path, clauses)], known=[])
        assert found.problems == ()
        (warning,) = found.warnings
        assert f"the pattern has {ends}" in warning.message
        assert warning.line > 1


def test_a_pattern_with_both_anchors_and_a_format_are_no_warning(tmp_path):
    for clauses in ({"logicalTypeOptions": {"pattern": "^(a|b)$"}}, {"logicalTypeOptions": {"format": "email"}}):
        assert review([written(tmp_path, clauses)], known=[]).warnings == ()
