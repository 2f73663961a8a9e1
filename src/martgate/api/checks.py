"""Checks data against a contract in one call, in a notebook, a test or a pipeline."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from martgate.api.days import Date, read_day
from martgate.builders.engines.spill import spill_folder
from martgate.builders.ports import EngineConfig
from martgate.contracts.catalog import Catalog
from martgate.contracts.model import Table
from martgate.contracts.odcs import ContractFile, read
from martgate.contracts.types import explain_unjudged_type
from martgate.errors import InvalidInput, MartgateError
from martgate.expectations.verdict import Audit, Outcome, OutOfScope, Verdict
from martgate.extras import is_installed
from martgate.gate.decision import list_refusal_reasons
from martgate.project.clock import system_clock
from martgate.project.plugins import ENGINES
from martgate.project.wiring import run_expectations
from martgate.publish.inputs import audit_input, read_input
from martgate.reports.notebook import render_audit
from martgate.stores.upstreams import Upstreams

__all__ = ["CheckResult", "ChecksFailed", "Contract", "check", "read_contract"]

_MEMORY = "4GB"
"""What an engine may use before it spills, as in a project without a setting."""

Contract = ContractFile
"""A contract and the file that it is in."""


class ChecksFailed(MartgateError):
    """Data breaks its contract. The text has one line for each reason, and no value of a protected column.

    Attributes:
        result: the result of the check.
    """

    def __init__(self, result: "CheckResult") -> None:
        self.result = result
        rules = (
            f"  {one.rule.name}: {one.failed} of {one.total} {one.unit} fail: {one.rule.sentence}"
            for one in result.audit.blocking
            if one.outcome is Outcome.FAILED
        )
        super().__init__("\n".join([f"{result.audit.table} breaks its contract: {'; '.join(result.reasons)}", *rules]))


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check: the verdict on each rule of the contract. A notebook shows it as a table.

    Attributes:
        audit: the verdicts with what they are about.
        reasons: why the data would not be published, the most important reason first; empty if it would.
        data: the frame that was checked, whose library `to_frame` uses; None for a path.
    """

    audit: Audit
    reasons: tuple[str, ...]
    data: Any = field(default=None, repr=False, compare=False)

    @property
    def passed(self) -> bool:
        """Whether every rule that blocks a publish passed, on at least one row."""
        return not self.reasons

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One verdict for each rule in scope, in the order of the contract."""
        return self.audit.verdicts

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The verdicts on rules that did not pass, those that only warn included."""
        return tuple(verdict for verdict in self.audit.verdicts if verdict.outcome is not Outcome.PASSED)

    @property
    def out_of_scope(self) -> tuple[OutOfScope, ...]:
        """The rules that were not judged, each with the reason, such as another table that it compares with."""
        return self.audit.out_of_scope

    def raise_for_failures(self) -> "CheckResult":
        """Return the result itself, so that a pipeline can go on from it.

        Raises:
            martgate.ChecksFailed: the data does not pass.
        """
        if not self.passed:
            raise ChecksFailed(self)
        return self

    def to_frame(self) -> Any:
        """Build a frame with one row for each rule: its name, outcome, severity, counts and the sentence that it states.

        Returns:
            A frame of the library of the checked data; pandas if that was a path, or Arrow where there is no pandas.
        """
        from martgate.api.frames import build_frame  # noqa: PLC0415 - narwhals and Arrow take a while to import

        verdicts = self.audit.verdicts
        columns: dict[str, list[Any]] = {
            "rule": [verdict.rule.name for verdict in verdicts],
            "outcome": [verdict.outcome.value for verdict in verdicts],
            "severity": [verdict.rule.severity.value for verdict in verdicts],
            "failed": [verdict.failed for verdict in verdicts],
            "total": [verdict.total for verdict in verdicts],
            "unit": [verdict.unit for verdict in verdicts],
            "observed": [verdict.observed for verdict in verdicts],
            "sentence": [verdict.rule.sentence for verdict in verdicts],
        }
        return build_frame(columns, self.data)

    def _repr_html_(self) -> str:
        return render_audit(self.audit, self.reasons)


def read_contract(path: str | Path) -> Contract:
    """Read a contract.

    Args:
        path: a file in the Open Data Contract Standard, `*.odcs.yaml`.

    Raises:
        martgate.InvalidInput: with every problem of the file.
    """
    return read(Path(path))


def check(
    data: Any,
    contract: str | Path | Contract,
    *,
    table: str | None = None,
    date: Date | None = None,
    engine: str = "duckdb",
) -> CheckResult:
    """Check data against a contract, as the gate does before a publish; nothing is published or recorded.

    Rules that compare with other tables, or learn from earlier days, are out of scope: the result lists them.

    Args:
        data: the path of a Parquet file, a folder of them or a Delta table, or a frame: Arrow, pandas, polars, a DuckDB
            relation, a Spark DataFrame, or any other that narwhals knows. A frame is written to a private temporary folder.
        contract: the contract, or the path of its file.
        table: the table of the contract; needed if it has several.
        date: the day that the data is about, `YYYY-MM-DD`; rules about a day are out of scope without it.
        engine: the engine that audits.

    Raises:
        martgate.InvalidInput: the contract has problems, has no such table, or this is no data.
        martgate.CouldNotRun: the data cannot be read.
    """
    catalog = Catalog((contract if isinstance(contract, ContractFile) else read_contract(contract),))
    day = None if date is None else read_day(date)
    name = table or _find_only_table(catalog)
    _, found = catalog.find(name, day)
    config = EngineConfig(memory_limit=_MEMORY)
    with _place(data, found) as source, ENGINES.load(engine).from_config(config) as opened:
        reading = read_input(catalog, name, source, day, Upstreams(""))
        runner = run_expectations if is_installed("gx") else None
        audit = audit_input(reading, opened, audited_at=system_clock(), expectation_runner=runner)
    return CheckResult(audit, list_refusal_reasons(audit), None if isinstance(data, str | Path) else data)


def _find_only_table(catalog: Catalog) -> str:
    names = sorted({table.qualified_name for _, table in catalog.tables()})
    if len(names) != 1:
        raise InvalidInput(f"the contract has {len(names)} tables ({', '.join(names)}); name one: check(.., table=..)")
    return names[0]


@contextmanager
def _place(data: Any, table: Table) -> Iterator[str]:
    """Give the path of data; a frame is written to a folder that only this user may read, and that is removed after."""
    if isinstance(data, str | Path):
        yield str(data)
        return
    from martgate.api.frames import write_frame  # noqa: PLC0415 - see above
    from martgate.stores.delta_log import build_arrow_types  # noqa: PLC0415 - see above

    judged = replace(table, columns=tuple(one for one in table.columns if not explain_unjudged_type(one.physical_type)))
    with spill_folder(None) as folder:
        file = Path(folder) / f"{table.name}.parquet"
        write_frame(data, file, build_arrow_types(judged))
        yield str(file)
