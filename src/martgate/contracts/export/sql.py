"""Exports the query of a table's model."""

from martgate.contracts.export.ports import ExportRequest

__all__ = ["export"]


def export(request: ExportRequest) -> str:
    """Write the SQL of the model of the table."""
    return request.model_sql()
