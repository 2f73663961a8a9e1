"""From ODCS files to the model, and every mistake of a file at once, with its place and what to do."""

from pathlib import Path

import pytest

from martgate.contracts.model import Relationship
from martgate.contracts.odcs import load, read
from martgate.contracts.quality import Severity, Threshold
from martgate.contracts.types import canonical_type
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput

DATA = Path(__file__).parent / "data"
SOUND = (DATA / "sound.odcs.yaml").read_text(encoding="utf-8")
KNOWN_BAD = {
    "column-completeness": "quality[0]: the key 'rule' is missing (ODCS allows it since v3.1.0: set apiVersion: v3.1.0)",
}


@pytest.fixture
def write(tmp_path):
    """Writes the sound contract with some of its text replaced, and gives the path."""

    def write(*replacements):
        text = SOUND
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "c.odcs.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def sound():
    return load(DATA / "sound.odcs.yaml")


def report(path):
    with pytest.raises(InvalidInput) as caught:
        load(path)
    return str(caught.value).replace(f"{path.parent}/", "")


# The model


def test_a_contract_says_what_it_is(sound):
    assert (sound.id, sound.name, sound.version, sound.api_version) == ("shop.orders", "orders", "1.2.0", "v3.2.0")
    assert sound.custom == {"dayBoundary": "Asia/Seoul"}
    assert sound.team == ({"username": "ann", "role": "owner"},)
    assert [sla.property for sla in sound.slas] == ["freshness", "generalAvailability"]


def test_a_table_is_qualified_by_its_physical_name_else_by_the_first_schema_of_a_server(sound):
    assert [(t.name, t.qualified_name) for t in sound.tables] == [
        ("orders", "shop.orders"),
        ("customers", "crm.customers"),
    ]


def test_without_a_server_schema_a_table_goes_by_its_bare_name(write):
    contract = load(write(("servers:\n  - {server: prod, type: databricks, catalog: main, schema: shop}\n", "")))
    assert contract.tables[0].qualified_name == "orders"


def test_a_column_goes_by_the_name_that_the_data_has(sound):
    assert sound.table("customers").column_names == ("customer_id", "country")


def test_keys_and_partitions_are_in_their_positions(sound):
    orders = sound.table("orders")
    assert orders.primary_key == ("order_id", "day")
    assert orders.partition_columns == ("day",)
    assert orders.publish_partition == "day"


def test_key_columns_without_a_position_follow_in_the_order_of_the_file(write):
    path = write(("        primaryKeyPosition: 1\n", ""), ("        primaryKeyPosition: 2\n", ""))
    assert load(path).table("orders").primary_key == ("order_id", "day")


def test_a_column_that_states_no_physical_type_gets_one_from_its_logical_type(sound):
    types = {column.name: column.physical_type for column in sound.table("orders").columns}
    assert types == {
        "order_id": "bigint",
        "day": "date",
        "customer_id": "int",
        "country": "string",
        "note": "varchar(200)",
        "amount": "decimal(18,2)",
    }


def test_a_nested_type_is_spelled_from_its_properties(write):
    nested = """      - name: lines
        logicalType: array
        items:
          logicalType: object
          properties:
            - {name: sku, logicalType: string}
            - {name: tags, logicalType: map, map: {key: {logicalType: string}, value: {logicalType: integer}}}
      - name: note
"""
    column = load(write(("      - name: note\n", nested))).table("orders").column("lines")
    assert canonical_type(column.physical_type) == "array<struct<sku:string,tags:map<string,bigint>>>"


def test_enum_values_keep_their_type_and_norway_stays_text(sound):
    assert sound.table("orders").column("country").enum == ("NO", "SE")
    assert sound.table("orders").column("amount").enum == (1, 2.5)


def test_any_classification_but_public_and_internal_protects(sound):
    protected = {column.name for column in sound.table("orders").columns if column.is_protected}
    assert protected == {"note"}


def test_lineage_and_custom_properties_are_read(sound):
    orders = sound.table("orders")
    assert orders.column("amount").sources == ("raw.orders.amount",)
    assert orders.column("amount").transform_logic == "sum(amount)"
    assert orders.column("note").can_be_vacuous
    assert orders.granularity == "one row per order and day"


