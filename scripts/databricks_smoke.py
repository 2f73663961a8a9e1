"""Checks publishing with Delta's commits on a real Databricks workspace, in a temporary schema.

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
from martgate.project.requests import load_publish_request
from martgate.project.settings import Settings, load_settings
from martgate.project.wiring import open_context
from martgate.publish.run import build, gate, publish, run
from martgate.text.quoting import relation

if TYPE_CHECKING:
    from martgate.builders.engines.spark import SparkEngine

GOOD, BAD, ALTERED, ORDERED, RACED = (date(2024, 1, day) for day in range(1, 6))
"""A day for each check; only the rows of `BAD` break the contract."""

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
    """Error of a check whose actual result differs from the expected one."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """Temporary project in a temporary schema."""

    schema: str
    settings: Settings
    context: Context
    session: "Callable[[], SparkEngine] | None" = None

    def request(self, day: date, minute: int = 0) -> PublishRequest:
        """Create the request to publish a day, started `minute` minutes after the first."""
        work = load_publish_request(self.settings, self.context, f"{self.schema}.visits", day)
        return replace(work, started=STARTED + timedelta(minutes=minute))

    def rows(self, day: date) -> Sequence[tuple[object, ...]]:
        """Read the published rows of a day."""
        dataset = self.context.store.read(self.request(day).table, day)
        if dataset is None:
            return []
        with self.context.engine() as engine:
            engine.register("published", dataset)
            return sorted(engine.fetch("SELECT visit, pages, part_date FROM published"), key=repr)

    def stage(self, day: date, minute: int) -> Candidate:
        """Build and stage a candidate."""
        built = build(self.request(day, minute), self.context)
        if not isinstance(built, Candidate):
            raise CheckFailedError(f"nothing was staged: {built.reasons}")
        return built

    def approve(self, day: date, minute: int) -> Approved:
        """Stage a candidate and gate it."""
        candidate = self.stage(day, minute)
        decision = judge(candidate, gate(self.request(day, minute), self.context, candidate.id).audit)
        if not isinstance(decision, Approved):
            raise CheckFailedError(f"a good candidate was refused: {decision.reasons}")
        return decision

    @property
    def mart(self) -> str:
        """The full name of the published table."""
        return f"{self.settings.warehouse.removeprefix('catalog://')}.{self.schema}.visits"

    @property
    def spark(self) -> "SparkEngine":
        """The engine of the catalog."""
        if self.session is None:
            raise CheckFailedError("this check needs a catalog")
        return self.session()


Check = Callable[[Project], None]


def expect(actual: object, expected: object) -> None:
    if actual != expected:
        raise CheckFailedError(f"found {actual}, expected {expected}")


def expected_rows(day: date) -> list[tuple[object, ...]]:
    return [(visit, visit, day.isoformat()) for visit in (1, 2, 3)]


def a_good_day_is_published(project: Project) -> None:
    record = run(project.request(GOOD), project.context)
    expect((record.decision, record.published_version is not None), ("approved", True))
    expect(project.rows(GOOD), expected_rows(GOOD))


def a_defect_is_refused(project: Project) -> None:
    record = run(project.request(BAD), project.context)
    expect((record.decision, record.published_version), ("refused", None))
    expect((project.rows(BAD), project.rows(GOOD)), ([], expected_rows(GOOD)))


def publishing_again_does_nothing(project: Project) -> None:
    approved = project.approve(GOOD, 1)
    first, second = (project.context.store.promote(approved, {}) for _ in range(2))
    expect((first.promotion, second.promotion), (Promotion.PUBLISHED, Promotion.ALREADY))
    expect((second.version, project.rows(GOOD)), (first.version, expected_rows(GOOD)))


def a_later_candidate_wins_whatever_the_order(project: Project) -> None:
    early, late = project.approve(ORDERED, 1), project.approve(ORDERED, 2)
    expect(project.context.store.promote(late, {}).promotion, Promotion.PUBLISHED)
    expect(project.context.store.promote(early, {}).promotion, Promotion.SUPERSEDED)
    expect(project.context.store.promote(project.approve(ORDERED, 3), {}).promotion, Promotion.PUBLISHED)
    expect(project.rows(ORDERED), expected_rows(ORDERED))


def racing_publishers_double_no_row(project: Project) -> None:
    both = [project.approve(RACED, minute) for minute in (1, 2)]
    with ThreadPoolExecutor(2) as racing:
        ends = list(racing.map(lambda approved: project.context.store.promote(approved, {}).promotion, both))
    expect(ends[1], Promotion.PUBLISHED)
    expect(project.rows(RACED), expected_rows(RACED))


def an_altered_candidate_is_refused(project: Project) -> None:
    candidate = project.stage(ALTERED, 1)
    gate(project.request(ALTERED, 1), project.context, candidate.id)
    staging = relation(candidate.files[0].path.rpartition("@v")[0])
    project.spark.execute(f"INSERT INTO {staging} VALUES (9, 9, '{ALTERED}')")
    record: RunRecord = publish(project.request(ALTERED), project.context, candidate.id)
    expect((record.decision, project.rows(ALTERED)), ("refused", []))


def the_session_is_in_utc(project: Project) -> None:
    expect(project.spark.execute("SELECT current_timezone() AS zone")[0]["zone"], "UTC")


def delta_skips_a_sequence_that_it_has_seen(project: Project) -> None:
    source = CatalogTable(name=project.mart, only={"part_date": GOOD.isoformat()})
    before = versions(project)
    options = {"replaceWhere": f"part_date = '{GOOD}'", "txnAppId": f"{project.schema}.visits/part_date={GOOD}"}
    project.spark.overwrite(project.mart, source, {**options, "txnVersion": "1"})
    expect(versions(project), before)


def a_row_of_another_day_is_refused(project: Project) -> None:
    before = versions(project)
    source = CatalogTable(name=project.mart, only={"part_date": GOOD.isoformat()})
    try:
        project.spark.overwrite(project.mart, source, {"replaceWhere": "part_date = '1999-01-01'"})
    except QueryFailed:
        expect(versions(project), before)
        return
    raise CheckFailedError("a row of another day was written")


def the_commit_names_the_transaction_and_the_day(project: Project) -> None:
    metadata = [str(row["userMetadata"] or "") for row in history(project)]
    expect(any('"transaction"' in text and f"part_date={GOOD}" in text for text in metadata), expected=True)


def the_table_keeps_its_definition(project: Project) -> None:
    (detail,) = project.spark.execute(f"DESCRIBE DETAIL {relation(project.mart)}")
    expect(list(detail["partitionColumns"]), ["part_date"])  # type: ignore[call-overload]
    comments = {
        str(row["col_name"]): row["comment"]
        for row in project.spark.execute(f"DESCRIBE TABLE {relation(project.mart)}")
    }
    expect(comments["visit"], "Visit.")


def history(project: Project) -> Sequence[Mapping[str, object]]:
    return project.spark.execute(f"DESCRIBE HISTORY {relation(project.mart)}")


def versions(project: Project) -> list[object]:
    return [row["version"] for row in history(project)]


STORE_CHECKS: Sequence[Check] = (
    a_good_day_is_published,
    a_defect_is_refused,
    publishing_again_does_nothing,
    a_later_candidate_wins_whatever_the_order,
    racing_publishers_double_no_row,
)
"""Checks of every store."""

CATALOG_CHECKS: Sequence[Check] = (
    the_session_is_in_utc,
    *STORE_CHECKS,
    an_altered_candidate_is_refused,
    delta_skips_a_sequence_that_it_has_seen,
    a_row_of_another_day_is_refused,
    the_commit_names_the_transaction_and_the_day,
    the_table_keeps_its_definition,
)


def title(check: Check) -> str:
    """Format the name of a check as a sentence."""
    return check.__name__.replace("_", " ")


def run_checks(checks: Sequence[Check], project: Project) -> list[tuple[str, str]]:
    """Run all checks, and return the title and the error of each, which is empty if it passed."""
    results = []
    for check in checks:
        try:
            check(project)
        except (CheckFailedError, CouldNotRun) as error:
            results.append((title(check), str(error) or type(error).__name__))
        except Exception as error:  # noqa: BLE001 - the other checks and the clean-up must run
            results.append((title(check), type(error).__name__))
        else:
            results.append((title(check), ""))
    return results


def write_project(folder: Path, schema: str) -> dict[str, object]:
    """Write the contract and the model of the temporary project, and return the settings that select it."""
    for name, text in (("contracts/visits.odcs.yaml", CONTRACT), ("models/visits.sql", MODEL)):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text.format(schema=schema), encoding="utf-8")
    suites, out = folder / "expectations", folder / "out"
    suites.mkdir()
    return {
        "contracts": (str(folder / "contracts"),),
        "models": (str(folder / "models"),),
        "expectations": (str(suites),),
        "out": str(out),
        "warehouse": str(out / "warehouse"),
        "ledger": f"sqlite:///{out / 'ledger.db'}",
    }


def raw_rows_query() -> str:
    """Format the Spark SQL of the upstream's rows of all days."""
    days = ", ".join(f"('{day}')" for day in (GOOD, BAD, ALTERED, ORDERED, RACED))
    return RAW.format(bad=BAD, days=days)


