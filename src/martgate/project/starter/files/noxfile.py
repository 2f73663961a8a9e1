"""What CI runs: `nox`, in an environment that has martgate, pytest and nox."""

import nox

nox.options.default_venv_backend = "none"


@nox.session
def lint(session: nox.Session) -> None:
    """Check that the contracts are sound."""
    session.run("martgate", "lint")


@nox.session
def tests(session: nox.Session) -> None:
    """Test the models on rows by hand."""
    session.run("pytest", "-q", "tests")
