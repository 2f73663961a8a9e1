"""A project in Python: the steps of its commands, each as one call that returns what the command prints."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from martgate.api.days import Date, read_day
from martgate.errors import InvalidInput
from martgate.gate.receipt import TableHistory, VerificationResult
from martgate.gate.run import RunRecord
from martgate.project.clock import system_clock
from martgate.project.context import Context
from martgate.project.requests import load_publish_request, load_publish_requests
from martgate.project.settings import Settings, load_settings
from martgate.project.wiring import open_context
from martgate.publish import run as run_module
from martgate.publish.backfill import backfill, list_partition_days
from martgate.publish.inputs import gate_input
from martgate.publish.receipts import read_history
from martgate.publish.selection import TableRun
from martgate.publish.verification import verify

__all__ = ["Project"]


@dataclass(frozen=True, slots=True)
class Project:
    """A project: its contracts, models and settings, and the steps from upstreams to a published day.

    Every step records in the ledger what it did, and draws pages as the setting `report` says, as its command does. An
    instance can be used many times, and holds nothing open between two calls.

    Attributes:
        settings: the settings in effect.
        now: the clock of every step.
    """

    settings: Settings
    now: Callable[[], dt.datetime] = field(default=system_clock, repr=False)

    @classmethod
    def load(cls, folder: str | Path | None = None, **settings: object) -> "Project":
        """Load a project.

        Args:
            folder: the folder of `martgate.toml`; None for the nearest from the working folder upwards.
            **settings: settings to use instead of those of the file and the environment, such as `out="/tmp/out"`.

        Raises:
            martgate.InvalidInput: there is no project, or with every setting that is not valid.
        """
        return cls(load_settings(Path(folder) if folder is not None else None, settings))

    def run(self, table: str, date: Date, *, dry_run: bool = False) -> RunRecord:
        """Check the upstreams of a table, build and audit it for one day, then publish it or refuse.

        Args:
            table: the table.
            date: the day.
            dry_run: do everything but publish.

        Returns:
            The record of the run: its `decision`, the `reasons` of a refusal, its `audit`, and the `published_version`.

        Raises:
            martgate.InvalidInput: there is no such table, no model makes it, or its contract has problems.
            martgate.CouldNotRun: an upstream is missing, or an engine or the store failed.
        """
        with self._open() as context:
            request = load_publish_request(self.settings, context, table, read_day(date))
            return run_module.run(request, context, dry_run=dry_run)

    def gate(self, table: str, date: Date | None = None, *, input: str | Path | None = None) -> RunRecord:  # noqa: A002 - as the option
        """Audit the newest candidate of a day, or any data, and decide whether it may be published.

        Args:
            table: the table.
            date: the day; needed for a candidate.
            input: the path of a Parquet file, a folder of them or a Delta table, to audit instead of a candidate.

        Raises:
            martgate.InvalidInput: there is no such table, its contract has problems, or neither day nor data is given.
            martgate.CouldNotRun: there is no candidate or no data, or it cannot be read.
        """
        day = None if date is None else read_day(date)
        with self._open() as context:
            if input is not None:
                return gate_input(context, table, str(input), day)
            if day is None:
                raise InvalidInput("give the date of a candidate, or input= for other data")
            return run_module.gate(load_publish_request(self.settings, context, table, day), context)

    def publish(self, table: str, date: Date) -> RunRecord:
        """Publish the newest candidate of a day, if the gate approved it and nothing has changed since.

        Returns:
            The record of the run. It is refused, with the reason, if there is no such candidate.

        Raises:
            martgate.InvalidInput: there is no such table, or no model makes it.
            martgate.CouldNotRun: the store failed.
        """
        with self._open() as context:
            request = load_publish_request(self.settings, context, table, read_day(date), judges=False)
            return run_module.publish(request, context)

    def backfill(
        self, table: str, first: Date, last: Date, *, keep_going: bool = False, again: bool = False
    ) -> tuple[TableRun, ...]:
        """Publish a table for many days, the earliest first; days that are published already are skipped.

        Args:
            table: the table.
            first: the first day.
            last: the last day, included.
            keep_going: continue after a day that was not published.
            again: also publish the days that are published already.

        Raises:
            martgate.InvalidInput: there is no such table, its contract has problems, or a day has not ended.
        """
        with self._open() as context:
            days = list_partition_days(context.catalog.find(table)[1], read_day(first), read_day(last))
            requests = load_publish_requests(self.settings, context, table, days)
            return tuple(backfill(requests, context, keep_going=keep_going, again=again))

    def history(self, table: str, first: Date = dt.date.min, last: Date = dt.date.max) -> TableHistory:
        """Read which days of a table were published, each with its receipts and what readers see now.

        Raises:
            martgate.InvalidInput: there is no such table.
            martgate.CouldNotRun: the ledger or the table cannot be read.
        """
        with self._open() as context:
            found = context.catalog.find(table)[1]
            return read_history(found, context, since=read_day(first), until=read_day(last))

    def verify(self, table: str, date: Date | None = None) -> tuple[VerificationResult, ...]:
        """Verify what readers of a table see, day by day, against receipts and verdicts; a broken day has `problems`.

        Raises:
            martgate.InvalidInput: there is no such table.
            martgate.CouldNotRun: the ledger or the table cannot be read.
        """
        with self._open() as context:
            return verify(context.catalog.find(table)[1], context, None if date is None else read_day(date))

    def _open(self) -> AbstractContextManager[Context]:
        return open_context(self.settings, now=self.now)
