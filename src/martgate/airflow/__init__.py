"""martgate as tasks of Airflow 3: sensors and operators for any table, and the graph of a selection of them.

The only folder that imports Airflow, and of it the task SDK alone: `martgate[airflow]`.
"""

from martgate.airflow.mart import Mart
from martgate.airflow.nights import deadline, nightly
from martgate.airflow.operators import (
    BuildOperator,
    DocsOperator,
    GateOperator,
    PublishOperator,
    RunOperator,
    UpstreamsSensor,
)
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
