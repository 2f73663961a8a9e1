"""The rules as Polars expressions that are true for rows, or groups of rows, that break them.

Most follow from the kind; conditions in SQL are translated by hand. As in the contract, a condition that is null fails;
in other kinds null passes.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import polars as pl
from job import Job, Rule

TYPES: Mapping[str, pl.DataType] = {
    "tinyint": pl.Int8(),
    "int": pl.Int32(),
    "bigint": pl.Int64(),
    "string": pl.String(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
}

c = pl.col
DAY_END = datetime(2024, 1, 1, 15, tzinfo=UTC)
"""End of the audited day in the contract's time zone."""
HAS_LEFT = c("comm_user_end_dt").is_not_null()

_CONDITIONS: Mapping[str, pl.Expr] = {
    "key_date|equals_part_date": c("key_date").cast(pl.String) == c("part_date"),
    "we_art_name|set_with_we_art_id": c("we_art_name").is_null() == c("we_art_id").is_null(),
    "is_fc|iff_fc_id": (c("is_fc") == 1) == c("fc_id").is_not_null(),
    "comm_user_first_dt|not_after_creation": c("comm_user_first_dt") <= c("comm_user_cre_dt"),
    "tot_comm_user_first_dt|not_after_first": c("tot_comm_user_first_dt") <= c("comm_user_first_dt"),
    "comm_user_cre_dt|before_cutoff": c("comm_user_cre_dt") < DAY_END,
    "comm_user_end_dt|iff_leave": (c("comm_user_status") == "LEAVE") == HAS_LEFT,
    "is_v_user|iff_v_ch_join_dt": (c("is_v_user") == 1) == c("v_ch_join_dt").is_not_null(),
    "part_comm_id|equals_comm_id": c("part_comm_id") == c("comm_id"),
}
_IMPLICATIONS: Mapping[str, tuple[pl.Expr, pl.Expr]] = {
    "is_first_user_comm|is_earliest": (
        c("is_first_user_comm") == 1,
        c("comm_user_first_dt") == c("tot_comm_user_first_dt"),
    ),
    "comm_user_end_dt|not_before_creation": (HAS_LEFT, c("comm_user_end_dt") >= c("comm_user_cre_dt")),
    "comm_user_end_dt|before_cutoff": (HAS_LEFT, c("comm_user_end_dt") < DAY_END),
}


def scan(job: Job) -> pl.LazyFrame:
    """Scan the files with their hive columns, with the contract's order and types."""
    folders = {"part_comm_id": pl.Int64(), "part_date": pl.String()}
    return pl.scan_parquet(job.files, hive_partitioning=True, hive_schema=folders).select(job.columns)


def broken(rule: Rule) -> pl.Expr:  # noqa: PLR0911 - one return per kind
    """Return an expression that is true for the rows that break a rule about single rows."""
    match rule:
        case {"kind": "not_null", "column": column}:
            return c(column).is_null()
        case {"kind": "in_set", "column": column, "values": values}:
            return ~c(column).is_in(values)
        case {"kind": "range", "column": column, "value": value}:
            return c(column) < value
        case {"kind": "length", "column": column, "value": value}:
            return c(column).str.len_chars() < value
        case {"kind": "pattern", "column": column, "pattern": pattern}:
            return ~c(column).str.contains(pattern)
        case {"kind": "all_or_none", "columns": columns}:
            nulls = pl.sum_horizontal(c(name).is_null() for name in columns)
            return (nulls > 0) & (nulls < len(columns))
        case {"kind": "partitions"}:
            return c("part_comm_id").is_null() | (c("part_date") != "2024-01-01").fill_null(value=True)
        case {"name": name} if name in _IMPLICATIONS:
            when, then = _IMPLICATIONS[name]
            return when & ~then.fill_null(value=False)
        case {"name": name}:
            return ~_CONDITIONS[name].fill_null(value=False)
    raise AssertionError(rule)


def group_broken(rule: Rule) -> pl.Expr:
    """Return an aggregate that is true for the groups of `rule["by"]` that break a rule."""
    match rule:
        case {"kind": "constant_within", "columns": columns}:
            return ~pl.all_horizontal(map(_constant, columns))
        case {"kind": "count_matches", "column": column}:
            return ~((c(column).count() == pl.len()) & (c(column).min() == pl.len()) & (c(column).max() == pl.len()))
        case {"kind": "extreme_of", "column": column, "of": of}:
            return ~(_constant(column) & c(column).min().eq_missing(c(of).min()))
        case {"kind": "exactly_one"}:
            first = c("comm_id").filter(c("is_first_user_comm") == 1)
            return ~(
                (first.len() > 0) & (first.null_count() == 0) & (first.min() == first.max()).fill_null(value=False)
            )
        case {"kind": "dense_sequence", "column": column, "order_by": order, "length": length}:
            out_of_order = c(column).sort_by(order).ne_missing(pl.int_range(1, pl.len() + 1, dtype=pl.Int32))
            return out_of_order.any() | c(length).ne_missing(pl.len()).any()
        case {"kind": "unique"}:
            return pl.len() > 1
    raise AssertionError(rule)


def _constant(column: str) -> pl.Expr:
    nulls = c(column).null_count()
    return c(column).min().eq_missing(c(column).max()) & ((nulls == 0) | (nulls == pl.len()))


def latest(rule: Rule) -> pl.Expr:
    """Return an aggregate that is true if a table is fresh."""
    return c(rule["column"]).max() >= datetime.now(UTC) - timedelta(seconds=rule["seconds"])
