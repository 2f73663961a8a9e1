"""Computes what verdicts and candidates are made by, and says whether that is still so."""

import hashlib
from collections.abc import Iterable

from martgate.builders.model import Model
from martgate.contracts.digest import digest
from martgate.contracts.model import Table
from martgate.errors import CouldNotRun
from martgate.expectations.retroactive import derive_from_catalog
from martgate.expectations.rules import Rule
from martgate.gate.basis import VerdictBasis
from martgate.gate.candidate import Candidate
from martgate.gate.run import RunRecord
from martgate.project.context import Context, PublishRequest
from martgate.stores.pinning import PinnedInput

__all__ = [
    "compute_basis",
    "compute_model_digest",
    "explain_other_basis",
    "require_inputs_of_candidate",
    "require_same_inputs",
]


def compute_basis(table: Table, rules: Iterable[Rule]) -> VerdictBasis:
    """Compute the basis of a verdict.

    Args:
        table: the table, in the version of the contract that is valid on the day.
        rules: the rules that apply to the day.
    """
    lines = sorted(f"{rule.name}\0{rule.digest}" for rule in rules)
    return VerdictBasis(contract=digest(table), rules=hashlib.sha256("\n".join(lines).encode()).hexdigest())


def compute_model_digest(model: Model) -> str:
    """Compute the SHA-256 of a model's SQL, whatever its comments and line breaks."""
    return hashlib.sha256(model.canonical.encode()).hexdigest()


def explain_other_basis(verdict: RunRecord, candidate: Candidate, request: PublishRequest, context: Context) -> str:
    """Explain why a verdict or a candidate is about another contract, other rules or another model; empty if it is not."""
    rules = derive_from_catalog(request.contract_file, request.table, context.catalog).rules
    current = compute_basis(request.table, rules)
    if verdict.basis is None:
        return "its verdict does not say which contract it is about: run `martgate gate` again"
    if verdict.basis.contract != current.contract:
        return "the contract is another one than its verdict is about: run `martgate gate` again"
    if verdict.basis.rules != current.rules:
        return "the rules are other ones than its verdict is about: run `martgate gate` again"
    if candidate.model != compute_model_digest(request.model):
        return f"{request.model.file or request.model.name} was changed since it was built: run `martgate build` again"
    return ""


def require_inputs_of_candidate(candidate: Candidate, inputs: Iterable[PinnedInput]) -> None:
    """Refuse to judge a candidate by inputs that are other ones than it was made from.

    A rule that compares it with an input would be about rows that it was not made from.

    Raises:
        martgate.errors.CouldNotRun: with every input that is not as it was.
    """
    former = {pin.table: pin for pin in candidate.inputs}
    changes = [
        f"{pin.table}: {'its files' if pin.digest else 'its version'} are not those that the candidate was made from"
        for pin in (each.pin for each in inputs)
        if pin.table in former and not pin.has_same_rows(former[pin.table])
    ]
    if changes:
        head = f"the inputs of candidate {candidate.id} were changed since it was built; run `martgate build` again:"
        raise CouldNotRun("\n".join([head, *changes]))


def require_same_inputs(inputs: Iterable[PinnedInput]) -> None:
    """Refuse to go on with inputs that were changed since they were checked.

    Raises:
        martgate.errors.CouldNotRun: with every file that is not as it was.
    """
    changes = [change for pinned in inputs for change in pinned.find_changes()]
    if changes:
        raise CouldNotRun("\n".join([*changes, "inputs were changed while they were read: run it again"]))
