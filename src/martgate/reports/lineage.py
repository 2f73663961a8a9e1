"""Renders a run as two OpenLineage events: its start and its end.

A published table is an output with its columns, their lineage and every verdict on it. A run that published nothing has
no output, so that no consumer takes the table for written; its verdicts are facets of the run. A rule appears with its
name, kind, severity and counts only: an example, or a value that a rule compares with, may come from a classified
column.
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
from martgate.contracts.model import Table
from martgate.contracts.quality import Severity
from martgate.expectations.verdict import Outcome, Verdict
from martgate.gate.run import RunRecord
from martgate.gate.waiver import waived_rules
from martgate.text.quoting import split_last

__all__ = ["DatasetAddress", "TableLineage", "build_run_events", "build_stopped_events"]

PRODUCER = "urn:martgate"
_STATUS = {Outcome.PASSED: "pass", Outcome.FAILED: "fail", Outcome.ERROR: "fail", Outcome.VACUOUS: "skip"}


@dataclass(frozen=True, slots=True)
class DatasetAddress:
    """The address of a dataset, as OpenLineage names it."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLineage:
    """The lineage of a table.

    Attributes:
        table: The table.
        zone: The time zone of its days.
        inputs: The upstream tables of its model.
        columns: By column, the `schema.table.column`s that it is computed from.
        addresses: By qualified name, the address of the table and of every upstream.
        namespace: The namespace of the job.
    """

    table: Table
    zone: str
    inputs: tuple[Table, ...]
    columns: Mapping[str, frozenset[str]]
    addresses: Mapping[str, DatasetAddress]
    namespace: str


def build_run_events(record: RunRecord, lineage: TableLineage, *, at: datetime) -> tuple[RunEvent, RunEvent]:
    """Build the start and end events of a run that has a decision.

    The id of the run is derived from its candidate and its result: gating and publishing in two steps are two runs, and
    emitting one of them again does not make a third.

    Args:
        record: The record of the run.
        lineage: The lineage of its table.
        at: When the run ended.
    """
    version = "" if record.published_version is None else str(record.published_version)
    began, exempt = record.audit.audited_at, waived_rules(record.waivers)
    nominal: dict[str, RunFacet] = {"nominalTime": _nominal(lineage, record.date)} if record.date else {}
    facets: dict[str, RunFacet] = {
        **nominal,
        "test": TestRunFacet([_test(verdict, exempt) for verdict in record.audit.verdicts], producer=PRODUCER),
    }
    if record.decision == "refused":
        facets["errorMessage"] = _error("; ".join(record.reasons))
    inputs = [_input(table, lineage, record.audit.verdicts) for table in lineage.inputs]
    outputs = [_output(record, lineage, version)] if version else []
    key = f"{record.table} {record.candidate} {record.decision} {version}"
    state = RunState.FAIL if record.decision == "refused" else RunState.COMPLETE
    start = _event(RunState.START, began, key, lineage, run=nominal, inputs=inputs)
    return start, _event(state, at, key, lineage, began=began, run=facets, inputs=inputs, outputs=outputs)


def build_stopped_events(day: date, reason: str, lineage: TableLineage, *, at: datetime) -> tuple[RunEvent, RunEvent]:
    """Build the start and end events of a run that failed before a decision.

    Args:
        day: The day of the run.
        reason: Why it failed.
        lineage: The lineage of its table.
        at: When it failed.
    """
    nominal = _nominal(lineage, day)
    inputs = [_input(table, lineage, ()) for table in lineage.inputs]
    key = f"{lineage.table.qualified_name} {day}"
    start = _event(RunState.START, at, key, lineage, run={"nominalTime": nominal}, inputs=inputs)
    facets: dict[str, RunFacet] = {"nominalTime": nominal, "errorMessage": _error(reason)}
    return start, _event(RunState.FAIL, at, key, lineage, run=facets, inputs=inputs)


def _event(  # noqa: PLR0913 - the parts of an event
    state: RunState,
    at: datetime,
    key: str,
    lineage: TableLineage,
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
        job=Job(lineage.namespace, lineage.table.qualified_name, facets={"jobType": kind}),
        inputs=list(inputs),
        outputs=list(outputs),
        producer=PRODUCER,
    )


