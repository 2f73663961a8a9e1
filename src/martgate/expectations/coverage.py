"""What becomes of every leaf of a contract: enforced, monitored, documentation, or unsupported, and nothing in between.

What is only read by people is listed in `martgate.contracts.documentation`. A leaf that no rule enforces and no list names is
unsupported, however harmless it looks: a promise is never dropped in silence.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from martgate.contracts.documentation import is_documentation, is_switched_off
from martgate.contracts.model import Contract
from martgate.contracts.yaml.address import format_address, parse_address
from martgate.expectations.rules import Rule

__all__ = ["Item", "Status", "coverage"]


class Status(StrEnum):
    """ENFORCED by a rule of the gate; MONITORED outside of it; DOCUMENTATION for readers; UNSUPPORTED by anything."""

    ENFORCED = "enforced"
    MONITORED = "monitored"
    DOCUMENTATION = "documentation"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Item:
    """One leaf of a contract and what becomes of it; `rule` is the name of the rule that enforces it, or empty.

    With `suite` it is no leaf of the contract, but an expectation of that suite beside it.
    """

    path: str
    status: Status
    rule: str = ""
    suite: str = ""


_MONITORED_SLAS = frozenset({"timeOfAvailability", "frequency", "retention"})
_TOLD_SLAS = frozenset(
    [
        "generalAvailability",
        "endOfSupport",
        "endOfLife",
        "availability",
        "throughput",
        "errorRate",
        "timeToDetect",
        "timeToNotify",
        "timeToRepair",
    ]
)


def coverage(contract: Contract, leaves: Iterable[tuple[str, object]], rules: Sequence[Rule]) -> tuple[Item, ...]:
    """One item for each leaf `(path, value)` of the contract's document, in the document's order, then those of suites.

    `rules` are those of all tables of the contract; a clause of a rule stands for everything below it.
    """
    every = dict(leaves)
    enforced = {clause: rule.name for rule in reversed(rules) for clause in rule.clauses}
    enforced |= _publish_partitions(contract, every, enforced)
    beside = ((rule.suite, rule.name) for rule in rules if rule.suite)
    return (
        *(_item(path, value, every, enforced) for path, value in every.items()),
        *(Item(place, Status.ENFORCED, name, suite=place.partition("#")[0]) for place, name in beside),
    )


def _item(path: str, value: object, leaves: Mapping[str, object], enforced: Mapping[str, str]) -> Item:
    for above in _upwards(path):
        if above in enforced:
            return Item(path, Status.ENFORCED, enforced[above])
    return Item(path, _unenforced(path, value, leaves))


def _unenforced(path: str, value: object, leaves: Mapping[str, object]) -> Status:
    """What a leaf is that no rule enforces."""
    entry = re.match(r"slaProperties\[\d+\]", path)
    if entry:
        return _sla(leaves.get(f"{entry[0]}.property"))
    entry = re.match(r"schema\[\d+\](\.properties\[\d+\])?\.quality\[\d+\]", path)
    if entry:
        prose = leaves.get(f"{entry[0]}.type") == "text"
        return Status.DOCUMENTATION if prose else Status.UNSUPPORTED
    told = is_switched_off(path, value) or is_documentation(path)
    return Status.DOCUMENTATION if told else Status.UNSUPPORTED


def _sla(name: object) -> Status:
    if name in _MONITORED_SLAS:
        return Status.MONITORED
    return Status.DOCUMENTATION if name in _TOLD_SLAS else Status.UNSUPPORTED


def _publish_partitions(
    contract: Contract, leaves: Mapping[str, object], enforced: Mapping[str, str]
) -> dict[str, str]:
    """The custom property that names the day's column is enforced by the partitions' rule, where there is one."""
    found = {}
    for table in contract.tables:
        names = {f"{column.path}.partitioned" for column in table.columns}
        rule = next((enforced[name] for name in names if name in enforced), "")
        for path, value in leaves.items():
            if (
                rule
                and value == "publishPartition"
                and re.fullmatch(rf"{re.escape(table.path)}\.customProperties\[\d+\]\.property", path)
            ):
                found[path.removesuffix(".property")] = rule
    return found


def _upwards(path: str) -> Iterable[str]:
    """The path itself, then what holds it, and so on."""
    parts = parse_address(path)
    return (format_address(parts[:length]) for length in range(len(parts), 0, -1))
