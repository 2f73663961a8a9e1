"""Runs one command of martgate as a process, and reads its result."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile

from martgate.airflow.mart import Mart
from martgate.errors import Problem
from martgate.exits import ExitCode

__all__ = ["Command", "CommandResult"]


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command.

    Attributes:
        code: the exit code.
        payload: the JSON object that the command printed; empty if it died before.
    """

    code: int
    payload: Mapping[str, object]

    @property
    def is_final(self) -> bool:
        """Whether the same command would fail again: it was refused, or its input is invalid."""
        return self.code in (ExitCode.REFUSED, ExitCode.UNUSABLE)

    @property
    def failure(self) -> str:
        """Why the command failed, in its own messages, which quote no row."""
        errors, reasons = self.payload.get("errors"), self.payload.get("reasons")
        if isinstance(errors, list):
            reasons = [str(Problem(**error)).removeprefix(": ") for error in errors]
        lines = reasons if isinstance(reasons, list) else []
        return "\n".join(str(line) for line in lines) or f"ended with exit code {self.code}"


class Command:
    """A running command, in a process group of its own, since engines and browsers are processes below it."""

    def __init__(self, mart: Mart, *arguments: str) -> None:
        self._out = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by `wait`
        self._process = subprocess.Popen(  # noqa: S603 - our own module, by the interpreter that the DAG names
            [mart.python, "-m", "martgate", *arguments, "--json"],
            env=mart.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )

    def wait(self, progress: Callable[[str], None]) -> CommandResult:
        """Wait for the end; each line of progress and of errors is passed on as it comes."""
        output = self._process.stderr
        assert output is not None
        with self._out, self._process:
            for line in output:
                progress(line.rstrip())
            code = self._process.wait()
            self._out.seek(0)
            text = self._out.read()
        return CommandResult(code, json.loads(text) if text.strip() else {})

    def stop(self) -> None:
        """Stop the command and every process that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
