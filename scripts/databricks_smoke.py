"""Check on a real workspace what no test elsewhere can: publishing by Delta's own commits, in a schema thrown away after.

    python scripts/databricks_smoke.py --catalog main
    python scripts/databricks_smoke.py --catalog main --dry-run

Run it on a cluster that has the wheel (docs/databricks.md). It needs USE CATALOG and CREATE SCHEMA on the catalog. It
prints a table of checks; the exit code is 1 if any fails.
"""

import argparse
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from martgate.builders.ports import CatalogTable
from martgate.errors import CouldNotRun, QueryFailed
from martgate.gate.candidate import Candidate
from martgate.gate.decision import Approved, judge
from martgate.gate.promotion import Promotion
from martgate.gate.run import RunRecord
from martgate.project.context import Context, PublishRequest
from martgate.project.settings import Settings, load_settings
from martgate.project.requests import load_publish_request
from martgate.project.wiring import open_context
from martgate.publish.run import build, gate, publish, run
from martgate.text.quoting import relation

if TYPE_CHECKING:
    from martgate.builders.engines.spark import SparkEngine

GOOD, BAD, ALTERED, ORDERED, RACED = (date(2024, 1, day) for day in range(1, 6))
"""A day for each thing that is tried; only the rows of `BAD` break the contract."""

STARTED = datetime(2024, 2, 1, tzinfo=UTC)

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: smoke-{schema}
name: {schema}
version: 1.0.0
status: active
schema:
  - name: visits_raw
    physicalName: {schema}.visits_raw
    logicalType: object
    physicalType: table
    description: Visits as they come.
    customProperties: [{{property: publishPartition, value: part_date}}]
    properties:
      - {{name: visit, logicalType: integer, physicalType: bigint, required: true, description: Visit.}}
      - {{name: pages, logicalType: integer, physicalType: int, description: Pages seen.}}
      - {{name: part_date, logicalType: string, physicalType: string, required: true, partitioned: true,
          partitionKeyPosition: 1, description: Day.}}
  - name: visits
    physicalName: {schema}.visits
    logicalType: object
    physicalType: table
    description: Visits that count.
    customProperties: [{{property: publishPartition, value: part_date}}]
    properties:
      - {{name: visit, logicalType: integer, physicalType: bigint, required: true, primaryKey: true,
          primaryKeyPosition: 1, description: Visit.}}
      - {{name: pages, logicalType: integer, physicalType: int, required: true, description: Pages seen.,
          logicalTypeOptions: {{minimum: 1}}}}
      - {{name: part_date, logicalType: string, physicalType: string, required: true, partitioned: true,
          primaryKey: true, primaryKeyPosition: 2, partitionKeyPosition: 1, description: Day.}}
"""

MODEL = "SELECT visit, pages, part_date FROM {schema}.visits_raw WHERE part_date = :part_date\n"

RAW = """\
SELECT CAST(visit AS BIGINT) AS visit, CAST(IF(day = '{bad}', 0, visit) AS INT) AS pages, day AS part_date
FROM VALUES (1), (2), (3) AS v(visit) CROSS JOIN VALUES {days} AS d(day)
"""


class CheckFailedError(Exception):
    """What was seen is not what a publish promises."""


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A throw-away project in a throw-away schema."""

    schema: str
    settings: Settings
    context: Context
    session: "Callable[[], SparkEngine] | None" = None

    def request(self, day: date, minute: int = 0) -> PublishRequest:
        """The day's job, as if it had been started `minute` minutes after the first."""
        work = load_publish_request(self.settings, self.context, f"{self.schema}.visits", day)
        return replace(work, started=STARTED + timedelta(minutes=minute))

    def rows(self, day: date) -> Sequence[tuple[object, ...]]:
        """The day's rows as a reader of the mart sees them."""
        found = self.context.store.read(self.request(day).table, day)
        if found is None:
            return []
        with self.context.engine() as engine:
            engine.register("seen", found)
            return sorted(engine.fetch("SELECT visit, pages, part_date FROM seen"), key=repr)

    def staged(self, day: date, minute: int) -> Candidate:
        built = build(self.request(day, minute), self.context)
        if not isinstance(built, Candidate):
            raise CheckFailedError(f"nothing was staged: {built.reasons}")
        return built

    def approved(self, day: date, minute: int) -> Approved:
        candidate = self.staged(day, minute)
        decision = judge(candidate, gate(self.request(day, minute), self.context, candidate.id).audit)
        if not isinstance(decision, Approved):
            raise CheckFailedError(f"a good candidate was refused: {decision.reasons}")
        return decision

    @property
    def mart(self) -> str:
        return f"{self.settings.warehouse.removeprefix('catalog://')}.{self.schema}.visits"

    @property
    def spark(self) -> "SparkEngine":
        if self.session is None:
            raise CheckFailedError("this check needs a catalog")
        return self.session()


