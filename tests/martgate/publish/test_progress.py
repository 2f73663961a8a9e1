"""What somebody at a terminal sees while a command works, and what a program that reads its output does not."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from martgate.project.progress import show_progress

MARTGATE = str(Path(sys.executable).with_name("martgate"))


def told(folder: Path, stderr: int) -> bytes:
    """Stdout of a command of some seconds, its stderr given to `stderr`."""
    command = [MARTGATE, "sample", "--out", "up", "--members", "300", "--date", "2024-01-01"]
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=stderr, check=True).stdout


def test_a_terminal_is_told_each_step_on_stderr_and_stdout_stays_clean(tmp_path: Path, mart_project) -> None:
    reader, writer = pty.openpty()
    try:
        out = told(mart_project(tmp_path), writer)
        os.set_blocking(reader, False)
        seen = os.read(reader, 1_000_000).decode("utf-8", "replace")
    finally:
        os.close(writer)
        os.close(reader)
    assert "writing we" in seen  # which of the twelve, is a matter of when the line is drawn
    assert b"writing" not in out
    assert b"\x1b" not in out


def test_whoever_is_no_terminal_is_told_nothing_on_the_way(tmp_path: Path, mart_project) -> None:
    log = tmp_path / "stderr"
    with log.open("wb") as stderr:
        told(mart_project(tmp_path), stderr.fileno())
    assert log.read_bytes() == b""


def test_what_lasts_is_read_by_everybody_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for is_terminal in (True, False):
        stderr = io.StringIO()
        stderr.isatty = lambda is_terminal=is_terminal: is_terminal
        monkeypatch.setattr(sys, "stderr", stderr)
        with show_progress() as progress:
            progress("s.base replaces [bold] 3 rows", lasting=True)
            progress("publishing")
        assert "s.base replaces [bold] 3 rows\n" in stderr.getvalue()
