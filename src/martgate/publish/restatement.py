"""Compares a candidate with the published day that it would replace, so that readers see what will change."""

from dataclasses import dataclass

from martgate.builders.ports import Engine
from martgate.contracts.model import Table
from martgate.errors import QueryFailed
from martgate.expectations.protection import Protection
from martgate.expectations.restatement import Difference, Restatement, compare_rows
from martgate.gate.candidate import Candidate
from martgate.stores.ports import PublishedState, Store

__all__ = ["RestatementPreview", "preview_restatement", "restatement_metadata"]

_PUBLISHED = "martgate.published"


@dataclass(frozen=True, slots=True)
class RestatementPreview:
    """The changes that publishing a candidate would make.

    Attributes:
        state: the state of the day in the store that the candidate was compared with.
        restatement: how the candidate differs from it; None if nothing was published.
    """

    state: str
    restatement: Restatement | None


def preview_restatement(engine: Engine, candidate: Candidate, table: Table, store: Store) -> RestatementPreview:
    """Compare a candidate with its day as readers see it.

    A published day that cannot be read is part of the result and does not stop the publication, since replacing the day
    repairs it.

    Args:
        engine: registers and compares the rows.
        candidate: what would be published.
        table: the table of the candidate.
        store: holds the published day.

    Raises:
        martgate.errors.CouldNotRun: the store or the candidate cannot be read.
    """
    published = store.read_published_state(table, candidate.part_date)
    if published.source is None and not published.trouble:
        return RestatementPreview(published.state, None)
    engine.register(table.qualified_name, store.read_candidate(candidate, table))
    difference, trouble = _compare(engine, candidate, table, published)
    return RestatementPreview(
        published.state,
        Restatement(
            version=published.version,
            state=published.state,
            apart=candidate.stamped,
            difference=difference,
            trouble=trouble,
        ),
    )


def _compare(
    engine: Engine, candidate: Candidate, table: Table, published: PublishedState
) -> tuple[Difference | None, str]:
    if published.source is None:
        return None, published.trouble
    try:
        engine.register(_PUBLISHED, published.source)
    except QueryFailed as error:
        return None, str(error)
    try:
        return compare_rows(engine, table, before=_PUBLISHED, after=table.qualified_name, ignored=candidate.stamped), ""
    except QueryFailed as error:
        is_protected = Protection(table).has_hidden_columns()
        return None, str(
            error
        ) if not is_protected else "the engine could not compare the rows, some of which are protected"


def restatement_metadata(restatement: Restatement | None) -> dict[str, object]:
    """Summarize a restatement for the metadata of the commit."""
    if restatement is None:
        return {}
    difference = restatement.difference
    counts = (
        {"added": difference.added, "removed": difference.removed, "changed": difference.changed} if difference else {}
    )
    return {"restates": {"version": restatement.version, **counts}}