Check = Callable[[Lab], None]


def expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise CheckFailedError(f"found {found}, expected {wanted}")


def expected_rows(day: date) -> list[tuple[object, ...]]:
    return [(visit, visit, day.isoformat()) for visit in (1, 2, 3)]


def a_good_day_is_published(lab: Lab) -> None:
    record = run(lab.request(GOOD), lab.context)
    expect((record.decision, record.published_version is not None), ("approved", True))
    expect(lab.rows(GOOD), expected_rows(GOOD))


def a_defect_is_refused(lab: Lab) -> None:
    record = run(lab.request(BAD), lab.context)
    expect((record.decision, record.published_version), ("refused", None))
    expect((lab.rows(BAD), lab.rows(GOOD)), ([], expected_rows(GOOD)))


def publishing_again_does_nothing(lab: Lab) -> None:
    approved = lab.approved(GOOD, 1)
    first, second = (lab.context.store.promote(approved, {}) for _ in range(2))
    expect((first.promotion, second.promotion), (Promotion.PUBLISHED, Promotion.ALREADY))
    expect((second.version, lab.rows(GOOD)), (first.version, expected_rows(GOOD)))


def a_later_candidate_wins_whatever_the_order(lab: Lab) -> None:
    early, late = lab.approved(ORDERED, 1), lab.approved(ORDERED, 2)
    expect(lab.context.store.promote(late, {}).promotion, Promotion.PUBLISHED)
    expect(lab.context.store.promote(early, {}).promotion, Promotion.SUPERSEDED)
    expect(lab.context.store.promote(lab.approved(ORDERED, 3), {}).promotion, Promotion.PUBLISHED)
    expect(lab.rows(ORDERED), expected_rows(ORDERED))


def racing_publishers_double_no_row(lab: Lab) -> None:
    both = [lab.approved(RACED, minute) for minute in (1, 2)]
    with ThreadPoolExecutor(2) as racing:
        ends = list(racing.map(lambda approved: lab.context.store.promote(approved, {}).promotion, both))
    expect(ends[1], Promotion.PUBLISHED)
    expect(lab.rows(RACED), expected_rows(RACED))


def an_altered_candidate_is_refused(lab: Lab) -> None:
    candidate = lab.staged(ALTERED, 1)
    gate(lab.request(ALTERED, 1), lab.context, candidate.id)
    staging = relation(candidate.files[0].path.rpartition("@v")[0])
    lab.spark.execute(f"INSERT INTO {staging} VALUES (9, 9, '{ALTERED}')")
    record: RunRecord = publish(lab.request(ALTERED).table, ALTERED, lab.context, candidate.id)
    expect((record.decision, lab.rows(ALTERED)), ("refused", []))


def the_session_is_in_utc(lab: Lab) -> None:
    expect(lab.spark.execute("SELECT current_timezone() AS zone")[0]["zone"], "UTC")


def delta_skips_a_sequence_that_it_has_seen(lab: Lab) -> None:
    source = CatalogTable(name=lab.mart, only={"part_date": GOOD.isoformat()})
    before = versions(lab)
    options = {"replaceWhere": f"part_date = '{GOOD}'", "txnAppId": f"{lab.schema}.visits/part_date={GOOD}"}
    lab.spark.overwrite(lab.mart, source, {**options, "txnVersion": "1"})
    expect(versions(lab), before)


def a_row_outside_of_the_day_is_refused(lab: Lab) -> None:
    before = versions(lab)
    source = CatalogTable(name=lab.mart, only={"part_date": GOOD.isoformat()})
    try:
        lab.spark.overwrite(lab.mart, source, {"replaceWhere": "part_date = '1999-01-01'"})
    except QueryFailed:
        expect(versions(lab), before)
        return
    raise CheckFailedError("a row of another day was written")


def the_commit_says_whose_it_is(lab: Lab) -> None:
    said = [str(row["userMetadata"] or "") for row in history(lab)]
    expect(any('"transaction"' in text and f"part_date={GOOD}" in text for text in said), wanted=True)


