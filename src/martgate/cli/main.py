"""Runs the command line: arguments in, exit code out. The commands are in the other modules of `martgate.cli`."""

import gc
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

import click

from martgate.cli.backtest import backtest
from martgate.cli.contracts import compile_, coverage, diff, export, import_, lint
from martgate.cli.initializing import init
from martgate.cli.project import config, docs, state
from martgate.cli.publishing import backfill, build, gate, publish, run, upstreams
from martgate.cli.querying import query
from martgate.cli.receipts import history, verify
from martgate.cli.sampling import demo, sample
from martgate.cli.sla import sla
from martgate.cli.waiving import waive
from martgate.credentials import hide_credentials
from martgate.errors import InvalidInput, MartgateError, Problem
from martgate.exits import ExitCode
from martgate.project.clock import system_clock
from martgate.text.wording import escape_text

__all__ = ["call", "main"]

_EXIT_CODES = """\b
Exit codes:
  0  done, kept or published
  1  refused or broken: a rule failed
  2  the contract, the configuration or the arguments cannot be used
  3  could not run: I/O, engine, missing upstream, conflict"""

_GC_THRESHOLD = 50_000
"""New objects before Python collects garbage: with its default of 700 a gate spends a tenth of its time on that in vain."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=_EXIT_CODES)
@click.option("--debug", is_flag=True, help="show tracebacks")
@click.version_option(package_name="martgate")
def martgate(*, debug: bool) -> None:
    """Data contracts and quality gates: no bad partition reaches the people who read a mart.

    \b
    Start here:
      martgate demo                            a whole mart, from samples to a published day and its report
      martgate init my_project                 a project to start from, or --from your own data
      martgate run TABLE --date 2024-01-01     check, build, audit, publish or refuse
      martgate gate TABLE --input FILE         audit any Parquet or Delta data against a contract
    """  # noqa: D301 - click wants the control character itself


for command in (
    demo,
    init,
    run,
    upstreams,
    build,
    gate,
    publish,
    backfill,
    backtest,
    lint,
    diff,
    coverage,
    export,
    compile_,
    import_,
    docs,
    query,
    history,
    verify,
    waive,
    sla,
    state,
    sample,
    config,
):
    martgate.add_command(command)


def main() -> NoReturn:
    gc.set_threshold(_GC_THRESHOLD)
    sys.exit(call(sys.argv[1:]))


def call(arguments: list[str], *, now: Callable[[], datetime] = system_clock) -> int:
    """Run a command and return its exit code.

    A known error is a message on stderr, and with `--json` also an object on stdout.

    Args:
        arguments: of the command line, without the name of the program.
        now: the clock of the command.
    """
    debug = "--debug" in arguments or bool(os.environ.get("MARTGATE_DEBUG"))
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        return int(martgate.main(arguments, prog_name="martgate", standalone_mode=False, obj=now) or ExitCode.DONE)
    except click.ClickException as error:
        error.show()
        return _report_problems(arguments, ExitCode.UNUSABLE, [Problem(file="", message=error.format_message())])
    except click.Abort:
        return 130
    except MartgateError as error:
        if debug:
            raise
        unusable = isinstance(error, InvalidInput)
        click.echo("\n".join(map(escape_text, f"martgate: {error}".split("\n"))), err=True)
        problems = list(error.problems) if isinstance(error, InvalidInput) else [Problem(file="", message=str(error))]
        return _report_problems(arguments, ExitCode.UNUSABLE if unusable else ExitCode.COULD_NOT_RUN, problems)
    except Exception as error:  # a fault of ours; its text could quote data, so only its type is shown
        if debug:
            raise
        message = f"stopped by an unexpected {_describe(error)}; --debug shows where"
        click.echo(escape_text(f"martgate: {message}"), err=True)
        return _report_problems(arguments, ExitCode.COULD_NOT_RUN, [Problem(file="", message=message)])


def _describe(error: Exception) -> str:
    """Describe an error: that of the operating system names a file and never a row, any other could quote data."""
    return hide_credentials(f"{type(error).__name__}: {error}") if isinstance(error, OSError) else type(error).__name__


def _report_problems(arguments: list[str], code: ExitCode, problems: list[Problem]) -> int:
    if "--json" in arguments:
        keys = ("file", "line", "path", "message", "hint")
        errors = [{key: getattr(problem, key) for key in keys} for problem in problems]
        click.echo(json.dumps({"exit": int(code), "errors": errors}))
    return code
