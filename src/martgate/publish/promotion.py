"""From an approved candidate to the day that readers see, and the receipt of what that changed."""

from dataclasses import replace

from martgate.builders.ports import Engine
from martgate.contracts.model import Table
from martgate.gate.decision import Approved, Refused
from martgate.gate.promotion import Promotion, Published
from martgate.gate.run import RunRecord
from martgate.gate.waiver import Effect, waived
from martgate.project.context import Context
from martgate.publish.restatement import RestatementPreview, preview_restatement, restatement_metadata
from martgate.reports.restatement import describe_restatement
from martgate.stores.commits import lost

__all__ = ["compare_with_published", "create_run_record", "promote"]

_ATTEMPTS = 5
"""Each compares the whole day again."""


def compare_with_published(
    engine: Engine, decision: Approved | Refused, table: Table, context: Context
) -> RestatementPreview:
    """What the candidate would change; of one that is refused nobody wants to know."""
    if isinstance(decision, Refused):
        return RestatementPreview("", None)
    context.progress("comparing it with the day that is published")
    return preview_restatement(engine, decision.candidate, table, context.store)


def promote(approved: Approved, compared: RestatementPreview, table: Table, context: Context) -> RunRecord:
    """Promote what was approved, unless a later candidate of the day already stands there.

    Each try is preceded by what it changes of the day as it stands: where that has moved, it is compared again.
    """
    candidate = approved.candidate
    for _ in range(_ATTEMPTS):
        if compared.restatement:
            context.progress(
                f"{candidate.table} of {candidate.part_date} {describe_restatement(compared.restatement)}", lasting=True
            )
        context.progress(f"publishing candidate {candidate.id}")
        published = context.store.promote(approved, _metadata(approved, compared), onto=compared.state)
        if published.promotion is not Promotion.MOVED:
            return _published_as(published, approved, compared, context)
        with context.engine() as engine:
            compared = compare_with_published(engine, approved, table, context)
        context.ledger.record_run(create_run_record(approved, compared), fingerprint=candidate.fingerprint)
    raise lost(candidate, _ATTEMPTS)


def _metadata(approved: Approved, compared: RestatementPreview) -> dict[str, object]:
    candidate, found = approved.candidate, approved.audit
    return {
        "candidate": candidate.id,
        "fingerprint": candidate.fingerprint,
        "contract": found.contract,
        "contract_version": found.contract_version,
        "audited_at": found.audited_at.isoformat(),
        "rules": found.rules,
        "rows": found.rows,
        **({"waived": sorted(waived(approved.waivers))} if waived(approved.waivers) else {}),
        **restatement_metadata(compared.restatement),
    }


def _published_as(
    published: Published, approved: Approved, compared: RestatementPreview, context: Context
) -> RunRecord:
    candidate, record = approved.candidate, create_run_record(approved, compared)
    if published.promotion is Promotion.SUPERSEDED:
        which = f" of {candidate.part_date}" if candidate.day_column else ""
        reason = f"a later candidate{which} is already published, as version {published.version}"
        refused = replace(record, decision="refused", reasons=(reason,), restatement=None)
        context.ledger.record_run(refused, fingerprint=candidate.fingerprint)
        return refused
    told = tuple(one for one in approved.waivers if one.effect is Effect.WAIVED)
    context.ledger.record_publication(
        candidate, published, at=context.now(), restatement=record.restatement, waived=told
    )
    return replace(record, published_version=published.version)


def create_run_record(decision: Approved | Refused, compared: RestatementPreview | None = None) -> RunRecord:
    """What is kept and told of a decision."""
    candidate = decision.candidate
    return RunRecord(
        table=candidate.table,
        date=candidate.part_date,
        candidate=candidate.id,
        decision="refused" if isinstance(decision, Refused) else "approved",
        reasons=decision.reasons if isinstance(decision, Refused) else (),
        audit=decision.audit,
        restatement=compared.restatement if compared else None,
        waivers=decision.waivers,
    )
