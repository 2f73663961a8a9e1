"""A run as two OpenLineage events: it started, and it came to its end.

What was published is an output, with its columns, where each comes from, and every verdict on it. A run that published
nothing has no output, so that nobody takes it for written; its verdicts are facets of the run itself. Of a rule its
name, kind, severity and counts are told: no example, and no word of what a rule compares with, for either may be a
value of a classified column.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.generated.base import DatasetFacet, RunFacet
from openlineage.client.generated.column_lineage_dataset import ColumnLineageDatasetFacet, Fields, InputField
from openlineage.client.generated.data_quality_assertions_dataset import Assertion, DataQualityAssertionsDatasetFacet
from openlineage.client.generated.dataset_version_dataset import DatasetVersionDatasetFacet
from openlineage.client.generated.error_message_run import ErrorMessageRunFacet
from openlineage.client.generated.job_type_job import JobTypeJobFacet
from openlineage.client.generated.nominal_time_run import NominalTimeRunFacet
from openlineage.client.generated.output_statistics_output_dataset import OutputStatisticsOutputDatasetFacet
from openlineage.client.generated.schema_dataset import SchemaDatasetFacet, SchemaDatasetFacetFields
from openlineage.client.generated.symlinks_dataset import Identifier, SymlinksDatasetFacet
from openlineage.client.generated.test_run import TestExecution, TestRunFacet
from openlineage.client.uuid import generate_static_uuid

from martgate.contracts.day import Day
from martgate.contracts.model import Severity, Table
from martgate.expectations.verdict import Outcome, Verdict
from martgate.gate.run import RunRecord
from martgate.gate.waiver import waived
from martgate.text.quoting import split_last

__all__ = ["DatasetAddress", "TableLineage", "build_run_events", "build_stopped_events"]

PRODUCER = "urn:martgate"
_STATUS = {Outcome.PASSED: "pass", Outcome.FAILED: "fail", Outcome.ERROR: "fail", Outcome.VACUOUS: "skip"}


@dataclass(frozen=True, slots=True)
class DatasetAddress:
    """Where a dataset lies, as OpenLineage names it."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLineage:
    """What is known of a table beside its runs.

    `zone` is that of its days, `inputs` the tables that it is made from, `columns` leads from each of its columns to the
    `schema.table.column`s that it is computed from, and `places` from the qualified name of each to where it lies.
    `namespace` is that of the job.
    """

    table: Table
    zone: str
    inputs: tuple[Table, ...]
    columns: Mapping[str, frozenset[str]]
    places: Mapping[str, DatasetAddress]
    namespace: str


def build_run_events(record: RunRecord, about: TableLineage, *, at: datetime) -> tuple[RunEvent, RunEvent]:
    """The start and the end of a run that was decided; `at` is when it ended.

    The run's id follows from its candidate and from what describe of it: gating and publishing in steps are two runs, and
    telling one of them again is no third.
    """
    version = "" if record.published_version is None else str(record.published_version)
    began, exempt = record.audit.audited_at, waived(record.waivers)
    nominal: dict[str, RunFacet] = {"nominalTime": _nominal(about, record.date)} if record.date else {}
    facets: dict[str, RunFacet] = {
        **nominal,
        "test": TestRunFacet([_test(verdict, exempt) for verdict in record.audit.verdicts], producer=PRODUCER),
    }
    if record.decision == "refused":
        facets["errorMessage"] = _error("; ".join(record.reasons))
    inputs = [_input(table, about, record.audit.verdicts) for table in about.inputs]
    outputs = [_output(record, about, version)] if version else []
    key = f"{record.table} {record.candidate} {record.decision} {version}"
    state = RunState.FAIL if record.decision == "refused" else RunState.COMPLETE
    start = _event(RunState.START, began, key, about, run=nominal, inputs=inputs)
    return start, _event(state, at, key, about, began=began, run=facets, inputs=inputs, outputs=outputs)


def build_stopped_events(day: date, reason: str, about: TableLineage, *, at: datetime) -> tuple[RunEvent, RunEvent]:
    """The start and the end of a run that could not be decided."""
    nominal = _nominal(about, day)
    inputs = [_input(table, about, ()) for table in about.inputs]
    key = f"{about.table.qualified_name} {day}"
    start = _event(RunState.START, at, key, about, run={"nominalTime": nominal}, inputs=inputs)
    facets: dict[str, RunFacet] = {"nominalTime": nominal, "errorMessage": _error(reason)}
    return start, _event(RunState.FAIL, at, key, about, run=facets, inputs=inputs)


