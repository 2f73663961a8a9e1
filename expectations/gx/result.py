"""Verdicts as Great Expectations results, so that whatever reads those (actions, stores, notebooks) reads ours.

Great Expectations (seconds of import) is imported by the functions: only processes that want its objects pay for it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from expectations.rules import HasColumns
from expectations.verdict import Audit, Outcome, Verdict

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

__all__ = ["expectation_result", "suite_result"]

_VACUOUS = "Nothing was in scope, so nothing was shown: this is told as not successful."


def suite_result(
    audit: Audit, configurations: Sequence[Mapping[str, object]], *, suite_name: str, run_name: str
) -> "ExpectationSuiteValidationResult":
    """An audit as the result of a suite: one expectation configuration a verdict, in the same order.

    `success` means what it means in Great Expectations, every expectation was met; severities are not weighed there.
    The run is named so that no part of its name reads as a time: Great Expectations would take that for the time of
    the run, and two runs of one day would overwrite one another.

    Raises:
        ValueError: there are more or fewer configurations than verdicts.
    """
    from great_expectations.core.expectation_validation_result import (  # noqa: PLC0415 (seconds)
        ExpectationSuiteValidationResult,
    )
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415 (seconds)

    pairs = zip(audit.verdicts, configurations, strict=True)
    results = [expectation_result(verdict, configuration) for verdict, configuration in pairs]
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
                "batch_identifiers": {"part_date": audit.part_date},
            },
        },
    )


def expectation_result(verdict: Verdict, configuration: Mapping[str, object]) -> "ExpectationValidationResult":
    """A verdict as the result of the expectation of that configuration (`type`, `kwargs`, `meta`, `severity`).

    Only a passed verdict is a success. One that could not run carries its reason as `exception_info`, one that had
    nothing to look at a note in `meta`.
    """
    from great_expectations.core.expectation_validation_result import (  # noqa: PLC0415 (seconds)
        ExpectationValidationResult,
    )

    return ExpectationValidationResult(
        success=verdict.outcome is Outcome.PASSED,
        expectation_config=_configured(configuration),
        result=_result(verdict),
        meta=_meta(verdict),
        exception_info={
            "raised_exception": verdict.outcome is Outcome.ERROR,
            "exception_message": verdict.reason if verdict.outcome is Outcome.ERROR else None,
            # Its renderers fail on None here; a traceback would show a reader nothing but the paths of a server.
            "exception_traceback": "" if verdict.outcome is Outcome.ERROR else None,
        },
    )


def _configured(configuration: Mapping[str, object]) -> "ExpectationConfiguration":
    from great_expectations.expectations.expectation_configuration import (  # noqa: PLC0415 (seconds)
        ExpectationConfiguration,
    )
    from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: PLC0415 (seconds)

    fields = dict(configuration)
    fields["severity"] = FailureSeverity(fields.get("severity", "critical"))
    return ExpectationConfiguration(**fields)


def _result(verdict: Verdict) -> dict[str, object]:
    if verdict.outcome is Outcome.ERROR:
        return {}
    # More may be wrong than was looked at (columns added to a table); a percentage above 100 is refused outright.
    share = min(100.0, 100 * verdict.failed / verdict.total) if verdict.total else 0.0
    result: dict[str, object] = {
        "element_count": verdict.total,
        "unexpected_count": verdict.failed,
        "unexpected_percent": share,
        "observed_value": _observed(verdict),
    }
    if verdict.examples:
        result["details"] = {"examples": [dict(example) for example in verdict.examples]}
    return result


def _observed(verdict: Verdict) -> object:
    check = verdict.rule.check
    if isinstance(check, HasColumns) and verdict.outcome is Outcome.PASSED:
        return list(check.columns)
    return verdict.observed or verdict.failed


def _meta(verdict: Verdict) -> dict[str, object]:
    meta: dict[str, object] = {"rule": verdict.rule.name, "outcome": verdict.outcome.value, "unit": verdict.unit}
    if verdict.outcome is Outcome.VACUOUS:
        meta["note"] = _VACUOUS
    if verdict.how:
        meta["how"] = verdict.how
    return meta
