"""What `import martgate` gives, what it costs, and that nothing of a user's own stands in its way."""

import importlib
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

import martgate
from martgate.project.starter import write_starter

ROOT = Path(__file__).parents[2]

OWN = ("contracts", "builders", "expectations", "reports", "tests")
"""Folders of a project that are packages of the user's own, too."""


def test_the_public_names_are_these_and_each_is_there() -> None:
    assert martgate.__all__ == [
        "CheckResult",
        "ChecksFailed",
        "Contract",
        "CouldNotRun",
        "ExitCode",
        "InvalidInput",
        "MartgateError",
        "Problem",
        "Project",
        "__version__",
        "check",
        "read_contract",
    ]
    assert all(hasattr(martgate, name) for name in martgate.__all__)


def test_no_other_public_name_can_be_imported_but_modules() -> None:
    fresh = importlib.import_module("martgate")
    modules = {name for name, value in vars(fresh).items() if type(value) is type(sys)}
    assert {name for name in vars(fresh) if not name.startswith("_")} - modules <= {*martgate.__all__}
    with pytest.raises(AttributeError, match="has no attribute 'chek'"):
        martgate.chek  # noqa: B018


def test_the_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert martgate.__version__ == project["version"]


def test_importing_it_imports_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; before = set(sys.modules); import martgate; new = {n.split('.')[0] for n in sys.modules} - before; "
        "sys.exit(str(sorted(new - sys.stdlib_module_names - {'martgate'})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose folders are packages that cannot be imported."""
    write_starter(tmp_path)
    for name in OWN:
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "__init__.py").write_text(f"raise RuntimeError('{name} was imported')\n")
    return tmp_path


def python(*arguments: str, folder: Path, **environment: str) -> tuple[int, str]:
    """Run this interpreter in a folder: its exit code, and what it says."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    return done.returncode, done.stdout + done.stderr


COMMANDS: Sequence[list[str]] = [["-m", "martgate"], [str(Path(sys.executable).with_name("martgate"))]]


@pytest.mark.parametrize("before", COMMANDS, ids=["module", "script"])
@pytest.mark.parametrize("named", [False, True], ids=["here", "first on the path"])
def test_a_command_runs_beside_packages_of_the_users_own(before: list[str], named: bool, project: Path) -> None:
    path = {"PYTHONPATH": str(project)} if named else {}
    assert python(*before, "lint", folder=project, **path) == (0, "no errors in 3 files\n")
    code, told = python(
        *before, "sample", "--out", "up", "--date", "2024-01-01", "--orders", "9", folder=project, **path
    )
    assert (code, "till.receipts" in told) == (0, True), told


@pytest.mark.parametrize("place", ["insert(0, here)", "append(here)"])
def test_it_is_imported_with_packages_of_the_users_own_on_either_end_of_the_path(place: str, project: Path) -> None:
    code = (
        f"import sys; here = sys.argv[1]; sys.path.{place}; import martgate; from martgate.cli.main import call; "
        "sys.exit(call(['coverage', 'orders']))"
    )
    folder = project / "elsewhere"
    folder.mkdir()
    exit_code, told = python("-c", code, str(project), folder=folder, MARTGATE_PROJECT=str(project))
    assert (exit_code, "0 unsupported" in told) == (0, True), told


def test_it_runs_in_a_test_of_the_users_own_project(project: Path) -> None:
    (project / "test_orders.py").write_text(
        "from martgate.cli.main import call\n\ndef test_the_contracts_are_sound():\n    assert call(['lint']) == 0\n"
    )
    (project / "pytest.ini").write_text("[pytest]\n")
    arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_orders.py"]
    code, told = python(*arguments, folder=project)
    assert (code, "1 passed" in told) == (0, True), told
