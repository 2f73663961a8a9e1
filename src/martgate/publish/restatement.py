"""A candidate held against the published day that it would replace: what its readers will find changed."""

from dataclasses import dataclass

from martgate.builders.ports import Engine
from martgate.contracts.model import Table
from martgate.errors import QueryFailed
from martgate.expectations.protection import Protection
from martgate.expectations.restatement import Difference, Restatement, compare_rows
from martgate.gate.candidate import Candidate
from martgate.stores.ports import Standing, Store

__all__ = ["RestatementPreview", "preview_restatement", "restatement_metadata"]

_PUBLISHED = "martgate.published"


@dataclass(frozen=True, slots=True)
class RestatementPreview:
    """Which state of the day a candidate was compared with, and how it differs; None where nothing was published."""

    state: str
    restatement: Restatement | None


def preview_restatement(engine: Engine, candidate: Candidate, table: Table, store: Store) -> RestatementPreview:
    """Hold a candidate against its day as readers see it.

    A published day that cannot be read is told and stands in nobody's way: to replace it is what mends it.

    Raises:
        martgate.errors.CouldNotRun: the store or the candidate cannot be read.
    """
    standing = store.standing(table, candidate.part_date)
    if standing.source is None and not standing.trouble:
        return RestatementPreview(standing.state, None)
    engine.register(table.qualified_name, store.dataset(candidate, table))
    found, trouble = _difference(engine, candidate, table, standing)
    return RestatementPreview(
        standing.state,
        Restatement(
            version=standing.version, state=standing.state, apart=candidate.stamped, difference=found, trouble=trouble
        ),
    )


def _difference(
    engine: Engine, candidate: Candidate, table: Table, standing: Standing
) -> tuple[Difference | None, str]:
    if standing.source is None:
        return None, standing.trouble
    try:
        engine.register(_PUBLISHED, standing.source)
    except QueryFailed as error:
        return None, str(error)
    try:
        return compare_rows(engine, table, before=_PUBLISHED, after=table.qualified_name, ignored=candidate.stamped), ""
    except QueryFailed as error:
        hides = Protection(table).hides_some()
        return None, str(error) if not hides else "the engine could not compare the rows, some of which are protected"


def restatement_metadata(restatement: Restatement | None) -> dict[str, object]:
    """What a commit says of the day that it replaces, in brief."""
    if restatement is None:
        return {}
    found = restatement.difference
    counts = {"added": found.added, "removed": found.removed, "changed": found.changed} if found else {}
    return {"restates": {"version": restatement.version, **counts}}
