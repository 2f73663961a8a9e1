"""A contract's rules as a Great Expectations suite that a stock installation loads and runs, on Spark by default.

What Great Expectations has a core expectation for becomes that; everything else becomes an `UnexpectedRowsExpectation`,
which also serves protected columns, since core expectations echo the values they did not expect. Rules that one batch
cannot answer are left out by name: the suite's `meta` says which, and why. Great Expectations itself (seconds of import)
is needed only where its objects are asked for; configurations and the suite's JSON are written without it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from martgate.contracts.day import Day
from martgate.contracts.digest import digest
from martgate.contracts.export.ports import ExportRequest
from martgate.contracts.export.text import json_text
from martgate.contracts.model import Contract, Severity, Table
from martgate.contracts.suites import GENERATED_BY
from martgate.expectations import wording
from martgate.expectations.gx.equivalents import find_core_expectation
from martgate.expectations.gx.queries import (
    inline_parameters,
    build_unexpected_rows_query,
    find_unbound_parameters,
    read_column_types,
)
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
    "export",
    "load_expectation",
    "build_suite",
    "build_suite_json",
]

GREAT_EXPECTATIONS = "1.24.1"
"""The version that suites are written for; a test holds it against the pin of the extra `gx`."""

Configuration = dict[str, object]

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "warning"}
_ROWS = "unexpected_rows_expectation"


def export(request: ExportRequest) -> str:
    """The suite of a table as JSON, with what newer versions of the contract ask of it."""
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
    """A rule as the configuration of an expectation: `type`, `kwargs`, `meta`, `severity` and `description`.

    Every rule has one, those too that a suite leaves out: their queries name the other tables, or wait for the
    `:parameters` of a day. `protection` says which values they may show; without it, none of any other table.
    """
    protection = protection or Protection(table)
    found = find_core_expectation(rule.check, protection, read_column_types(table))
    query = (
        ""
        if found
        else inline_parameters(build_unexpected_rows_query(rule.check, protection), day.parameters if day else {})
    )
    kind, kwargs = found or (_ROWS, {"unexpected_rows_query": query})
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


def build_expectation(
    rule: Rule, table: Table, *, contract: Contract | None = None, day: Day | None = None
) -> "Expectation":
    """A rule as an expectation of Great Expectations.

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
    """The rules that one batch can answer, as a suite named `table@major version`.

    `day` gives the rules that are about a day their day; without it they are out of scope. What is left out stands in
    the suite's `meta["out_of_scope"]`, each with its reason. `protection` says which values may be shown; without it,
    what this version of the contract says.
    """
    from great_expectations import ExpectationSuite  # noqa: PLC0415 (seconds)

    name, meta, configurations = _suite(table, rules, day, protection or Protection(table))
    # Handed over as objects: a configuration that it cannot read, the suite would only log, and leave out.
    return ExpectationSuite(name=name, expectations=[load_expectation(one) for one in configurations], meta=meta)


def build_suite_json(
    table: Table,
    rules: Iterable[Rule],
    *,
    day: Day | None = None,
    protection: Protection | None = None,
) -> str:
    """The suite as JSON for Great Expectations to load; the same contract gives the same bytes."""
    name, meta, configurations = _suite(table, rules, day, protection or Protection(table))
    document = {"name": name, "expectations": configurations, "meta": meta}
    return json_text(document, sort_keys=True)


def _suite(
    table: Table, rules: Iterable[Rule], day: Day | None, protection: Protection
) -> tuple[str, dict[str, object], list[Configuration]]:
    """The suite's name, its meta, and the configurations in it."""
    kept, left_out = [], []
    for rule in rules:
        answerable, reason = _within_batch(rule, protection, day)
        if answerable:
            kept.append(build_configuration(answerable, table, contract=table.contract, day=day, protection=protection))
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
    return f"{table.qualified_name}@{major}", meta, kept


def _within_batch(rule: Rule, protection: Protection, day: Day | None) -> tuple[Rule | None, str]:
    """The rule as far as one batch of one table can answer it, and why the rest is left out."""
    check = rule.check
    if check.needs_previous_days:
        return None, "it compares with an earlier day, and a suite sees one batch of one table"
    if check.is_foreign and protection.hides_any(rule.columns):
        return None, "it reads protected columns, and its result would show their values"
    others = tuple(dict.fromkeys([*check.tables, *check.queried_tables]))
    if others:
        return None, f"it compares with {wording.join_names(others)}, and a suite sees one batch of one table"
    in_part = check.without_day() if day is None else None
    if in_part:
        rest, left_out = in_part
        return replace(rule, check=rest), f"in part: {left_out}, as no day was given"
    query = build_configuration(rule, protection.table, day=day, protection=protection)["kwargs"]
    assert isinstance(query, dict)
    if find_unbound_parameters(str(query.get("unexpected_rows_query", ""))):
        return None, "it is about a day, and no day was given"
    return rule, ""


def load_expectation(configuration: Mapping[str, object]) -> "Expectation":
    """A configuration as an object of Great Expectations.

    Raises:
        great_expectations.exceptions.GreatExpectationsError: the installed version knows no such expectation.
    """
    from great_expectations.expectations.expectation_configuration import (  # noqa: PLC0415 (seconds)
        ExpectationConfiguration,
    )
    from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: PLC0415 (seconds)

    severity = FailureSeverity(configuration.get("severity", "critical"))
    return ExpectationConfiguration(**{**configuration, "severity": severity}).to_domain_obj()
