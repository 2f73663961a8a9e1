"""A contract's rules as a Great Expectations suite that a stock installation loads and runs, on Spark by default.

A rule becomes a core expectation where there is an equal one, and an `UnexpectedRowsExpectation` otherwise, or where it reads
protected columns, since core expectations show the values that they did not expect. The suite's `meta` lists the rules that
one batch cannot answer, with the reason. Configurations and the suite's JSON are written without importing Great
Expectations, which takes seconds; only its objects need it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from martgate.contracts.day import Day
from martgate.contracts.digest import digest
from martgate.contracts.export.ports import ExportRequest
from martgate.contracts.export.text import json_text
from martgate.contracts.model import Contract, Table
from martgate.contracts.quality import Severity
from martgate.contracts.suite_files import GENERATED_BY
from martgate.expectations import wording
from martgate.expectations.gx.equivalents import find_core_expectation
from martgate.expectations.gx.queries import (
    build_unexpected_rows_query,
    find_unbound_parameters,
    inline_parameters,
    read_column_types,
)
from martgate.expectations.kinds.base import Check
from martgate.expectations.protection import Protection
from martgate.expectations.retroactive import derive_with_retroactive
from martgate.expectations.rules import Rule

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.expectation import Expectation

__all__ = [
    "GREAT_EXPECTATIONS",
    "build_configuration",
    "build_expectation",
    "build_suite",
    "build_suite_json",
    "export",
    "load_expectation",
]

GREAT_EXPECTATIONS = "1.24.1"
"""The version that suites are written for; a test holds it against the pin of the extra `gx`."""

Configuration = dict[str, object]

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "warning"}
_ROWS = "unexpected_rows_expectation"


def export(request: ExportRequest) -> str:
    """Export the suite of a table as JSON, retroactive clauses of newer versions included."""
    rules = derive_with_retroactive(request.table, request.newer_versions).rules
    protection = Protection(request.table, tuple(request.known_tables))
    return build_suite_json(request.table, rules, day=request.day, protection=protection)


def build_configuration(
    rule: Rule,
    table: Table,
    *,
    contract: Contract | None = None,
    day: Day | None = None,
    protection: Protection | None = None,
) -> Configuration:
    """Build the configuration of a rule's expectation: `type`, `kwargs`, `meta`, `severity` and `description`.

    Rules that a suite leaves out have one too: their queries name other tables, or keep the `:parameters` of a day.

    Args:
        rule: the rule to translate.
        table: the table that it is about.
        contract: named in `meta`, with its version; None to leave both out.
        day: the day whose parameters a query gets; None to keep them as parameters.
        protection: says which values may be shown; by default, none of any other table.
    """
    protection = protection or Protection(table)
    core = find_core_expectation(rule.check, protection, read_column_types(table))
    kind, kwargs = core or (_ROWS, {"unexpected_rows_query": _query(rule.check, protection, day)})
    meta: dict[str, object] = {"rule": rule.name, "kind": rule.check.kind, "dimension": rule.dimension}
    meta["clauses"] = list(rule.clauses)
    if contract:
        meta |= {"contract": contract.id, "version": contract.version}
    return {
        "type": kind,
        "kwargs": kwargs,
        "meta": meta,
        "severity": _SEVERITIES[rule.severity],
        "description": rule.description or rule.sentence,
    }


def _query(check: Check, protection: Protection, day: Day | None) -> str:
    return inline_parameters(build_unexpected_rows_query(check, protection), day.parameters if day else {})


def build_expectation(
    rule: Rule, table: Table, *, contract: Contract | None = None, day: Day | None = None
) -> "Expectation":
    """Build a rule's expectation as an object of Great Expectations.

    Raises:
        great_expectations.exceptions.GreatExpectationsError: the installed version knows no such expectation.
    """
    return load_expectation(build_configuration(rule, table, contract=contract, day=day))


def build_suite(
    table: Table,
    rules: Iterable[Rule],
    *,
    day: Day | None = None,
    protection: Protection | None = None,
) -> "ExpectationSuite":
    """Build a suite, named `table@major version`, of the rules that one batch can answer.

    Args:
        table: the table that the rules are about.
        rules: the rules; `meta["out_of_scope"]` of the suite lists those left out, with the reason.
        day: the day that rules about a day are for; without it these are out of scope.
        protection: says which values may be shown; by default, as this version of the contract classifies them.
    """
    from great_expectations import ExpectationSuite  # noqa: PLC0415 (seconds)

    name, meta, configurations = _suite(table, rules, day, protection or Protection(table))
    # As objects: the suite would only log a configuration that it cannot read, and leave it out.
    return ExpectationSuite(name=name, expectations=[load_expectation(one) for one in configurations], meta=meta)


def build_suite_json(
    table: Table,
    rules: Iterable[Rule],
    *,
    day: Day | None = None,
    protection: Protection | None = None,
) -> str:
    """Build the JSON of a suite, for Great Expectations to load; the arguments are those of `build_suite`.

    The same contract gives the same bytes.
    """
    name, meta, configurations = _suite(table, rules, day, protection or Protection(table))
    document = {"name": name, "expectations": configurations, "meta": meta}
    return json_text(document, sort_keys=True)


def _suite(
    table: Table, rules: Iterable[Rule], day: Day | None, protection: Protection
) -> tuple[str, dict[str, object], list[Configuration]]:
    """The suite's name, its meta, and the configurations in it."""
    configurations, left_out = [], []
    for rule in rules:
        answerable, reason = _within_batch(rule, protection, day)
        if answerable:
            configurations.append(
                build_configuration(answerable, table, contract=table.contract, day=day, protection=protection)
            )
        if reason:
            left_out.append({"rule": rule.name, "reason": reason})
    meta: dict[str, object] = {
        "contract": table.contract.id,
        "version": table.contract.version,
        "table": table.qualified_name,
        "generated_by": GENERATED_BY,
        "contract_digest": digest(table),
        "great_expectations_version": GREAT_EXPECTATIONS,
        "out_of_scope": left_out,
    }
    major = table.contract.version.removeprefix("v").split(".")[0]
    return f"{table.qualified_name}@{major}", meta, configurations


