"""The sessions of this project: `nox -l` lists them, `nox` runs what CI runs.

Every session brings its own environment through uv, from uv.lock, so nothing but uv is needed: `uvx nox`.
"""

import os
import subprocess
import tarfile
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.error_on_external_run = True

PYTHON = "3.11"
"""The oldest version that the project promises, on which everything runs."""

VERSIONS = (PYTHON, "3.12", "3.13")
"""The versions on which the wheel is tried."""


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
    """The import law: packages import downwards, and each library only where the law allows it."""
    sync(session, "lint")
    session.run("lint-imports")


@nox.session(python=PYTHON)
def tests(session: nox.Session) -> None:
    """All tests that need neither Java nor Airflow, on every core, with branch coverage; arguments after -- go to pytest."""
    sync(session, "test", "gx")
    apart = "not spark and not airflow and not core"
    # A part of the tests covers a part of the code: the floor holds for the whole alone.
    coverage = [] if session.posargs else ["--cov", "--cov-report=term:skip-covered"]
    session.run("pytest", "-n", "auto", "--dist", "loadgroup", "-m", apart, *coverage, *session.posargs)


@nox.session(python=PYTHON)
def core(session: nox.Session) -> None:
    """Tests of what works, and what is refused, where no extra is installed."""
    sync(session, "core")
    session.run("pytest", "tests/core", *session.posargs)


OWN_SPARK = (
    "tests/martgate/publish/test_canaries.py",
    "tests/martgate/publish/test_spark_sessions.py",
    "tests/scripts/test_databricks_smoke.py",
)
"""The tests that start a Spark of their own, in commands that wait for it most of the time."""


@nox.session(python=PYTHON)
def spark(session: nox.Session) -> None:
    """Tests on a real Spark, in one process that shares one JVM, beside those that start their own."""
    sync(session, "test", "gx", extras=("pandera", "spark"))
    if session.posargs:
        session.run("pytest", "-m", "spark", *session.posargs)
        return
    shared = [f"--ignore={file}" for file in OWN_SPARK]
    with ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(session.run, "pytest", "-m", "spark", "-p", "no:cacheprovider", *OWN_SPARK),
            pool.submit(session.run, "pytest", "-m", "spark", *shared),
        ]
        session.run("pytest", "-p", "no:cacheprovider", "src/martgate/builders/engines")
    for run in runs:
        run.result()


@nox.session(python=PYTHON)
def airflow(session: nox.Session) -> None:
    """Tests on a real Airflow, each process with a database of its own; no server, no network."""
    sync(session, "test", extras=("airflow",))
    session.run("pytest", "-n", "auto", "tests/martgate/airflow", *session.posargs)


SMOKE = (
    "tests/martgate/cli",
    "tests/martgate/project",
    "tests/martgate/contracts/test_lint.py",
    "tests/martgate/expectations/test_kinds.py",
    "tests/martgate/publish/test_cli.py",
)
"""The tests that are run on every version of Python and of the libraries: a command of each kind, and every rule kind."""


@nox.session(python=False)
@nox.parametrize("version", [nox.param(version, id=version) for version in VERSIONS[1:]])
def smoke(session: nox.Session, version: str) -> None:
    """A slice of the tests on a newer Python, where there is one."""
    python = interpreter(version)
    if python is None:
        session.skip(f"there is no Python {version} on this machine")
    with tempfile.TemporaryDirectory() as environment:
        own = {"UV_PROJECT_ENVIRONMENT": environment, "UV_COMPILE_BYTECODE": "0"}
        wanted = ("--no-default-groups", "--group=smoke", "--group=gx", "--python", python)
        session.run("uv", "sync", "--quiet", "--locked", *wanted, env=own, external=True)
        smoke_tests(session, Path(environment))


@nox.session(python=False)
def lowest(session: nox.Session) -> None:
    """The same slice with the oldest versions of the libraries that pyproject.toml allows."""
    with tempfile.TemporaryDirectory() as environment:
        python = str(Path(environment) / "bin" / "python")
        session.run("uv", "venv", "--quiet", "--python", PYTHON, environment, external=True)
        install = ("uv", "pip", "install", "--quiet", "--python", python, "--resolution", "lowest-direct")
        session.run(*install, "--editable", ".[gx]", "--group", "smoke", external=True)
        smoke_tests(session, Path(environment))


def smoke_tests(session: nox.Session, environment: Path) -> None:
    """Run the slice in an environment; tests that start the command find it there."""
    pytest = (
        "-m",
        "pytest",
        "-n",
        "auto",
        "-m",
        "not spark and not browser and not postgres",
        "-p",
        "no:cacheprovider",
    )
    session.run(str(environment / "bin" / "python"), *pytest, *SMOKE, *session.posargs, external=True)


@nox.session(python=False)
@nox.parametrize("version", [nox.param(version, id=version) for version in VERSIONS])
def wheel(session: nox.Session, version: str) -> None:
    """The built wheel alone, in an empty environment and an empty folder: its content, its help and its demo."""
    python = interpreter(version)
    if python is None and version == PYTHON:
        session.error(f"there is no Python {version} on this machine, and every change is held to it")
    if python is None:
        session.skip(f"there is no Python {version} on this machine")
    with tempfile.TemporaryDirectory() as made:
        dist, environment, empty = (Path(made) / name for name in ("dist", "environment", "empty"))
        session.run("uv", "build", "--quiet", "--out-dir", str(dist), external=True)
        (built,), (source,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
        demand_content(session, built, source)
        session.run("uv", "venv", "--quiet", "--python", python, str(environment), external=True)
        installed = str(environment / "bin" / "python")
        session.run("uv", "pip", "install", "--quiet", "--python", installed, str(built), external=True)
        empty.mkdir()
        session.chdir(empty)
        martgate = str(environment / "bin" / "martgate")
        session.run(martgate, "--help", external=True, silent=True)
        told = session.run(martgate, "demo", external=True, silent=True) or ""
        site = Path("out", "demo", "out", "site", "index.html")
        if not told.rstrip().endswith(f"Open {site.absolute()} to see what was checked, found and published."):
            session.error(f"the demo does not end with where to look:\n{told}")
        if not site.is_file() or [entry.name for entry in empty.iterdir()] != ["out"]:
            session.error("the demo leaves something else than out/, or no site in it")


def interpreter(version: str) -> str | None:
    """An interpreter that is there already: one that uv finds, or one of pyenv, of which uv knows the active ones only."""
    find = ["uv", "python", "find", "--system", "--no-project", "--no-python-downloads", version]
    found = subprocess.run(find, capture_output=True, text=True, check=False)  # noqa: S603 - a version of this file
    if found.returncode == 0 and found.stdout.strip():
        return found.stdout.strip()
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return next((str(python) for python in sorted(pyenv.glob(f"versions/{version}.*/bin/python"))), None)


def demand_content(session: nox.Session, built: Path, source: Path) -> None:
    """The wheel has one import name, and the source distribution what the wheel is built from, and nothing else."""
    with zipfile.ZipFile(built) as wheel:
        tops = {name.split("/")[0] for name in wheel.namelist()}
    if {top for top in tops if not top.endswith(".dist-info")} != {"martgate"}:
        session.error(f"the wheel has other names than martgate: {sorted(tops)}")
    with tarfile.open(source) as archive:
        parts = {"/".join(name.split("/")[1:3]) for name in archive.getnames()}
    needed = {"", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml", "pyproject.toml.orig", "src", "src/martgate"}
    if parts - needed:
        session.error(f"the source distribution has more than it needs: {sorted(parts - needed)}")


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
