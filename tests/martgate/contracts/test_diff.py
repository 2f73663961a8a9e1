"""What a change from one version of a contract to the next does to readers, leaf by leaf."""

import json
import re
from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from martgate.contracts.diff import Bump, diff
from martgate.contracts.documentation import address_shape
from martgate.contracts.odcs import ContractFile, read
from martgate.contracts.odcs.mapping import Mapper
from martgate.contracts.yaml.address import parse_address
from martgate.contracts.yaml.document import Document
from martgate.reports.diff import render_diff_json, render_diff_text

SOUND = Path(__file__).parent / "data" / "sound.odcs.yaml"
MART = Path(__file__).parents[3] / "contracts" / "mart" / "wv_comm_user.odcs.yaml"
OTHERS = sorted((MART.parents[1] / "downstream").glob("*.yaml")) + sorted((MART.parents[1] / "upstream").glob("*.yaml"))

COLUMNS = "schema[0].properties"
MAJOR, MINOR, PATCH = ("breaking", "major"), ("additive", "minor"), ("semantic", "patch")
MEANING = ("semantic", "minor")


def loaded(text, file="c.odcs.yaml"):
    document = Document.parse(text, file=file)
    return ContractFile(Mapper(document, SOUND).contract(), document)


def between(*replacements, text=None):
    """From the sound contract to the same with these replacements."""
    old = new = SOUND.read_text(encoding="utf-8") if text is None else text
    for before, after in replacements:
        assert before in new
        new = new.replace(before, after, 1)
    return diff(loaded(old), loaded(new))


def impacts(found):
    return {change.path: (change.kind.value, change.bump.word) for change in found.changes}


@pytest.mark.parametrize("file", [SOUND, MART, *OTHERS], ids=lambda file: file.stem)
def test_a_contract_does_not_differ_from_itself(file):
    found = diff(read(file), read(file))
    assert found.changes == ()
    assert (found.required, found.is_breaking, found.is_refused) == (Bump.NONE, False, False)


