"""What newer versions of a contract ask of the days of older ones: the clauses that they mark retroactive."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from martgate.contracts.catalog import Catalog
from martgate.contracts.model import Contract, Table
from martgate.contracts.odcs import ContractFile
from martgate.errors import InvalidInput
from martgate.expectations import wording as words
from martgate.expectations.derive import derive
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import OutOfScope

__all__ = ["Asked", "asked", "promised"]


@dataclass(frozen=True, slots=True)
class Asked:
    """The rules that a day is judged by, those of them that newer versions add, and what these ask of columns not there."""

    rules: tuple[Rule, ...]
    retroactive: tuple[Rule, ...] = ()
    outside: tuple[OutOfScope, ...] = ()


def asked(table: Table, newer: Sequence[Table] = ()) -> Asked:
    """The rules of one version of a table, and the retroactive ones of `newer` versions, the earliest first.

    A retroactive rule keeps its name and says which version it comes from; it takes the place of an older one of its
    name. Where both say the same, the older one stays.

    Raises:
        martgate.errors.InvalidInput: something in one of the versions cannot be checked.
    """
    own = {rule.name: rule for rule in derive(table)}
    added: dict[str, Rule] = {}
    for version in newer:
        for rule in _retroactive(version):
            stands = added.get(rule.name) or own.get(rule.name)
            if stands is None or (stands.check, stands.severity) != (rule.check, rule.severity):
                added[rule.name] = _told(rule, version.contract)
    later = {name.casefold() for version in newer for name in version.column_names}
    lost = later - {name.casefold() for name in table.column_names}
    lacking = {name: _lacking(rule, lost) for name, rule in added.items()}
    outside = tuple(
        OutOfScope(
            rule=added[name], reason=f"version {table.contract.version} of the contract has no {words.listed(columns)}"
        )
        for name, columns in lacking.items()
        if columns
    )
    kept = {name: rule for name, rule in added.items() if not lacking[name]}
    return Asked(tuple((own | kept).values()), tuple(kept.values()), outside)


def promised(loaded: ContractFile, table: Table, catalog: Catalog) -> Asked:
    """The rules of a table in one version, and those that newer ones in the catalog ask of its days.

    Raises:
        martgate.errors.InvalidInput: as `asked` does.
    """
    try:
        return asked(table, catalog.newer(loaded, table))
    except InvalidInput as error:
        raise InvalidInput(*map(loaded.placed, error.problems)) from None


def _retroactive(table: Table) -> Iterable[Rule]:
    """The rules whose every clause is marked, by itself or by the column that it stands on."""
    stated = [*table.quality, *(each for column in table.columns for each in column.quality)]
    marked = [each.path for each in stated if each.is_retroactive]
    marked += [column.path for column in table.columns if column.is_retroactive]
    for rule in derive(table):
        if all(any(clause == path or clause.startswith(f"{path}.") for path in marked) for clause in rule.clauses):
            yield rule


def _told(rule: Rule, contract: Contract) -> Rule:
    said = rule.description or rule.sentence
    return replace(rule, description=f"{said} (retroactive, from version {contract.version})")


def _lacking(rule: Rule, lost: Collection[str]) -> tuple[str, ...]:
    """What a rule reads of columns that are not there; a whole query reads whatever it spells."""
    spelled = " ".join([*rule.check.columns_read, *rule.columns, *rule.check.statements])
    return tuple(dict.fromkeys(word for word in re.findall(r"\w+", spelled.casefold()) if word in lost))
