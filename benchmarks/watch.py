"""Measures the time and the peak memory of a command, including all processes that it starts."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["Cost", "Limits", "measure_cost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of all processes together, in seconds and bytes; a command that exceeds one is killed."""

    seconds: float = float("inf")
    memory: float = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Cost of a command, in seconds and bytes.

    Attributes:
        code: the exit code.
        output: the standard output.
        wall: elapsed seconds.
        cpu: CPU seconds.
        peak_memory: the peak memory.
        peak_folder: the peak size of the watched folder.
        stopped: the limits that the command exceeded; empty if it was not killed.
    """

    code: int
    output: str
    wall: float
    cpu: float
    peak_memory: int
    peak_folder: int
    stopped: str


def measure_cost(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    limits: Limits = Limits(),  # noqa: B008 - it is frozen
    environment: Mapping[str, str] | None = None,
) -> Cost:
    """Run a command and measure its cost; its standard error is passed through.

    Args:
        command: the program and its arguments.
        folder: a folder whose peak size is measured.
        limits: the limits at which the command is killed.
        environment: the environment variables; those of this process if None.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=out, env=environment, start_new_session=True)  # noqa: S603 - ours
        watch = _Watch(psutil.Process(process.pid), folder, limits)
        watch.start()
        _, status, used = os.wait4(
            process.pid, 0
        )  # exact, but without children that were not waited for, such as a JVM
        process.returncode = os.waitstatus_to_exitcode(status)
        wall, seen = time.monotonic() - began, watch.stop()
        out.seek(0)
        return Cost(
            code=process.returncode,
            output=out.read(),
            wall=wall,
            cpu=max(used.ru_utime + used.ru_stime, seen),
            peak_memory=watch.peak_memory,
            peak_folder=watch.peak_folder,
            stopped=watch.stopped,
        )


class _Watch(threading.Thread):
    """Thread that samples a process tree three times a second: CPU seconds, memory, size of a folder."""

    def __init__(self, process: psutil.Process, folder: Path | None, limits: Limits) -> None:
        super().__init__(daemon=True)
        self._process, self._folder, self._limits = process, folder, limits
        self._ended, self._began = threading.Event(), time.monotonic()
        self._seconds: dict[int, float] = {}
        self.peak_memory = self.peak_folder = 0
        self.stopped = ""

    def run(self) -> None:
        while not self._ended.wait(0.3):
            self._sample()
            over = [
                *(["time"] if time.monotonic() - self._began > self._limits.seconds else []),
                *(["memory"] if self.peak_memory > self._limits.memory else []),
            ]
            if over:
                self.stopped = " and ".join(over)
                for one in self._tree():
                    with suppress(psutil.NoSuchProcess):
                        one.kill()

    def _sample(self) -> None:
        memory = 0
        self.peak_memory = max(self.peak_memory, _high_water(self._process.pid))
        for one in self._tree():
            try:
                with one.oneshot():
                    # The proportional size: a JVM that forks shares pages with the child, which must not count twice.
                    times, resident = one.cpu_times(), one.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            self._seconds[one.pid] = times.user + times.system
            memory += resident
        self.peak_memory = max(self.peak_memory, memory)
        self.peak_folder = max(self.peak_folder, sum(_sizes(self._folder)) if self._folder else 0)

    def _tree(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def stop(self) -> float:
        """Stop sampling and return the CPU seconds of the process tree."""
        self._ended.set()
        self.join()
        return sum(self._seconds.values())


def _high_water(process: int) -> int:
    """Read the peak memory of one process, also between samples and, unlike in rusage, without that of its parent."""
    try:
        status = Path("/proc", str(process), "status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _sizes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        try:
            yield path.stat().st_size
        except FileNotFoundError:  # spill files come and go
            continue