@pytest.mark.parametrize(
    ("before", "after", "path", "widened", "narrowed"),
    [
        ("required: true\n        primary", "required: false\n        primary", f"{COLUMNS}[0].required", MAJOR, MINOR),
        ("        unique: true\n", "", "schema[1].properties[0].unique", MAJOR, MINOR),
        ("minimum: 1,", "minimum: 0,", f"{COLUMNS}[0].logicalTypeOptions.minimum", MAJOR, MINOR),
        ("exclusiveMaximum: 1000", "exclusiveMaximum: 1001", f"{COLUMNS}[0].logicalTypeOptions.exclusiveMaximum", MAJOR, MINOR),
        ("exclusiveMaximum: 1000", "maximum: 1000", f"{COLUMNS}[0].logicalTypeOptions.maximum", MAJOR, MINOR),
        ('minimum: "2020-01-01"', 'minimum: "2019-12-31"', f"{COLUMNS}[1].logicalTypeOptions.minimum", MAJOR, MINOR),
        ("minLength: 2", "minLength: 1", f"{COLUMNS}[3].logicalTypeOptions.minLength", MAJOR, MINOR),
        ("maxLength: 2", "maxLength: 3", f"{COLUMNS}[3].logicalTypeOptions.maxLength", MAJOR, MINOR),
        ("varchar(200)", "varchar(201)", f"{COLUMNS}[4].physicalType", MAJOR, MINOR),
        ("varchar(200)", "string", f"{COLUMNS}[4].physicalType", MAJOR, MINOR),
        ("{value: NO}, ", "{value: NO}, {value: DK}, ", f"{COLUMNS}[3].enum[1]", MAJOR, MINOR),
        ("rowCount, mustBeGreaterThan: 0", "rowCount, mustBeGreaterThan: -1", "schema[0].quality[0].mustBeGreaterThan", MAJOR, MINOR),
        ("rowCount, mustBeGreaterThan: 0", "rowCount, mustBeGreaterOrEqualTo: 0", "schema[0].quality[0].mustBeGreaterOrEqualTo", MAJOR, MINOR),
        ("mustBe: 0, arguments", "mustBeLessThan: 3, arguments", "schema[0].quality[1].mustBeLessThan", MAJOR, MINOR),
        ("{metric: nullValues, mustBeLessThan: 9}", "{metric: nullValues, mustBeLessThan: 9, severity: warning}", f"{COLUMNS}[2].quality[1].severity", MAJOR, MINOR),
        ("value: 26, unit: h", "value: 2, unit: d", "slaProperties[0].value", MAJOR, MINOR),
        ('"2022-05-12"', '"2022-05-13"', "slaProperties[1].value", MAJOR, MINOR),
        ("status: active", "status: retired", "status", MAJOR, MINOR),
        ('  - {property: generalAvailability, value: "2022-05-12"}\n', "", "slaProperties[1]", MAJOR, MINOR),
        ("    relationships:\n      - from: [orders.customer_id, orders.country]\n        to: [customers.id, customers.country]\n", "", "schema[0].relationships[0]", MAJOR, MINOR),
        ("        enum: [{value: NO}, {value: SE}]\n", "", f"{COLUMNS}[3].enum[0]", MAJOR, MINOR),
        ("{property: allowVacuous, value: false}", "{property: allowVacuous, value: true}", f"{COLUMNS}[4].customProperties[0].value", MAJOR, MINOR),
    ],
)  # fmt: skip
def test_what_weakens_a_promise_is_breaking_and_its_reverse_additive(before, after, path, widened, narrowed):
    text = SOUND.read_text(encoding="utf-8")
    text = text.replace("allowVacuous, value: true", "allowVacuous, value: false")
    there = between((before, after), text=text)
    back = diff(there.new, there.old)
    assert impacts(there)[path] == widened
    assert there.required is Bump.MAJOR
    assert narrowed in impacts(back).values()
    assert back.required is Bump.MINOR


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("physicalType: bigint", "physicalType: int", f"{COLUMNS}[0].physicalType"),
        ("physicalType: decimal(18,2)", "physicalType: decimal(20,2)", f"{COLUMNS}[5].physicalType"),
        ("      - name: note\n", "      - name: remark\n", f"{COLUMNS}[4]"),
        ("primaryKeyPosition: 2\n", "primaryKeyPosition: 2\n        unique: true\n", None),
        ("        primaryKey: true\n        primaryKeyPosition: 2\n", "", f"{COLUMNS}[1].primaryKey"),
        ("        partitioned: true\n        partitionKeyPosition: 1\n", "", f"{COLUMNS}[1].partitioned"),
        ('pattern: "^[A-Z]{2}$"', 'pattern: "^[A-Z]+$"', f"{COLUMNS}[3].logicalTypeOptions.pattern"),
        ("classification: public", "classification: personal", f"{COLUMNS}[3].classification"),
        ("expression: amount > 0", "expression: amount > 1", "schema[0].quality[3].implementation.expression"),
        ("      - {id: pair, metric: duplicateValues, mustBe: 0, arguments: {properties: [customer_id, note]}}\n", "", "schema[0].quality[1]"),
        ("publishPartition, value: day", "publishPartition, value: country", "schema[0].customProperties[0].value"),
        ("dayBoundary, value: Asia/Seoul", "dayBoundary, value: UTC", "customProperties[0].value"),
        ("catalog: main", "catalog: other", "servers[0].catalog"),
        ("element: orders.day", "element: orders.amount", "slaProperties[0].element"),
        ("id: shop.orders", "id: shop.sales", "id"),
        ("      - {property: publishPartition", "      - {property: weather, value: 1}\n      - {property: publishPartition", "schema[0].customProperties[0]"),
    ],
)  # fmt: skip
def test_what_readers_lose_or_that_is_unknown_is_breaking(before, after, path):
    found = between((before, after))
    if path is None:
        assert not found.is_breaking
    else:
        assert impacts(found)[path] == MAJOR


