"""Names and texts in SQL: what is quoted comes back as it was, and one module alone quotes."""

import ast
from pathlib import Path

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from martgate.builders.dialect import SparkMart, to_duckdb
from martgate.contracts.catalog import Catalog
from martgate.contracts.lint import lint
from martgate.contracts.odcs import read
from martgate.errors import InvalidInput
from martgate.text import quoting

ROOT = Path(__file__).parents[3]
SOURCES = [
    file
    for folder in (
        "src",
        "builders",
        "scripts",
        "benchmarks",
        "dags",
        "examples",
    )
    for file in sorted((ROOT / folder).rglob("*.py"))
]
WORDS = st.text(st.characters(exclude_categories=["Cs"]))
QUOTES = {"'", '"', "`"}


@given(WORDS)
def test_a_text_is_read_as_it_was(value):
    for dialect in (SparkMart, "databricks"):
        (found,) = sqlglot.parse_one(f"SELECT {quoting.text(value)}", dialect=dialect).expressions
        assert found.name == value


@given(WORDS)
def test_no_text_has_a_variable_of_spark_or_breaks_the_line(value):
    for hostile in (value, f"{value}${{env:HOME}}\n{value}"):
        written = quoting.text(hostile)
        assert "${" not in written
        assert written.isprintable()


@given(WORDS.filter(bool))
def test_a_name_is_read_as_it_was(name):
    (found,) = sqlglot.parse_one(f"SELECT {quoting.identifier(name)} AS x", dialect=SparkMart).expressions
    assert found.this.name == name


@given(WORDS.filter(bool))
def test_duckdb_reads_names_and_texts_as_they_were(name):
    import duckdb

    printable = "".join(char for char in name if char != "\0") or "x"
    selected = f"SELECT {quoting.duckdb_text(printable)} AS {quoting.duckdb_identifier(printable)}"
    with duckdb.connect() as connection:
        for sql in (selected, to_duckdb(f"SELECT {quoting.text(printable)} AS {quoting.identifier(printable)}")):
            answer = connection.execute(sql)
            assert (answer.description[0][0], answer.fetchall()) == (printable, [(printable,)])


@given(st.lists(WORDS.filter(lambda part: part and "`" not in part), min_size=2, max_size=4))
def test_a_joined_name_is_split_into_table_and_column(parts):
    *table, column = parts
    assert quoting.split_last(quoting.join_parts(parts)) == (quoting.join_parts(table), column)


@pytest.mark.parametrize(
    ("written", "escaped"),
    [
        ("t = '${env:HOME}'", "t = '$\\{env:HOME}'"),
        ("t = \"${x}\" AND u = 'it\\'s ${y}'", "t = \"$\\{x}\" AND u = 'it\\'s $\\{y}'"),
        ("`${x}` = 1 -- '${y}'\nAND t = '$z'", "`${x}` = 1 -- '${y}'\nAND t = '$z'"),
        ("t RLIKE r'${x}'", "t RLIKE r'${x}'"),
    ],
)
def test_variables_are_escaped_in_texts_alone(written, escaped):
    assert quoting.escape_variables(written) == escaped


def test_what_is_escaped_already_is_left_alone():
    written = quoting.text("a\\${b")
    assert quoting.escape_variables(written) == written


# Nobody else quotes.

OTHER_LANGUAGES = {
    "src/martgate/contracts/yaml/address.py": "addresses inside a document are quoted as JSON quotes",
    "src/martgate/contracts/export/page.py": "Markdown",
    "src/martgate/text/regex/parser.py": "messages about patterns",
    "benchmarks/peers/limit_spark.py": "written by hand for what it is measured against; ours is not installed there",
}


