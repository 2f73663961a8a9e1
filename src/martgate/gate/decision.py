"""The only place where verdicts become a decision."""

from collections.abc import Sequence
from dataclasses import dataclass

from martgate.expectations.verdict import Audit, Outcome
from martgate.gate.candidate import Candidate
from martgate.gate.waiver import Applied, describe, refusing, waived

__all__ = ["Approved", "Refused", "judge", "refusals"]


@dataclass(frozen=True, slots=True)
class _Seal:
    """What `judge` looked at when it approved."""

    candidate: Candidate
    audit: Audit
    waivers: tuple[Applied, ...]


@dataclass(frozen=True, slots=True)
class Approved:
    """Permission to promote one candidate. Only `judge` can make one; a copy about anything else is none."""

    candidate: Candidate
    audit: Audit
    _seal: object
    waivers: tuple[Applied, ...] = ()

    def __post_init__(self) -> None:
        seal = self._seal
        told = (self.candidate, self.audit, self.waivers)
        seen = (seal.candidate, seal.audit, seal.waivers) if isinstance(seal, _Seal) else ()
        if len(seen) != len(told) or any(one is not other for one, other in zip(told, seen, strict=True)):
            raise TypeError("an Approved is made by judge(), from an audit, and by nothing else")


@dataclass(frozen=True, slots=True)
class Refused:
    """The candidate must not be published; `reasons` says why, most telling first."""

    candidate: Candidate
    audit: Audit
    reasons: tuple[str, ...]
    waivers: tuple[Applied, ...] = ()


def judge(candidate: Candidate, audit: Audit, waivers: tuple[Applied, ...] = ()) -> Approved | Refused:
    """Approve a candidate whose every blocking rule has a passing verdict, or failed and is waived; refuse all else.

    `waivers` are those of the table, with what became of each in this audit.
    """
    reasons = (*refusals(audit, waivers), *_mismatches(candidate, audit))
    if reasons:
        return Refused(candidate, audit, reasons, waivers)
    return Approved(candidate, audit, _Seal(candidate, audit, waivers), waivers)


def refusals(audit: Audit, waivers: Sequence[Applied] = ()) -> tuple[str, ...]:
    """Why an audit forbids a publish; empty where it does not.

    Having found nothing wrong is not enough: no rule, no row, or a rule without a verdict refuses too. A waiver lets a
    failure through and nothing else; one of a rule that is not there refuses by itself.
    """
    reasons = []
    if audit.rules == 0:
        reasons.append("no rule: a contract that checks nothing approves nothing")
    if audit.rows == 0:
        reasons.append("no rows: an empty partition is never published")
    if len(audit.verdicts) != audit.rules:
        reasons.append(f"{audit.rules} rules but {len(audit.verdicts)} verdicts")
    exempt = waived(waivers)
    words = {Outcome.FAILED: "failed", Outcome.ERROR: "could not run", Outcome.VACUOUS: "had nothing to look at"}
    for outcome, word in words.items():
        names = [verdict.rule.name for verdict in audit.blocking if verdict.outcome is outcome]
        if outcome is Outcome.FAILED:
            names = [name for name in names if name not in exempt]
        if names:
            reasons.append(f"{len(names)} {word}: {', '.join(names)}")
    reasons += map(describe, refusing(waivers))
    return tuple(reasons)


def _mismatches(candidate: Candidate, audit: Audit) -> list[str]:
    """An audit of something else says nothing about this candidate."""
    reasons = []
    if audit.rows != candidate.rows:
        reasons.append(f"the audit saw {audit.rows} rows, the candidate has {candidate.rows}")
    if audit.partition != candidate.partition:
        reasons.append(f"the audit is about {audit.partition or audit.table}, not about this candidate")
    return reasons
