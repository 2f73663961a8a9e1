"""Runs one command of martgate as a task, and translates its exit code to a state of Airflow.

Exit codes 1 (refused) and 2 (invalid input) fail the task at once, since a retry would give the same. Exit code 3
(could not run), or a crash, is an ordinary error, which Airflow retries as often as the task's `retries` allow.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from airflow.sdk import Asset, BaseOperator, BaseSensorOperator, Context, XComArg
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from martgate.airflow.command import Command, CommandResult
from martgate.airflow.mart import Mart
from martgate.airflow.schedule import last_complete_day
from martgate.contracts.day import parse_day
from martgate.errors import CouldNotRun
from martgate.exits import ExitCode

__all__ = [
    "BuildOperator",
    "DocsOperator",
    "GateOperator",
    "PublishOperator",
    "RunOperator",
    "UpstreamsSensor",
]

_SUMMARY = (
    "table",
    "date",
    "candidate",
    "decision",
    "published_version",
    "rows",
    "rules",
    "passed",
    "failed",
    "errors",
    "vacuous",
    "waived",
    "report",
    "site",
)
"""The keys that tasks return and add to events of an asset: counts and names. Verdicts stay in report and ledger."""


class _MartgateOperator(BaseOperator):
    """Base of all operators: the project, and a running command that is stopped with the task.

    Args:
        mart: the project; by default that of the task's environment. Tasks that share one read its contracts once.
    """

    def __init__(self, *, mart: Mart | None = None, **arguments: Any) -> None:
        super().__init__(multiple_outputs=True, **arguments)
        self.mart = mart or Mart()
        self._command: Command | None = None

    def run_command(self, *arguments: str) -> CommandResult:
        """Run a command and return its result, whatever it is."""
        self._command = Command(self.mart, *arguments)
        return self._command.wait(self.log.info)

    def run_checked(self, *arguments: str) -> dict[str, Any]:
        """Run a command that has to succeed, and return the summary of its result.

        Raises:
            AirflowFailException: it was refused, or its input is invalid.
            martgate.errors.CouldNotRun: it could not run.
        """
        return _summary(self.run_command(*arguments), arguments)

    def on_kill(self) -> None:
        if self._command:
            self._command.stop()


def _summary(result: CommandResult, arguments: tuple[str, ...]) -> dict[str, Any]:
    if result.code == ExitCode.DONE:
        return {key: result.payload[key] for key in _SUMMARY if key in result.payload}
    message = f"martgate {' '.join(arguments)}: {result.failure}"
    raise AirflowFailException(message) if result.is_final else CouldNotRun(message)


class _TableOperator(_MartgateOperator):
    """Base of the commands about one table and day.

    Args:
        table: its short or qualified name.
        date: the day, YYYY-MM-DD, a template; by default the last day that is over in the contract's zone at the end of
            the run's data interval. A table by the week or month is skipped on every day except the last of its period.

    Raises:
        martgate.errors.InvalidInput: there is no contract for the table.
    """

    template_fields: Sequence[str] = ("date",)

    def __init__(self, *, table: str, date: str = "", **arguments: Any) -> None:
        super().__init__(**arguments)
        contract, version = self.mart.find(table)
        self.table = version.qualified_name
        self.date = date
        self.zone = contract.zone
        self.period = version.publish_period

    def arguments(self, context: Context) -> tuple[str, ...]:
        """Build the command's arguments for table and day; a week or month is named by its first day."""
        day = self._day(context)
        if self.period.last(day) != day:
            reason = f"it is published by the {self.period}, and this one ends on {self.period.last(day)}"
            raise AirflowSkipException(f"{self.table}: {reason}")
        return self.table, "--date", self.period.first(day).isoformat()

    def _day(self, context: Context) -> date:
        if self.date:
            day = parse_day(self.date)
            if day is None:
                raise AirflowFailException(f"{self.date!r} is not a day; write it as YYYY-MM-DD, as in 2024-01-01")
            return day
        end = context.get("data_interval_end")
        if end is None:
            raise AirflowFailException("the run has no data interval, so its day is unknown; give the task a date")
        return last_complete_day(end, self.zone)


class UpstreamsSensor(_TableOperator, BaseSensorOperator):
    """Waits until all inputs of a table's model are there for the day; it frees its worker between checks."""

    def __init__(
        self, *, mode: str = "reschedule", poke_interval: timedelta | float = timedelta(minutes=5), **arguments: Any
    ) -> None:
        super().__init__(mode=mode, poke_interval=poke_interval, **arguments)

    def poke(self, context: Context) -> bool:
        arguments = ("upstreams", *self.arguments(context))
        result = self.run_command(*arguments)
        missing = result.payload.get("missing")
        if result.code == ExitCode.COULD_NOT_RUN and isinstance(missing, list):
            for reason in missing:
                self.log.info("not there yet: %s", reason)
            return False
        _summary(result, arguments)
        return True


class _StepOperator(_TableOperator):
    """Base of the steps of a table's day, each the command of its name."""

    command: ClassVar[str]

    def execute(self, context: Context) -> dict[str, Any]:
        return self.run_checked(self.command, *self.arguments(context))


class _CandidateOperator(_StepOperator):
    """Base of the steps about one candidate.

    Args:
        candidate: its id, a template or the output of a task; by default the newest of the day.
    """

    template_fields: Sequence[str] = (*_StepOperator.template_fields, "candidate")

    def __init__(self, *, candidate: str | XComArg = "", **arguments: Any) -> None:
        super().__init__(**arguments)
        self.candidate = candidate

    def arguments(self, context: Context) -> tuple[str, ...]:
        named = ("--candidate", str(self.candidate)) if self.candidate else ()
        return (*super().arguments(context), *named)


class _PublishingOperator(_StepOperator):
    """Base of the steps that publish: the summary is added to an event of the table's asset."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.asset = Asset(f"martgate://{self.table.replace('.', '/')}")
        self.outlets: list[Any] = [*self.outlets, self.asset]

    def execute(self, context: Context) -> dict[str, Any]:
        summary = super().execute(context)
        context["outlet_events"][self.asset].extra.update(summary)
        return summary


class BuildOperator(_StepOperator):
    """Checks the upstreams and stages a candidate, which readers cannot see."""

    command = "build"


class GateOperator(_CandidateOperator):
    """Audits and judges a staged candidate; a refusal fails the task at once."""

    command = "gate"


class PublishOperator(_CandidateOperator, _PublishingOperator):
    """Publishes a candidate that the gate approved."""

    command = "publish"


class RunOperator(_PublishingOperator):
    """Checks, builds, gates and publishes in one task."""

    command = "run"


class DocsOperator(_MartgateOperator):
    """Draws the whole site again; as a teardown it also covers refused runs, and does not hide a failed task."""

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - Airflow's own signature
        return self.run_checked("docs")