def _event(  # noqa: PLR0913 - what an event consists of
    state: RunState,
    at: datetime,
    key: str,
    about: TableLineage,
    *,
    run: Mapping[str, RunFacet],
    inputs: Iterable[InputDataset],
    outputs: Iterable[OutputDataset] = (),
    began: datetime | None = None,
) -> RunEvent:
    kind = JobTypeJobFacet("BATCH", "MARTGATE", "TABLE", producer=PRODUCER)
    return RunEvent(
        eventType=state,
        eventTime=_instant(at),
        run=Run(str(generate_static_uuid(began or at, key.encode())), facets=dict(run)),
        job=Job(about.namespace, about.table.qualified_name, facets={"jobType": kind}),
        inputs=list(inputs),
        outputs=list(outputs),
        producer=PRODUCER,
    )


def _nominal(about: TableLineage, day: date) -> NominalTimeRunFacet:
    """The day, week or month that the run is about."""
    last = about.table.publish_period.last(day)
    begin, end = Day(day - timedelta(days=1), about.zone).cutoff, Day(last, about.zone).cutoff
    return NominalTimeRunFacet(_instant(begin), _instant(end), producer=PRODUCER)


def _error(reason: str) -> ErrorMessageRunFacet:
    return ErrorMessageRunFacet(reason or "no reason was recorded", "SQL", producer=PRODUCER)


def _input(table: Table, about: TableLineage, verdicts: Iterable[Verdict]) -> InputDataset:
    """An input; with the verdicts on itself where it broke its own contract, whose rules are named `schema.table: rule`."""
    prefix = f"{table.qualified_name}: "
    own = [_assertion(verdict, prefix) for verdict in verdicts if verdict.rule.name.startswith(prefix)]
    place = about.places[table.qualified_name]
    return InputDataset(
        place.namespace,
        place.name,
        facets=_described(table, about),
        inputFacets={"dataQualityAssertions": DataQualityAssertionsDatasetFacet(own, producer=PRODUCER)} if own else {},
    )


def _output(record: RunRecord, about: TableLineage, version: str) -> OutputDataset:
    place = about.places[about.table.qualified_name]
    exempt = waived(record.waivers)
    assertions = [_assertion(verdict, exempt=exempt) for verdict in record.audit.verdicts]
    facets: dict[str, object] = {
        **_described(about.table, about),
        "version": DatasetVersionDatasetFacet(version, producer=PRODUCER),
        "dataQualityAssertions": DataQualityAssertionsDatasetFacet(assertions, producer=PRODUCER),
    }
    if about.columns:
        facets["columnLineage"] = _column_lineage(about)
    rows = OutputStatisticsOutputDatasetFacet(rowCount=record.audit.rows, producer=PRODUCER)
    # Of the library's two kinds of dataset facets this one is an input's; the standard lets any dataset carry it.
    return OutputDataset(
        place.namespace,
        place.name,
        facets=facets,  # type: ignore[arg-type]
        outputFacets={"outputStatistics": rows},
    )


def _described(table: Table, about: TableLineage) -> dict[str, DatasetFacet]:
    fields = [
        SchemaDatasetFacetFields(column.name, column.physical_type, column.description or None, place)
        for place, column in enumerate(table.columns, 1)
    ]
    known_as = Identifier(about.namespace, table.qualified_name, "TABLE")
    return {
        "schema": SchemaDatasetFacet(fields, producer=PRODUCER),
        "symlinks": SymlinksDatasetFacet([known_as], producer=PRODUCER),
    }


def _column_lineage(about: TableLineage) -> ColumnLineageDatasetFacet:
    fields = {}
    for column, sources in about.columns.items():
        found = [(about.places[table], field) for table, field in map(split_last, sorted(sources))]
        fields[column] = Fields([InputField(place.namespace, place.name, field) for place, field in found])
    return ColumnLineageDatasetFacet(fields, producer=PRODUCER)


def _assertion(verdict: Verdict, prefix: str = "", exempt: Collection[str] = ()) -> Assertion:
    rule = verdict.rule
    return Assertion(
        assertion=rule.check.kind,
        success=verdict.outcome is Outcome.PASSED,
        column=rule.columns[0] if len(rule.columns) == 1 else None,
        severity=_severity(verdict, exempt),
        name=rule.name.removeprefix(prefix),
        actual=_found(verdict),
    )


def _test(verdict: Verdict, exempt: Collection[str]) -> TestExecution:
    return TestExecution(
        name=verdict.rule.name,
        status="fail" if verdict.blocks else _STATUS[verdict.outcome],
        severity=_severity(verdict, exempt),
        type=verdict.rule.check.kind,
        actual=_found(verdict),
    )


def _severity(verdict: Verdict, exempt: Collection[str]) -> str:
    """What did not pass and does not block, or is waived, is a warning, whatever the rule would do otherwise."""
    is_told = verdict.outcome is not Outcome.PASSED and not (verdict.blocks and verdict.rule.name not in exempt)
    return "warn" if is_told or verdict.rule.severity is Severity.WARNING else "error"


def _found(verdict: Verdict) -> str:
    return f"{verdict.failed} of {verdict.total} {verdict.unit} failed"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
