"""Python code that the exports write: well formatted, and nothing in a contract becomes code."""

import ast
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from martgate.contracts.catalog import Catalog
from martgate.contracts.export import pandera, python, spark, sqlalchemy
from martgate.contracts.model import Column, Contract, Table

EXPORTS = {
    "spark": spark.render_struct_type,
    "sqlalchemy": sqlalchemy.render_metadata,
    "polars": lambda table: pandera.render_schema(table, flavour="polars"),
    "pyspark": lambda table: pandera.render_schema(table, flavour="pyspark"),
}


@given(st.text())
def test_any_text_is_a_literal_of_itself(found):
    written = python.text_literal(found)
    assert ast.literal_eval(written) == found
    assert written.isprintable()


@given(st.text())
def test_any_text_is_one_line_of_comment(found):
    assert ast.parse(python.comment(found)).body == []


@pytest.mark.parametrize(
    "found",
    [1, -1, True, None, 0.1, date(2024, 2, 29), datetime(2024, 1, 1), datetime(2024, 1, 1, 2, 3, 4, 5, UTC), Decimal("1.50")],  # noqa: DTZ001
)  # fmt: skip
def test_a_value_is_an_expression_of_itself(found):
    import datetime as dt
    import decimal

    assert eval(python.literal(found), {"dt": dt, "decimal": decimal}) == found


@given(st.text(min_size=1))
def test_any_name_makes_an_identifier(name):
    assert python.to_identifier(name).isidentifier()


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_the_code_is_formatted_and_clean(wares, export, tmp_path):
    pytest.importorskip("ruff", reason="ruff judges the code")
    _, table = wares
    # A type is one word to the layout, however long the struct.
    table = replace(table, columns=tuple(c for c in table.columns if not c.physical_type.startswith("struct")))
    file = tmp_path / "exported.py"
    file.write_text(export(table), encoding="utf-8")
    program = [sys.executable, "-m", "ruff"]
    subprocess.run([*program, "check", "--isolated", "--select=F,E,W,I,UP", "--ignore=E501,UP017", file], check=True)
    subprocess.run([*program, "format", "--isolated", "--check", "--line-length=88", file], check=True)


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
@given(st.text(min_size=1, max_size=40))
def test_names_and_words_of_a_contract_stay_data(export, hostile):
    """Only the calls that the export itself makes are in the code, whatever the contract says."""

    def calls(word):
        column = Column(
            path="p", name=word, logical_type="string", physical_type="string", description=word, business_name=word,
            enum=(word,), options={"pattern": "a"}, unique=True,
        )  # fmt: skip
        table = Table(path="s", name=word, qualified_name=word, columns=(column,), description=word)
        table = Contract(file="t", id=word, version=word, api_version="v3.2.0", tables=(table,)).tables[0]
        tree = ast.parse(export(table))
        return [type(node).__name__ for node in ast.walk(tree) if not isinstance(node, ast.Name)]

    assert calls(hostile) == calls("plain")


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_every_shipped_table_makes_code(export):
    folder = Path(__file__).parents[3] / "contracts"
    tables = list(Catalog.load([folder]).tables())
    assert len(tables) == 1 + 15 + 7
    for _, table in tables:
        compile(export(table), table.name, "exec")
