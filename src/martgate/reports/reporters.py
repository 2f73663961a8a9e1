"""The built-in reporters of the setting `report`: the whole site, the page of a run, or none."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from martgate.errors import CouldNotRun
from martgate.gate.run import RunRecord
from martgate.reports.paths import page_path, write_atomically
from martgate.reports.ports import ReportContext

__all__ = ["NO_REPORT", "RUN_PAGE", "SITE", "index_path"]


class NoReport:
    """Renders nothing; the runs are only recorded."""

    renders_once = False

    def page(self, record: RunRecord, context: ReportContext) -> str:
        del record, context
        return ""

    def render(self, records: Sequence[RunRecord], context: ReportContext) -> None:
        """Do nothing."""


class RunPage:
    """Renders the page of each run alone; rendering the site replaces it with the full page."""

    renders_once = False

    def page(self, record: RunRecord, context: ReportContext) -> str:
        return str(page_path(_site(context), record.candidate))

    def render(self, records: Sequence[RunRecord], context: ReportContext) -> None:
        from martgate.reports.run_page import render_run_page  # noqa: PLC0415 - only a page needs the template engine

        for record in records:
            _, table = context.catalog.find(record.table, record.date)
            write_atomically(
                page_path(_site(context), record.candidate),
                render_run_page(record, table, context.appearance),
            )


class Site:
    """Renders the whole site, Data Docs, of all records."""

    renders_once = True

    def page(self, record: RunRecord, context: ReportContext) -> str:
        return str(page_path(_site(context), record.candidate))

    def render(self, records: Sequence[RunRecord], context: ReportContext) -> None:
        """Render the site of all recorded runs in a process of its own.

        Importing Great Expectations costs seconds, and a page must never take the gate down.

        Raises:
            martgate.errors.CouldNotRun: A page could not be rendered; the other pages are.
        """
        del records  # the process reads them from their folder
        from martgate.reports.promises import to_json  # noqa: PLC0415 - only the site needs it

        promises, appearance = context.out / "promises.json", context.out / "appearance.json"
        write_atomically(promises, to_json(tuple(context.punctuality())))
        write_atomically(appearance, context.appearance.to_json())
        command = [sys.executable, "-m", "martgate.reports.datadocs", str(context.out / "runs"), str(_site(context))]
        command += ["--promises", str(promises), "--appearance", str(appearance)]
        for folder in context.contracts:
            command += ["--contracts", str(folder)]
        process = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
        if process.returncode:
            raise CouldNotRun(f"not all of the site could be rendered:\n{process.stderr.strip()[-2000:]}")


NO_REPORT, RUN_PAGE, SITE = NoReport(), RunPage(), Site()


def index_path(context: ReportContext) -> Path:
    """Return the path of the first page of the site."""
    return _site(context) / "index.html"


def _site(context: ReportContext) -> Path:
    return context.out / "site"
