"""The import law can be broken, and says so: each fault is planted in a copy of the framework."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "martgate"


@pytest.fixture
def lint_imports(tmp_path):
    """lint_imports(file, text): what the law says after a line was added to a file of a copy; code and output."""
    shutil.copytree(SOURCE, tmp_path / "martgate", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def run(file: str = "", line: str = "") -> tuple[int, str]:
        if file:
            place = tmp_path / "martgate" / file
            place.parent.mkdir(exist_ok=True)
            text = place.read_text(encoding="utf-8") if place.exists() else ""
            place.write_text(f"{text}\n{line}\n", encoding="utf-8")
        command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
        environment = os.environ | {"PYTHONPATH": str(tmp_path), "COLUMNS": "200"}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


def test_the_framework_as_it_stands_keeps_the_law(lint_imports):
    code, output = lint_imports()
    assert code == 0, output


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("publish/run.py", "import deltalake", "martgate.publish.run -> deltalake"),
        ("contracts/day.py", "import duckdb", "martgate.contracts.day -> duckdb"),
        ("contracts/model.py", "from martgate.publish import run", "martgate.contracts is not allowed to import"),
        ("builders/ports.py", "from martgate.expectations import ports", "martgate.builders is not allowed to import"),
        ("attic/__init__.py", "", "martgate.attic"),
    ],
)
def test_a_planted_fault_is_named(lint_imports, file, line, broken):
    code, output = lint_imports(file, line)
    assert code == 1
    assert broken in " ".join(output.split()), output


def test_every_library_has_a_list_of_the_modules_that_may_import_it():
    law = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    listed = {name for contract in law if contract["type"] == "protected" for name in contract["protected_modules"]}
    ours = [file for file in SOURCE.rglob("*.py") if not file.is_relative_to(SOURCE / "project" / "starter" / "files")]
    imported = {name for file in ours for name in _imports(file)}
    assert imported - sys.stdlib_module_names - {"martgate"} == listed


def _imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found


CLOCK = Path("project/clock.py")
READS_TIME = {f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")} | {"datetime.date.today"}
READS_TIME |= {f"time.{name}" for name in ("time", "time_ns", "localtime", "gmtime", "ctime", "clock_gettime")}


def test_the_time_is_read_in_one_module():
    """`perf_counter` measures how long something takes, and says nothing of when it is."""
    readers = {file.relative_to(SOURCE) for file in SOURCE.rglob("*.py") if _reads_time(file.read_text("utf-8"))}
    assert readers == {CLOCK}


@pytest.mark.parametrize(
    "text",
    [
        "from datetime import datetime\ndatetime.now()",
        "import datetime as dt\ndt.datetime.now(dt.UTC)",
        "from datetime import date\ndate.today()",
        "import time\ntime.time()",
        "from time import time_ns\ntime_ns()",
    ],
)
def test_each_way_to_read_the_time_is_seen(text):
    assert _reads_time(text)


def _reads_time(text: str) -> bool:
    """Whether a module uses a function of `time`, `datetime` or `date` that says what time it is."""
    names: dict[str, str] = {}
    for node in ast.walk(tree := ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    uses = (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name))
    return any(names.get(head, "") + dot + rest in READS_TIME for head, dot, rest in (u.partition(".") for u in uses))
