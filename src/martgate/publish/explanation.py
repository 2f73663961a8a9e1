"""Explains how an audit runs: its statements, what each answers and reads. Only the footers of files are read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from martgate.builders.engines.footers import column_bytes, describe_file
from martgate.builders.ports import Dataset
from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.contracts.model import Table
from martgate.contracts.partition import Partition
from martgate.errors import CouldNotRun
from martgate.expectations.audit import Scope
from martgate.expectations.derive import derive
from martgate.expectations.explain import explain
from martgate.expectations.measurement_queries import find_countable_values
from martgate.expectations.plan import build_plan, merge_statements
from martgate.expectations.proofs import StatisticsProofs
from martgate.expectations.protection import Protection
from martgate.expectations.retroactive import derive_from_catalog
from martgate.expectations.rules import Rule
from martgate.expectations.source import Source
from martgate.gate.candidate import Candidate
from martgate.project.context import Context
from martgate.publish.previous_day import RELATION
from martgate.publish.run import explain_missing_candidate

__all__ = ["explain_candidate", "explain_contract", "explain_input"]


def explain_contract(catalog: Catalog, name: str, *, together: bool) -> str:
    """Explain the audit of a table without data.

    Args:
        catalog: the contracts.
        name: the table.
        together: whether the engine runs the whole audit as one statement.
    """
    _, table = catalog.find(name)
    return _explain_rules(derive(table), table, together=together)


def explain_candidate(context: Context, name: str, day: date, candidate_id: str | None, *, together: bool) -> str:
    """Explain the audit of a staged candidate, with the statistics of its files as proofs.

    Args:
        context: the adapters of the run.
        name: the table.
        day: the day of the candidate.
        candidate_id: which candidate; None for the newest of the day.
        together: whether the engine runs the whole audit as one statement.

    Raises:
        martgate.errors.CouldNotRun: there is no such candidate, or it is incomplete or altered.
    """
    contract_file, table = context.catalog.find(name, day)
    partition = Partition(table.qualified_name, day)
    candidate = context.ledger.find_candidate(partition, candidate_id)
    if not isinstance(candidate, Candidate):
        raise CouldNotRun(explain_missing_candidate(candidate, partition, candidate_id))
    dataset, statistics = context.store.read_candidate(candidate, table), StatisticsProofs()
    if isinstance(dataset, Dataset) and context.trust_written_stats:
        root = Path(candidate.root)
        files = [describe_file(root / file.path, root=root, partition=file.partition) for file in candidate.files]
        statistics = StatisticsProofs(files, _types(table), candidate.part_date)
    sizes = column_bytes(dataset.files) if isinstance(dataset, Dataset) else None
    return _explain_rules(
        derive_from_catalog(contract_file, table, context.catalog).rules,
        table,
        together=together,
        statistics=statistics,
        sizes=sizes,
    )


def explain_input(context: Context, name: str, source: str, day: date | None, *, together: bool) -> str:
    """Explain the audit of data at any location, whose statistics prove nothing.

    Args:
        context: the adapters of the run.
        name: the table whose contract applies.
        source: the path of the data.
        day: the day of the data; None if it has none.
        together: whether the engine runs the whole audit as one statement.

    Raises:
        martgate.errors.CouldNotRun: there is no such data.
    """
    contract_file, table = context.catalog.find(name, day)
    dataset = context.upstreams.find_dataset_at(source, table, day)
    scope = Scope(day=Day(day, contract_file.contract.zone) if day else None, audited_at=context.now())
    rules, relation = derive_from_catalog(contract_file, table, context.catalog).rules, table.qualified_name
    in_scope, _ = scope.split_rules(rules, scope.resolve_tables(rules, table, relation), relation)
    return _explain_rules(in_scope, table, together=together, sizes=column_bytes(dataset.files))


def _explain_rules(
    rules: Sequence[Rule],
    table: Table,
    *,
    together: bool,
    statistics: StatisticsProofs | None = None,
    sizes: Mapping[str, int] | None = None,
) -> str:
    source = Source(
        table.qualified_name,
        _types(table),
        _other_tables(rules),
        RELATION,
        find_countable_values(table, Protection(table)),
        statistics=statistics or StatisticsProofs(),
        allow_doubt=not together,
    )
    plan = build_plan(rules, source)
    return explain(merge_statements(plan) if together else plan, table.column_names, sizes)


def _types(table: Table) -> dict[str, str]:
    return {column.name.casefold(): column.physical_type for column in table.columns}


def _other_tables(rules: Iterable[Rule]) -> dict[str, str]:
    return {name: name for rule in rules for name in rule.check.tables}
