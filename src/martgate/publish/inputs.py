"""Gates data at any location: the data is audited where it is and never published."""

from dataclasses import replace
from datetime import date

from martgate.contracts.day import Day
from martgate.contracts.partition import format_day
from martgate.errors import InvalidInput
from martgate.expectations.audit import Scope, audit
from martgate.expectations.retroactive import derive_from_catalog
from martgate.gate.decision import list_refusal_reasons
from martgate.gate.run import RunRecord
from martgate.project.context import Context
from martgate.project.review import raise_for_problems, require_great_expectations
from martgate.publish.basis import compute_basis, require_same_inputs
from martgate.publish.run import create_candidate_id
from martgate.stores.pinning import pin_input

__all__ = ["gate_input"]


def gate_input(context: Context, name: str, source: str, day: date | None) -> RunRecord:
    """Audit any Parquet or Delta data against the contract of a table.

    Rules that need another table, or a day when none is given, are out of scope and do not count.

    Args:
        context: the adapters of the run.
        name: the table whose contract applies.
        source: the path of a Parquet file, a folder of them, or a Delta table.
        day: the day of the data; None if it has none.

    Returns:
        The record of the run, which is in the ledger by then.

    Raises:
        martgate.errors.CouldNotRun: there is no such data, or it was changed while it was audited.
        martgate.errors.InvalidInput: there is no such table, or its contract has no rule.
    """
    contract_file, table = context.catalog.find(name, day)
    # With a contract file alone, references to other contracts cannot be resolved, so they are not checked.
    raise_for_problems(contract_file, context.catalog if len(context.catalog.contracts) > 1 else None)
    require_great_expectations([(contract_file, table)], context.catalog)
    applicable = derive_from_catalog(contract_file, table, context.catalog)
    rules = applicable.rules
    if not rules:
        raise InvalidInput(f"{contract_file.contract.file}: table {table.name} has no rule that can be checked")
    started = context.now()
    with context.engine() as engine:
        dataset = context.upstreams.find_dataset_at(source, table, day)
        pinned = pin_input(table.qualified_name, dataset)
        engine.register(table.qualified_name, dataset)
        context.progress(f"auditing {source} against {len(rules)} rules")
        scope = Scope(
            day=None if day is None else Day(day, contract_file.contract.zone),
            audited_at=started,
            file_counts=context.file_counts(engine, table.qualified_name, dataset),
            expectation_runner=context.expectation_runner,
            catalog_tables=context.catalog.every_version,
        )
        result = audit(engine, table.qualified_name, table=table, rules=rules, scope=scope)
    require_same_inputs([pinned])
    result = replace(result, out_of_scope=(*result.out_of_scope, *applicable.out_of_scope))
    reasons = list_refusal_reasons(result)
    record = RunRecord(
        table=table.qualified_name,
        date=day,
        candidate=create_candidate_id(format_day(day) or "input", started),
        decision="refused" if reasons else "approved",
        reasons=reasons,
        audit=result,
        basis=compute_basis(table, rules),
        inputs=(pinned.pin,),
    )
    context.ledger.record_run(record)
    return record
