"""The contracts of the mart, read by an independent YAML 1.2 parser and compared with the page of the table."""

import importlib.resources
import json
import re
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from martgate.contracts.catalog import Catalog
from martgate.contracts.lint import lint
from martgate.contracts.odcs import read

ROOM = Path(__file__).parents[2] / "contracts"
DATA = Path(__file__).parent / "data"
MART = ROOM / "mart" / "wv_comm_user.odcs.yaml"
UPSTREAM = sorted((ROOM / "upstream").glob("*.odcs.yaml"))
DOWNSTREAM = sorted((ROOM / "downstream").glob("*.odcs.yaml"))
SHIPPED = [MART, *UPSTREAM, *DOWNSTREAM]
VOCABULARY = {"public", "internal", "restricted", "personal"}
UPSTREAM_OF_DOWNSTREAMS = {"we_mart.wv_post_view", "we_mart.wv_post_reaction", "weverse2.wdm_subscription"}
PERSONAL = {"profile_name", "profile_img_url", "profile_background_img_url"}
FLAGS = ["is_fc", "is_first_user_comm", "is_profile_created", "is_profile_private", "is_official", "is_v_user"]


def document(path):
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


DOCUMENTS = {path.name.removesuffix(".odcs.yaml"): document(path) for path in SHIPPED}
MART_DOCUMENT = DOCUMENTS["wv_comm_user"]
PAGE = (DATA / "we_mart.wv_comm_user.md").read_text(encoding="utf-8")


def table(doc):
    (only,) = doc["schema"]
    return only


def columns(doc):
    return table(doc)["properties"]


def column(doc, name):
    return next(c for c in columns(doc) if c["name"] == name)


def custom(part):
    return {entry["property"]: entry["value"] for entry in part.get("customProperties", ())}


def qualities(doc):
    yield from table(doc).get("quality", ())
    for each in columns(doc):
        yield from each.get("quality", ())


def page_rows():
    """Read number, name, type and comment of each column from the Markdown table of the page."""
    return re.findall(r"^\|(\d+)\|([^|]*)\|([^|]*)\|([^|]*)\|\s*$", PAGE, flags=re.MULTILINE)


def page_section(title):
    return PAGE.split(title, maxsplit=1)[1].split("\n---", maxsplit=1)[0]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_is_valid_odcs(name):
    schema = json.loads((importlib.resources.files("open_data_contract_standard") / "schema.json").read_text("utf-8"))
    jsonschema.Draft201909Validator(schema).validate(DOCUMENTS[name])
    assert DOCUMENTS[name]["apiVersion"] == "v3.2.0"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_file_is_named_after_its_table(path):
    doc = document(path)
    qualified = table(doc)["physicalName"]
    assert doc["id"] == qualified
    assert qualified == f"{doc['servers'][0]['schema']}.{table(doc)['name']}"
    assert path.name.removesuffix(".odcs.yaml") in (qualified, table(doc)["name"])


@pytest.fixture(scope="module")
def catalog():
    return Catalog.load([ROOM])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_lint_finds_no_problems(path, catalog):
    assert lint(read(path), catalog) == ()


def test_columns_are_the_page_s_in_its_order_with_its_types_and_comments_letter_for_letter():
    said = [(str(n), c["name"], c["physicalType"], c["description"]) for n, c in enumerate(columns(MART_DOCUMENT))]
    assert said == page_rows()
    assert len(said) == 59


def test_logical_types_are_those_of_the_physical_ones():
    logical = {
        "bigint": "integer",
        "int": "integer",
        "tinyint": "integer",
        "boolean": "boolean",
        "string": "string",
        "date": "date",
        "double": "number",
        "timestamp": "timestamp",
    }
    for doc in DOCUMENTS.values():
        assert {c["name"]: c["logicalType"] for c in columns(doc)} == {
            c["name"]: logical[c["physicalType"]] for c in columns(doc)
        }


def test_key_and_partitions_are_those_of_the_grain():
    keyed = {c["name"]: c["primaryKeyPosition"] for c in columns(MART_DOCUMENT) if c.get("primaryKey")}
    partitions = {c["name"]: c["partitionKeyPosition"] for c in columns(MART_DOCUMENT) if c.get("partitioned")}
    assert keyed == {"comm_user_id": 1, "part_date": 2}
    assert partitions == {"part_comm_id": 1, "part_date": 2}
    assert custom(table(MART_DOCUMENT))["publishPartition"] == "part_date"
    assert custom(MART_DOCUMENT)["dayBoundary"] == "Asia/Seoul"


def test_key_and_partition_columns_are_required_and_counted_without_gaps():
    for doc in DOCUMENTS.values():
        for flag, position in (("primaryKey", "primaryKeyPosition"), ("partitioned", "partitionKeyPosition")):
            marked = [c for c in columns(doc) if c.get(flag)]
            assert all(c["required"] for c in marked)
            assert sorted(c[position] for c in marked) == list(range(1, len(marked) + 1))