@pytest.mark.parametrize(
    ("before", "after", "path", "expected"),
    [
        ("one row per order and day", "one row per order", "schema[0].dataGranularityDescription", MEANING),
        ("sum(amount)", "max(amount)", f"{COLUMNS}[5].transformLogic", MEANING),
        ("raw.orders.amount", "raw.orders.total", f"{COLUMNS}[5].transformSourceObjects[0]", MEANING),
        ("ask the shop", "ask nobody", "schema[0].quality[5].description", MEANING),
        ("classification: personal", "classification: restricted", f"{COLUMNS}[4].classification", MEANING),
        ("status: active", "status: deprecated", "status", MEANING),
        ("username: ann, role: owner", "username: ann, role: author", "team.members[0].role", PATCH),
        ("physicalType: bigint", "physicalType: LONG", f"{COLUMNS}[0].physicalType", PATCH),
        ("dimension: completeness", "dimension: accuracy", f"{COLUMNS}[2].quality[0].dimension", PATCH),
        ("name: orders\nversion", "name: the orders\nversion", "name", MEANING),
        ("unit: h, element", "unit: h, description: soon, element", "slaProperties[0].description", MEANING),
        ("value: 26, unit: h", "value: 26, unit: h, driver: analytics", "slaProperties[0].driver", PATCH),
    ],
)
def test_what_is_said_and_not_asked_is_semantic(before, after, path, expected):
    assert impacts(between((before, after))) == {path: expected}


def test_layout_and_the_version_itself_are_no_change():
    assert (
        between(("version: 1.2.0", "version: 9.0.0"), ("slaProperties:", "# about time\nslaProperties:")).changes == ()
    )


def test_a_clause_that_is_switched_off_says_what_no_clause_says():
    found = between(("physicalType: int\n", "physicalType: int\n        required: false\n        unique: false\n"))
    assert set(impacts(found).values()) == {PATCH}


def test_a_column_between_others_is_additive_and_their_order_breaking():
    new = "      - {name: extra, logicalType: string}\n"
    assert impacts(between(("      - name: day\n", f"{new}      - name: day\n"))) == {f"{COLUMNS}[1]": MINOR}
    data = yaml.safe_load(SOUND.read_text(encoding="utf-8"))
    data["schema"][0]["properties"].reverse()
    found = diff(loaded(SOUND.read_text(encoding="utf-8")), loaded(yaml.safe_dump(data, sort_keys=False)))
    assert impacts(found)["schema[0].properties"] == MAJOR


@pytest.mark.parametrize(
    ("version", "given", "refused"),
    [
        ("1.2.0", Bump.NONE, True),
        ("1.2.1", Bump.PATCH, True),
        ("1.3.0", Bump.MINOR, True),
        ("2.0.0", Bump.MAJOR, False),
        ("10.0.0", Bump.MAJOR, False),
        ("0.9.0", Bump.NONE, True),
        ("next", Bump.NONE, True),
    ],
)
def test_a_breaking_change_needs_a_major_version_above_the_old_one(version, given, refused):
    found = between(("version: 1.2.0", f"version: {version}"), ("unique: true", "unique: false"))
    assert (found.actual, found.is_refused) == (given, refused)


def test_an_additive_change_without_its_version_is_reported_and_not_refused():
    found = between(("physicalType: int\n", "physicalType: int\n        required: true\n"))
    assert not found.is_refused
    assert (
        "1 change from 1.2.0 to 1.2.0: a minor version is required; 1.2.0 is not a later version"
        in render_diff_text(found, color=False)
    )


CONSUMERS = """
  - property: consumers
    value:
      - {table: s.counts, columns: [order_id, day]}
      - {table: s.countries, columns: [country]}
      - {table: s.unknown}
"""


@pytest.mark.parametrize(
    ("before", "after", "path", "hit"),
    [
        ("physicalType: bigint", "physicalType: int", f"{COLUMNS}[0].physicalType", ["s.counts", "s.unknown"]),
        ("maxLength: 2", "maxLength: 3", f"{COLUMNS}[3].logicalTypeOptions.maxLength", ["s.countries", "s.unknown"]),
        ("value: 26", "value: 27", "slaProperties[0].value", ["s.countries", "s.counts", "s.unknown"]),
        ("expression: amount > 0", "expression: amount > -1", "schema[0].quality[3].implementation.expression", ["s.unknown"]),
        ("      - name: day\n", "      - {name: extra, logicalType: string}\n      - name: day\n", f"{COLUMNS}[1]", []),
        ("      - name: country\n", "      - name: land\n", f"{COLUMNS}[3]", []),
        ("physicalType: bigint", "physicalType: long", f"{COLUMNS}[0].physicalType", []),
    ],
)  # fmt: skip
def test_a_change_hits_who_reads_what_changed_or_may_read_it(before, after, path, hit):
    found = between((before, after), text=SOUND.read_text(encoding="utf-8").rstrip("\n") + CONSUMERS)
    change = next(change for change in found.changes if change.path == path)
    assert list(change.consumers) == hit


