"""Classifies every leaf of a contract as enforced, monitored, documentation or unsupported.

`martgate.contracts.documentation` lists what is documentation only. A leaf that no rule enforces and no list names is
unsupported, however harmless it looks, so that no clause is ignored silently.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from martgate.contracts.documentation import is_documentation, is_switched_off
from martgate.contracts.model import Contract, Table
from martgate.contracts.quality import Severity
from martgate.contracts.types import explain_unjudged_form, explain_unjudged_type
from martgate.contracts.yaml.address import format_address, parse_address
from martgate.expectations.quality import find_foreign_engine
from martgate.expectations.rules import Rule

__all__ = ["CoverageItem", "CoverageStatus", "classify_leaves", "find_comparisons"]


class CoverageStatus(StrEnum):
    """ENFORCED by a rule of the gate; MONITORED after publishing; UNENFORCED: it says where a value comes from, and no rule
    compares the value with it, or it is a type of another platform, which no rule judges; DOCUMENTATION only; UNSUPPORTED: not handled at all.
    """

    ENFORCED = "enforced"
    MONITORED = "monitored"
    UNENFORCED = "unenforced"
    DOCUMENTATION = "documentation"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class CoverageItem:
    """One leaf of a contract, or one expectation of a suite beside it, with its status.

    Attributes:
        path: The address of the leaf in the contract, or of the expectation in its suite.
        status: The status.
        rule: The name of the rule that enforces it, empty where none does.
        suite: The file of the suite, empty for a leaf of the contract.
    """

    path: str
    status: CoverageStatus
    rule: str = ""
    suite: str = ""


_ORIGIN = re.compile(r"schema\[\d+\]\.properties\[\d+\]\.(transformLogic|transformSourceObjects\[\d+\])")
"""The leaves that say where the values of a column come from."""

_MONITORED_SLAS = frozenset({"timeOfAvailability", "frequency", "retention"})
_GATED_SLAS = frozenset({"freshness", "latency"})


def classify_leaves(
    contract: Contract, leaves: Iterable[tuple[str, object]], rules: Sequence[Rule]
) -> tuple[CoverageItem, ...]:
    """Classify every leaf of a contract by the rules that are derived from it.

    Args:
        contract: The contract.
        leaves: The leaves of its document as `(path, value)`.
        rules: The rules of all tables of the contract. A clause of a rule covers every leaf below it.

    Returns:
        An item for each leaf in the document's order, then one for each expectation of a suite beside the contract.
    """
    values = dict(leaves)
    enforced = {clause: rule.name for rule in reversed(rules) for clause in rule.clauses}
    enforced |= _publish_partitions(contract, values, enforced) | _name_sources(contract, rules)
    unjudged = _list_unjudged_types(contract) | _list_foreign_qualities(contract, values)
    expectations = ((rule.suite, rule.name) for rule in rules if rule.suite)
    return (
        *(_item(path, value, values, enforced, unjudged) for path, value in values.items()),
        *(
            CoverageItem(place, CoverageStatus.ENFORCED, name, suite=place.partition("#")[0])
            for place, name in expectations
        ),
    )


def _list_unjudged_types(contract: Contract) -> frozenset[str]:
    """List the leaves of types that nothing judges."""
    columns = [column for table in contract.tables for column in table.columns]
    paths = (column.path for column in columns if explain_unjudged_type(column.physical_type))
    types = {f"{path}.{key}" for path in paths for key in ("physicalType", "logicalType")}
    return frozenset(
        types | {f"{column.path}.physicalType" for column in columns if explain_unjudged_form(column.physical_type)}
    )


def _list_foreign_qualities(contract: Contract, leaves: Iterable[str]) -> frozenset[str]:
    """List the leaves of the qualities that an engine of another tool judges."""
    prefixes = tuple(f"{quality.path}." for quality in contract.qualities if find_foreign_engine(quality))
    return frozenset(leaf for leaf in leaves if leaf.startswith(prefixes))


def _item(
    path: str,
    value: object,
    leaves: Mapping[str, object],
    enforced: Mapping[str, str],
    unjudged: frozenset[str] = frozenset(),
) -> CoverageItem:
    if path in unjudged:
        return CoverageItem(path, CoverageStatus.UNENFORCED)
    parts = parse_address(path)
    ancestors = (format_address(parts[:length]) for length in range(len(parts), 0, -1))  # the leaf itself first
    for ancestor in ancestors:
        if ancestor in enforced:
            return CoverageItem(path, CoverageStatus.ENFORCED, enforced[ancestor])
    return CoverageItem(path, _unenforced_status(path, value, leaves))


def _unenforced_status(path: str, value: object, leaves: Mapping[str, object]) -> CoverageStatus:
    entry = re.match(r"slaProperties\[\d+\]", path)
    if entry:
        return _sla_status(leaves.get(f"{entry[0]}.property"))
    entry = re.match(r"schema\[\d+\](\.properties\[\d+\])?\.quality\[\d+\]", path)
    if entry:
        prose = leaves.get(f"{entry[0]}.type") == "text"
        return CoverageStatus.DOCUMENTATION if prose else CoverageStatus.UNSUPPORTED
    if _ORIGIN.fullmatch(path):
        return CoverageStatus.UNENFORCED
    is_harmless = is_switched_off(path, value) or is_documentation(path)
    return CoverageStatus.DOCUMENTATION if is_harmless else CoverageStatus.UNSUPPORTED


def _sla_status(name: object) -> CoverageStatus:
    if name in _MONITORED_SLAS:
        return CoverageStatus.MONITORED
    known = _GATED_SLAS | _MONITORED_SLAS
    # A word of one's own is for people; one that looks like a misspelt promise is not.
    is_own = isinstance(name, str) and not get_close_matches(
        name.casefold(), [word.casefold() for word in known], cutoff=0.8
    )
    return CoverageStatus.DOCUMENTATION if is_own else CoverageStatus.UNSUPPORTED


def find_comparisons(table: Table, rules: Iterable[Rule]) -> dict[str, Rule]:
    """Find the first blocking rule that compares each column of a table with the source of its values.

    An equation counts for the column in whose quality list it stands: the others of its columns need a rule of their own.

    Args:
        table: the table.
        rules: its rules.

    Returns:
        The rules by the name of the column; columns that nobody compares are missing.
    """
    names = {column.name.casefold(): column.name for column in table.columns}
    comparisons: dict[str, Rule] = {}
    for rule in rules:
        compared = rule.check.compared_with_source if rule.severity is Severity.ERROR else ()
        if rule.check.is_symmetric:
            owner = rule.name.partition("|")[0]
            compared = tuple(name for name in compared if name.casefold() == owner.casefold())
        for name in compared:
            if name.casefold() in names:
                comparisons.setdefault(names[name.casefold()], rule)
    return comparisons


def _name_sources(contract: Contract, rules: Sequence[Rule]) -> dict[str, str]:
    """Name the rules that enforce what a contract says about the origin of its columns."""
    clauses: dict[str, str] = {}
    for table in contract.tables:
        is_only = len(contract.tables) == 1
        own = [rule for rule in rules if is_only or any(path.startswith(f"{table.path}.") for path in rule.clauses)]
        for name, rule in find_comparisons(table, own).items():
            path = table.column(name).path
            clauses |= {f"{path}.transformLogic": rule.name, f"{path}.transformSourceObjects": rule.name}
    return clauses


def _publish_partitions(
    contract: Contract, leaves: Mapping[str, object], enforced: Mapping[str, str]
) -> dict[str, str]:
    """The rule on partitions enforces the custom property `publishPartition`, where there is such a rule."""
    clauses = {}
    for table in contract.tables:
        names = {f"{column.path}.partitioned" for column in table.columns}
        rule = next((enforced[name] for name in names if name in enforced), "")
        for path, value in leaves.items():
            if (
                rule
                and value == "publishPartition"
                and re.fullmatch(rf"{re.escape(table.path)}\.customProperties\[\d+\]\.property", path)
            ):
                clauses[path.removesuffix(".property")] = rule
    return clauses
