"""Promotes an approved candidate to the published day, and records the receipt of what that changed."""

from dataclasses import replace

from martgate.builders.ports import Engine
from martgate.contracts.model import Table
from martgate.gate.basis import VerdictBasis
from martgate.gate.decision import Approved, Refused
from martgate.gate.promotion import Promotion, Published
from martgate.gate.run import RunRecord
from martgate.gate.waiver import Effect, waived_rules
from martgate.project.context import Context
from martgate.publish.restatement import RestatementPreview, preview_restatement, restatement_metadata
from martgate.reports.restatement import describe_restatement
from martgate.stores.commits import conflict_error

__all__ = ["compare_with_published", "create_run_record", "promote"]

_ATTEMPTS = 5
"""How often a promotion is tried when other writers interfere; each try compares the whole day again."""


def compare_with_published(
    engine: Engine, decision: Approved | Refused, table: Table, context: Context
) -> RestatementPreview:
    """Preview what the candidate of a decision would change; a refused candidate is not preview."""
    if isinstance(decision, Refused):
        return RestatementPreview("", None)
    context.progress("comparing it with the day that is published")
    return preview_restatement(engine, decision.candidate, table, context.store)


def promote(
    approved: Approved, preview: RestatementPreview, table: Table, context: Context, basis: VerdictBasis | None
) -> RunRecord:
    """Promote an approved candidate, unless a later candidate of the day is already published.

    If the published day changes between the comparison and the commit, the comparison is repeated, so that the receipt
    says what really changed.

    Args:
        approved: the decision.
        preview: the preview of what it changes.
        table: the table of the candidate.
        context: the adapters of the run.
        basis: the contract and the rules of the verdict.

    Returns:
        The record of the run, with the version that it published, or refused as superseded.

    Raises:
        martgate.errors.CouldNotRun: other writers changed the day at every attempt.
    """
    candidate = approved.candidate
    for _ in range(_ATTEMPTS):
        if preview.restatement:
            context.progress(f"{candidate.partition} {describe_restatement(preview.restatement)}", lasting=True)
        context.progress(f"publishing candidate {candidate.id}")
        published = context.store.promote(approved, _metadata(approved, preview, basis), onto=preview.state)
        if published.promotion is not Promotion.MOVED:
            return _record_publication(published, approved, preview, context, basis)
        with context.engine() as engine:
            preview = compare_with_published(engine, approved, table, context)
        context.ledger.record_run(create_run_record(approved, preview, basis), fingerprint=candidate.fingerprint)
    raise conflict_error(candidate, _ATTEMPTS)


def _metadata(approved: Approved, preview: RestatementPreview, basis: VerdictBasis | None) -> dict[str, object]:
    candidate, audit = approved.candidate, approved.audit
    return {
        "candidate": candidate.id,
        "fingerprint": candidate.fingerprint,
        "contract": audit.contract,
        "contract_version": audit.contract_version,
        **({"contract_digest": basis.contract, "rules_digest": basis.rules} if basis else {}),
        "model_digest": candidate.model,
        "audited_at": audit.audited_at.isoformat(),
        "rules": audit.rules,
        "rows": audit.rows,
        **({"waived": sorted(waived_rules(approved.waivers))} if waived_rules(approved.waivers) else {}),
        **restatement_metadata(preview.restatement),
    }


def _record_publication(
    published: Published,
    approved: Approved,
    preview: RestatementPreview,
    context: Context,
    basis: VerdictBasis | None,
) -> RunRecord:
    candidate, record = approved.candidate, create_run_record(approved, preview, basis)
    if published.promotion is Promotion.SUPERSEDED:
        which = f" of {candidate.part_date}" if candidate.day_column else ""
        reason = f"a later candidate{which} is already published, as version {published.version}"
        refused = replace(record, decision="refused", reasons=(reason,), restatement=None)
        context.ledger.record_run(refused, fingerprint=candidate.fingerprint)
        return refused
    waived = tuple(waiver for waiver in approved.waivers if waiver.effect is Effect.WAIVED)
    context.ledger.record_publication(
        candidate, published, at=context.now(), restatement=record.restatement, waived=waived, basis=basis
    )
    return replace(record, published_version=published.version)


def create_run_record(
    decision: Approved | Refused, preview: RestatementPreview | None = None, basis: VerdictBasis | None = None
) -> RunRecord:
    """Create the record of a decision, which the ledger keeps and reports show."""
    candidate = decision.candidate
    return RunRecord(
        table=candidate.table,
        date=candidate.part_date,
        candidate=candidate.id,
        decision="refused" if isinstance(decision, Refused) else "approved",
        reasons=decision.reasons if isinstance(decision, Refused) else (),
        audit=decision.audit,
        restatement=preview.restatement if preview else None,
        waivers=decision.waivers,
        basis=basis,
        inputs=candidate.inputs,
    )