def _within_batch(rule: Rule, protection: Protection, day: Day | None) -> tuple[Rule | None, str]:
    """The part of a rule that one batch of one table can answer, and the reason why the rest is left out."""
    check = rule.check
    if check.needs_previous_days:
        return None, "it compares with an earlier day, and a suite sees one batch of one table"
    if check.is_foreign and protection.hides_any(rule.columns):
        return None, "it reads protected columns, and its result would show their values"
    others = tuple(dict.fromkeys([*check.tables, *check.queried_tables]))
    if others:
        return None, f"it compares with {wording.join_names(others)}, and a suite sees one batch of one table"
    partial = check.without_day() if day is None else None
    if partial:
        rest, left_out = partial
        return replace(rule, check=rest), f"in part: {left_out}, as no day was given"
    query = build_configuration(rule, protection.table, day=day, protection=protection)["kwargs"]
    assert isinstance(query, dict)
    if find_unbound_parameters(str(query.get("unexpected_rows_query", ""))):
        return None, "it is about a day, and no day was given"
    return rule, ""


def load_expectation(configuration: Mapping[str, object]) -> "Expectation":
    """Load a configuration as an object of Great Expectations.

    Raises:
        great_expectations.exceptions.GreatExpectationsError: the installed version knows no such expectation.
    """
    from great_expectations.expectations.expectation_configuration import (  # noqa: PLC0415 (seconds)
        ExpectationConfiguration,
    )
    from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: PLC0415 (seconds)

    severity = FailureSeverity(configuration.get("severity", "critical"))
    return ExpectationConfiguration(**{**configuration, "severity": severity}).to_domain_obj()
