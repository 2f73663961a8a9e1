"""Checks of a contract that JSON Schema cannot make: unknown names, gaps in positions, ranges without a value.

Every problem is one that makes the gate check something else than the author meant; style is not checked.
"""

from martgate.contracts.catalog import Catalog
from martgate.contracts.lint import columns, document, quality, relationships, tables
from martgate.contracts.odcs import ContractFile
from martgate.errors import Problem

__all__ = ["lint"]


def lint(contract_file: ContractFile, catalog: Catalog | None = None) -> tuple[Problem, ...]:
    """Return all problems of a contract, in the order of its lines.

    Args:
        contract_file: The contract.
        catalog: All contracts of the project; without it, relationships to tables of other contracts are not checked.
    """
    problems = [
        *document.find_problems(contract_file),
        *tables.find_problems(contract_file),
        *columns.find_problems(contract_file),
        *relationships.find_problems(contract_file, catalog),
        *quality.find_problems(contract_file),
    ]
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.column, problem.message)))
