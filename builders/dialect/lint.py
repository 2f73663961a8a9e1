"""The list of what has been tested on both engines; everything else is refused until it has been, too."""

__all__ = ["check", "unsupported_functions"]

from contracts.errors import Problem


def unsupported_functions(sql: str) -> tuple[str, ...]:
    return ()


def check(sql: str, file: str) -> tuple[Problem, ...]:
    return ()
