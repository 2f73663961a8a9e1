"""What happened: candidates staged, runs judged, rows measured, days published, failures waived."""

from martgate.ledger.history import LedgerHistory
from martgate.ledger.ledger import AlteredRecord, Ledger

__all__ = ["AlteredRecord", "Ledger", "LedgerHistory"]
