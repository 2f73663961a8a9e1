"""The custom rules of the contracts: known kinds, valid Spark SQL, existing columns."""

from dataclasses import fields
from pathlib import Path

import pytest
import sqlglot
from ruamel.yaml import YAML
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from martgate.expectations.kinds.registry import load_kinds

ROOM = Path(__file__).parents[2] / "contracts"
KINDS = {name: {field.name for field in fields(kind)} for name, kind in load_kinds().items()}
CONDITIONS = ("expression", "when", "then", "left", "right", "measure", "of")
COLUMN_LISTS = ("columns", "by", "order_by", "key")


def tables():
    found = {}
    for path in sorted(ROOM.glob("*/*.odcs.yaml")):
        (table,) = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["schema"]
        found[table["physicalName"]] = table
    return found


TABLES = tables()
TYPES = {name: {c["name"]: c["physicalType"] for c in table["properties"]} for name, table in TABLES.items()}


def custom_rules():
    for name, table in TABLES.items():
        for part in (table, *table["properties"]):
            for entry in part.get("quality", ()):
                if entry.get("type") == "custom":
                    where = part["name"] if part is not table else "table"
                    yield pytest.param(name, entry["implementation"], id=f"{name}-{where}|{entry['id']}")


RULES = list(custom_rules())


def columns_in(sql, dialect="databricks"):
    tree = sqlglot.parse_one(f"SELECT {sql}", dialect=dialect)
    assert len(tree.expressions) == 1
    assert {p.name for p in tree.find_all(exp.Placeholder)} <= {"part_date", "day_end", "audited_at"}
    return {column.name for column in tree.find_all(exp.Column)}


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_is_of_a_known_kind_with_its_fields_and_no_other(name, rule):
    written = {{"from": "from_table", "null": "null_passes"}.get(key, key) for key in rule}
    assert written - {"rule", "allow_vacuous"} <= KINDS[rule["rule"]]


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_looks_at_columns_that_the_table_has(name, rule):
    looked_at = {column for key in COLUMN_LISTS for column in rule.get(key, ())}
    looked_at |= {rule[key] for key in ("column", "length", "distinct") if key in rule}
    for key in CONDITIONS:
        if key in rule:
            looked_at |= columns_in(rule[key])
    if rule["rule"] == "exactly_one":
        looked_at |= columns_in(rule["where"])
    assert looked_at <= set(TYPES[name])
    assert looked_at or rule == {**rule, "rule": "volume_band", "by": []}


@pytest.mark.parametrize(("name", "rule"), [p for p in RULES if "to" in p.values[1]])
def test_looks_up_columns_that_the_other_table_has(name, rule):
    other = TYPES[rule["to"]]
    assert set(rule["to_columns"]) | columns_in(rule.get("where", "TRUE")) <= set(other)
    here = [TYPES[name][column] for column in rule["columns"]]
    assert here == [other[column] for column in rule["to_columns"]]


@pytest.mark.parametrize(("name", "rule"), [p for p in RULES if p.values[1]["rule"] == "reconciles"])
def test_reconciles_with_a_query_over_upstreams_that_returns_its_groups_and_one_measure(name, rule):
    tree = sqlglot.parse_one(query(rule["against"]), dialect="databricks")
    assert tree.named_selects == [*rule["by"], "measure"]
    read_upstreams(tree)


@pytest.mark.parametrize(("name", "rule"), [p for p in RULES if "from" in p.values[1]])
def test_copies_columns_that_the_other_table_has(name, rule):
    columns = rule["columns"] if isinstance(rule["columns"], dict) else {column: column for column in rule["columns"]}
    read = set().union(*map(columns_in, columns.values()), columns_in(rule.get("where", "TRUE")))
    read |= {*rule.get("latest_by", ()), *rule.get("earliest_by", ()), *rule.get("from_key", rule["key"])}
    assert read <= set(TYPES[rule["from"]])


SECOND_SOURCES = [
    p for p in RULES if p.values[1]["rule"] in ("copied_from", "recomputed") and "from" not in p.values[1]
]