def test_countries_are_all_of_iso_3166_and_norway_is_text():
    said = [entry["value"] for entry in column(MART_DOCUMENT, "ip_ctry")["enum"]]
    assert said == (DATA / "iso_3166_1_alpha_2.txt").read_text(encoding="utf-8").split()
    assert len(said) == 249
    assert "NO" in said


def test_norway_is_text_for_a_yaml_1_1_reader_too():
    old = YAML(typ="safe", pure=True)
    old.version = (1, 1)
    ip_ctry = column(old.load(MART.read_text(encoding="utf-8")), "ip_ctry")
    assert all(isinstance(entry["value"], str) for entry in ip_ctry["enum"])


def test_every_zero_one_column_admits_the_integers_0_and_1_only():
    names = [c["name"] for c in columns(MART_DOCUMENT)]
    flags = [*FLAGS, *(n for n in names if n.startswith("is_upload_") or n.endswith(("_alarm", "_push_enabled")))]
    assert len(flags) == 6 + 2 + 12 + 11
    for name in flags:
        assert column(MART_DOCUMENT, name)["enum"] == [{"value": 0}, {"value": 1}]


def test_statuses_grades_and_notification_types_are_the_same_wherever_they_occur():
    statuses = [{"value": v} for v in ("NORMAL", "INACTIVE", "BLOCKED", "LEAVE")]
    grades = [{"value": v} for v in ("FAN", "ARTIST", "MANAGER", "OFFICIAL")]
    kinds = [{"value": v} for v in ("ALL", "ARTIST", "NONE")]
    for table_name, name, values in (
        ("wv_comm_user", "comm_user_status", statuses),
        ("wv_comm_user", "wv_user_status", statuses),
        ("we_mart.we_user", "wv_user_status", statuses),
        ("weverse2.community_log_member_status_log", "status", statuses),
        ("wv_comm_user", "comm_user_grade", grades),
        ("we_mart.ods_wv_member_profile", "member_grade", grades),
        ("wv_comm_user", "notification_type", kinds),
        ("we_mart.wv1_join_info", "notification_type", kinds),
    ):
        assert column(DOCUMENTS[table_name], name)["enum"] == values


def test_push_types_are_the_push_columns_of_the_mart():
    pushes = [c["name"] for c in columns(MART_DOCUMENT) if c["name"].endswith("_push_enabled")]
    said = column(DOCUMENTS["weverse2.notification_push_config"], "push_type")["enum"]
    assert [e["value"] for e in said] == [name.removesuffix("_push_enabled").upper() for name in pushes]


def test_every_column_is_classified_and_names_and_images_of_people_are_personal():
    for doc in DOCUMENTS.values():
        assert {c["classification"] for c in columns(doc)} <= VOCABULARY
        assert {c["name"] for c in columns(doc) if c["classification"] == "personal"} == PERSONAL & {
            c["name"] for c in columns(doc)
        }
        people = {"wv_user_id", "we_member_id", "comm_user_id", "target_comm_user_id", "reporter_comm_user_id"}
        assert {c["classification"] for c in columns(doc) if c["name"] in people} <= {"internal"}


def test_every_upstream_of_the_page_has_a_contract_and_no_other_but_those_of_the_downstream_tables():
    named = re.findall(r"^\|([a-z0-9_]+\.[a-z0-9_]+)\|", page_section("|Upstream Tables|"), flags=re.MULTILINE)
    assert len(named) == 12
    assert custom(MART_DOCUMENT)["upstreams"] == named
    assert {path.name.removesuffix(".odcs.yaml") for path in UPSTREAM} == {*named, *UPSTREAM_OF_DOWNSTREAMS}


def test_consumers_are_the_page_s_in_its_order_and_read_columns_that_exist():
    named = re.findall(r"^\|[^|]*\|([a-z0-9_]+\.[a-z0-9_]+)\|", page_section("|Upstream Tables|"), flags=re.MULTILINE)
    consumers = custom(MART_DOCUMENT)["consumers"]
    assert [consumer["table"] for consumer in consumers] == named
    assert len(named) == 19
    own = {c["name"] for c in columns(MART_DOCUMENT)}
    for consumer in [*consumers, *custom(MART_DOCUMENT)["furtherConsumers"]]:
        assert set(consumer.get("columns", ())) <= own


def test_every_source_is_a_column_of_an_upstream_contract():
    known = {f"{name}.{c['name']}" for name, doc in DOCUMENTS.items() for c in columns(doc)}
    for each in columns(MART_DOCUMENT):
        assert set(each.get("transformSourceObjects", ())) <= known


def test_every_column_says_where_it_comes_from():
    from_parameters = {"key_date", "part_date", "run_timestamp"}
    for each in columns(MART_DOCUMENT):
        assert each["transformLogic"]
        assert each["transformDescription"].endswith(".")
        assert bool(each.get("transformSourceObjects")) is (each["name"] not in from_parameters)


