"""The database of a project: candidates, runs, measurements, receipts and waivers."""

from martgate.ledger.history import LedgerHistory
from martgate.ledger.ledger import AlteredRecord, Ledger
from martgate.ledger.scope import LedgerWarehouse

__all__ = ["AlteredRecord", "Ledger", "LedgerHistory", "LedgerWarehouse"]