def test_relationships_lead_to_qualified_tables_and_columns_as_the_data_names_them(sound):
    orders = sound.table("orders")
    assert orders.relationships == (
        Relationship(
            path="schema[0].relationships[0]",
            columns=("customer_id", "country"),
            to_table="crm.customers",
            to_columns=("customer_id", "country"),
        ),
    )
    (to_id,) = orders.column("customer_id").relationships
    assert (to_id.columns, to_id.to_table, to_id.to_columns) == (("customer_id",), "crm.customers", ("customer_id",))


@pytest.mark.parametrize(
    ("reference", "table", "columns"),
    [
        ("customers.id", "crm.customers", ("customer_id",)),
        ("crm.customers.id", "crm.customers", ("customer_id",)),
        ("customers.country", "crm.customers", ("country",)),
        ("customers.address.zip", "crm.customers", ("address.zip",)),
        ("other.things.id", "other.things", ("id",)),
        ("/schema/customers/properties/id", "crm.customers", ("customer_id",)),
        ("schema/orders_table/properties/customer", "shop.orders", ("customer_id",)),
        ("elsewhere.odcs.yaml#/schema/things_id/properties/key_id", "lake.things", ("key",)),
        ("missing.odcs.yaml#/schema/things_id/properties/key_id", "things_id", ("key_id",)),
        ("https://example.org/x.yaml#schema/t/properties/c", "t", ("c",)),
    ],
)
def test_every_form_of_reference_is_followed(write, reference, table, columns):
    path = write(("/schema/customers_table/properties/customer_key", reference))
    (path.parent / "elsewhere.odcs.yaml").write_text(
        "schema: [{id: things_id, name: things, physicalName: lake.things, properties: [{id: key_id, name: key}]}]"
    )
    (found,) = load(path).table("orders").column("customer_id").relationships
    assert (found.to_table, found.to_columns) == (table, columns)


def test_quality_entries_of_all_types_are_read(sound):
    rows, pair, sql, first, _, text = sound.table("orders").quality
    assert (rows.metric, rows.threshold) == ("rowCount", Threshold("mustBeGreaterThan", (0,)))
    assert pair.arguments == {"properties": ["customer_id", "note"]}
    assert (sql.query, sql.threshold) == ("SELECT count(*) FROM {object}", Threshold("mustBeBetween", (0, 10)))
    assert sql.severity is Severity.WARNING
    assert rows.severity is Severity.ERROR
    assert first.implementation == {"rule": "holds", "expression": "amount > 0"}
    assert text.description == "ask the shop"


def test_a_quality_entry_without_an_id_is_called_after_its_kind_and_counted(sound):
    orders = sound.table("orders")
    assert [entry.id for entry in orders.quality] == ["rowCount", "pair", "sql", "holds", "holds-2", "text"]
    assert [entry.id for entry in orders.column("customer_id").quality] == ["nullValues", "nullValues-2"]


def test_a_derived_id_gives_way_to_a_stated_one(write):
    path = write(("id: pair", "id: holds"))
    assert [entry.id for entry in load(path).table("orders").quality][3:5] == ["holds-2", "holds-3"]


@pytest.mark.parametrize(
    ("old", "metric", "threshold"),
    [
        ("rule: nullCheck", "nullValues", Threshold("mustBe", (0,))),
        ("rule: duplicateCount, mustBeLessThan: 10", "duplicateValues", Threshold("mustBeLessThan", (10,))),
        ("rule: validValues, validValues: [a]", "invalidValues", Threshold("mustBe", (0,))),
        ("rule: rowCount, mustBeBetween: [1, 2]", "rowCount", Threshold("mustBeBetween", (1, 2))),
        ("rule: somethingElse, mustBe: 1", None, Threshold("mustBe", (1,))),
        ("rule: rowCount, mustBe: 1, mustNotBe: 2", "rowCount", None),
        ("rule: rowCount, mustBe: many", "rowCount", None),
    ],
)
def test_a_rule_of_3_0_is_read_as_the_metric_it_became(tmp_path, old, metric, threshold):
    path = tmp_path / "old.odcs.yaml"
    quality = f"[{{name: t, properties: [{{name: c, quality: [{{type: library, {old}}}]}}]}}]"
    path.write_text(
        f"apiVersion: v3.0.2\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\nschema: {quality}\n"
    )
    (entry,) = load(path).tables[0].columns[0].quality
    assert (entry.metric, entry.threshold) == (metric, threshold)


