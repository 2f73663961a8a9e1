"""The gate for data that lies anywhere: audited where it is, never published."""

from dataclasses import replace
from datetime import date

from martgate.contracts.day import Day
from martgate.errors import InvalidInput
from martgate.expectations.audit import Scope, audit
from martgate.expectations.retroactive import derive_from_catalog
from martgate.gate.decision import refusals
from martgate.gate.run import RunRecord
from martgate.project.context import Context
from martgate.project.review import raise_for_problems, require_great_expectations
from martgate.publish.run import create_candidate_id

__all__ = ["gate_input"]


def gate_input(context: Context, name: str, source: str, day: date | None) -> RunRecord:
    """Audit any Parquet or Delta data against the contract of table `name`.

    Rules that look at other tables, or at a day that was not given, are out of scope and do not count.

    Raises:
        martgate.errors.CouldNotRun: there is no such data.
        martgate.errors.InvalidInput: there is no such table, or its contract checks nothing.
    """
    loaded, table = context.catalog.find(name, day)
    # A contract that was given alone is judged alone: what it refers to may lie anywhere.
    raise_for_problems(loaded, context.catalog if len(context.catalog.contracts) > 1 else None)
    require_great_expectations([(loaded, table)], context.catalog)
    all_asked = derive_from_catalog(loaded, table, context.catalog)
    rules = all_asked.rules
    if not rules:
        raise InvalidInput(f"{loaded.contract.file}: table {table.name} states nothing that could be checked")
    started, part_date = context.now(), day.isoformat() if day else ""
    with context.engine() as engine:
        dataset = context.upstreams.dataset_of(source, table, part_date or None)
        engine.register(table.qualified_name, dataset)
        context.progress(f"auditing {source} against {len(rules)} rules")
        scope = Scope(
            day=None if day is None else Day(day, loaded.contract.zone),
            audited_at=started,
            memory=context.file_memory(engine, table.qualified_name, dataset),
            foreign=context.foreign_judge,
            catalog_tables=context.catalog.every_version,
        )
        found = audit(engine, table.qualified_name, table=table, rules=rules, scope=scope)
    found = replace(found, out_of_scope=(*found.out_of_scope, *all_asked.out_of_scope))
    reasons = refusals(found)
    record = RunRecord(
        table=table.qualified_name,
        date=part_date,
        candidate=create_candidate_id(part_date or "input", started),
        decision="refused" if reasons else "approved",
        reasons=reasons,
        audit=found,
    )
    context.ledger.record_run(record)
    return record
