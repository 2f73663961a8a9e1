"""The interface in Python: check data against a contract, and run the steps of a project.

`import martgate` offers all of it.
"""

from martgate.api.checks import CheckResult, ChecksFailed, Contract, check, read_contract
from martgate.api.project import Project

__all__ = ["CheckResult", "ChecksFailed", "Contract", "Project", "check", "read_contract"]
