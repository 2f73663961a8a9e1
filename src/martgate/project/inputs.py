"""Lists the tables that a run reads: those of its model, and those that rules compare with."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from martgate.builders.model import Model, find_model
from martgate.contracts.catalog import Catalog
from martgate.contracts.odcs import ContractFile
from martgate.contracts.versions import TableVersion
from martgate.errors import InvalidInput, Problem
from martgate.expectations.retroactive import derive_from_catalog
from martgate.expectations.rules import Rule

__all__ = ["Inputs", "find_named_tables", "find_unknown_tables", "list_inputs"]

Inputs = Mapping[str, frozenset[str]]
"""For each table that a run reads, by qualified name, the names that models and rules give to it."""


def list_inputs(
    version: TableVersion, model: Model | None, models: Mapping[str, Model], catalog: Catalog, day: date | None
) -> Inputs:
    """List the tables that the model of a table reads, and those that rules compare with.

    The rules are those of the table, and those of its inputs that no model makes, which the run checks itself.

    Args:
        version: the table, which is not an input of itself unless its model reads it.
        model: the model of the table; None for the rules alone.
        models: all models of the project, by name.
        catalog: all contracts.
        day: the day of the run, which decides on the versions of contracts; None for the newest ones.

    Raises:
        martgate.errors.InvalidInput: a table has no contract, or a rule cannot be derived.
    """
    names: dict[str, set[str]] = {}
    own = version[1].qualified_name

    def add(name: str, *, by_rule: bool) -> None:
        found = catalog.find(name, day)
        qualified_name = found[1].qualified_name
        if by_rule and qualified_name == own:
            return
        is_new = qualified_name not in names
        names.setdefault(qualified_name, {qualified_name}).add(name)
        if is_new and find_model(found[1], models) is None:
            add_rules(found)

    def add_rules(of: TableVersion) -> None:
        for name in find_named_tables(derive_from_catalog(*of, catalog).rules):
            add(name, by_rule=True)

    for name in model.inputs if model else ():
        add(name, by_rule=False)
    add_rules(version)
    return {name: frozenset(spelt) for name, spelt in names.items()}


def find_named_tables(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Find the other tables that rules name, each with the first rule that names it."""
    names: dict[str, Rule] = {}
    for rule in rules:
        for name in (*rule.check.tables, *rule.check.queried_tables):
            names.setdefault(name, rule)
    return names


def find_unknown_tables(contract_file: ContractFile, rules: Iterable[Rule], catalog: Catalog) -> Iterator[Problem]:
    """Find the rules that compare with a table without a contract, which no run could find.

    Those of relationships are left out, whose own check says more.
    """
    own = (rule for rule in rules if not any(".relationships[" in clause for clause in rule.clauses))
    for name, rule in find_named_tables(own).items():
        try:
            catalog.find(name)
        except InvalidInput as error:
            yield contract_file.problem(rule.clauses[0], f"{rule.name}: {error}")
