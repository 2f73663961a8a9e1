"""ODCS YAML to the model: the only folder that spells the standard's keys."""

from martgate.contracts.odcs.quality import METRICS, OPERATORS
from martgate.contracts.odcs.reading import ContractFile, load, read

__all__ = ["METRICS", "OPERATORS", "ContractFile", "load", "read"]
