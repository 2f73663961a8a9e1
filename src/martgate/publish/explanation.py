"""How an audit goes: the statements, what each answers and what it reads; of the data, only footers are looked at."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from martgate.builders.engines.footers import column_bytes, describe_file
from martgate.builders.ports import Dataset
from martgate.contracts.catalog import Catalog
from martgate.contracts.day import Day
from martgate.contracts.model import Table
from martgate.errors import CouldNotRun
from martgate.expectations.audit import Scope
from martgate.expectations.derive import derive
from martgate.expectations.explain import explain
from martgate.expectations.measured import values_of
from martgate.expectations.plan import at_once, plan
from martgate.expectations.proofs import Known
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
    """The audit of a table of which nothing is there yet; `together` as engines have it that prefer one statement."""
    _, table = catalog.find(name)
    return _told(derive(table), table, together=together)


def explain_candidate(context: Context, name: str, day: date, candidate_id: str | None, *, together: bool) -> str:
    """The audit of a staged candidate by the run that stages it, where the statistics of its files may be believed.

    Raises:
        martgate.errors.CouldNotRun: there is no such candidate, not all of it, or not as it was recorded.
    """
    loaded, table = context.catalog.find(name, day)
    candidate = context.ledger.candidate(table.qualified_name, day.isoformat(), candidate_id)
    if not isinstance(candidate, Candidate):
        raise CouldNotRun(explain_missing_candidate(candidate, table, day.isoformat(), candidate_id))
    dataset, known = context.store.dataset(candidate, table), Known()
    if isinstance(dataset, Dataset) and context.trust_written_stats:
        root = Path(candidate.root)
        files = [describe_file(root / file.path, root=root, partition=file.partition) for file in candidate.files]
        known = Known(files, _types(table), candidate.part_date)
    sizes = column_bytes(dataset.files) if isinstance(dataset, Dataset) else None
    return _told(
        derive_from_catalog(loaded, table, context.catalog).rules, table, together=together, known=known, sizes=sizes
    )


def explain_input(context: Context, name: str, source: str, day: date | None, *, together: bool) -> str:
    """The audit of data that lie anywhere; nobody's word is taken for what is in them.

    Raises:
        martgate.errors.CouldNotRun: there is no such data.
    """
    loaded, table = context.catalog.find(name, day)
    dataset = context.upstreams.dataset_of(source, table, day.isoformat() if day else None)
    scope = Scope(day=Day(day, loaded.contract.zone) if day else None, audited_at=context.now())
    asked, relation = derive_from_catalog(loaded, table, context.catalog).rules, table.qualified_name
    judged, _ = scope.split(asked, scope.tables(asked, table, relation), relation)
    return _told(judged, table, together=together, sizes=column_bytes(dataset.files))


def _told(
    asked: Sequence[Rule],
    table: Table,
    *,
    together: bool,
    known: Known | None = None,
    sizes: Mapping[str, int] | None = None,
) -> str:
    source = Source(
        table.qualified_name,
        _types(table),
        _others(asked),
        RELATION,
        values_of(table, Protection(table)),
        known=known or Known(),
        may_doubt=not together,
    )
    planned = plan(asked, source)
    return explain(at_once(planned) if together else planned, table.column_names, sizes)


def _types(table: Table) -> dict[str, str]:
    return {column.name.casefold(): column.physical_type for column in table.columns}


def _others(asked: Iterable[Rule]) -> dict[str, str]:
    return {name: name for rule in asked for name in rule.check.tables}