@pytest.mark.parametrize(("name", "rule"), SECOND_SOURCES)
def test_computes_its_columns_a_second_time_by_a_query_over_other_tables(name, rule):
    text = query(rule.get("against") or rule["formula"])
    for constant in ("actions", "activeDays"):
        text = text.replace(f"{{engagement.{constant}}}", "1")
    tree = sqlglot.parse_one(text, dialect="databricks")
    assert set(tree.named_selects) == {*rule.get("key", rule.get("by")), *rule["columns"]}
    read_upstreams(tree)


def query(said):
    """Read the query from its file if the rule names one."""
    return (ROOM.parent / said.removeprefix("file:")).read_text(encoding="utf-8") if said.startswith("file:") else said


def read_upstreams(tree):
    schema = {}
    for table, types in TYPES.items():
        database, short = table.split(".")
        schema.setdefault(database, {})[short] = types
    qualify(tree, schema=schema, dialect="databricks", validate_qualify_columns=True)


@pytest.mark.parametrize(("name", "rule"), [p for p in RULES if "allowance" in p.values[1]])
def test_allows_a_move_by_a_query_over_upstreams_that_returns_the_key_and_one_measure(name, rule):
    tree = sqlglot.parse_one(rule["allowance"], dialect="databricks")
    key = [c["name"] for c in TABLES[name]["properties"] if c.get("primaryKey") and c["name"] != "part_date"]
    assert tree.named_selects == [*key, "measure"]
    read_upstreams(tree)


def test_no_rule_uses_sql_that_engines_evaluate_differently():
    text = (ROOM / "mart" / "wv_comm_user.odcs.yaml").read_text(encoding="utf-8").upper()
    queries = [file.read_text(encoding="utf-8").upper() for file in (ROOM.parent / "expectations").glob("*.sql")]
    rules = "\n".join([text.partition("\nCUSTOMPROPERTIES:")[0], *queries])
    for word in ("FROM_UTC_TIMESTAMP", "QUALIFY", "AS STRING", "CURRENT_", "NOW("):
        assert word not in rules


def test_every_listed_defect_has_a_rule():
    names = {p.id.removeprefix("we_mart.wv_comm_user-") for p in RULES if p.values[0] == "we_mart.wv_comm_user"}
    assert names == {
        "table|art_indi_all_or_none",
        "table|same_members_as_profile",
        "table|usual_members",
        "table|usual_shares",
        "table|as_in_profile",
        "table|as_in_account",
        "table|as_in_artist",
        "table|as_in_status_log",
        "table|as_in_special_members",
        "table|as_in_reports",
        "table|as_in_country_history",
        "table|as_in_fan_clubs",
        "table|as_in_wv1",
        "table|as_in_push_settings",
        "table|as_in_first_joins",
        "table|as_in_v_log",
        "table|usual_changes",
        "table|somebody_joined",
        "key_date|equals_part_date",
        "wv_user_id|never_changes",
        "comm_id|never_changes",
        "we_art_id|constant_per_community",
        "we_art_id|known_artist",
        "we_art_name|set_with_we_art_id",
        "we_art_name|constant_per_community",
        "we_art_name|constant_per_artist",
        "is_fc|iff_fc_id",
        "is_fc|agrees_with_history",
        "fc_id|known_fan_club",
        "comm_user_first_dt|not_after_creation",
        "comm_user_first_dt|constant_per_pair",
        "comm_user_first_dt|never_later",
        "tot_comm_user_first_dt|not_after_first",
        "tot_comm_user_first_dt|constant_per_user",
        "tot_comm_user_first_dt|minimum_of_user",
        "tot_comm_user_first_dt|never_later",
        "is_first_user_comm|one_first_community",
        "is_first_user_comm|constant_per_pair",
        "is_first_user_comm|is_earliest",
        "comm_user_cre_dt|before_cutoff",
        "comm_user_cre_dt|never_changes",
        "comm_user_end_dt|iff_leave",
        "comm_user_end_dt|not_before_creation",
        "comm_user_end_dt|before_cutoff",
        "comm_user_id|never_disappears",
        "cnt_comm_user_id|counts_memberships",
        "cnt_comm_user_id|never_falls",
        "sum_report_count|adds_up_to_reports",
        "sum_report_count|falls_by_cancellations",
        "comm_user_seq|dense",
        "is_v_user|iff_v_ch_join_dt",
        "is_v_user|agrees_with_migration",
        "part_comm_id|equals_comm_id",
        "run_timestamp|one_per_day",
        "run_timestamp|not_in_future",
    }
