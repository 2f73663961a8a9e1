"""The port of reporters: the protocol that they implement and the context that they get."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from martgate.contracts.catalog import Catalog
from martgate.expectations.promises import Punctuality
from martgate.gate.run import RunRecord
from martgate.reports.appearance import Appearance

__all__ = ["ReportContext", "Reporter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContext:
    """The context of a reporter.

    Attributes:
        out: The folder for all generated files. It holds the records of all runs as `runs/*.json`.
        contracts: The folders of contracts.
        catalog: The contracts of the runs.
        appearance: The look that the project sets for its pages.
        punctuality: Assesses the SLAs about time of each table that a model makes.
    """

    out: Path
    contracts: Sequence[Path]
    catalog: Catalog
    appearance: Appearance
    punctuality: Callable[[], Sequence[Punctuality]]


class Reporter(Protocol):
    """Renders runs that are already decided and recorded; a failure of a reporter changes no decision.

    A reporter is registered by an entry point of the group `martgate.reporters`, and the setting `report` names it.
    Records contain no values of protected columns.
    """

    @property
    def renders_once(self) -> bool:
        """Whether the runs of one command are rendered together after the last one, instead of each as it ends.

        This suits a reporter that costs seconds or shows all runs together. The terminal then shows such runs without
        the path of their page.
        """

    def page(self, record: RunRecord, context: ReportContext) -> str:
        """Return the path or address of the report of a run; empty where it has none of its own."""

    def render(self, records: Sequence[RunRecord], context: ReportContext) -> None:
        """Render the runs that have just ended, without writing to stdout, which is for programs.

        Raises:
            martgate.errors.CouldNotRun: The report could not be written; the message is shown.
        """
