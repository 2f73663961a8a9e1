"""What can be run on this house; `nox -l` is the manual, `nox` runs what CI runs.

Every session brings its own environment through uv, from uv.lock, so nothing but uv is needed: `uvx nox`.
"""

import shutil
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.error_on_external_run = True

PYTHON = "3.11"


def sync(session: nox.Session, *groups: str, extras: tuple[str, ...] = ()) -> None:
    """Install the project as it stands, and these groups and extras alone, at the versions of uv.lock."""
    wanted = (
        ["--no-default-groups"] + [f"--group={group}" for group in groups] + [f"--extra={extra}" for extra in extras]
    )
    environment = {"UV_PROJECT_ENVIRONMENT": session.virtualenv.location}
    session.run_install("uv", "sync", "--quiet", "--locked", *wanted, env=environment)


@nox.session(python=PYTHON, tags=["quick"])
def lint(session: nox.Session) -> None:
    """Style: ruff, each ignored rule with its reason in pyproject.toml."""
    sync(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=PYTHON, tags=["quick"])
def types(session: nox.Session) -> None:
    """Types: mypy, strict."""
    sync(session, "types", extras=("spark",))
    session.run("mypy")


@nox.session(python=PYTHON, tags=["quick"])
def imports(session: nox.Session) -> None:
    """The import law: rooms import one way, engines stay in their corner."""
    sync(session, "lint")
    session.run("lint-imports")


@nox.session(python=PYTHON)
def tests(session: nox.Session) -> None:
    """All tests that need neither Java nor Airflow, on every core; arguments after -- go to pytest."""
    sync(session, "test", "gx")
    apart = "not spark and not airflow and not core"
    session.run("pytest", "-n", "auto", "--dist", "loadgroup", "-m", apart, *session.posargs)


@nox.session(python=PYTHON)
def core(session: nox.Session) -> None:
    """Tests of what works, and what is refused, where no extra is installed."""
    sync(session, "core")
    session.run("pytest", "tests/core", *session.posargs)


@nox.session(python=PYTHON)
def spark(session: nox.Session) -> None:
    """Tests on a real Spark, in one process that shares one JVM; the Java that comes with the extra does."""
    sync(session, "test", "gx", extras=("pandera", "spark"))
    session.run("pytest", "builders/engines")
    session.run("pytest", "-m", "spark", *session.posargs)


@nox.session(python=PYTHON)
def airflow(session: nox.Session) -> None:
    """Tests on a real Airflow, each process with a database of its own; no server, no network."""
    sync(session, "test", extras=("airflow",))
    session.run("pytest", "-n", "auto", "tests/airflow", *session.posargs)


@nox.session(python=PYTHON)
def wheel(session: nox.Session) -> None:
    """The built wheel alone, in an empty environment and an empty folder, runs the command line."""
    dist = Path(session.create_tmp()) / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.run("uv", "build", "--quiet", "--wheel", "--out-dir", str(dist), external=True)
    (built,) = dist.glob("*.whl")
    session.install(str(built))
    with tempfile.TemporaryDirectory() as empty:
        session.chdir(empty)
        session.run("martgate", "--help", silent=True)
        session.run("martgate", "lint")
        session.run("martgate", "coverage", "wv_comm_user", silent=True)


@nox.session(python=PYTHON, default=False)
def demo(session: nox.Session) -> None:
    """The main job, as the README gives it; arguments after -- go to `martgate demo`."""
    sync(session, "gx")
    session.run("martgate", "demo", *session.posargs)


@nox.session(python=PYTHON, default=False)
def bench(session: nox.Session) -> None:
    """How a publish grows, on DuckDB and Spark; arguments after -- go to benchmarks/scale.py. Takes an hour."""
    sync(session, "bench", extras=("spark",))
    session.run("python", "benchmarks/scale.py", *session.posargs)


@nox.session(python=PYTHON, default=False)
def bench_gate(session: nox.Session) -> None:
    """What a gate costs beside its peers; arguments after -- go to benchmarks/gate.py. Installs the peers, takes hours."""
    sync(session, "bench", "gx", extras=("spark",))
    session.run("python", "benchmarks/startup.py")
    session.run("python", "benchmarks/gate.py", *session.posargs)
