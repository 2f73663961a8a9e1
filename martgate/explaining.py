"""How an audit goes: the statements, what each answers and what it reads; of the data, only footers are looked at."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from builders.engines.footers import column_bytes, written
from builders.ports import Dataset
from contracts.catalog import Catalog
from contracts.day import Day
from contracts.errors import CouldNotRun
from contracts.model import Table
from expectations.audit import Scope
from expectations.derive import derive
from expectations.explain import explain
from expectations.measured import values_of
from expectations.plan import at_once, plan
from expectations.proofs import Known
from expectations.protection import Protection
from expectations.retroactive import promised
from expectations.rules import Rule
from expectations.source import Source
from martgate.candidate import Candidate
from martgate.clock import now
from martgate.earlier import RELATION
from martgate.house import House
from martgate.publish import no_candidate

__all__ = ["of_candidate", "of_contract", "of_input"]


def of_contract(catalog: Catalog, name: str, *, together: bool) -> str:
    """The audit of a table of which nothing is there yet; `together` as engines have it that prefer one statement."""
    loaded, table = catalog.find(name)
    return _told(derive(loaded.contract, table), table, together=together)


def of_candidate(house: House, name: str, day: date, candidate_id: str | None, *, together: bool) -> str:
    """The audit of a staged candidate by the run that stages it, where the statistics of its files may be believed.

    Raises:
        contracts.errors.CouldNotRun: there is no such candidate, not all of it, or not as it was recorded.
    """
    loaded, table = house.catalog.find(name, day)
    candidate = house.ledger.candidate(table.qualified_name, day.isoformat(), candidate_id)
    if not isinstance(candidate, Candidate):
        raise CouldNotRun(no_candidate(candidate, table, day.isoformat(), candidate_id))
    dataset, known = house.store.dataset(candidate, table), Known()
    if isinstance(dataset, Dataset) and house.trusts_written:
        root = Path(candidate.root)
        files = [written(root / file.path, root=root, partition=file.partition) for file in candidate.files]
        known = Known(files, _types(table), candidate.part_date)
    sizes = column_bytes(dataset.files) if isinstance(dataset, Dataset) else None
    return _told(promised(loaded, table, house.catalog).rules, table, together=together, known=known, sizes=sizes)


def of_input(house: House, name: str, source: str, day: date | None, *, together: bool) -> str:
    """The audit of data that lie anywhere; nobody's word is taken for what is in them.

    Raises:
        contracts.errors.CouldNotRun: there is no such data.
    """
    loaded, table = house.catalog.find(name, day)
    dataset = house.upstreams.dataset_of(source, table, day.isoformat() if day else None)
    scope = Scope(day=Day(day, loaded.contract.zone) if day else None, audited_at=now())
    asked, relation = promised(loaded, table, house.catalog).rules, table.qualified_name
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
