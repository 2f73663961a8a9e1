"""Runs martgate as tasks of Airflow 3: sensors and operators for tables, and task groups for a selection of tables.

This is the only folder that imports Airflow, and only its task SDK: `martgate[airflow]`.
"""

from martgate.airflow.mart import Mart
from martgate.airflow.operators import (
    BuildOperator,
    DocsOperator,
    GateOperator,
    PublishOperator,
    RunOperator,
    UpstreamsSensor,
)
from martgate.airflow.schedule import deadline, nightly
from martgate.airflow.tables import tables

__all__ = [
    "BuildOperator",
    "DocsOperator",
    "GateOperator",
    "Mart",
    "PublishOperator",
    "RunOperator",
    "UpstreamsSensor",
    "deadline",
    "nightly",
    "tables",
]