def test_what_the_standards_own_library_cannot_read_is_refused_though_a_lax_schema_allows_it(tmp_path):
    path = tmp_path / "old.odcs.yaml"
    column = "{name: c, quality: [{rule: nullCheck, id: 5}]}"
    head = "apiVersion: v3.0.2\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\n"
    path.write_text(f"{head}schema: [{{name: t, properties: [{column}]}}]\n")
    assert report(path) == (
        "old.odcs.yaml:6:75: schema[0].properties[0].quality[0].id: "
        "the standard's library cannot read it: Input should be a valid string"
    )


def test_an_implementation_given_as_text_is_read_as_yaml(write):
    text = 'implementation: "rule: holds\\nexpression: amount > 0"'
    path = write(("implementation: {rule: holds, expression: amount > 0}", text))
    assert load(path).table("orders").quality[3].implementation == {"rule": "holds", "expression": "amount > 0"}


def test_an_exclusive_bound_of_3_0_becomes_the_bound_itself(tmp_path):
    path = tmp_path / "old.odcs.yaml"
    options = "{minimum: 1, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false}"
    column = f"{{name: c, logicalType: integer, logicalTypeOptions: {options}}}"
    head = "apiVersion: v3.0.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\n"
    path.write_text(f"{head}schema: [{{name: t, properties: [{column}]}}]\n")
    assert load(path).tables[0].columns[0].options == {"exclusiveMinimum": 1, "maximum": 9}


def test_every_part_leads_back_to_its_line():
    loaded = read(DATA / "sound.odcs.yaml")
    lines = SOUND.splitlines()
    for table in loaded.contract.tables:
        for column in table.columns:
            line, _ = loaded.document.locate(f"{column.path}.name")
            stated = loaded.document.at(f"{column.path}.name")
            assert f"name: {stated}" in lines[line - 1]


# Mistakes

