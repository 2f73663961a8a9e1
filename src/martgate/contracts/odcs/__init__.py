"""Reads ODCS documents into the model; the keys of the standard are in this package only."""

from martgate.contracts.odcs.quality import METRICS, OPERATORS
from martgate.contracts.odcs.reading import ContractFile, load, read

__all__ = ["METRICS", "OPERATORS", "ContractFile", "load", "read"]
