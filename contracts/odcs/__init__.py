"""ODCS YAML to the model: the only folder that spells the standard's keys."""

from contracts.odcs.quality import METRICS, OPERATORS
from contracts.odcs.reading import Loaded, load, read

__all__ = ["METRICS", "OPERATORS", "Loaded", "load", "read"]
