"""Models: inputs, columns and lineage of a query, and errors in invalid ones."""

from pathlib import Path

import pytest

from martgate.builders.model import Model, cast_to_contract, load_models
from martgate.contracts.model import Column, Table
from martgate.errors import InvalidInput

MART_MODELS = Path(__file__).parents[3] / "builders" / "models"
SHOP = """
WITH paid AS (
  SELECT order_id, amount, ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY paid_at DESC) AS rn
  FROM shop.payment
  WHERE paid_at < CAST(:day_end AS TIMESTAMP)
)
SELECT orders.id, COALESCE(paid.amount, 0) + orders.fee AS total, 'fix' AS constant, :part_date AS part_date
FROM shop.orders AS orders
LEFT JOIN paid ON paid.order_id = orders.id AND paid.rn = 1
"""


def table(**columns):
    return Table(
        path="schema[0]",
        name="t",
        qualified_name="shop.t",
        columns=tuple(Column(path="", name=n, logical_type="", physical_type=t) for n, t in columns.items()),
    )


def test_a_model_knows_its_inputs_parameters_and_columns():
    model = Model("shop", SHOP)
    assert model.inputs == ("shop.orders", "shop.payment")
    assert model.parameters == {"day_end", "part_date"}
    assert model.columns == ("id", "total", "constant", "part_date")


def test_lineage_goes_through_ctes_and_expressions_to_the_columns_of_inputs():
    assert Model("shop", SHOP).lineage() == {
        "id": {"shop.orders.id"},
        "total": {"shop.payment.amount", "shop.orders.fee"},
        "constant": frozenset(),
        "part_date": frozenset(),
    }


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT a, b FROM t JOIN u ON t.x = u.x", "qualify a with its table"),
        ("SELECT * FROM t", "name the columns"),
        ("WITH c AS (SELECT * FROM t) SELECT a FROM c", "name the columns"),
    ],
)
def test_lineage_that_cannot_be_traced_is_an_error_not_a_gap(sql, words):
    with pytest.raises(InvalidInput, match=words):
        Model("m", sql).lineage()


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT n, CAST(:run_timestamp AS TIMESTAMP) AS at, :part_date AS day FROM t", ("at",)),
        ("WITH r AS (SELECT :run_timestamp AS at) SELECT t.n, DATE(r.at) AS built FROM t CROSS JOIN r", ("built",)),
        ("SELECT COALESCE(seen, :run_timestamp) AS seen FROM t WHERE seen < :run_timestamp", ()),
        ("SELECT *, :run_timestamp AS at FROM t", ()),
    ],
    ids=["at once", "through a CTE", "mixed with data", "not traceable"],
)
def test_columns_of_the_run_timestamp_alone_are_found(sql, names):
    assert Model("m", sql).run_timestamp_columns == names


def test_in_the_models_of_the_mart_only_one_column_is_of_the_run_timestamp():
    assert {model.run_timestamp_columns for model in load_models([MART_MODELS]).values()} == {("run_timestamp",)}


def test_the_cast_query_has_the_contracts_columns_types_and_order(engine):
    source = "(SELECT 1 AS a) AS t WHERE a = 2 -- the end"
    model = Model("m", f"SELECT COUNT(*) AS n, 1 AS flag, 'x' AS `odd ``name` FROM {source}")
    contract = table(**{"flag": "tinyint", "odd `name": "string", "n": "bigint"})
    sql = cast_to_contract(model, contract)
    assert engine.fetch(sql) == [(1, "x", 0)]
    described = engine.fetch(f"SELECT * FROM ({sql})")
    assert described == [(1, "x", 0)]


def test_a_query_that_ends_in_a_semicolon_can_be_cast(engine):
    assert engine.fetch(cast_to_contract(Model("m", "SELECT 1 AS a;\n"), table(a="bigint"))) == [(1,)]


def test_columns_that_differ_from_the_contract_are_named_all_at_once():
    with pytest.raises(InvalidInput) as caught:
        cast_to_contract(Model("m", "SELECT 1 AS a, 2 AS b", "m.sql"), table(a="int", c="int", d="int"))
    messages = [problem.message for problem in caught.value.problems]
    assert messages == [
        "the query does not return column c",
        "the query does not return column d",
        "the query returns column b, which the contract does not have",
    ]


def test_models_are_loaded_from_folders_by_name(tmp_path):
    (tmp_path / "mine.sql").write_text("SELECT 1 AS a")
    (tmp_path / "notes.txt").write_text("not a model")
    models = load_models([MART_MODELS, tmp_path])
    assert {"wv_comm_user", "wv_dm_subscr", "mine"} <= models.keys()
    assert "notes" not in models
    assert models["mine"].file == str(tmp_path / "mine.sql")


def test_every_problem_of_every_file_is_reported_with_its_place(tmp_path):
    (tmp_path / "a.sql").write_text("SELECT 1 AS a\nFROM t\nWHERE :day_ende < 2 AND :oops = 1")
    (tmp_path / "b.sql").write_text("SELECT 1 AS a,\n  FROM WHERE")
    (tmp_path / "c.sql").write_text("SELECT\n  UPPER(a) AS a FROM t")
    (tmp_path / "d.sql").write_bytes(b"SELECT '\xff'")
    (tmp_path / "e.sql").write_text("")
    (tmp_path / "wv_comm_user.sql").write_text("SELECT 1 AS a")
    with pytest.raises(InvalidInput) as caught:
        load_models([MART_MODELS, tmp_path, tmp_path / "nowhere"])
    lines = [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]
    for place_and_words in (
        ("a.sql:3", "unknown parameter :day_ende", ":day_end"),
        ("a.sql:3", "unknown parameter :oops"),
        ("b.sql:2:",),
        ("c.sql:2", "UPPER"),
        ("d.sql", "UTF-8"),
        ("e.sql", "found nothing"),
        ("wv_comm_user.sql", "model wv_comm_user is already defined in"),
        ("nowhere", "no folder of models"),
    ):
        assert any(all(word in line for word in place_and_words) for line in lines), (place_and_words, lines)
    assert len(lines) == 8


@pytest.mark.parametrize(
    ("sql", "is_same"),
    [
        ("select a.x, 'Y' as y -- two\nfrom s.a as a;", True),
        ("/* of a */ SELECT a.x,\n  'Y' AS y FROM s.a a", True),
        ("SELECT a.x, 'y' AS y FROM s.a AS a", False),
        ("SELECT a.x, 'Y' AS y FROM s.a AS a WHERE TRUE", False),
        ("SELECT 'Y' AS y, a.x FROM s.a AS a", False),
        ("SELECT /*+ BROADCAST(a) */ a.x, 'Y' AS y FROM s.a AS a", False),
    ],
)
def test_the_normal_form_does_not_depend_on_layout(sql, is_same):
    assert (Model("m", sql).canonical == Model("m", "SELECT a.x, 'Y' AS y FROM s.a AS a").canonical) is is_same


def test_the_normal_form_of_a_model_is_its_own_normal_form():
    for model in load_models([MART_MODELS]).values():
        assert Model(model.name, model.canonical).canonical == model.canonical
