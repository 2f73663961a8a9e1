"""Spark SQL, as it runs on Databricks, on other engines: translated with its meaning, or refused with a reason."""

from martgate.builders.dialect.cautions import cautions
from martgate.builders.dialect.lint import check, unsupported_functions
from martgate.builders.dialect.macros import MACROS
from martgate.builders.dialect.spark import (
    SparkMart,
    Translation,
    parameters_of,
    parse,
    renamed,
    tables,
    to_duckdb,
    translate,
)

__all__ = [
    "MACROS",
    "SparkMart",
    "Translation",
    "cautions",
    "check",
    "parameters_of",
    "parse",
    "renamed",
    "tables",
    "to_duckdb",
    "translate",
    "unsupported_functions",
]
