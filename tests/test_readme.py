"""The README's tour, command by command, in a project without data."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def tour() -> list[tuple[str, int]]:
    """Each command of the tour with the exit code its comment states (0 where none)."""
    blocks = re.findall(r"<!-- tour -->\n```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    split = [line.partition("# exit ") for line in lines]
    return [(command.strip(), int(code or 0)) for command, _, code in split]


def test_every_command_of_the_tour_does_what_it_says(tmp_path: Path, mart_project) -> None:
    mart_project(tmp_path)
    martgate = str(Path(sys.executable).with_name("martgate"))
    for command, expected in tour():
        program, *arguments = shlex.split(command)
        assert program == "martgate"
        done = subprocess.run([martgate, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == expected, f"{command}\n{done.stdout}\n{done.stderr}"
    assert len(tour()) > 8
    assert (tmp_path / "out" / "site" / "index.html").is_file()