MISTAKES = {
    "a list instead of a contract": [(SOUND, "- a\n- b\n")],
    "no apiVersion": [("apiVersion: v3.2.0\n", "")],
    "an apiVersion that does not exist": [("apiVersion: v3.2.0", "apiVersion: 3.2.0")],
    "an apiVersion before 3": [("apiVersion: v3.2.0", "apiVersion: v2.2.2")],
    "an apiVersion that is a number": [("apiVersion: v3.2.0", "apiVersion: 3.2")],
    "a kind that is no contract": [("kind: DataContract", "kind: Contract")],
    "a missing id": [("id: shop.orders\n", "")],
    "a version that YAML reads as a number": [("version: 1.2.0", "version: 1.2")],
    "a misspelt key": [("dataGranularityDescription", "dataGranularityDescripton")],
    "a key that nobody knows": [("kind: DataContract", "kind: DataContract\nzzz: 1")],
    "a misspelt logical type": [("logicalType: date\n", "logicalType: dat\n")],
    "a logical type that nobody knows": [("logicalType: date\n", "logicalType: quux\n")],
    "yes for true": [("required: true\n", "required: yes\n")],
    "a position in quotes": [("primaryKeyPosition: 1", 'primaryKeyPosition: "1"')],
    "a leading zero": [("primaryKeyPosition: 1", "primaryKeyPosition: 01")],
    "a mapping where a list belongs": [("quality:\n      - {metric: rowCount, mustBeGreaterThan: 0}", "quality:\n        a: 1\n    tags:\n      - b")],
    "an option of another type": [("{minimum: 1, exclusiveMaximum: 1000}", "{minLength: 1}")],
    "options without a logical type": [("logicalType: integer\n        physicalType: bigint", "physicalType: bigint")],
    "a number as the bound of a date": [('minimum: "2020-01-01"', "minimum: 2020")],
    "a negative length": [("minLength: 2", "minLength: -2")],
    "an enum of bare words": [("[{value: NO}, {value: SE}]", "[NO, SE]")],
    "an enum value twice": [("[{value: NO}, {value: SE}]", "[{value: NO}, {value: NO}]")],
    "an empty enum": [("[{value: NO}, {value: SE}]", "[]")],
    "two operators": [("mustBeGreaterThan: 0", "mustBeGreaterThan: 0, mustBeLessThan: 9")],
    "no operator": [(", mustBeGreaterThan: 0", "")],
    "an operator with text": [("mustBeGreaterThan: 0", "mustBeGreaterThan: none")],
    "between two equal numbers": [("mustBeBetween: [0, 10]", "mustBeBetween: [5, 5]")],
    "between one number": [("mustBeBetween: [0, 10]", "mustBeBetween: [5]")],
    "an unknown metric": [("metric: rowCount", "metric: rowsCount")],
    "an unknown dimension": [("dimension: completeness", "dimension: validity")],
    "an unknown quality type": [("type: text", "type: txt")],
    "sql without a query": [('query: "SELECT count(*) FROM {object}", ', "")],
    "custom without an engine": [("engine: martgate, ", "")],
    "an id with a space": [("id: pair", "id: pa ir")],
    "a relationship that names no column": [("to: [customers.id, customers.country]", "to: [customers]")],
    "a relationship of a column with a from": [("          - to: /schema", "          - from: orders.customer_id\n            to: /schema")],
    "a relationship of a table without a from": [("      - from: [orders.customer_id, orders.country]\n        to", "      - to")],
    "a custom property without a value": [("{property: publishPartition, value: day}", "{property: publishPartition}")],
    "a server of unknown type": [("type: databricks", "type: databrick")],
    "a team member without a name": [("{username: ann, role: owner}", "{role: owner}")],
    "a relationship from one column to a list": [("[orders.customer_id, orders.country]", "orders.country")],
    "a team of nobody": [("    - {username: ann, role: owner}", "    - {role: owner}\n    - {name: x}\n  namee: y")],
    "a key twice": [("id: shop.orders\n", "id: shop.orders\nid: again\n")],
    "no YAML": [("schema:\n", "schema: [\n")],
    "many at once": [
        ("version: 1.2.0", "version: 1.2"),
        ("logicalType: date\n", "logicalType: dat\n"),
        ("metric: rowCount", "metric: rowsCount"),
        ("classification: public", "clasification: public"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_with_its_place_and_what_to_do(write, snapshot, mistake):
    assert report(write(*MISTAKES[mistake])) == snapshot


def test_all_mistakes_come_in_the_order_of_their_lines(write):
    with pytest.raises(InvalidInput) as caught:
        load(write(*MISTAKES["many at once"]))
    lines = [problem.line for problem in caught.value.problems]
    assert len(lines) == 4
    assert lines == sorted(lines)


def test_a_word_of_a_later_version_is_distinguished_from_a_mistake(write):
    text = report(write(("apiVersion: v3.2.0", "apiVersion: v3.1.0")))
    assert "enum: the key 'enum' is not known here (ODCS allows it since v3.2.0: set apiVersion: v3.2.0)" in text


@pytest.mark.parametrize("wrap", ["properties", "items"])
def test_deeply_nested_properties_are_judged_in_linear_time(tmp_path, wrap):
    column = "{name: leaf, logicalType: string}"
    for _ in range(19 if wrap == "items" else 28):
        if wrap == "items":
            column = f"{{name: x, logicalType: array, items: {{logicalType: object, properties: [{column}]}}}}"
        else:
            column = f"{{name: x, logicalType: object, properties: [{column}]}}"
    path = tmp_path / "deep.odcs.yaml"
    path.write_text(
        f"apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\nschema: [{{name: t, properties: [{column}]}}]"
    )
    assert load(path).tables[0].column_names == ("x",)


def test_a_mistake_inside_nested_properties_is_found(tmp_path):
    path = tmp_path / "c.odcs.yaml"
    item = "{logicalType: object, properties: [{name: a, logicalType: strng}]}"
    column = f"{{name: x, logicalType: array, items: {item}}}"
    path.write_text(
        f"apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\nschema: [{{name: t, properties: [{column}]}}]"
    )
    assert "schema[0].properties[0].items.properties[0].logicalType: found 'strng'" in report(path)


# The standard's own examples


@pytest.mark.parametrize("name", sorted(path.name for path in (DATA / "odcs").glob("*.odcs.yaml")))
def test_public_examples_load_or_are_refused_with_the_true_reason(name):
    check_example(DATA / "odcs" / name)


def check_example(path):
    reason = KNOWN_BAD.get(path.name.removesuffix(".odcs.yaml"))
    if reason is not None:
        assert reason in report(path)
        return
    contract = load(path)
    tables = Document.read(path).data.get("schema", [])
    assert [table.name for table in contract.tables] == [table["name"] for table in tables]
    assert [len(table.columns) for table in contract.tables] == [len(table.get("properties", ())) for table in tables]
