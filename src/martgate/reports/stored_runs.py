"""Reads the records of runs from their folder, each with the contract and the digest that its page depends on."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from martgate.contracts.model import Column, Contract, Table
from martgate.errors import CouldNotRun
from martgate.expectations.rules import Rule
from martgate.extras import EXTRAS, is_installed
from martgate.gate.run import RunRecord
from martgate.reports.appearance import Appearance
from martgate.reports.build_view import build_run_view
from martgate.reports.view import RunView

__all__ = ["StoredRun", "list_records", "read_run", "read_runs"]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run that is read from its record.

    Attributes:
        record: The record.
        view: The run as text.
        contract: The contract of its table, None where there is none any more.
        table: The table.
        digest: A hash of everything that the page of the run depends on.
    """

    record: RunRecord
    view: RunView
    contract: Contract | None
    table: Table
    digest: str

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules with a verdict."""
        return tuple(verdict.rule for verdict in self.record.audit.verdicts)

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """All rules of the table, those out of scope in this run included."""
        return (*self.rules, *(item.rule for item in self.record.audit.out_of_scope))


def list_records(records_dir: Path) -> list[Path]:
    """List the records of a folder by name."""
    return sorted(path for path in records_dir.glob("*.json") if not path.name.startswith("."))


def read_runs(
    files: Iterable[Path], contracts: Sequence[Contract], appearance: Appearance
) -> tuple[list[StoredRun], list[str]]:
    """Read records.

    Args:
        files: The files of the records.
        contracts: The contracts in all versions.
        appearance: The look of the pages, which is part of the digests.

    Returns:
        The runs, the newest first, and for each record that cannot be read its file and why.
    """
    runs, problems = [], []
    for path in files:
        try:
            runs.append(read_run(path.read_bytes(), contracts, appearance))
        except CouldNotRun as error:
            problems.append(f"{path}: {error}")
        except OSError as error:
            problems.append(f"{path}: {error.strerror}")
    newest_first = sorted(runs, key=lambda run: (run.record.audit.audited_at, run.record.candidate), reverse=True)
    return newest_first, problems


def read_run(content: bytes, contracts: Sequence[Contract], appearance: Appearance) -> StoredRun:
    """Read one record from its bytes.

    Raises:
        martgate.errors.CouldNotRun: The bytes are not a record.
    """
    record = RunRecord.from_json(content)
    contract, table = _find_table(record, contracts)
    inputs = content + repr((contract, appearance)).encode(errors="surrogatepass") + _renderer_digest()
    return StoredRun(record, build_run_view(record, contract), contract, table, hashlib.sha256(inputs).hexdigest())


def _find_table(record: RunRecord, contracts: Sequence[Contract]) -> tuple[Contract | None, Table]:
    """The contract of the run and its table.

    The version of the run comes first, then the newest one. Without a contract the table has the columns that the rules
    of the run name.
    """
    candidates = [
        (contract, table)
        for contract in sorted(contracts, key=lambda contract: contract.valid_from, reverse=True)
        for table in contract.tables
        if record.table == table.qualified_name
    ]
    same_version = [each for each in candidates if each[0].version == record.audit.contract_version]
    for contract, table in (*same_version, *candidates):
        return contract, table
    types: dict[str, str] = {}
    for verdict in record.audit.verdicts:
        types |= {name: kind or types.get(name, "") for name, kind in verdict.rule.check.expected_types.items()}
    columns = tuple(
        # Without a contract a column counts as protected.
        Column(path="", name=name, logical_type="", physical_type=kind, classification="unknown")
        for name, kind in types.items()
    )
    return None, Table(path="", name=record.table, qualified_name=record.table, columns=columns)


@cache
def _renderer_digest() -> bytes:
    """A hash of all that a page depends on besides its record: this package, its templates, Great Expectations."""
    package = Path(__file__).parent
    library = version(EXTRAS["gx"].library) if is_installed("gx") else ""
    sources = (path.read_bytes() for path in sorted([*package.glob("*.py"), *package.glob("site/*")]) if path.is_file())
    return hashlib.sha256(b"".join(sources) + library.encode()).digest()
