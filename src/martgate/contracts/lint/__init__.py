"""What no JSON Schema sees: names that lead nowhere, positions with gaps, bounds that leave nothing to pass.

Every finding is one that would make a gate promise something else than the author meant; matters of taste are not told.
"""

from martgate.contracts.catalog import Catalog
from martgate.contracts.lint import columns, document, quality, relationships, tables
from martgate.contracts.odcs import ContractFile
from martgate.errors import Problem

__all__ = ["lint"]


def lint(contract_file: ContractFile, catalog: Catalog | None = None) -> tuple[Problem, ...]:
    """All problems of one contract, in the order of its lines.

    A relationship to a table of another contract can only be judged with the `catalog` that should have it.
    """
    found = [
        *document.find_problems(contract_file),
        *tables.find_problems(contract_file),
        *columns.find_problems(contract_file),
        *relationships.find_problems(contract_file, catalog),
        *quality.find_problems(contract_file),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: (problem.line, problem.column, problem.message)))
