"""The warehouse that Delta itself commits to: its statements as text, and what it makes of a table's history.

The catalog is a stand-in that keeps versions as Delta does. What Delta makes of the statements is not tested here but on
a workspace, by `scripts/databricks_smoke.py`; what is plain Spark SQL runs on Spark in `test_tables.py`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from martgate.builders.ports import CatalogTable, TableTarget
from martgate.contracts.export.spark import render_delta_table
from martgate.contracts.model import Contract
from martgate.errors import CouldNotRun, InvalidInput, PublishConflict, QueryFailed
from martgate.gate.decision import Refused, judge
from martgate.gate.promotion import Promotion
from martgate.stores.databricks import DatabricksStore
from martgate.stores.ports import Commit

DAY = "2024-01-01"
DATE = date.fromisoformat(DAY)
MART = "main.we_mart.wv_comm_user"
APP = f"we_mart.wv_comm_user/part_date={DAY}"


@dataclass
class Kept:
    """One table: its rows by day, and what each commit said, oldest first."""

    partitions: tuple[str, ...]
    days: dict[str, int] = field(default_factory=dict)
    said: list[str | None] = field(default_factory=list)


class Catalog:
    """Tables by name; `meanwhile` happens in the middle of a write, `failing` breaks it before or after its commit."""

    def __init__(self, table):
        self.table, self.tables, self.statements, self.meanwhile, self.failing = table, {}, [], [], ""
        self.operations: dict[int, str] = {}

    def execute(self, sql: str, parameters: Mapping[str, str] | None = None) -> Sequence[Mapping[str, object]]:
        self.statements.append(sql)
        name = ".".join(re.findall(r"`([^`]+)`", sql.partition(" FROM ")[2] or sql.partition("(\n")[0])[:3])
        kept = self.tables.get(name)
        match sql.split()[:2]:
            case ["SHOW", _]:
                wanted = re.search(r"LIKE '(.+)'", sql)[1]
                return [{"tableName": wanted, "isTemporary": False}] if f"main.we_mart.{wanted}" in self.tables else []
            case ["CREATE", _]:
                self.tables.setdefault(name, Kept(("part_comm_id", "part_date"), said=[None]))
            case ["DROP", _]:
                self.tables.pop(name, None)
            case ["DESCRIBE", "TABLE"]:
                columns = [{"col_name": c.name, "data_type": c.physical_type.lower()} for c in self.table.columns]
                return [*columns, {"col_name": "# Partition Information", "data_type": ""}]
            case ["DESCRIBE", "DETAIL"]:
                size = 100 * sum(kept.days.values())
                return [{"id": name, "numFiles": 2, "sizeInBytes": size, "partitionColumns": list(kept.partitions)}]
            case ["DESCRIBE", "HISTORY"]:
                said = [
                    {"version": version, "userMetadata": text, "operation": self.operations.get(version, "WRITE")}
                    for version, text in enumerate(kept.said)
                ]
                return said[::-1]
            case ["SELECT", what]:
                days = [n for day, n in kept.days.items() if day == (parameters or {}).get("only0", day)]
                told = {"COUNT(*)": [{"rows": sum(days)}], "DISTINCT": [{"value": day} for day in kept.days]}
                return told.get(what, [{"one": 1}] * bool(days))
        return []

    def overwrite(self, table: str, source: CatalogTable, options: Mapping[str, str]) -> None:
        kept, copied = self.tables[table], self.tables[source.name]
        self.statements.append({"write": table, "from": source, **options})
        if self.meanwhile:
            kept.said.append(self.meanwhile.pop())
            raise QueryFailed("DELTA_CONCURRENT_APPEND: another writer changed the table meanwhile")
        if self.failing == "before":
            raise QueryFailed("PERMISSION_DENIED")
        if self.failing != "unseen":
            kept.days.update(copied.days)
            kept.said.append(options["userMetadata"])
        if self.failing == "after":
            raise QueryFailed("the connection was lost")


class Shop:
    """A warehouse in a catalog, and sequences that only grow."""

    def __init__(self, shop):
        self.catalog, self.table, self.approve, self.sequence = Catalog(shop.table), shop.table, shop.approve, 0
        contract = Contract(file="c.yaml", id="c", version="1.0.0", api_version="v3.2.0", tables=(self.table,))
        self.table = contract.tables[0]
        self.store = DatabricksStore(
            "catalog://main", lambda: self.catalog, lambda table, name: render_delta_table(table, name), pause=0
        )

    def stage(self, rows: int = 3, day: str = DAY):
        self.sequence += 1

        def write(target: TableTarget):
            self.catalog.tables[target.name] = Kept(target.partition_by, {day: rows} if rows else {}, [None])
            return ()

        return self.store.stage(
            self.table, date.fromisoformat(day), candidate_id=f"c{self.sequence}", sequence=self.sequence, write=write
        )

    def promote(self, candidate):
        return self.store.promote(self.approve(candidate), {"contract_version": "1.0.0"})


@pytest.fixture
def here(shop):
    return Shop(shop)


def test_the_statements_of_a_first_publish(here, snapshot):
    here.promote(here.stage())
    assert here.catalog.statements == snapshot


def test_a_candidate_is_a_table_beside_the_mart_and_audited_at_its_version(here):
    candidate = here.stage()
    assert candidate.files[0].path == "main.we_mart.__candidate_wv_comm_user_c1@v0"
    assert (candidate.rows, candidate.root) == (3, MART)
    assert here.store.read_candidate(candidate, here.table) == CatalogTable(
        name="main.we_mart.__candidate_wv_comm_user_c1", version=0
    )
    assert here.store.read(here.table) is None


def test_a_publish_replaces_its_day_and_says_whose_it_is(here):
    here.promote(here.stage(day="2023-12-31"))
    candidate = here.stage()
    published = here.promote(candidate)
    assert (published.promotion, published.version) == (Promotion.PUBLISHED, 2)
    assert here.catalog.tables[MART].days == {"2023-12-31": 3, DAY: 3}
    assert json.loads(here.catalog.tables[MART].said[-1])["martgate"] == {
        "candidate": "c2",
        "contract_version": "1.0.0",
        "fingerprint": candidate.fingerprint,
        "rows": 3,
        "sequence": 2,
        "transaction": APP,
    }
    assert here.store.read(here.table, DATE) == CatalogTable(name=MART, only={"part_date": DAY}, version=2)
    assert here.store.read(here.table, date(2030, 1, 1)) is None


def test_partition_values_come_from_the_rows_of_the_table(here):
    assert here.store.list_partition_values(here.table) == set()
    here.promote(here.stage(day="2023-12-31"))
    here.promote(here.stage())
    assert here.store.list_partition_values(here.table) == {"2023-12-31", DAY}
    assert here.catalog.statements[-1] == (
        "SELECT DISTINCT CAST(`part_date` AS STRING) AS value FROM `main`.`we_mart`.`wv_comm_user`"
    )


def test_the_same_candidate_is_published_once(here):
    candidate = here.stage()
    first, second = here.promote(candidate), here.promote(candidate)
    assert (second.promotion, second.version) == (Promotion.ALREADY, first.version)


def test_a_later_candidate_supersedes_an_earlier_one_whatever_the_order(here):
    early, late = here.stage(), here.stage(rows=5)
    here.promote(late)
    assert here.promote(early).promotion is Promotion.SUPERSEDED
    assert here.catalog.tables[MART].days == {DAY: 5}


def test_candidates_of_other_days_supersede_nothing(here):
    early, other = here.stage(), here.stage(day="2024-01-02")
    here.promote(other)
    assert here.promote(early).promotion is Promotion.PUBLISHED


@pytest.mark.parametrize(
    "said", [None, "an operator's note", "[1]", '{"martgate": 7}', '{"martgate": {"sequence": "9"}}']
)
def test_the_metadata_of_other_writers_is_ignored(here, said):
    candidate = here.stage()
    here.catalog.tables[MART].said.append(said)
    assert here.promote(candidate).promotion is Promotion.PUBLISHED


def test_a_write_that_delta_skips_is_superseded(here):
    candidate = here.stage()
    here.catalog.failing = "unseen"
    assert here.promote(candidate).promotion is Promotion.SUPERSEDED


@pytest.mark.parametrize("what", ["commit", "rows", "drop"])
def test_an_altered_candidate_is_neither_audited_nor_published(here, what):
    candidate = here.stage()
    staging = here.store.read_candidate(candidate, here.table).name
    match what:
        case "commit":
            here.catalog.tables[staging].said.append(None)
        case "rows":
            here.catalog.tables[staging].days[DAY] = 4
        case "drop":
            del here.catalog.tables[staging]
    assert here.store.find_changes(candidate)
    for use in (lambda: here.store.read_candidate(candidate, here.table), lambda: here.promote(candidate)):
        with pytest.raises(CouldNotRun, match="is not what was staged"):
            use()
    assert here.store.read(here.table) is None


def test_a_race_that_was_lost_is_run_again(here):
    candidate = here.stage()
    here.catalog.meanwhile = [None, None]
    assert here.promote(candidate).version == 3


def test_a_race_that_a_later_candidate_won_is_over(here):
    candidate = here.stage()
    ours = {"martgate": {"transaction": APP, "sequence": 99, "candidate": "theirs"}}
    here.catalog.meanwhile = [json.dumps(ours)]
    assert here.promote(candidate).promotion is Promotion.SUPERSEDED


def test_races_lost_for_ever_are_a_conflict(here):
    candidate = here.stage()
    here.catalog.meanwhile = [None] * 50
    with pytest.raises(PublishConflict, match="nothing was published"):
        here.promote(candidate)
    assert here.store.read(here.table) is None


def test_a_refused_write_publishes_nothing_and_says_why(here):
    candidate = here.stage()
    here.catalog.failing = "before"
    with pytest.raises(CouldNotRun, match="nothing was published: PERMISSION_DENIED"):
        here.promote(candidate)


def test_a_commit_that_landed_before_the_connection_was_lost_is_published(here):
    candidate = here.stage()
    here.catalog.failing = "after"
    assert here.promote(candidate).promotion is Promotion.PUBLISHED


def test_a_version_with_other_rows_is_refused(here):
    here.promote(here.stage())
    candidate = here.stage(rows=2)
    copied = here.catalog.tables[here.store.read_candidate(candidate, here.table).name]
    rows = here.store._catalog.count_rows
    here.store._catalog.count_rows = lambda source: rows(source) + 1
    with pytest.raises(CouldNotRun, match="holds 3 rows of 2024-01-01, and candidate c2 has 2"):
        here.promote(candidate)
    assert copied.days == {DAY: 2}


def test_an_empty_candidate_is_audited_and_refused(here):
    candidate = here.stage(rows=0)
    assert here.store.read_candidate(candidate, here.table).version == 0
    audit = replace(here.approve(here.stage()).audit, rows=0)
    decision = judge(candidate, audit)
    assert isinstance(decision, Refused)
    with pytest.raises(TypeError, match="only what the gate approved"):
        here.store.promote(decision, {})


def test_only_an_approved_candidate_is_promoted(here):
    candidate = here.stage()
    refused = judge(candidate, replace(here.approve(candidate).audit, rows=0))
    for other in (candidate, refused):
        with pytest.raises(TypeError, match="only what the gate approved"):
            here.store.promote(other, {})


def test_a_write_that_fails_leaves_no_table_behind(here):
    def write(target):
        here.catalog.tables[target.name] = Kept(())
        raise QueryFailed("no")

    with pytest.raises(QueryFailed):
        here.store.stage(here.table, DATE, candidate_id="c9", sequence=9, write=write)
    assert list(here.catalog.tables) == [MART]


def test_a_name_that_is_taken_is_left_alone(here):
    candidate = here.stage()
    here.sequence = 0
    with pytest.raises(CouldNotRun, match="staged already"):
        here.stage()
    assert not here.store.find_changes(candidate)


def test_a_table_unlike_its_contract_is_refused_before_a_write(here):
    here.stage()
    *columns, last = here.table.columns
    changed = replace(here.table, columns=(*columns, replace(last, physical_type="bigint")))
    with pytest.raises(InvalidInput, match="part_date string in the table, part_date bigint in the contract"):
        here.store.stage(changed, DATE, candidate_id="c9", sequence=9, write=lambda target: ())
    here.catalog.tables[MART].partitions = ("part_date",)
    with pytest.raises(InvalidInput, match="is partitioned by part_date, the contract says part_comm_id, part_date"):
        here.stage()


def test_a_candidate_of_another_warehouse_is_refused(here):
    other = DatabricksStore("catalog://dev", lambda: here.catalog, lambda table, name: name)
    with pytest.raises(CouldNotRun, match=r"staged for main\.we_mart"):
        other.read_candidate(here.stage(), here.table)


def test_a_warehouse_is_a_whole_catalog(here):
    with pytest.raises(InvalidInput, match=r"catalog://main\.we_mart\.t: expected a catalog, as in catalog://main;"):
        DatabricksStore("catalog://main.we_mart.t", lambda: here.catalog, lambda table, name: name)


def test_a_discarded_candidate_is_gone(here):
    candidate = here.stage()
    here.store.discard(candidate)
    assert list(here.catalog.tables) == [MART]


def test_a_published_day_is_read_at_its_version(here):
    here.promote(here.stage(day="2023-12-31"))
    assert here.store.read_published_state(here.table, DATE).source is None
    here.promote(here.stage())
    published = here.store.read_published_state(here.table, DATE)
    assert published.source == CatalogTable(name=MART, only={"part_date": DAY}, version=2)


@pytest.mark.parametrize(
    ("meanwhile", "promotion"),
    [
        ([], Promotion.PUBLISHED),
        ([{"martgate": {"transaction": "we_mart.wv_comm_user/part_date=2023-12-31"}}], Promotion.PUBLISHED),
        ([{"martgate": {"transaction": APP, "sequence": 1, "candidate": "theirs"}}], Promotion.MOVED),
        (["an operator's own overwrite"], Promotion.MOVED),
    ],
    ids=["nothing", "another day", "this day", "who knows"],
)
def test_only_a_day_in_the_expected_state_is_replaced(here, meanwhile, promotion):
    here.promote(here.stage())
    candidate, seen = here.stage(rows=5), here.store.read_published_state(here.table, DATE)
    here.catalog.tables[MART].said += [json.dumps(said) for said in meanwhile]
    published = here.store.promote(here.approve(candidate), {}, onto=seen.state)
    assert published.promotion is promotion
    assert here.catalog.tables[MART].days[DAY] == (5 if promotion is Promotion.PUBLISHED else 3)


def test_a_first_publish_replaces_the_empty_state(here):
    candidate = here.stage()
    seen = here.store.read_published_state(here.table, DATE)
    assert here.store.promote(here.approve(candidate), {}, onto=seen.state).promotion is Promotion.PUBLISHED


def test_only_the_candidate_that_readers_see_is_published(here):
    early, late = here.stage(), here.stage()
    here.promote(early)
    assert [here.store.is_published(candidate) for candidate in (early, late)] == [True, False]
    here.promote(late)
    assert [here.store.is_published(candidate) for candidate in (early, late)] == [False, True]


def test_the_commits_of_a_table_name_our_candidates(here):
    assert here.store.list_commits(here.table) == ()
    candidate = here.stage()
    here.promote(candidate)
    here.catalog.tables[MART].said.append("an operator's note")
    assert here.store.list_commits(here.table) == (
        Commit(version=2),
        Commit(version=1, candidate="c1", transaction=APP, fingerprint=candidate.fingerprint),
        Commit(version=0),
    )


def test_a_day_without_later_writes_is_its_candidate(here):
    candidate = here.stage()
    assert here.store.find_tampering(candidate, here.table) == "no commit published candidate c1"
    here.promote(candidate)
    here.promote(here.stage(day="2024-01-02"))
    assert here.store.find_tampering(candidate, here.table) == ""


def test_a_day_that_others_may_have_touched_or_whose_rows_are_more_or_fewer_is_not(here):
    candidate = here.stage()
    here.promote(candidate)
    mart = here.catalog.tables[MART]
    mart.days[DAY] = 4
    assert here.store.find_tampering(candidate, here.table) == "it has 4 rows, and candidate c1 has 3"
    mart.days[DAY] = 3
    mart.said.append(None)
    told = "version 2 is none of candidate c1, and may have changed the day since"
    assert here.store.find_tampering(candidate, here.table) == told
    del here.catalog.tables[MART]
    assert here.store.find_tampering(candidate, here.table) == f"there is no table {MART}"


def test_rows_that_were_laid_out_anew_are_the_same_rows(here):
    candidate = here.stage()
    here.promote(candidate)
    here.catalog.tables[MART].said.append(None)
    here.catalog.operations[2] = "OPTIMIZE"
    assert here.store.find_tampering(candidate, here.table) == ""
