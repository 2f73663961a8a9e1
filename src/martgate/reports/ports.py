"""What a reporter is given, and what it has to do."""

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
    """What a reporter may look at beside the runs.

    Attributes:
        out: the folder of everything that is generated. The records of all runs are in it, as `runs/*.json`.
        contracts: the folders of contracts.
        catalog: the contracts that the runs were judged by.
        appearance: what the project sets of the look of its pages.
        punctuality: of each table that a model makes, whether the promises about time are kept.
    """

    out: Path
    contracts: Sequence[Path]
    catalog: Catalog
    appearance: Appearance
    punctuality: Callable[[], Sequence[Punctuality]]


class Reporter(Protocol):
    """Renders runs that are decided and recorded; it decides nothing, and a failure of it changes no decision.

    It is registered by an entry point of the group `martgate.reporters`; the setting `report` names it. Values of
    protected columns are in no record.
    """

    @property
    def renders_once(self) -> bool:
        """Whether several runs of one command are rendered together, after the last; otherwise each as it ends.

        For what costs seconds, or shows all runs together. Such runs are shown without their page.
        """

    def page(self, record: RunRecord, context: ReportContext) -> str:
        """Where the report of a run will be, for the run to be shown with it; empty where it has no place of its own."""

    def render(self, records: Sequence[RunRecord], context: ReportContext) -> None:
        """Render the runs that have just ended; nothing may be written to stdout, which is for programs.

        Raises:
            martgate.errors.CouldNotRun: the report could not be written; the message is shown.
        """
