"""The gate for data that lies anywhere: audited where it is, never published."""

from dataclasses import replace
from datetime import date

from contracts.day import Day
from contracts.errors import Unusable
from expectations.audit import Scope, audit
from expectations.retroactive import promised
from martgate.clock import now
from martgate.gate import refusals
from martgate.house import House
from martgate.publish import candidate_id
from martgate.review import demand_judges, demand_sound
from reports.view import RunRecord

__all__ = ["gate_input"]


def gate_input(house: House, name: str, source: str, day: date | None) -> RunRecord:
    """Audit any Parquet or Delta data against the contract of table `name`.

    Rules that look at other tables, or at a day that was not given, are out of scope and do not count.

    Raises:
        contracts.errors.CouldNotRun: there is no such data.
        contracts.errors.Unusable: there is no such table, or its contract checks nothing.
    """
    loaded, table = house.catalog.find(name, day)
    # A contract that was given alone is judged alone: what it refers to may lie anywhere.
    demand_sound(loaded, house.catalog if len(house.catalog.contracts) > 1 else None)
    demand_judges([(loaded, table)], house.catalog)
    all_asked = promised(loaded, table, house.catalog)
    rules = all_asked.rules
    if not rules:
        raise Unusable(f"{loaded.contract.file}: table {table.name} states nothing that could be checked")
    started, part_date = now(), day.isoformat() if day else ""
    with house.engine() as engine:
        dataset = house.upstreams.dataset_of(source, table, part_date or None)
        engine.register(table.qualified_name, dataset)
        house.say(f"auditing {source} against {len(rules)} rules")
        scope = Scope(
            day=None if day is None else Day(day, loaded.contract.zone),
            audited_at=started,
            memory=house.memory(engine, table.qualified_name, dataset),
            foreign=house.foreign,
            catalog_tables=house.catalog.every_version,
        )
        found = audit(engine, table.qualified_name, contract=loaded.contract, table=table, rules=rules, scope=scope)
    found = replace(found, out_of_scope=(*found.out_of_scope, *all_asked.outside))
    reasons = refusals(found)
    record = RunRecord(
        table=table.qualified_name,
        date=part_date,
        candidate=candidate_id(part_date or "input", started),
        decision="refused" if reasons else "approved",
        reasons=reasons,
        audit=found,
    )
    house.ledger.record_run(record)
    return record
