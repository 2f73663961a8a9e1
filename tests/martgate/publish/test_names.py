"""A project whose tables and columns have every name that is legal: each command does what it does for plain names."""

import json
import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.query import Query
from martgate.cli.main import call
from martgate.cli.main import martgate as commands
from martgate.project.settings import load_settings
from martgate.project.wiring import open_context
from martgate.publish.queries import run_query

ORDERS = r"""
apiVersion: v3.2.0
kind: DataContract
id: orders
name: orders
version: 1.0.0
status: active
schema:
  - name: my-orders
    physicalName: shop.my-orders
    description: "Orders. '\"`"
    customProperties: [{property: publishPartition, value: 1st}]
    relationships:
      - {type: foreignKey, from: my-orders.with.dot, to: source.odcs.yaml#/schema/order/properties/with_dot}
    quality:
      - {id: rows, type: sql, query: "SELECT COUNT(*) FROM {object} WHERE `we ird` = '${env:HOME}'", mustBe: 2}
      - {id: quoted, type: sql, query: "SELECT COUNT(*) FROM `{object}` JOIN `raw`.`order` USING (`with.dot`)", mustBe: 3}
      - {id: twice, type: library, metric: duplicateValues, arguments: {properties: [order, with.dot]}, mustBe: 0}
      - id: batch
        type: custom
        engine: greatExpectations
        implementation:
          type: unexpected_rows_expectation
          kwargs: {unexpected_rows_query: "SELECT * FROM {batch} WHERE `한국어` < 0"}
      - id: same
        type: custom
        engine: martgate
        implementation: {rule: same_set, columns: [order], to: raw.order, to_columns: ["q`uote"]}
      - id: sums
        type: custom
        engine: martgate
        implementation:
          rule: reconciles
          measure: SUM(`한국어`)
          against: "SELECT `q``uote` AS `order`, `it's \"x\"` AS measure FROM raw.`order`"
          by: order
      - {id: falls, type: custom, engine: martgate, implementation: {rule: never_falls, column: 한국어, key: [order]}}
      - id: shift
        type: custom
        engine: martgate
        implementation: {rule: share_shift, columns: [we ird], max_distance: 0.2}
    properties:
      - {name: order, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1}
      - name: we ird
        logicalType: string
        physicalType: string
        enum: [{value: "${env:HOME}"}, {value: "it's \\ \"so\""}]
      - {name: with.dot, logicalType: string, physicalType: string, required: true, classification: personal}
      - {name: 한국어, logicalType: integer, physicalType: bigint, logicalTypeOptions: {minimum: 0}}
      - name: nested
        logicalType: object
        physicalType: "struct<`a b`:int,`c``d`:string>"
      - {name: 1st, logicalType: string, physicalType: string, partitioned: true, partitionKeyPosition: 1}
slaProperties:
  - {property: latency, value: 100000, unit: d, element: my-orders.1st}
"""
SOURCE = r"""
apiVersion: v3.2.0
kind: DataContract
id: source
name: source
version: 1.0.0
status: active
schema:
  - name: order
    physicalName: raw.order
    properties:
      - {name: "q`uote", logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1}
      - {name: "it's \"x\"", logicalType: integer, physicalType: bigint}
      - {name: with.dot, id: with_dot, logicalType: string, physicalType: string}
      - {name: we ird, logicalType: string, physicalType: string}
      - {name: 1st, logicalType: string, physicalType: string, partitioned: true, partitionKeyPosition: 1}
"""
MODEL = """\
SELECT
  o.`q``uote` AS `order`,
  o.`we ird`,
  o.`with.dot`,
  o.`it's "x"` AS `한국어`,
  NAMED_STRUCT('a b', CAST(o.`q``uote` AS INT), 'c`d', '${env:HOME}') AS nested,
  `order`.`1st`
FROM raw.`order` AS o JOIN raw.`order` USING (`q``uote`, `1st`)
WHERE o.`1st` = :part_date
"""
DAY = "2024-01-01"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("names")
    for name, written in (("contracts/orders.odcs.yaml", ORDERS), ("contracts/source.odcs.yaml", SOURCE)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(written.lstrip(), encoding="utf-8")
    (folder / "models").mkdir()
    (folder / "models" / "my-orders.sql").write_text(MODEL, encoding="utf-8")
    (folder / "martgate.toml").write_text(
        'contracts = ["contracts"]\nmodels = ["models"]\nupstreams = "up"\nwarehouse = "lake"\nreport = "none"\n'
        'lineage = "file:lineage.ndjson"\n',
        encoding="utf-8",
    )
    texts = ["${env:HOME}", "${env:HOME}", 'it\'s \\ "so"']
    columns = {"q`uote": [1, 2, 3], 'it\'s "x"': [10, 20, 30], "with.dot": ["a", "b", "c"], "we ird": texts}
    place = folder / "up" / "raw" / "order" / f"1st={DAY}"
    place.mkdir(parents=True)
    pq.write_table(pa.table(columns), place / "rows.parquet")
    return folder


@pytest.fixture
def martgate(project, monkeypatch, capfd):
    """Run one command in the project: exit code, and what was shown."""
    monkeypatch.chdir(project)

    def run(*arguments):
        capfd.readouterr()
        code = call([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out + err

    return run


@pytest.fixture
def published(martgate, project):
    if not (project / "lake").exists():
        code, told = martgate("run", "my-orders", "--date", DAY)
        assert code == 0, told


TABLE = "my-orders"
COMMANDS = {
    "lint": ["lint"],
    "coverage": ["coverage", TABLE],
    "config": ["config"],
    "compile": ["compile"],
    "state": ["state", "--out", "state.json"],
    "upstreams": ["upstreams", TABLE, "--date", DAY],
    "build": ["build", TABLE, "--date", DAY],
    "gate": ["gate", TABLE, "--date", DAY],
    "publish": ["publish", TABLE, "--date", DAY],
    "run": ["run", TABLE, "--date", DAY],
    "backfill": ["backfill", TABLE, "--from", DAY, "--to", DAY],
    "backtest": ["backtest", TABLE],
    "history": ["history", TABLE],
    "verify": ["verify", TABLE],
    "docs": ["docs"],
    "diff": ["diff", "contracts/orders.odcs.yaml", "contracts/orders.odcs.yaml"],
    "sla": ["sla", TABLE, "--date", DAY],
    "import": ["import", "up/raw/order", "--name", "raw.order"],
    "export": ["export", TABLE, "--to", "delta-ddl"],
}
OF_THE_SHIPPED_MART = {"demo", "init", "sample", "query", "waive"}
"""Commands whose tables are given, or that are tried below."""


def test_every_command_is_tried():
    assert COMMANDS.keys() | OF_THE_SHIPPED_MART == commands.commands.keys()


STEPS = ("build", "gate", "publish")
"""The commands that go by what the one before left."""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_does_not_mind_names(martgate, published, command):
    before = STEPS[: STEPS.index(command)] if command in STEPS else ()
    for each in (*before, command):
        code, output = martgate(*COMMANDS[each])
        assert code == 0, output


@pytest.mark.parametrize("engine", ["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def test_the_rules_are_judged_on_data_by_any_name(martgate, project, published, engine, request):
    if engine == "spark":
        request.getfixturevalue("spark")
    code, told = martgate("gate", TABLE, "--date", DAY, "--engine", engine, "--json")
    verdicts = {one["rule"]: one["outcome"] for one in json.loads(told)["verdicts"]}
    assert code == 0, told
    assert set(verdicts.values()) == {"passed"}


def test_what_is_published_is_what_the_source_has(project, published):
    with open_context(load_settings(project=project, environment={})) as context:
        query = Query("q", "SELECT `order`, `we ird`, `한국어` FROM shop.`my-orders` ORDER BY `order`")
        assert [tuple(row) for row in run_query(query, {}, context).rows] == [
            (1, "${env:HOME}", 10),
            (2, "${env:HOME}", 20),
            (3, 'it\'s \\ "so"', 30),
        ]


def _choices(command, option):
    (found,) = (one for one in commands.commands[command].params if option in one.opts)
    return list(found.type.choices)


def exported(martgate, to):
    code, told = martgate("export", TABLE, "--to", to)
    assert code == 0, told
    return told


def test_every_export_is_made(martgate):
    for to in _choices("export", "--to"):
        assert exported(martgate, to)


def test_exported_sqlalchemy_creates_the_table(martgate):
    import sqlalchemy as sa

    names = {}
    exec(compile(exported(martgate, "sqlalchemy"), "exported", "exec"), names)
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(":memory:"))
    names["metadata"].create_all(engine)
    assert [column["name"] for column in sa.inspect(engine).get_columns("my-orders")][:3] == [
        "order",
        "we ird",
        "with.dot",
    ]


@pytest.mark.spark
def test_exported_ddl_is_read_by_a_session_that_is_not_ours(martgate, spark):
    """It is not run: the catalog that comes with Spark refuses the table's name, others take it."""
    parser = spark.newSession()._jsparkSession.sessionState().sqlParser()
    columns = parser.parsePlan(exported(martgate, "delta-ddl")).columns()
    names = [columns.apply(place).name() for place in range(columns.size())]
    assert names == ["order", "we ird", "with.dot", "한국어", "nested", "1st"]


def test_lineage_names_the_columns_of_the_source(martgate, project, published):
    events = [json.loads(line) for line in (project / "lineage.ndjson").read_text(encoding="utf-8").splitlines()]
    (facet, *_) = [
        output["facets"]["columnLineage"]["fields"]
        for event in events
        for output in event["outputs"]
        if "columnLineage" in output["facets"]
    ]
    assert facet["with.dot"]["inputFields"][0]["field"] == "with.dot"
    assert facet["order"]["inputFields"][0]["field"] == "q`uote"


def test_a_rule_is_waived_by_any_name(martgate, published):
    code, told = martgate("waive", TABLE, "--list")
    assert code == 0, told