@pytest.mark.parametrize("name", ["stats_wv_d_comm_user_cnt", "stats_wv_t_comm_user_cohort"])
def test_a_table_that_the_page_defines_has_its_columns_types_comments_and_partition_letter_for_letter(name):
    ddl = PAGE.split(f"create or replace table we_mart.{name}\n", maxsplit=1)[1].split(";", maxsplit=1)[0]
    own = DOCUMENTS[f"we_mart.{name}"]
    said = [(c["name"], c["physicalType"], c["description"]) for c in columns(own)]
    assert said == re.findall(r"(\w+) (\w+) comment '([^']*)'", ddl)
    assert table(own)["description"] == re.findall(r"^ *comment '([^']*)'", ddl, flags=re.MULTILINE)[0]
    partitions = re.findall(r"partitioned by \((\w+)\)", ddl)
    assert [c["name"] for c in columns(own) if c.get("partitioned")] == partitions


def test_a_table_that_the_page_describes_has_its_words():
    described = dict(re.findall(r"^- \*\*(\w+)\*\* : ([^.]+)\.", PAGE, flags=re.MULTILINE))
    assert {f"we_mart.{name}" for name in described} < DOCUMENTS.keys()
    for name, words in described.items():
        assert table(DOCUMENTS[f"we_mart.{name}"])["description"] == words


def test_descriptions_that_are_not_on_the_page_are_marked_inferred():
    assert all(custom(c).get("inferred") is True for c in columns(MART_DOCUMENT))
    unmarked = {q["id"] for q in qualities(MART_DOCUMENT) if custom(q).get("inferred") is not True}
    assert unmarked == {"same_members_as_profile"}, "the page says LEFT JOIN, all members"
    assert {s["property"] for s in MART_DOCUMENT["slaProperties"] if not custom(s).get("inferred")} == {"frequency"}, (
        "it says DAILY"
    )
    for path in (*UPSTREAM, *DOWNSTREAM):
        assert custom(document(path))["inferred"] is True


def test_nullable_columns_with_rules_may_have_nothing_to_look_at():
    for doc in DOCUMENTS.values():
        for each in columns(doc):
            checked = any(key in each for key in ("enum", "quality", "logicalTypeOptions"))
            if checked and not each.get("required"):
                assert custom(each).get("allowVacuous") or custom(table(doc)).get("allowVacuous"), each["name"]


def test_logs_may_be_empty_and_snapshots_and_artists_may_not():
    never_empty = {name for name, doc in DOCUMENTS.items() if not custom(table(doc)).get("allowVacuous")}
    made = {path.name.removesuffix(".odcs.yaml") for path in (MART, *DOWNSTREAM)}
    assert never_empty == {*made, "we_mart.ods_wv_member_profile", "we_mart.we_user", "we_mart.we_artist"}
    for name in never_empty:
        assert "not_empty" in {entry["id"] for entry in table(DOCUMENTS[name])["quality"]}


def test_every_quality_has_a_description_and_a_unique_name():
    dimensions = {"accuracy", "completeness", "conformity", "consistency", "coverage", "timeliness", "uniqueness"}
    for doc in DOCUMENTS.values():
        for entry in qualities(doc):
            assert re.fullmatch(r"[a-z0-9_]+", entry["id"])
            assert entry["dimension"] in dimensions
            assert entry["severity"] in ("error", "warning")
            assert entry["description"].endswith(".")
        for part in [table(doc), *columns(doc)]:
            ids = [entry["id"] for entry in part.get("quality", ())]
            assert len(ids) == len(set(ids))


def test_known_defects_of_upstreams_and_wrong_clocks_are_warnings():
    warnings = {
        name: {e["id"] for e in qualities(doc) if e["severity"] == "warning"} for name, doc in DOCUMENTS.items()
    }
    assert {name: ids for name, ids in warnings.items() if ids} == {
        "we_mart.ods_wv_member_profile": {"not_in_future"},
        "we_mart.wv_user_ctry_history": {"one_country_at_a_time", "not_in_future"},
        "weverse2.community_log_member_status_log": {"one_status_at_a_time", "something_of_the_day", "not_in_future"},
        "weverse2.community_member_special_member": {"one_row_at_a_time"},
        "weverse2.notification_push_config": {"one_setting_at_a_time", "not_in_future"},
        "we_mart.wv_post_view": {"one_view_at_a_time", "not_in_future"},
        "we_mart.wv_post_reaction": {"one_reaction_at_a_time", "something_of_the_day", "not_in_future"},
        "we_mart.wv_dm_subscr": {"unmatched"},
    }


def test_time_is_promised_as_the_table_is_run():
    promised = {s["property"]: (s["value"], s.get("unit")) for s in MART_DOCUMENT["slaProperties"]}
    assert promised == {
        "freshness": (26, "h"),
        "timeOfAvailability": ("06:00+09:00", None),
        "frequency": (1, "d"),
        "retention": (3, "y"),
    }
    (server,) = MART_DOCUMENT["servers"]
    assert (server["type"], server["catalog"], server["schema"]) == ("databricks", "wev_prod", "we_mart")
