"""The decision of the gate: the only place where verdicts approve or refuse a candidate."""

from collections.abc import Sequence
from dataclasses import dataclass

from martgate.expectations.verdict import Audit, Outcome
from martgate.gate.candidate import Candidate
from martgate.gate.waiver import AppliedWaiver, describe_waiver, find_refusing_waivers, waived_rules

__all__ = ["Approved", "Refused", "judge", "list_refusal_reasons"]


@dataclass(frozen=True, slots=True)
class _Seal:
    """The objects that `judge` approved."""

    candidate: Candidate
    audit: Audit
    waivers: tuple[AppliedWaiver, ...]


@dataclass(frozen=True, slots=True)
class Approved:
    """The permission to promote one candidate.

    Only `judge` can make one. A copy with another candidate, audit or waiver raises TypeError.
    """

    candidate: Candidate
    audit: Audit
    _seal: object
    waivers: tuple[AppliedWaiver, ...] = ()

    def __post_init__(self) -> None:
        seal = self._seal
        own = (self.candidate, self.audit, self.waivers)
        sealed = (seal.candidate, seal.audit, seal.waivers) if isinstance(seal, _Seal) else ()
        if len(sealed) != len(own) or any(one is not other for one, other in zip(own, sealed, strict=True)):
            raise TypeError("only judge() makes an Approved, from a candidate and its audit")


@dataclass(frozen=True, slots=True)
class Refused:
    """The decision that a candidate must not be published, with the reasons, the most important first."""

    candidate: Candidate
    audit: Audit
    reasons: tuple[str, ...]
    waivers: tuple[AppliedWaiver, ...] = ()


def judge(candidate: Candidate, audit: Audit, waivers: tuple[AppliedWaiver, ...] = ()) -> Approved | Refused:
    """Approve a candidate if every blocking rule passed, or failed and is waived; refuse it otherwise.

    Args:
        candidate: the staged partition.
        audit: the verdicts on exactly this candidate.
        waivers: the waivers of the table, as `apply_waivers` applied them to this audit.
    """
    reasons = (*list_refusal_reasons(audit, waivers), *_mismatches(candidate, audit))
    if reasons:
        return Refused(candidate, audit, reasons, waivers)
    return Approved(candidate, audit, _Seal(candidate, audit, waivers), waivers)


def list_refusal_reasons(audit: Audit, waivers: Sequence[AppliedWaiver] = ()) -> tuple[str, ...]:
    """List why an audit forbids a publish.

    An audit without a failure is not enough: no rule, no row, or a rule without a verdict refuses too. A waiver lets a
    failure through and nothing else, and a waiver of an unknown rule refuses by itself.

    Args:
        audit: the verdicts.
        waivers: the waivers of the table, as `apply_waivers` applied them to this audit.

    Returns:
        One sentence a reason; empty if nothing forbids the publish.
    """
    reasons = []
    if audit.rules == 0:
        reasons.append("no rule: a contract that checks nothing approves nothing")
    if audit.rows == 0:
        reasons.append("no rows: an empty partition is never published")
    if len(audit.verdicts) != audit.rules:
        reasons.append(f"{audit.rules} rules but {len(audit.verdicts)} verdicts")
    exempt = waived_rules(waivers)
    words = {Outcome.FAILED: "failed", Outcome.ERROR: "could not run", Outcome.VACUOUS: "had nothing to look at"}
    for outcome, word in words.items():
        names = [verdict.rule.name for verdict in audit.blocking if verdict.outcome is outcome]
        if outcome is Outcome.FAILED:
            names = [name for name in names if name not in exempt]
        if names:
            reasons.append(f"{len(names)} {word}: {', '.join(names)}")
    reasons += map(describe_waiver, find_refusing_waivers(waivers))
    return tuple(reasons)


def _mismatches(candidate: Candidate, audit: Audit) -> list[str]:
    """List how an audit is about something else than the candidate."""
    reasons = []
    if audit.rows != candidate.rows:
        reasons.append(f"the audit saw {audit.rows} rows, the candidate has {candidate.rows}")
    if audit.partition != candidate.partition:
        reasons.append(f"the audit is about {audit.partition or audit.table}, not about {candidate.partition}")
    return reasons