def the_table_keeps_its_definition(lab: Lab) -> None:
    (detail,) = lab.spark.execute(f"DESCRIBE DETAIL {relation(lab.mart)}")
    expect(list(detail["partitionColumns"]), ["part_date"])  # type: ignore[call-overload]
    comments = {
        str(row["col_name"]): row["comment"] for row in lab.spark.execute(f"DESCRIBE TABLE {relation(lab.mart)}")
    }
    expect(comments["visit"], "Visit.")


def history(lab: Lab) -> Sequence[Mapping[str, object]]:
    return lab.spark.execute(f"DESCRIBE HISTORY {relation(lab.mart)}")


def versions(lab: Lab) -> list[object]:
    return [row["version"] for row in history(lab)]


ANYWHERE: Sequence[Check] = (
    a_good_day_is_published,
    a_defect_is_refused,
    publishing_again_does_nothing,
    a_later_candidate_wins_whatever_the_order,
    racing_publishers_double_no_row,
)
"""What every store keeps to."""

IN_A_CATALOG: Sequence[Check] = (
    the_session_is_in_utc,
    *ANYWHERE,
    an_altered_candidate_is_refused,
    delta_skips_a_sequence_that_it_has_seen,
    a_row_outside_of_the_day_is_refused,
    the_commit_says_whose_it_is,
    the_table_keeps_its_definition,
)


def title(check: Check) -> str:
    """The check as a sentence."""
    return check.__name__.replace("_", " ")


def perform(checks: Sequence[Check], lab: Lab) -> list[tuple[str, str]]:
    """Each check with what is wrong, empty where nothing is."""
    found = []
    for check in checks:
        try:
            check(lab)
        except (CheckFailedError, CouldNotRun) as error:
            found.append((title(check), str(error) or type(error).__name__))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other checks and the clean-up are due
            found.append((title(check), type(error).__name__))
        else:
            found.append((title(check), ""))
    return found


def project(folder: Path, schema: str) -> dict[str, object]:
    """Write the contract and the model of the throw-away project; the flags that make it the project."""
    for name, text in (("contracts/visits.odcs.yaml", CONTRACT), ("models/visits.sql", MODEL)):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text.format(schema=schema), encoding="utf-8")
    out = folder / "out"
    return {
        "contracts": (str(folder / "contracts"),),
        "models": (str(folder / "models"),),
        "out": str(out),
        "warehouse": str(out / "warehouse"),
        "ledger": f"sqlite:///{out / 'ledger.db'}",
    }


def raw() -> str:
    """The upstream's rows of all days, as Spark SQL."""
    days = ", ".join(f"('{day}')" for day in (GOOD, BAD, ALTERED, ORDERED, RACED))
    return RAW.format(bad=BAD, days=days)


@contextmanager
def on_databricks(catalog: str, schema: str) -> Iterator[Lab]:
    """The project in a schema of its own, dropped in the end with all that is in it."""
    from martgate.builders.engines.spark import SparkEngine  # noqa: PLC0415

    place = f"catalog://{catalog}"
    with tempfile.TemporaryDirectory() as made, SparkEngine() as engine:
        flags = project(Path(made), schema) | {"warehouse": place, "upstreams": place, "engine": "spark"}
        settings = load_settings(flags=flags, environment={})
        name = relation(f"{catalog}.{schema}")
        engine.execute(f"CREATE SCHEMA {name}")
        try:
            columns = "PARTITIONED BY (part_date) AS\n"
            engine.execute(f"CREATE TABLE {name}.`visits_raw` USING DELTA {columns}{raw()}")
            with open_context(settings) as context:
                yield Lab(schema=schema, settings=settings, context=context, session=lambda: engine)
        finally:
            engine.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")


def report(found: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"{'FAILED' if wrong else 'ok':8}{name}{f': {wrong}' if wrong else ''}" for name, wrong in found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all checks, or say what would be run; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--catalog", required=True, help="a catalog in which a schema may be created and dropped")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    given = parser.parse_args(arguments)
    schema = f"martgate_smoke_{secrets.token_hex(4)}"
    if given.dry_run:
        sys.stdout.write(f"would create the schema {given.catalog}.{schema}, check in it that\n")
        sys.stdout.writelines(f"  {title(check)}\n" for check in IN_A_CATALOG)
        sys.stdout.write("and drop it with all that is in it\n")
        return 0
    with on_databricks(given.catalog, schema) as lab:
        found = perform(IN_A_CATALOG, lab)
    sys.stdout.write(f"{report(found)}\n")
    return int(any(wrong for _, wrong in found))


if __name__ == "__main__":
    sys.exit(main())
