"""Spark SQL, as it runs on Databricks, on other engines: translated with its meaning, or refused with a reason."""

from builders.dialect.cautions import cautions
from builders.dialect.lint import check, unsupported_functions
from builders.dialect.macros import MACROS
from builders.dialect.spark import SparkMart, Translation, parameters_of, parse, renamed, tables, to_duckdb, translate

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
