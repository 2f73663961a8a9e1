"""What happened: candidates staged, runs judged, rows measured, days published, failures waived."""

from martgate.ledger.history import LedgerHistory
from martgate.ledger.ledger import Altered, Ledger

__all__ = ["Altered", "Ledger", "LedgerHistory"]