def test_a_column_that_is_gone_hits_who_read_it():
    text = SOUND.read_text(encoding="utf-8").rstrip("\n") + CONSUMERS
    found = between(("      - name: country\n", "      - name: land\n"), text=text)
    gone = next(change for change in found.changes if change.is_removed and change.path == f"{COLUMNS}[3]")
    assert gone.consumers == ("s.countries", "s.unknown")


def test_values_of_a_protected_column_are_not_shown():
    text = SOUND.read_text(encoding="utf-8").replace("classification: public", "classification: personal")
    found = between(("{value: NO}, ", "{value: NO}, {value: SECRET}, "), ("maxLength: 2", "maxLength: 777"), text=text)
    assert len(found.changes) == 2
    for shown in (render_diff_json(found), render_diff_text(found, color=False)):
        assert "SECRET" not in shown
        assert "777" not in shown


# Every leaf


def mutated(value):
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case None:
            return "something"
        case _:
            return f"{value}x"


def put(data, path, value):
    *above, last = parse_address(path)
    for step in above:
        data = data[step]
    data[last] = value


def with_mutations(file, paths):
    """The contract with these leaves mutated; None where it is no contract any more."""
    data = deepcopy(read(file).document.data)
    for path in paths:
        put(data, path, mutated(read(file).document.at(path)))
    try:
        return loaded(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
    except ValueError:
        return None


@pytest.mark.parametrize("file", [SOUND, MART, OTHERS[0]], ids=lambda file: file.stem)
def test_a_mutation_of_any_leaf_is_reported_at_its_path_and_not_additive_both_ways(file):
    """Of every leaf of the small contract, and of one leaf of each shape in the large ones."""
    old = read(file)
    silent, both = [], []
    one_of_each = {address_shape(path): (path, value) for path, value in old.document.leaves()}
    leaves = old.document.leaves() if file == SOUND else one_of_each.values()
    for path, value in leaves:
        text = deepcopy(old.document.data)
        put(text, path, mutated(value))
        try:
            new = loaded(yaml.dump(text, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True))
        except ValueError:
            continue
        there, back = diff(old, new).changes, diff(new, old).changes
        if path != "version" and not any(re.match(rf"{re.escape(change.path)}($|[.\[])", path) for change in there):
            silent.append(path)
        if there and {change.kind.value for change in (*there, *back)} == {"additive"}:
            both.append(path)
    assert (silent, both) == ([], [])


SOUND_LEAVES = [path for path, _ in read(SOUND).document.leaves() if path != "version"]


@given(st.sets(st.sampled_from(SOUND_LEAVES), min_size=1, max_size=4))
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_more_changes_never_call_for_a_smaller_version(paths):
    old = read(SOUND)
    together = with_mutations(SOUND, paths)
    alone = [with_mutations(SOUND, [path]) for path in paths]
    if together is None or None in alone:
        return
    assert diff(old, together).required >= max(diff(old, each).required for each in alone)


def test_many_changes_of_the_shipped_contract_as_a_whole(snapshot):
    text = MART.read_text(encoding="utf-8")
    replacements = [
        ("version: 1.0.0", "version: 1.1.0"),
        ("        required: true\n", ""),
        ("physicalType: int\n", "physicalType: bigint\n"),
        ("enum: [{value: 0}, {value: 1}]", "enum: [{value: 0}, {value: 1}, {value: 2}]"),
        ("max_distance: 0.05", "max_distance: 0.04"),
        ("value: 26", "value: 30"),
        ("value: 3\n    unit: y", "value: 5\n    unit: y"),
        ("description: community_id", "description: The community"),
        ("{username: 송재영, role: contributor}", "{username: 송재영, role: author}"),
        ("left: is_fc = 1", "left: is_fc <> 0"),
        ("      - name: fc_id\n", "      - name: fan_club_id\n"),
    ]
    found = between(*replacements, text=text)
    assert json.loads(render_diff_json(found)) == snapshot(name="json")
    assert render_diff_text(found, color=False) == snapshot(name="text")
