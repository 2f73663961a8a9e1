"""Spark SQL (Databricks) translated for other engines so that it keeps its meaning, or refused with a reason."""

from martgate.builders.dialect.cautions import find_cautions
from martgate.builders.dialect.lint import find_problems, unsupported_functions
from martgate.builders.dialect.macros import MACROS
from martgate.builders.dialect.spark import (
    SparkMart,
    parameter_names,
    parse,
    rename_tables,
    table_names,
)
from martgate.builders.dialect.translation import Translation, to_duckdb, translate

__all__ = [
    "MACROS",
    "SparkMart",
    "Translation",
    "find_cautions",
    "find_problems",
    "parameter_names",
    "parse",
    "rename_tables",
    "table_names",
    "to_duckdb",
    "translate",
    "unsupported_functions",
]
