"""Gates data at any location: the data is audited where it is and never published."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from martgate.builders.ports import Engine
from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile
from martgate.contracts.partition import format_day
from martgate.errors import InvalidInput
from martgate.expectations.audit import Scope, audit
from martgate.expectations.ports import ExpectationRunner, FileCounts
from martgate.expectations.retroactive import ApplicableRules, derive_from_catalog
from martgate.expectations.verdict import Audit
from martgate.gate.decision import list_refusal_reasons
from martgate.gate.run import RunRecord
from martgate.project.context import Context
from martgate.project.review import raise_for_problems, require_great_expectations
from martgate.publish.basis import compute_basis, require_same_inputs
from martgate.publish.run import create_candidate_id
from martgate.stores.pinning import PinnedInput, pin_input
from martgate.stores.upstreams import Upstreams

__all__ = ["Reading", "audit_input", "gate_input", "read_input"]


@dataclass(frozen=True, slots=True)
class Reading:
    """Data at a location, pinned, with the contract that applies to it.

    Attributes:
        catalog: the contracts.
        contract_file: the version of the contract that is valid on the day.
        table: the table of that version.
        rules: its rules.
        source: the location.
        pinned: the files and their state.
        day: the day of the data; None if it has none.
    """

    catalog: Catalog
    contract_file: ContractFile
    table: Table
    rules: ApplicableRules
    source: str
    pinned: PinnedInput
    day: date | None


def read_input(catalog: Catalog, name: str, source: str, day: date | None, upstreams: Upstreams) -> Reading:
    """Find data and the contract that applies to it, after a review of the contract.

    Args:
        catalog: the contracts.
        name: the table whose contract applies.
        source: the path of a Parquet file, a folder of them, or a Delta table.
        day: the day of the data; None if it has none.
        upstreams: finds the files.

    Raises:
        martgate.errors.CouldNotRun: there is no such data.
        martgate.errors.InvalidInput: there is no such table, or its contract has problems or no rule.
    """
    contract_file, table = catalog.find(name, day)
    # With a contract file alone, references to other contracts cannot be resolved, so they are not checked.
    raise_for_problems(contract_file, catalog if len(catalog.contracts) > 1 else None)
    require_great_expectations([(contract_file, table)], catalog)
    applicable = derive_from_catalog(contract_file, table, catalog)
    if not applicable.rules:
        raise InvalidInput(f"{contract_file.contract.file}: table {table.name} has no rule that can be checked")
    pinned = pin_input(table.qualified_name, upstreams.find_dataset_at(source, table, day))
    return Reading(catalog, contract_file, table, applicable, source, pinned, day)


def audit_input(
    reading: Reading,
    engine: Engine,
    *,
    audited_at: datetime,
    file_counts: FileCounts | None = None,
    expectation_runner: ExpectationRunner | None = None,
) -> Audit:
    """Audit data where it is; rules that need another table, or a day when none is given, are out of scope.

    Args:
        reading: the data and its contract.
        engine: the engine.
        audited_at: the time.
        file_counts: the counts of earlier audits in the same files; None if they are not used.
        expectation_runner: judges what only Great Expectations can judge; None if it is not installed.

    Raises:
        martgate.errors.CouldNotRun: the data cannot be read, or was changed while it was audited.
    """
    name, day, rules = reading.table.qualified_name, reading.day, reading.rules
    engine.register(name, reading.pinned.source)
    scope = Scope(
        day=None if day is None else Day(day, reading.contract_file.contract.zone),
        audited_at=audited_at,
        file_counts=file_counts,
        expectation_runner=expectation_runner,
        catalog_tables=reading.catalog.every_version,
    )
    result = audit(engine, name, table=reading.table, rules=rules.rules, scope=scope)
    require_same_inputs([reading.pinned])
    return replace(result, out_of_scope=(*result.out_of_scope, *rules.out_of_scope))


def gate_input(context: Context, name: str, source: str, day: date | None) -> RunRecord:
    """Audit any Parquet or Delta data against the contract of a table, and record the run.

    Args:
        context: the adapters of the run.
        name: the table whose contract applies.
        source: the path of a Parquet file, a folder of them, or a Delta table.
        day: the day of the data; None if it has none.

    Returns:
        The record of the run, which is in the ledger by then.

    Raises:
        martgate.errors.CouldNotRun: there is no such data, or it was changed while it was audited.
        martgate.errors.InvalidInput: there is no such table, or its contract has problems or no rule.
    """
    started = context.now()
    with context.engine() as engine:
        reading = read_input(context.catalog, name, source, day, context.upstreams)
        table, rules = reading.table, reading.rules.rules
        context.progress(f"auditing {source} against {len(rules)} rules")
        result = audit_input(
            reading,
            engine,
            audited_at=started,
            file_counts=context.file_counts(engine, table.qualified_name, reading.pinned.source),
            expectation_runner=context.expectation_runner,
        )
    reasons = list_refusal_reasons(result)
    record = RunRecord(
        table=table.qualified_name,
        date=day,
        candidate=create_candidate_id(format_day(day) or "input", started),
        decision="refused" if reasons else "approved",
        reasons=reasons,
        audit=result,
        basis=compute_basis(table, rules),
        inputs=(reading.pinned.pin,),
    )
    context.ledger.record_run(record)
    return record