def _nominal(lineage: TableLineage, day: date) -> NominalTimeRunFacet:
    """The day, week or month of the run."""
    last = lineage.table.publish_period.last(day)
    begin, end = Day(day - timedelta(days=1), lineage.zone).cutoff, Day(last, lineage.zone).cutoff
    return NominalTimeRunFacet(_instant(begin), _instant(end), producer=PRODUCER)


def _error(reason: str) -> ErrorMessageRunFacet:
    return ErrorMessageRunFacet(reason or "no reason was recorded", "SQL", producer=PRODUCER)


def _input(table: Table, lineage: TableLineage, verdicts: Iterable[Verdict]) -> InputDataset:
    """An input, with its own verdicts where it broke its own contract; their rules are named `schema.table: rule`."""
    prefix = f"{table.qualified_name}: "
    own = [_assertion(verdict, prefix) for verdict in verdicts if verdict.rule.name.startswith(prefix)]
    place = lineage.addresses[table.qualified_name]
    return InputDataset(
        place.namespace,
        place.name,
        facets=_dataset_facets(table, lineage),
        inputFacets={"dataQualityAssertions": DataQualityAssertionsDatasetFacet(own, producer=PRODUCER)} if own else {},
    )


def _output(record: RunRecord, lineage: TableLineage, version: str) -> OutputDataset:
    place = lineage.addresses[lineage.table.qualified_name]
    exempt = waived_rules(record.waivers)
    assertions = [_assertion(verdict, exempt=exempt) for verdict in record.audit.verdicts]
    facets: dict[str, object] = {
        **_dataset_facets(lineage.table, lineage),
        "version": DatasetVersionDatasetFacet(version, producer=PRODUCER),
        "dataQualityAssertions": DataQualityAssertionsDatasetFacet(assertions, producer=PRODUCER),
    }
    if lineage.columns:
        facets["columnLineage"] = _column_lineage(lineage)
    rows = OutputStatisticsOutputDatasetFacet(rowCount=record.audit.rows, producer=PRODUCER)
    # The library types this facet as an input facet; the standard allows it on any dataset.
    return OutputDataset(
        place.namespace,
        place.name,
        facets=facets,  # type: ignore[arg-type]
        outputFacets={"outputStatistics": rows},
    )


def _dataset_facets(table: Table, lineage: TableLineage) -> dict[str, DatasetFacet]:
    fields = [
        SchemaDatasetFacetFields(column.name, column.physical_type, column.description or None, place)
        for place, column in enumerate(table.columns, 1)
    ]
    identifier = Identifier(lineage.namespace, table.qualified_name, "TABLE")
    return {
        "schema": SchemaDatasetFacet(fields, producer=PRODUCER),
        "symlinks": SymlinksDatasetFacet([identifier], producer=PRODUCER),
    }


def _column_lineage(lineage: TableLineage) -> ColumnLineageDatasetFacet:
    fields = {}
    for column, sources in lineage.columns.items():
        inputs = [(lineage.addresses[table], field) for table, field in map(split_last, sorted(sources))]
        fields[column] = Fields([InputField(place.namespace, place.name, field) for place, field in inputs])
    return ColumnLineageDatasetFacet(fields, producer=PRODUCER)


def _assertion(verdict: Verdict, prefix: str = "", exempt: Collection[str] = ()) -> Assertion:
    rule = verdict.rule
    return Assertion(
        assertion=rule.check.kind,
        success=verdict.outcome is Outcome.PASSED,
        column=rule.columns[0] if len(rule.columns) == 1 else None,
        severity=_severity(verdict, exempt),
        name=rule.name.removeprefix(prefix),
        actual=_counts(verdict),
    )


def _test(verdict: Verdict, exempt: Collection[str]) -> TestExecution:
    return TestExecution(
        name=verdict.rule.name,
        status="fail" if verdict.blocks else _STATUS[verdict.outcome],
        severity=_severity(verdict, exempt),
        type=verdict.rule.check.kind,
        actual=_counts(verdict),
    )


def _severity(verdict: Verdict, exempt: Collection[str]) -> str:
    """The severity of a verdict: a rule that did not pass but does not block, or is waived, is a warning."""
    is_tolerated = verdict.outcome is not Outcome.PASSED and not (verdict.blocks and verdict.rule.name not in exempt)
    return "warn" if is_tolerated or verdict.rule.severity is Severity.WARNING else "error"


def _counts(verdict: Verdict) -> str:
    return f"{verdict.failed} of {verdict.total} {verdict.unit} failed"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
