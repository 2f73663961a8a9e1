"""Verdicts as Great Expectations results, for the actions, stores and notebooks that read these.

Importing Great Expectations takes seconds, so the functions import it: only processes that use its objects pay for it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from martgate.contracts.partition import format_day
from martgate.expectations.gx.suite import load_expectation
from martgate.expectations.verdict import Audit, Outcome, Verdict

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.expectations.expectation import Expectation

__all__ = ["build_expectation_result", "build_suite_result"]

_FORMAT = {"result_format": {"result_format": "BASIC"}}
"""Counts, percentages and a few values; larger formats count the few values as if they were all."""

_COUNTS = (".unexpected_count", "row_count", ".unexpected_values", "query.table")
"""Metrics that a verdict has. For any other metric (columns, a median) the result has the value that the verdict observed."""

_OF_NULLS = "expect_column_values_to_not_be_null"
_OF_ROW_COUNT = "expect_table_row_count_"
_NULLS = "column_values.nonnull.unexpected_count"
"""The number of missing values; for the expectation above, that of unexpected values."""

_VACUOUS = "Nothing was in scope, so nothing was proved: the result is not successful."


def build_suite_result(
    audit: Audit, configurations: Sequence[Mapping[str, object]], *, suite_name: str, run_name: str
) -> "ExpectationSuiteValidationResult":
    """Build the result of a suite from an audit.

    `success` means that every expectation was met, as in Great Expectations; severities do not count there. The run's name
    begins with words, because Great Expectations would take a name that reads as a time for the time of the run, and two
    runs of one day would overwrite one another.

    Args:
        audit: the audit of one partition.
        configurations: the configuration of each verdict's expectation, in the order of the verdicts.
        suite_name: the name of the suite.
        run_name: what identifies the run, such as its candidate.

    Raises:
        ValueError: there are more or fewer configurations than verdicts.
    """
    from great_expectations.core.expectation_validation_result import (  # noqa: PLC0415 (seconds)
        ExpectationSuiteValidationResult,
    )
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415 (seconds)

    pairs = zip(audit.verdicts, configurations, strict=True)
    results = [build_expectation_result(verdict, configuration, rows=audit.rows) for verdict, configuration in pairs]
    met = sum(result.success for result in results)
    run = RunIdentifier(run_name=f"martgate run {run_name}", run_time=audit.audited_at)
    return ExpectationSuiteValidationResult(
        success=bool(results) and met == len(results),
        results=results,
        suite_name=suite_name,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": met,
            "unsuccessful_expectations": len(results) - met,
            "success_percent": 100 * met / len(results) if results else None,
        },
        meta={
            "run_id": run.to_json_dict(),
            "validation_time": audit.audited_at.isoformat(),
            "contract": audit.contract,
            "contract_version": audit.contract_version,
            "active_batch_definition": {
                "datasource_name": "martgate",
                "data_asset_name": audit.table,
                "batch_identifiers": {"part_date": format_day(audit.part_date)},
            },
        },
    )


def build_expectation_result(
    verdict: Verdict, configuration: Mapping[str, object], *, rows: int
) -> "ExpectationValidationResult":
    """Build the result of one expectation from a verdict.

    The expectation's own class words the result, from the verdict's numbers. Only a passed verdict is a success. A verdict
    that could not run has its reason in `exception_info`, a vacuous one a note in `meta`.

    Args:
        verdict: the verdict on the rule.
        configuration: its expectation (`type`, `kwargs`, `meta`, `severity`).
        rows: the number of rows in the table.
    """
    from great_expectations.core.expectation_validation_result import (  # noqa: PLC0415 (seconds)
        ExpectationValidationResult,
    )

    expectation = load_expectation(configuration)
    return ExpectationValidationResult(
        success=verdict.outcome is Outcome.PASSED,
        expectation_config=expectation.configuration,
        result=_result(verdict, expectation, rows),
        meta=_meta(verdict),
        exception_info={
            "raised_exception": verdict.outcome is Outcome.ERROR,
            "exception_message": verdict.reason if verdict.outcome is Outcome.ERROR else None,
            # Its renderers fail on None here; a traceback would only show the paths of a server.
            "exception_traceback": "" if verdict.outcome is Outcome.ERROR else None,
        },
    )


def _result(verdict: Verdict, expectation: "Expectation", rows: int) -> dict[str, object]:
    """The result in the expectation's own words, with counts added where these have none."""
    if verdict.outcome is Outcome.ERROR:
        return {}
    result = _own_result(verdict, expectation, rows)
    if "unexpected_count" not in result:
        # More may fail than was looked at (columns added to a table), and a percentage above 100 is rejected.
        share = min(100.0, 100 * verdict.failed / verdict.total) if verdict.total else 0.0
        result |= {
            "element_count": verdict.total,
            "unexpected_count": verdict.failed,
            "unexpected_percent": share,
        }
    if verdict.examples:
        result["details"] = {"examples": [dict(example) for example in verdict.examples]}
    return result


def _own_result(verdict: Verdict, expectation: "Expectation", rows: int) -> dict[str, object]:
    needed = expectation.get_validation_dependencies(runtime_configuration=dict(_FORMAT)).metric_configurations
    if not all(name.endswith(_COUNTS) for name in needed):
        return {"observed_value": verdict.observed or verdict.rule.check.expected_value}
    # A refusal for a broken upstream has that table's verdicts, and no rows of its own.
    scope = verdict.total if getattr(expectation, "row_condition", None) else max(rows, verdict.total)
    if expectation.expectation_type.startswith(_OF_ROW_COUNT):
        scope = _observed_rows(verdict, scope)
    metrics = {metric.id: _metric(name, verdict, scope) for name, metric in needed.items()}
    if expectation.expectation_type != _OF_NULLS and _NULLS in needed:
        metrics[needed[_NULLS].id] = scope - verdict.total
    return dict(expectation.metrics_validate(metrics, runtime_configuration=dict(_FORMAT)).result)


def _metric(name: str, verdict: Verdict, rows: int) -> object:
    """The number, or the values, of a metric by its name."""
    match name.rpartition(".")[2]:
        case _ if name == "table.row_count":
            return rows
        case "unexpected_count":
            return verdict.failed
        case "filtered_row_count":
            return verdict.total
        case "unexpected_values":
            return [_value(example, verdict.rule.check.columns_read) for example in verdict.examples]
        case "row_count":
            return verdict.rule.check.count_unexpected_rows(verdict.outcome, verdict.failed)
        case _:
            return []  # the rows of a query, which only the format COMPLETE shows


def _value(example: Mapping[str, str], columns: tuple[str, ...]) -> object:
    return {name: example[name] for name in columns} if len(columns) > 1 else example[columns[0]]


def _observed_rows(verdict: Verdict, rows: int) -> int:
    """The number of rows that a verdict on row counts observed; `rows` where it has none."""
    number = verdict.observed.partition(" ")[0]
    return int(number) if number.isdigit() else rows


def _meta(verdict: Verdict) -> dict[str, object]:
    meta: dict[str, object] = {"rule": verdict.rule.name, "outcome": verdict.outcome.value, "unit": verdict.unit}
    if verdict.outcome is Outcome.VACUOUS:
        meta["note"] = _VACUOUS
    if verdict.how:
        meta["how"] = verdict.how
    return meta
