"""The query that makes a table, as its model has it."""

from martgate.contracts.export.ports import ExportRequest

__all__ = ["export"]


def export(request: ExportRequest) -> str:
    return request.model_sql()
