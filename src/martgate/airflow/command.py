"""One command of martgate, from its start to what it said."""

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
    """What a command said: its exit code, and its one JSON object, empty where it died without a word."""

    code: int
    told: Mapping[str, object]

    @property
    def is_final(self) -> bool:
        """Whether the same command would say the same again: refused, or unusable."""
        return self.code in (ExitCode.REFUSED, ExitCode.UNUSABLE)

    @property
    def trouble(self) -> str:
        """Why it was not done, in martgate's own words, which quote no row."""
        errors, reasons = self.told.get("errors"), self.told.get("reasons")
        if isinstance(errors, list):
            reasons = [str(Problem(**error)).removeprefix(": ") for error in errors]
        lines = reasons if isinstance(reasons, list) else []
        return "\n".join(str(line) for line in lines) or f"ended with exit code {self.code}"


class Command:
    """A command that runs, in a group of processes of its own: an engine and a page may be processes below it."""

    def __init__(self, mart: Mart, *arguments: str) -> None:
        self._out = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by `answer`
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

    def answer(self, progress: Callable[[str], None]) -> CommandResult:
        """Wait for the end; each line of its progress and complaints is said as it comes."""
        told = self._process.stderr
        assert told is not None
        with self._out, self._process:
            for line in told:
                progress(line.rstrip())
            code = self._process.wait()
            self._out.seek(0)
            text = self._out.read()
        return CommandResult(code, json.loads(text) if text.strip() else {})

    def stop(self) -> None:
        """End it, and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
