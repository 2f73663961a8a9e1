"""The shell commands in docs/scheduling.md: the day in Seoul, and retries."""

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "scheduling.md").read_text(encoding="utf-8")


def yesterday() -> str:
    return (datetime.now(UTC).astimezone(ZoneInfo("Asia/Seoul")) - timedelta(days=1)).date().isoformat()


def test_the_cron_line_computes_the_last_day_in_seoul_and_is_a_valid_command():
    from martgate.cli.publishing import run

    (line,) = re.findall(r"^0 3 \* \* \* (.*)$", TEXT, re.MULTILINE)
    command = re.search(r"martgate (run .*?) >>", line.replace(r"\%", "%"))[1]
    before = yesterday()
    output = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {command}"], capture_output=True, text=True, check=True
    ).stdout
    name, *arguments = output.split()
    context = run.make_context(name, arguments)
    assert context.params["day"].isoformat() in {before, yesterday()}
    assert context.params["selectors"] == ("wv_comm_user+",)


@pytest.mark.parametrize(
    ("codes", "ended", "calls"),
    [
        ("0 0", 0, ["upstreams", "run"]),
        ("3 0 1", 1, ["upstreams", "upstreams", "run"]),
        ("2", 2, ["upstreams"]),
        ("0 3 0 0", 0, ["upstreams", "run", "upstreams", "run"]),
        ("3 3 3 3 3 3", 3, ["upstreams"] * 6),
    ],
)
def test_the_script_retries_only_commands_that_could_not_run(tmp_path, codes, ended, calls):
    (script,) = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "codes").write_text("\n".join(codes.split()) + "\n")
    programs = {
        "martgate": f"echo $1 >>{tmp_path}/calls; code=$(head -1 {tmp_path}/codes); sed -i 1d {tmp_path}/codes; exit $code",
        "sleep": "true",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", script], check=False, env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    )
    assert (done.returncode, (tmp_path / "calls").read_text().split()) == (ended, calls)
