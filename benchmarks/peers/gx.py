"""Great Expectations on DuckDB, pandas and Spark: one suite of core expectations, with the default result format.

A rule without a core expectation is an `UnexpectedRowsExpectation`, or on pandas, which has none, a row condition if
possible. `meta` has the name of the rule; a rule with two expectations passes if both do. Data Docs are not built.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from job import Job, Rule, Verdicts, read_parquet, run

TYPES = {
    "duckdb": {
        "tinyint": "TinyInteger",
        "int": "INTEGER",
        "bigint": "BigInteger",
        "string": "String",
        "date": "Date",
        "timestamp": "TIMESTAMP",
    },
    "pandas": {
        "tinyint": "Int8",
        "int": "Int32",
        "bigint": "Int64",
        "string": "string",
        "timestamp": "datetime64[us, UTC]",
    },
    "spark": {
        "tinyint": "ByteType",
        "int": "IntegerType",
        "bigint": "LongType",
        "string": "StringType",
        "date": "DateType",
        "timestamp": "TimestampType",
    },
}
PAIRS = {
    "comm_user_first_dt|not_after_creation": ("comm_user_cre_dt", "comm_user_first_dt"),
    "tot_comm_user_first_dt|not_after_first": ("comm_user_first_dt", "tot_comm_user_first_dt"),
}
"""Pairs of columns of which the second is not after the first."""
ONLY_WHERE = {
    "is_fc|iff_fc_id": ("fc_id", "is_fc == 1"),
    "comm_user_end_dt|iff_leave": ("comm_user_end_dt", "comm_user_status == 'LEAVE'"),
    "is_v_user|iff_v_ch_join_dt": ("v_ch_join_dt", "is_v_user == 1"),
}
"""Columns that are not null exactly where a condition is true."""


def check(job: Job, engine: str) -> Verdicts:
    import great_expectations as gx

    if engine == "duckdb":
        keep_connections()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    suite = gx.ExpectationSuite(name="audited", expectations=[*expectations(job, engine)])
    session = spark(job) if engine == "spark" else None
    with job.checking():
        batch, parameters = {"duckdb": duckdb_batch, "pandas": pandas_batch, "spark": spark_batch}[engine](
            job, context, session
        )
        definition = gx.ValidationDefinition(name="audit", data=batch, suite=context.suites.add(suite))
        result = context.validation_definitions.add(definition).run(batch_parameters=parameters)
    verdicts: Verdicts = {}
    for one in result.results:
        assert not (one.exception_info or {}).get("raised_exception"), one.exception_info
        assert not any(isinstance(v, dict) and v.get("raised_exception") for v in one.exception_info.values()), one
        name = one.expectation_config.meta["rule"]
        verdicts[name] = verdicts.get(name, True) and bool(one.success)
    if session is not None:
        session.stop()
    return verdicts


# The data


def keep_connections() -> None:
    """Make Great Expectations keep connections of DuckDB open.

    It returns a cursor after closing its connection, so DuckDB drops the result and expectations fail with `list index
    out of range`. The patched name is private.
    """
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    duckdb = StrEnum("Dialect", ["duckdb"]).duckdb
    engine._PERSISTED_CONNECTION_DIALECTS = (*engine._PERSISTED_CONNECTION_DIALECTS, duckdb)  # noqa: SLF001 - see above


def duckdb_batch(job: Job, context: Any, _: Any) -> tuple[Any, None]:
    import duckdb

    file = f"{job.spill}/audited.db"
    with duckdb.connect(file) as database:
        database.execute(f"CREATE VIEW audited AS {read_parquet(job)[1:-1]}")
    source = context.data_sources.add_sql("files", connection_string=f"duckdb:///{file}")
    return source.add_table_asset("audited", table_name="audited").add_batch_definition_whole_table("all"), None


def pandas_batch(job: Job, context: Any, _: Any) -> tuple[Any, dict[str, Any]]:
    import pyarrow.dataset as ds

    folders = ds.partitioning(flavor="hive", schema=hive())
    table = ds.dataset(job.folder, format="parquet", partitioning=folders).to_table(columns=job.columns)
    frame = table.to_pandas(types_mapper=nullable().get, date_as_object=True)
    source = context.data_sources.add_pandas("files")
    return source.add_dataframe_asset("audited").add_batch_definition_whole_dataframe("all"), {"dataframe": frame}


def hive() -> Any:
    import pyarrow as pa

    return pa.schema([("part_comm_id", pa.int64()), ("part_date", pa.string())])


def nullable() -> dict[Any, Any]:
    """Map integer types to those of pandas that allow nulls."""
    import pandas as pd
    import pyarrow as pa

    whole = {pa.int8(): pd.Int8Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}
    return whole | {pa.string(): pd.StringDtype("pyarrow")}


def spark(job: Job) -> Any:
    from spark_files import session

    return session(job)


def spark_batch(job: Job, context: Any, session: Any) -> tuple[Any, dict[str, Any]]:
    from spark_files import audited

    source = context.data_sources.add_spark("files")
    frame = audited(job, session)
    return source.add_dataframe_asset("audited").add_batch_definition_whole_dataframe("all"), {"dataframe": frame}


# The suite


def expectations(job: Job, engine: str) -> Iterator[Any]:
    import great_expectations.expectations as gxe

    for rule in job.rules:
        for kind, arguments in expectations_of(rule, engine):
            yield getattr(gxe, kind)(**arguments, meta={"rule": rule["name"]})


def expectations_of(  # noqa: C901, PLR0911, PLR0912 - one return per kind
    rule: Rule, engine: str
) -> list[tuple[str, dict[str, Any]]]:
    """Return the core expectations of a rule; none if the engine has no equivalent."""
    match rule:
        case {"kind": "type", "column": column, "type": "date"} if engine == "pandas":  # its dtype is object
            return [("ExpectColumnValuesToBeOfType", {"column": column, "type_": "date"})]
        case {"kind": "type", "column": column, "type": kind}:
            return [("ExpectColumnTypeToBe", {"column": column, "type_": TYPES[engine][kind]})]
        case {"kind": "columns", "columns": columns}:
            return [("ExpectTableColumnsToMatchOrderedList", {"column_list": columns})]
        case {"kind": "not_null", "column": column}:
            return [("ExpectColumnValuesToNotBeNull", {"column": column})]
        case {"kind": "in_set", "column": column, "values": values}:
            return [("ExpectColumnValuesToBeInSet", {"column": column, "value_set": values})]
        case {"kind": "range", "column": column, "value": value}:
            return [("ExpectColumnValuesToBeBetween", {"column": column, "min_value": value})]
        case {"kind": "length", "column": column, "value": value}:
            return [("ExpectColumnValueLengthsToBeBetween", {"column": column, "min_value": value})]
        case {"kind": "pattern", "column": column, "pattern": pattern} if engine != "duckdb":
            return [("ExpectColumnValuesToMatchRegex", {"column": column, "regex": pattern})]
        case {"kind": "unique", "columns": columns}:
            return [
                ("ExpectCompoundColumnsToBeUnique", {"column_list": columns, "ignore_row_if": "any_value_is_missing"})
            ]
        case {"kind": "metric"}:
            return [("ExpectTableRowCountToBeBetween", {"min_value": 1})]
        case {"kind": "fresh", "column": column, "seconds": seconds} if engine != "duckdb":
            since = datetime.now(UTC) - timedelta(seconds=seconds)
            return [
                (
                    "ExpectColumnMaxToBeBetween",
                    {"column": column, "min_value": since if engine == "pandas" else since.replace(tzinfo=None)},
                )
            ]
        case {"name": "part_comm_id|equals_comm_id"}:
            return [("ExpectColumnPairValuesToBeEqual", {"column_A": "part_comm_id", "column_B": "comm_id"})]
        case {"name": name} if name in PAIRS:
            later, earlier = PAIRS[name]
            pair = {"column_A": later, "column_B": earlier, "or_equal": True}
            return [("ExpectColumnPairValuesAToBeGreaterThanB", pair)]
        case _ if engine == "pandas":
            return conditional(rule)
    query = rule["failures"][engine].replace("{", "{{").replace("}", "}}").replace("FROM audited", "FROM {batch}")
    return [("UnexpectedRowsExpectation", {"unexpected_rows_query": query})]


def conditional(rule: Rule) -> list[tuple[str, dict[str, Any]]]:
    """Return the expectations of pandas with a row condition."""
    name = rule["name"]
    if name in ONLY_WHERE:
        column, when = ONLY_WHERE[name]
        within = {"column": column, "condition_parser": "pandas"}
        return [
            ("ExpectColumnValuesToNotBeNull", {**within, "row_condition": when}),
            ("ExpectColumnValuesToBeNull", {**within, "row_condition": when.replace("==", "!=")}),
        ]
    if name == "comm_user_cre_dt|before_cutoff":
        day_end = datetime(2024, 1, 1, 15, tzinfo=UTC)
        return [
            ("ExpectColumnMaxToBeBetween", {"column": "comm_user_cre_dt", "max_value": day_end, "strict_max": True})
        ]
    if name == "comm_user_end_dt|before_cutoff":
        day_end = datetime(2024, 1, 1, 15, tzinfo=UTC)
        return [
            ("ExpectColumnMaxToBeBetween", {"column": "comm_user_end_dt", "max_value": day_end, "strict_max": True})
        ]
    if name == "comm_user_end_dt|not_before_creation":
        pair = {"column_A": "comm_user_end_dt", "column_B": "comm_user_cre_dt", "or_equal": True}
        return [("ExpectColumnPairValuesAToBeGreaterThanB", {**pair, "ignore_row_if": "either_value_is_missing"})]
    if name == "is_first_user_comm|is_earliest":
        pair = {"column_A": "comm_user_first_dt", "column_B": "tot_comm_user_first_dt", "condition_parser": "pandas"}
        return [("ExpectColumnPairValuesToBeEqual", {**pair, "row_condition": "is_first_user_comm == 1"})]
    return []


run(check)
