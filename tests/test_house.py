"""The house as a whole: what importing costs, and whose the rooms' names are."""

import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

HEAVY = ("duckdb", "pyspark", "great_expectations", "pandas", "deltalake", "pyarrow", "sqlalchemy", "pydantic", "rich")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["config"]])
def test_help_and_settings_import_no_heavy_library(arguments: list[str]) -> None:
    probe = (
        "import sys; from martgate.cli import call; code = call(sys.argv[1:]); "
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]; sys.exit(str(heavy) if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", probe, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("room", ["martgate", "contracts", "builders", "expectations", "reports"])
def test_no_other_distribution_claims_a_room(room: str) -> None:
    assert set(packages_distributions().get(room, ["martgate"])) == {"martgate"}
