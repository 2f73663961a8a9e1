"""One command of martgate a task. What it says by its exit code, Airflow hears as a state.

Refused (1) and unusable (2) fail at once: trying again would say the same. What could not run (3), or died, is an
ordinary error, which Airflow tries again as often as the task's `retries` say.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from airflow.sdk import Asset, BaseOperator, BaseSensorOperator, Context, XComArg
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from martgate.airflow.command import Command, CommandResult
from martgate.airflow.mart import Mart
from martgate.airflow.nights import last_complete_day
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
"""What tasks tell each other and the readers of an asset: counts and names. Verdicts stay in report and ledger."""


class _MartgateOperator(BaseOperator):
    """What all share: the project, and one running command that ends with the task.

    Args:
        mart: the project; by default that of the task's environment. Tasks that share one read its contracts once.
    """

    def __init__(self, *, mart: Mart | None = None, **arguments: Any) -> None:
        super().__init__(multiple_outputs=True, **arguments)
        self.mart = mart or Mart()
        self._command: Command | None = None

    def call(self, *arguments: str) -> CommandResult:
        """What a command says, whatever it is."""
        self._command = Command(self.mart, *arguments)
        return self._command.answer(self.log.info)

    def demand(self, *arguments: str) -> dict[str, Any]:
        """The summary of a command that did what it should.

        Raises:
            AirflowFailException: it was refused, or is unusable.
            martgate.errors.CouldNotRun: it could not run.
        """
        return _summary(self.call(*arguments), arguments)

    def on_kill(self) -> None:
        if self._command:
            self._command.stop()


def _summary(answer: CommandResult, arguments: tuple[str, ...]) -> dict[str, Any]:
    if answer.code == ExitCode.DONE:
        return {key: answer.told[key] for key in _SUMMARY if key in answer.told}
    told = f"martgate {' '.join(arguments)}: {answer.trouble}"
    raise AirflowFailException(told) if answer.is_final else CouldNotRun(told)


class _TableOperator(_MartgateOperator):
    """A command about one table and day.

    Args:
        table: its short or qualified name.
        date: the day, YYYY-MM-DD, a template; without one, the last that is over in the contract's zone when the run's
            data interval ends. A table by the week or month is skipped on all days but the last of its period.

    Raises:
        martgate.errors.InvalidInput: there is no contract for the table.
    """

    template_fields: Sequence[str] = ("date",)

    def __init__(self, *, table: str, date: str = "", **arguments: Any) -> None:
        super().__init__(**arguments)
        contract, found = self.mart.find(table)
        self.table = found.qualified_name
        self.date = date
        self.zone = contract.zone
        self.period = found.publish_period

    def arguments(self, context: Context) -> tuple[str, ...]:
        """Table and day, as every command takes them; of a week or month, its first day."""
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
            raise AirflowFailException("the run has no data interval, so it is of no day: give the task a date")
        return last_complete_day(end, self.zone)


class UpstreamsSensor(_TableOperator, BaseSensorOperator):
    """Waits until all inputs of a table's model are there for the day; between two looks it holds no worker."""

    def __init__(
        self, *, mode: str = "reschedule", poke_interval: timedelta | float = timedelta(minutes=5), **arguments: Any
    ) -> None:
        super().__init__(mode=mode, poke_interval=poke_interval, **arguments)

    def poke(self, context: Context) -> bool:
        arguments = ("upstreams", *self.arguments(context))
        answer = self.call(*arguments)
        missing = answer.told.get("missing")
        if answer.code == ExitCode.COULD_NOT_RUN and isinstance(missing, list):
            for reason in missing:
                self.log.info("not there yet: %s", reason)
            return False
        _summary(answer, arguments)
        return True


class _StepOperator(_TableOperator):
    """One step of the life of a table's day: a command of that name."""

    command: ClassVar[str]

    def execute(self, context: Context) -> dict[str, Any]:
        return self.demand(self.command, *self.arguments(context))


class _CandidateOperator(_StepOperator):
    """A step of one candidate.

    Args:
        candidate: its id, a template or what a task returned; without one, the newest of the day.
    """

    template_fields: Sequence[str] = (*_StepOperator.template_fields, "candidate")

    def __init__(self, *, candidate: str | XComArg = "", **arguments: Any) -> None:
        super().__init__(**arguments)
        self.candidate = candidate

    def arguments(self, context: Context) -> tuple[str, ...]:
        named = ("--candidate", str(self.candidate)) if self.candidate else ()
        return (*super().arguments(context), *named)


class _PublishingOperator(_StepOperator):
    """A step that publishes: an event of the table's asset tells the summary."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.asset = Asset(f"martgate://{self.table.replace('.', '/')}")
        self.outlets: list[Any] = [*self.outlets, self.asset]

    def execute(self, context: Context) -> dict[str, Any]:
        told = super().execute(context)
        context["outlet_events"][self.asset].extra.update(told)
        return told


class BuildOperator(_StepOperator):
    """Checks the upstreams and stages a candidate, which nobody sees."""

    command = "build"


class GateOperator(_CandidateOperator):
    """Audits and judges a staged candidate; a refusal fails at once."""

    command = "gate"


class PublishOperator(_CandidateOperator, _PublishingOperator):
    """Publishes a candidate that the gate approved."""

    command = "publish"


class RunOperator(_PublishingOperator):
    """All of it in one task: checks, builds, gates, and publishes or fails."""

    command = "run"


class DocsOperator(_MartgateOperator):
    """Draws the whole site anew; as a teardown it tells of a refused night, too, and takes no failure of a run away."""

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - Airflow's own signature
        return self.demand("docs")
