"""Lists the tools, their scripts, and their environments, which uv installs once with pinned versions.

A comment explains each version that is older than the latest; newer ones were seen to fail.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RUNNERS", "SETTINGS", "Runner", "python_of"]

_DATA = ("pyarrow==26.0.1",)
ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "polars": ("polars==2.1.0", "dataframely==3.1.2", "pandera[polars]==0.35.0", *_DATA),
    "soda": ("soda-duckdb==4.28.0", "duckdb==2.0.0", *_DATA),
    "gx": (
        "great-expectations==1.24.1",
        "marshmallow==3.26.2",  # 4 cannot serialize results with a numpy boolean
        "sqlalchemy==2.0.58",  # with 2.1, duckdb-engine cannot reflect a table
        "duckdb-engine==0.17.0",
        "duckdb==2.0.0",
        "pandas==2.3.3",
        *_DATA,
    ),
    "gx-spark": (
        "great-expectations==1.24.1",
        "marshmallow==3.26.2",
        "pyspark==4.1.4",  # the latest that great-expectations 1.24 supports
        "pandas==2.3.3",
        *_DATA,
    ),
    "spark": (
        "pyspark==4.3.0",
        "pandera[pyspark]==0.35.0",
        "databricks-labs-dqx==0.17.0",
        "pandas==2.3.3",  # with 3, pyspark.pandas, which pandera imports, fails; dqx needs pandas without declaring it
        *_DATA,
    ),
    "cuallee": (
        "cuallee==0.15.4",
        "duckdb==1.2.0",
        "numpy==2.4.6",
        "pandas==2.3.3",
        "pytz",
        *_DATA,
    ),  # cuallee pins this DuckDB
    "pointblank": ("pointblank==1.1.1", "polars==2.1.0", *_DATA),
}
"""Requirements by environment; the empty name is the environment of this project."""


SETTINGS = {
    "GX_ANALYTICS_ENABLED": "false",
    "SODA_TELEMETRY_ENABLED": "false",
    "PANDERA_VALIDATION_DEPTH": "SCHEMA_AND_DATA",  # the default checks only the schema of lazy frames
}
"""Environment variables of all runs."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Tool to compare.

    Attributes:
        script: the name of the script in `peers/`.
        variant: its argument.
        environment: the environment that it runs in.
        versions: the description in the report.
    """

    script: str
    variant: str = ""
    environment: str = ""
    versions: str = ""


RUNNERS: dict[str, Runner] = {
    "limit-read": Runner("limit_duckdb", "read", versions="DuckDB 2.0.0: max() of every column"),
    "limit-duckdb": Runner("limit_duckdb", "rules", versions="DuckDB 2.0.0, by hand"),
    "limit-polars": Runner("limit_polars", environment="polars", versions="Polars 2.1.0, by hand"),
    "limit-spark": Runner("limit_spark", versions="Spark 4.3.0, by hand"),
    "ours-duckdb": Runner("ours", "duckdb", versions="DuckDB 2.0.0"),
    "ours-written": Runner("ours_written", versions="DuckDB 2.0.0, its own files, statistics believed"),
    "ours-spark": Runner("ours", "spark", versions="Spark 4.3.0"),
    "dataframely": Runner("dataframely_peer", environment="polars", versions="3.1.2, Polars 2.1.0"),
    "pandera-polars": Runner("pandera_polars", environment="polars", versions="0.35.0, Polars 2.1.0"),
    "soda": Runner("soda_peer", environment="soda", versions="4.28.0, DuckDB 2.0.0"),
    "gx-duckdb": Runner("gx", "duckdb", environment="gx", versions="1.24.1, DuckDB 2.0.0, patched"),
    "gx-pandas": Runner("gx", "pandas", environment="gx", versions="1.24.1, pandas 2.3.3"),
    "gx-spark": Runner("gx", "spark", environment="gx-spark", versions="1.24.1, Spark 4.1.4"),
    "pandera-pyspark": Runner("pandera_pyspark", environment="spark", versions="0.35.0, Spark 4.3.0"),
    "dqx": Runner("dqx", environment="spark", versions="0.17.0, Spark 4.3.0"),
    "pointblank": Runner("pointblank_peer", environment="pointblank", versions="1.1.1, Polars 2.1.0"),
    "cuallee": Runner("cuallee_peer", environment="cuallee", versions="0.15.4, DuckDB 1.2.0"),
}


def python_of(environment: str, folder: Path) -> str:
    """Return the interpreter of an environment, which is installed if it does not exist.

    Raises:
        subprocess.CalledProcessError: it cannot be installed; uv prints why.
    """
    if not environment:
        return sys.executable
    home = folder / environment
    python, done = home / "bin" / "python", home / "installed"
    if not done.exists():
        subprocess.run(["uv", "venv", "--quiet", "--clear", "--python", "3.11", str(home)], check=True)  # noqa: S603, S607 - uv, ours
        install = ["uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
        subprocess.run([*install, *ENVIRONMENTS[environment]], check=True)  # noqa: S603 - as above
        done.touch()
    return str(python)