@contextmanager
def on_databricks(catalog: str, schema: str) -> Iterator[Project]:
    """Create the project in a new schema, and drop the schema with all its tables on exit."""
    from martgate.builders.engines.spark import SparkEngine  # noqa: PLC0415

    place = f"catalog://{catalog}"
    with tempfile.TemporaryDirectory() as folder, SparkEngine() as engine:
        flags = write_project(Path(folder), schema) | {"warehouse": place, "upstreams": place, "engine": "spark"}
        settings = load_settings(flags=flags, environment={})
        name = relation(f"{catalog}.{schema}")
        engine.execute(f"CREATE SCHEMA {name}")
        try:
            columns = "PARTITIONED BY (part_date) AS\n"
            engine.execute(f"CREATE TABLE {name}.`visits_raw` USING DELTA {columns}{raw_rows_query()}")
            with open_context(settings) as context:
                yield Project(schema=schema, settings=settings, context=context, session=lambda: engine)
        finally:
            engine.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")


def format_results(results: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"{'FAILED' if wrong else 'ok':8}{name}{f': {wrong}' if wrong else ''}" for name, wrong in results)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all checks, or list them in a dry run, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--catalog", required=True, help="a catalog in which a schema may be created and dropped")
    parser.add_argument("--dry-run", action="store_true", help="list the checks without running them")
    options = parser.parse_args(arguments)
    schema = f"martgate_smoke_{secrets.token_hex(4)}"
    if options.dry_run:
        sys.stdout.write(f"would create the schema {options.catalog}.{schema}, check in it that\n")
        sys.stdout.writelines(f"  {title(check)}\n" for check in CATALOG_CHECKS)
        sys.stdout.write("and drop it with all that is in it\n")
        return 0
    with on_databricks(options.catalog, schema) as project:
        results = run_checks(CATALOG_CHECKS, project)
    sys.stdout.write(f"{format_results(results)}\n")
    return int(any(wrong for _, wrong in results))


if __name__ == "__main__":
    sys.exit(main())