def _quotes_by_hand(tree):
    """The lines that double or escape a quote, or put a value between two backticks, and are no message's."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="replace"), args=[first, *_]) if _is_quote(first):
                yield node.lineno
        if isinstance(node, ast.JoinedStr):
            around = zip(node.values, node.values[1:], node.values[2:], strict=False)
            for before, value, after in around:
                if (
                    isinstance(value, ast.FormattedValue)
                    and _ends(before).endswith("`")
                    and _ends(after).startswith("`")
                ):
                    yield node.lineno


def _is_quote(node):
    if isinstance(node, ast.Constant):
        return node.value in QUOTES
    is_chr = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "chr"
    return is_chr and isinstance(node.args[0], ast.Constant) and chr(node.args[0].value) in QUOTES


def _ends(node):
    return node.value if isinstance(node, ast.Constant) else ""


def test_one_module_alone_quotes():
    found = {
        f"{file.relative_to(ROOT)}:{line}"
        for file in SOURCES
        for line in _quotes_by_hand(ast.parse(file.read_text(encoding="utf-8")))
        if str(file.relative_to(ROOT)) not in OTHER_LANGUAGES
    }
    assert {place.partition(":")[0] for place in found} == {"src/martgate/text/quoting.py"}, found


@pytest.mark.parametrize(
    "source", ["x.replace('`', '``')", 'x.replace("\'", "\'\'")', "x.replace(chr(96), y)", 'f"SELECT `{x}` AS y"']
)
def test_quoting_by_hand_is_seen(source):
    assert list(_quotes_by_hand(ast.parse(source))) == [1]


# A dot parts the schema from the table.

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: x
name: x
version: 1.0.0
status: active
schema:
  - name: x
    physicalName: {name}
    properties:
      - {{name: id, logicalType: integer, physicalType: bigint}}
"""


def problems(tmp_path, name):
    import json

    file = tmp_path / "x.odcs.yaml"
    file.write_text(CONTRACT.format(name=json.dumps(name)), encoding="utf-8")
    try:
        loaded = read(file)
    except InvalidInput as error:
        return error.problems
    return tuple(lint(loaded, Catalog((loaded,))))


@pytest.mark.parametrize("name", ["`a.b`", "s.`a.b`", '"a.b"', "s.", ".t", "s..t"])
def test_a_table_whose_parts_are_ambiguous_is_refused_with_its_line(tmp_path, name):
    (problem,) = problems(tmp_path, name)
    assert (problem.line, problem.path) == (9, "schema[0].physicalName")
    assert "dot" in str(problem)


@pytest.mark.parametrize(
    "name", ["my-orders", "s.my-orders", "main.s.order", "s.we ird", "한국.표", "s.q`u`ote", "s.1st"]
)
def test_any_other_name_is_legal(tmp_path, name):
    assert problems(tmp_path, name) == ()


def test_an_exported_query_has_no_variable_of_spark():
    from martgate.contracts.model import Column, Table
    from martgate.expectations.gx.queries import build_unexpected_rows_query
    from martgate.expectations.kinds.conditions import Holds
    from martgate.expectations.kinds.in_set import InSet
    from martgate.expectations.protection import Protection

    column = Column(path="", name="t", logical_type="string", physical_type="string")
    table = Table(path="", name="t", qualified_name="s.t", columns=(column,))
    for check in (Holds("t = '${env:HOME}'"), InSet("t", ("${env:HOME}",))):
        assert "$\\{env:HOME}" in build_unexpected_rows_query(check, Protection(table)).format(batch="b")


def test_duckdb_reads_a_name_of_three_parts_and_knows_a_dot_in_quotes(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from martgate.builders.engines.duckdb import DuckDBEngine
    from martgate.builders.ports import Dataset
    from martgate.errors import QueryFailed

    pq.write_table(pa.table({"id": [1]}), tmp_path / "x.parquet")
    with DuckDBEngine("512MB", threads=1) as engine:
        engine.register("main.s.my-orders", Dataset(files=(str(tmp_path / "x.parquet"),)))
        assert engine.fetch("SELECT `my-orders`.id FROM main.s.`my-orders`") == [(1,)]
        with pytest.raises(QueryFailed, match=r"there is no table `main\.s`\.my-orders"):
            engine.fetch("SELECT id FROM `main.s`.`my-orders`")
