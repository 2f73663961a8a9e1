"""Each defect, planted alone in a valid day, is refused by the rule about it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.engines.duckdb import DuckDBEngine
from martgate.builders.ports import Dataset
from martgate.contracts.day import Day
from martgate.contracts.odcs import load
from martgate.expectations.audit import PreviousDay, Scope, audit
from martgate.expectations.derive import derive
from martgate.expectations.measurement import InMemoryHistory
from martgate.expectations.verdict import Outcome

ROOM = Path(__file__).parents[2] / "contracts"
DAY = Day(date(2024, 3, 31), "Asia/Seoul")
RUN = datetime(2024, 3, 31, 18, tzinfo=UTC)
MART = load(ROOM / "mart" / "wv_comm_user.odcs.yaml")
UPSTREAMS = {c.tables[0].qualified_name: c for c in map(load, sorted((ROOM / "upstream").glob("*.odcs.yaml")))}
TABLE = MART.tables[0]
RULES = derive(TABLE)
ARROW = {
    "tinyint": pa.int8(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def on(text):
    return datetime.fromisoformat(f"{text}T03:00:00+00:00")


def schema(table):
    return pa.schema([(column.name, ARROW[column.physical_type]) for column in table.columns])


FIRST, JOINED, LEFT, BACK = on("2022-05-01"), on("2023-01-01"), on("2023-06-01"), on("2023-07-01")
ELSEWHERE, LATE = on("2023-02-01"), on("2024-03-31")
P = {"part_date": "2024-03-31"}


def profile(name, user, comm, created, grade="FAN"):
    keys = {"comm_user_id": name, "wv_user_id": user, "comm_id": comm}
    return keys | {"member_grade": grade, "cre_dt": created, **P}


def account(user, member_id):
    return {"wv_user_id": user, "we_member_id": member_id, "wv_user_status": "NORMAL", **P}


# User 1 left community 10 and came back, and is in 20 too; user 2 is an artist in 10; user 3, whom we_user does not
# know, came from V to 20 and is in 30, which has no artist. m9 was created after the day had ended.
KNOWN = {
    "we_mart.ods_wv_member_profile": [
        profile("m1", 1, 10, JOINED),
        profile("m2", 1, 10, BACK),
        profile("m3", 1, 20, ELSEWHERE),
        profile("m4", 2, 10, JOINED, "ARTIST"),
        profile("m5", 3, 20, JOINED),
        profile("m6", 3, 30, LATE),
        profile("m9", 4, 30, DAY.cutoff),
    ],
    "we_mart.we_user": [account(1, 101), account(2, 102)],
    "we_mart.wv1_join_info": [{"wv_user_id": 1, "comm_id": 10, "wv1_join_dt": FIRST}],
    "we_mart.wv_user_ctry_history": [
        {"wv_user_id": 1, "ip_ctry": "US", "valid_from": JOINED, "valid_to": LEFT},
        {"wv_user_id": 1, "ip_ctry": "KR", "valid_from": LEFT},
        {"wv_user_id": 2, "ip_ctry": "NO", "valid_from": JOINED},
    ],
    "weverse2.community_log_member_status_log": [
        {"log_id": 1, "comm_user_id": "m1", "status": "BLOCKED", "changed_at": LEFT},
        {"log_id": 2, "comm_user_id": "m1", "status": "LEAVE", "changed_at": LEFT},
        {"log_id": 3, "comm_user_id": "m2", "status": "LEAVE", "changed_at": DAY.cutoff},
    ],
    "weverse2.community_member_special_member": [
        {
            "comm_user_id": "m4",
            "art_indi_id": "a1",
            "art_indi_type": "MEMBER",
            "art_indi_name": "Ae",
            "registered_at": LEFT,
        },
        {
            "comm_user_id": "m4",
            "art_indi_id": "a0",
            "art_indi_type": "MEMBER",
            "art_indi_name": "Ao",
            "registered_at": JOINED,
        },
    ],
    "we_mart.we_artist": [
        {"we_art_id": 7, "we_art_name": "Seven", "comm_id": 10},
        {"we_art_id": 8, "we_art_name": "Eight", "comm_id": 20},
    ],
    "we_mart.ws_fc_user_history": [
        {"we_member_id": 101, "we_art_id": 7, "fc_id": 501, "start_dt": JOINED, "end_dt": DAY.cutoff},
        {"we_member_id": 102, "we_art_id": 7, "fc_id": 502, "start_dt": JOINED, "end_dt": BACK},
    ],
    "weverse2.community_common_report": [
        {"report_id": 1, "target_comm_user_id": "m1", "created_at": JOINED},
        {"report_id": 2, "target_comm_user_id": "m1", "created_at": JOINED, "canceled_at": LEFT},
        {"report_id": 3, "target_comm_user_id": "m3", "created_at": BACK, "canceled_at": DAY.cutoff},
        {"report_id": 4, "target_comm_user_id": "nobody", "created_at": BACK},
    ],
    "weverse2.community_log_v_member_migration": [
        {"wv_user_id": 3, "v_channel_id": 70, "v_ch_join_dt": FIRST, "migrated_at": JOINED},
        {"wv_user_id": 3, "v_channel_id": 71, "v_ch_join_dt": FIRST, "migrated_at": JOINED},
    ],
    "we_meta.v_to_wv_comm_mapping": [{"v_channel_id": 70, "comm_id": 20}, {"v_channel_id": 71, "comm_id": 20}],
}


def member(name, user, comm, created, **more):
    """Build a valid row, with null, or 0 in required columns, by default."""
    row = {c.name: 0 if c.required else None for c in TABLE.columns}
    row |= {"key_date": DAY.date, "part_date": P["part_date"], "run_timestamp": RUN, "part_comm_id": comm}
    row |= {"comm_user_id": name, "wv_user_id": user, "comm_id": comm, "comm_user_cre_dt": created}
    row |= {"comm_user_first_dt": created, "tot_comm_user_first_dt": created, "is_first_user_comm": 1}
    row |= {"comm_user_status": "NORMAL", "comm_user_grade": "FAN", "comm_user_seq": 1, "cnt_comm_user_id": 1}
    return row | more


def good():
    seven, eight = {"we_art_id": 7, "we_art_name": "Seven"}, {"we_art_id": 8, "we_art_name": "Eight"}
    one = {"we_member_id": 101, "wv_user_status": "NORMAL", "ip_ctry": "KR", "tot_comm_user_first_dt": FIRST}
    pair = seven | one | {"comm_user_first_dt": FIRST, "cnt_comm_user_id": 2, "is_fc": 1, "fc_id": 501}
    left = {"comm_user_status": "LEAVE", "comm_user_end_dt": LEFT, "sum_report_count": 1}
    artist = {"art_indi_id": "a1", "art_indi_type": "MEMBER", "art_indi_name": "Ae", "comm_user_grade": "ARTIST"}
    rows = [
        member("m1", 1, 10, JOINED, **pair, **left),
        member("m2", 1, 10, BACK, **pair | {"comm_user_seq": 2}),
        member("m3", 1, 20, ELSEWHERE, **eight | one, is_first_user_comm=0, sum_report_count=1),
        member("m4", 2, 10, JOINED, **seven, **artist, we_member_id=102, wv_user_status="NORMAL", ip_ctry="NO"),
        member("m5", 3, 20, JOINED, **eight, is_v_user=1, v_ch_join_dt=FIRST),
        member("m6", 3, 30, LATE, tot_comm_user_first_dt=JOINED, is_first_user_comm=0),
    ]
    return pa.Table.from_pylist(rows, schema=schema(TABLE))


@dataclass(frozen=True)
class Gate:
    """An engine with the upstreams and an equal previous day registered, which audits other days."""

    engine: DuckDBEngine
    folder: Path
    relations: list = field(default_factory=list)
    history: dict = field(default_factory=dict)

    def register(self, name, rows):
        self.relations.append(name)
        file = self.folder / f"{len(self.relations)}.parquet"
        pq.write_table(rows, file)
        self.engine.register(name, Dataset(files=(str(file),)))

    def audit(self, candidate, rules=RULES):
        self.register("candidate", candidate)
        eve = PreviousDay("earlier", DAY.date - timedelta(days=1))
        scope = Scope(
            day=DAY,
            audited_at=RUN + timedelta(hours=1),
            other_relations=frozenset(UPSTREAMS),
            previous_day=eve,
            history=InMemoryHistory(self.history),
        )
        return audit(self.engine, "candidate", table=TABLE, rules=rules, scope=scope)


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    with DuckDBEngine() as engine:
        gate = Gate(engine, tmp_path_factory.mktemp("gate"))
        for name, contract in UPSTREAMS.items():
            gate.register(name, pa.Table.from_pylist(KNOWN.get(name, []), schema=schema(contract.tables[0])))
        gate.register("earlier", good())
        for back in range(1, 31):
            gate.history[DAY.date - timedelta(back)] = history_like(gate.audit(good()).measurements)
        yield gate


def history_like(measured):
    """Build a history of days like the valid one, with a thousand times its rows, so that shares are meaningful."""
    return [each if each.by else replace(each, rows=1000 * each.rows) for each in measured]


def crowded(day):
    """Add a community of a hundred equal members."""
    row = day.to_pylist()[-1]
    more = [row | {"comm_user_id": f"crowd-{number}"} for number in range(100)]
    return pa.concat_tables([day, pa.Table.from_pylist(more, schema=day.schema)])


def changed(name, **values):
    """Change values in the row of one membership of the valid day."""

    def plant(day):
        rows = day.to_pylist()
        next(row for row in rows if row["comm_user_id"] == name).update(values)
        return pa.Table.from_pylist(rows, schema=day.schema)

    return plant


def added(**values):
    """Add a changed copy of the first row to the valid day."""
    return lambda day: pa.Table.from_pylist([*day.to_pylist(), day.to_pylist()[0] | values], schema=day.schema)


def without(name):
    return lambda day: day.filter(pa.array([value != name for value in day["comm_user_id"].to_pylist()]))


def moved(day):
    return day.select([*day.column_names[1:], day.column_names[0]])


def widened(day):
    index = day.column_names.index("is_fc")
    return day.set_column(index, "is_fc", day["is_fc"].cast(pa.int64()))


DEFECTS = {
    "a null key": (changed("m4", comm_user_id=None), "comm_user_id|not_null"),
    "a duplicated row": (added(), "table|key"),
    "a duplicated key in another community": (added(comm_id=30, part_comm_id=30), "table|key"),
    "a partition of another community": (changed("m4", part_comm_id=20), "part_comm_id|equals_comm_id"),
    "a partition of another day": (changed("m4", part_date="2024-03-30"), "table|partitions"),
    "a date of another day": (changed("m4", key_date=date(2024, 3, 30)), "key_date|equals_part_date"),
    "a fan without a fan club": (changed("m4", is_fc=1), "is_fc|iff_fc_id"),
    "a fan club that was never bought": (changed("m4", is_fc=1, fc_id=999), "fc_id|known_fan_club"),
    "a fan club that has expired": (changed("m4", is_fc=1, fc_id=502), "fc_id|known_fan_club"),
    "a fan lost": (changed("m2", is_fc=0, fc_id=None), "is_fc|agrees_with_history"),
    "an unknown status": (changed("m4", comm_user_status="ASLEEP"), "comm_user_status|in_set"),
    "a lower-case country": (changed("m4", ip_ctry="kr"), "ip_ctry|in_set"),
    "an unknown country": (changed("m4", ip_ctry="XX"), "ip_ctry|in_set"),
    "a flag of 2": (changed("m4", is_official=2), "is_official|in_set"),
    "a gap in the sequence": (changed("m2", comm_user_seq=3), "comm_user_seq|dense"),
    "a sequence out of order": (
        lambda day: changed("m1", comm_user_seq=2)(changed("m2", comm_user_seq=1)(day)),
        "comm_user_seq|dense",
    ),
    "a wrong count": (changed("m3", cnt_comm_user_id=2), "cnt_comm_user_id|counts_memberships"),
    "first after creation": (
        changed("m6", comm_user_first_dt=LATE + timedelta(microseconds=1)),
        "comm_user_first_dt|not_after_creation",
    ),
    "two first days of one pair": (changed("m2", comm_user_first_dt=JOINED), "comm_user_first_dt|constant_per_pair"),
    "total first not the minimum": (
        lambda day: changed("m5", tot_comm_user_first_dt=FIRST)(changed("m6", tot_comm_user_first_dt=FIRST)(day)),
        "tot_comm_user_first_dt|minimum_of_user",
    ),
    "total first after first": (
        changed("m4", tot_comm_user_first_dt=LATE),
        "tot_comm_user_first_dt|not_after_first",
    ),
    "two total first days": (changed("m3", tot_comm_user_first_dt=JOINED), "tot_comm_user_first_dt|constant_per_user"),
    "two first communities": (changed("m6", is_first_user_comm=1), "is_first_user_comm|one_first_community"),
    "no first community": (changed("m5", is_first_user_comm=0), "is_first_user_comm|one_first_community"),
    "half a first community": (changed("m2", is_first_user_comm=0), "is_first_user_comm|constant_per_pair"),
    "the later community first": (
        lambda day: changed("m5", is_first_user_comm=0)(changed("m6", is_first_user_comm=1)(day)),
        "is_first_user_comm|is_earliest",
    ),
    "an end without LEAVE": (changed("m4", comm_user_end_dt=LATE), "comm_user_end_dt|iff_leave"),
    "LEAVE without an end": (changed("m4", comm_user_status="LEAVE"), "comm_user_end_dt|iff_leave"),
    "an end before the creation": (
        changed("m1", comm_user_end_dt=JOINED - timedelta(microseconds=1)),
        "comm_user_end_dt|not_before_creation",
    ),
    "an end after the day": (changed("m1", comm_user_end_dt=DAY.cutoff), "comm_user_end_dt|before_cutoff"),
    "half an artist": (changed("m4", art_indi_name=None), "table|art_indi_all_or_none"),
    "a creation after the day": (changed("m4", comm_user_cre_dt=DAY.cutoff), "comm_user_cre_dt|before_cutoff"),
    "two run timestamps": (changed("m4", run_timestamp=RUN + timedelta(seconds=1)), "run_timestamp|one_per_day"),
    "an old run timestamp": (
        lambda day: day.set_column(58, "run_timestamp", pa.array([RUN - timedelta(hours=26)] * 6, ARROW["timestamp"])),
        "sla|freshness",
    ),
    "two names for one artist": (changed("m4", we_art_name="Sieben"), "we_art_name|constant_per_artist"),
    "two names in one community": (changed("m4", we_art_name="Sieben"), "we_art_name|constant_per_community"),
    "an artist of another community": (changed("m6", we_art_id=7, we_art_name="Seven"), "we_art_id|known_artist"),
    "an artist without a name": (changed("m3", we_art_name=None), "we_art_name|set_with_we_art_id"),
    "two artists in one community": (changed("m4", we_art_id=8), "we_art_id|constant_per_community"),
    "a V user without a date": (changed("m4", is_v_user=1), "is_v_user|iff_v_ch_join_dt"),
    "a V user nobody moved": (changed("m4", is_v_user=1, v_ch_join_dt=FIRST), "is_v_user|agrees_with_migration"),
    "an int widened to bigint": (widened, "is_fc|type"),
    "a column lost": (lambda day: day.drop_columns(["hot_post_alarm"]), "table|columns"),
    "a column added": (lambda day: day.append_column("extra", pa.nulls(6, pa.string())), "table|columns"),
    "a column moved": (moved, "table|columns"),
    "no rows": (lambda day: day.slice(0, 0), "table|not_empty"),
    "a membership missing": (without("m4"), "table|same_members_as_profile"),
    "a membership of tomorrow": (added(comm_user_id="m9", comm_id=30), "table|same_members_as_profile"),
    "a membership invented": (changed("m4", comm_user_id="m0"), "table|same_members_as_profile"),
    "a membership that disappeared": (without("m4"), "comm_user_id|never_disappears"),
    "a membership of another user": (changed("m4", wv_user_id=3), "wv_user_id|never_changes"),
    "a membership in another community": (changed("m4", comm_id=30), "comm_id|never_changes"),
    "another creation": (changed("m4", comm_user_cre_dt=BACK), "comm_user_cre_dt|never_changes"),
    "a first day that moved later": (changed("m4", comm_user_first_dt=BACK), "comm_user_first_dt|never_later"),
    "a total first day that moved later": (
        changed("m4", tot_comm_user_first_dt=BACK),
        "tot_comm_user_first_dt|never_later",
    ),
    "a membership not counted any more": (changed("m1", cnt_comm_user_id=1), "cnt_comm_user_id|never_falls"),
    "a report that nobody cancelled gone": (
        changed("m3", sum_report_count=0),
        "sum_report_count|falls_by_cancellations",
    ),
    "a community that is a hundred times larger": (crowded, "table|usual_members"),
    "a status that nearly everybody has": (crowded, "table|usual_shares"),
    "a name that is not the profile's": (changed("m4", profile_name="Other"), "table|as_in_profile"),
    "an account of somebody else": (changed("m4", we_member_id=101), "table|as_in_account"),
    "an artist where the community has none": (changed("m6", we_art_id=7, we_art_name="Seven"), "table|as_in_artist"),
    "a status that was never logged": (changed("m4", comm_user_status="BLOCKED"), "table|as_in_status_log"),
    "an end at another instant": (changed("m1", comm_user_end_dt=BACK), "table|as_in_status_log"),
    "another artist of the group": (changed("m4", art_indi_id="a0"), "table|as_in_special_members"),
    "a report against another membership": (changed("m4", sum_report_count=1), "table|as_in_reports"),
    "a country of long ago": (changed("m3", ip_ctry="US"), "table|as_in_country_history"),
    "a fan club of somebody else": (changed("m2", fc_id=502), "table|as_in_fan_clubs"),
    "an alarm that was never set": (changed("m1", hot_post_alarm=1), "table|as_in_wv1"),
    "a push setting that was never made": (changed("m4", artist_post_push_enabled=0), "table|as_in_push_settings"),
    "a first day of another pair": (changed("m6", comm_user_first_dt=JOINED), "table|as_in_first_joins"),
    "a V date that moved": (changed("m5", v_ch_join_dt=JOINED), "table|as_in_v_log"),
    "every name changed overnight": (
        lambda day: day.set_column(
            day.column_names.index("profile_name"), "profile_name", pa.array(list("abcdef"), pa.string())
        ),
        "table|usual_changes",
    ),
    "nobody joined on the day": (changed("m6", comm_user_cre_dt=JOINED), "table|somebody_joined"),
    "a run of tomorrow": (
        lambda day: day.set_column(58, "run_timestamp", pa.array([RUN + timedelta(days=1)] * 6, ARROW["timestamp"])),
        "run_timestamp|not_in_future",
    ),
    "a report count off by one": (changed("m3", sum_report_count=2), "sum_report_count|adds_up_to_reports"),
}


def test_the_valid_day_is_approved_and_every_rule_has_a_verdict(gate):
    result = gate.audit(good())
    assert result.blocking == ()
    assert result.out_of_scope == ()
    assert len(result.verdicts) == result.rules == len(RULES)
    assert result.count(Outcome.ERROR) == result.count(Outcome.FAILED) == 0


def test_the_contract_has_at_least_150_rules_with_unique_names():
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names)) >= 150


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_single_defect_is_refused_by_its_rule(gate, defect):
    plant, name = DEFECTS[defect]
    (verdict,) = gate.audit(plant(good()), tuple(rule for rule in RULES if rule.name == name)).verdicts
    assert verdict.outcome is Outcome.FAILED
    assert verdict.blocks


def test_every_custom_rule_is_broken_by_a_defect():
    own = {rule.name for rule in RULES if rule.description}
    broken = {name for _, name in DEFECTS.values()}
    assert own - broken == set()
