"""Selects the rules for a day of an older contract version: its own, and those that newer versions mark retroactive."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from martgate.contracts.catalog import Catalog
from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile
from martgate.errors import InvalidInput
from martgate.expectations import wording
from martgate.expectations.derive import derive
from martgate.expectations.rules import Rule
from martgate.expectations.verdict import OutOfScope

__all__ = ["ApplicableRules", "derive_from_catalog", "derive_with_retroactive"]


@dataclass(frozen=True, slots=True)
class ApplicableRules:
    """The rules that apply to the days of one contract version.

    Attributes:
        rules: All rules to check, retroactive ones included.
        retroactive: The rules among them that newer versions add or replace.
        out_of_scope: Retroactive rules that cannot be checked because they read columns which this version lacks.
    """

    rules: tuple[Rule, ...]
    retroactive: tuple[Rule, ...] = ()
    out_of_scope: tuple[OutOfScope, ...] = ()


def derive_with_retroactive(table: Table, newer: Sequence[Table] = ()) -> ApplicableRules:
    """Derive the rules of one version of a table and add the retroactive rules of newer versions.

    A retroactive rule keeps its name, and its description says which version it comes from. It replaces an older rule
    of the same name, unless both check the same with the same severity: then the older rule stays.

    Args:
        table: The table in the version that is valid for the day.
        newer: The same table in newer versions, the earliest first.

    Raises:
        martgate.errors.InvalidInput: A rule of one of the versions cannot be derived.
    """
    own = {rule.name: rule for rule in derive(table)}
    added: dict[str, Rule] = {}
    for version in newer:
        for rule in _retroactive_rules(version):
            current = added.get(rule.name) or own.get(rule.name)
            if current is None or (current.check, current.severity) != (rule.check, rule.severity):
                text = rule.description or rule.sentence
                origin = f"(retroactive, from version {version.contract.version})"
                added[rule.name] = replace(rule, description=f"{text} {origin}")
    later = {name.casefold() for version in newer for name in version.column_names}
    absent = later - {name.casefold() for name in table.column_names}
    missing = {name: _missing_columns(rule, absent) for name, rule in added.items()}
    out_of_scope = tuple(
        OutOfScope(
            rule=added[name],
            reason=f"version {table.contract.version} of the contract has no {wording.join_names(columns)}",
        )
        for name, columns in missing.items()
        if columns
    )
    retroactive = {name: rule for name, rule in added.items() if not missing[name]}
    return ApplicableRules(tuple((own | retroactive).values()), tuple(retroactive.values()), out_of_scope)


def derive_from_catalog(contract_file: ContractFile, table: Table, catalog: Catalog) -> ApplicableRules:
    """Derive the rules of a table in one version, with the retroactive rules of the newer versions in the catalog.

    Args:
        contract_file: The file of the version that is valid for the day.
        table: The table in that version.
        catalog: All contracts, from which the newer versions are taken.

    Raises:
        martgate.errors.InvalidInput: A rule of one of the versions cannot be derived.
    """
    try:
        return derive_with_retroactive(table, catalog.newer_versions(contract_file, table))
    except InvalidInput as error:
        raise InvalidInput(*map(contract_file.add_location, error.problems)) from None


def _retroactive_rules(table: Table) -> Iterable[Rule]:
    """The rules whose every clause is marked retroactive, either itself or through its column."""
    clauses = [*table.quality, *(quality for column in table.columns for quality in column.quality)]
    marked = [clause.path for clause in clauses if clause.is_retroactive]
    marked += [column.path for column in table.columns if column.is_retroactive]
    for rule in derive(table):
        if all(any(clause == path or clause.startswith(f"{path}.") for path in marked) for clause in rule.clauses):
            yield rule


def _missing_columns(rule: Rule, absent: Collection[str]) -> tuple[str, ...]:
    """The absent columns that a rule reads; a query written in SQL reads every name that occurs in its text."""
    text = " ".join([*rule.check.columns_read, *rule.columns, *rule.check.statements])
    return tuple(dict.fromkeys(word for word in re.findall(r"\w+", text.casefold()) if word in absent))
