"""Upstreams to try things on, and the demonstration that does."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from martgate.cli.options import DAY, json_option, settings_options
from martgate.errors import InvalidInput, MartgateError, Problem
from martgate.exits import ExitCode
from martgate.project.settings import FILE_NAME, Settings, load_settings
from martgate.project.starter import STARTER
from martgate.text.lists import join_words

if TYPE_CHECKING:  # loading a plug-in takes what dataclasses and tracebacks take, and --help has no need of it
    from martgate.project.sample import Argument, Sample

__all__ = ["demo", "sample"]

DEMO_DAY = date(2024, 1, 1)

_SAMPLE, _TROUBLE = f"{__name__}.sample", f"{__name__}.trouble"
"""Where a context keeps the plug-in of the project, or why there is none."""

_PREFIX = "sample_"
"""Of the names of parameters that are the plug-in's: a field may be called as a parameter of the command is."""


class _SampleCommand(click.Command):
    """A command that takes its own options and those of the project's sample, which is found when it is called."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            ctx.meta[_SAMPLE] = self._sample_of(args)
        except MartgateError as error:
            ctx.meta[_TROUBLE] = error
        trouble: MartgateError | None = ctx.meta.get(_TROUBLE)
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if trouble:
                raise trouble from error  # without it, the option might have been known
            raise click.UsageError(f"{error.format_message()} {_known(ctx)}", ctx) from None
        if trouble and not ctx.resilient_parsing:
            raise trouble
        return rest

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*_options(ctx.meta.get(_SAMPLE), is_demo=self.name == "demo"), *super().get_params(ctx)]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if _TROUBLE in ctx.meta:
            reason, *_ = str(ctx.meta[_TROUBLE]).splitlines()
            formatter.write_paragraph()
            formatter.write_text(
                f"The options of the project's sample are not among these: {reason.partition(';')[0]}."
            )
        super().format_epilog(ctx, formatter)

    def _sample_of(self, args: list[str]) -> "Sample":
        """The plug-in that the command line is about: some of its options say which, before all of them are known."""
        from martgate.project.sample import load_sample

        deciding = [param for param in self.params if param.name in ("project", "sample", "out")]
        lenient = {"ignore_unknown_options": True, "allow_extra_args": True}
        before = click.Command(self.name, params=deciding, add_help_option=False, context_settings=lenient)
        given = before.make_context(self.name, list(args), resilient_parsing=True).params
        flags = {key: given.get(key) for key in ("sample", "out")}
        settings = load_settings(given.get("project"), flags, outside=self.name == "demo")
        found = load_sample(settings.sample if settings.is_project else _of_starter(settings))
        self._demand_free(found)
        return found

    def _demand_free(self, found: "Sample") -> None:
        """A field whose option the command has itself could never be given."""
        taken = {option for param in self.params for option in param.opts} | {"--help"}
        problems = [
            Problem(file=str(found.place), path=f"SampleSpec.{argument.name}", message=f"{option} is an option already")
            for argument in found.arguments
            if (option := _flag(argument)) in taken
        ]
        if problems:
            raise InvalidInput(*problems)


@click.command(
    cls=_SampleCommand, epilog="Example: martgate sample --out out/upstreams --date 2024-01-03 --days 3 --seed 7"
)
@click.option("--out", "folder", type=click.Path(path_type=Path), required=True, help="where the tables go")
@click.option("--date", "day", type=DAY, required=True, help="the last day, YYYY-MM-DD")
@click.option("--days", type=click.IntRange(min=1), default=1, show_default=True, help="how many daily snapshots")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="same seed, same rows")
@click.option("--clean", is_flag=True, help="without the dirt of real upstreams")
@settings_options("contracts", "expectations", "sample")
@json_option
@click.pass_context
def sample(  # noqa: PLR0913 - one parameter an option
    context: click.Context,
    /,
    *,
    folder: Path,
    day: date,
    days: int,
    seed: int,
    clean: bool,
    settings: Settings,
    as_json: bool,
    **own: object,
) -> ExitCode:
    """Write upstream tables, made by the project's sample: dirty as real ones are, unless --clean."""
    from martgate.project.progress import show_progress
    from martgate.publish.samples import write_samples

    spec = {"date": day, "days": days, "seed": seed, "clean": clean} | _given(own)
    with show_progress() as progress:
        rows = write_samples(settings, folder, spec, progress, context.meta[_SAMPLE])
    if as_json:
        click.echo(json.dumps({"out": str(folder), "rows": rows}))
    else:
        for name, count in rows.items():
            click.echo(f"{count:>12,}  {name}")
        click.echo(f"written to {folder}; read it with --upstreams {folder}")
    return ExitCode.DONE


@click.command(cls=_SampleCommand, epilog="Example: martgate demo --days 3")
@click.option("--days", type=click.IntRange(min=1, max=366), default=2, show_default=True, help="how many days")
@settings_options("out", outside=lambda _: True)
@json_option
@click.pass_context
def demo(context: click.Context, /, *, days: int, settings: Settings, as_json: bool, **own: object) -> ExitCode:
    """Make upstreams, then check, build, audit and publish tables day by day, and draw the site.

    In a project these are its own sample and the tables that the setting `demo` selects. Outside of one, a small project
    is written to out/demo, as a place to start from; files that are there stay as they are.
    """
    from martgate.cli.demo import run_demo, run_starter_demo

    dates = [DEMO_DAY + timedelta(days=n) for n in range(days)]
    spec = _given(own)
    if settings.is_project:
        return run_demo(settings, settings.out / "demo", context.meta[_SAMPLE], spec, dates, as_json=as_json)
    return run_starter_demo(_starter_folder(settings), spec, dates, as_json=as_json)


def _starter_folder(settings: Settings) -> Path:
    return settings.out / "demo"


def _of_starter(settings: Settings) -> Path | None:
    """The sample of the starter as it was written earlier, which may have been edited since; else as it will be."""
    written = _starter_folder(settings)
    if (written / FILE_NAME).is_file():
        return load_settings(written, environment={}).sample
    return STARTER / "builders" / "sample.py"


def _given(own: Mapping[str, object]) -> dict[str, object]:
    """The values of fields that were given or have a default; the others are left to the plug-in."""
    return {name.removeprefix(_PREFIX): value for name, value in own.items() if value is not None}


def _options(found: "Sample | None", *, is_demo: bool) -> list[click.Parameter]:
    return [_option(argument, is_demo=is_demo) for argument in found.arguments] if found else []


def _option(argument: "Argument", *, is_demo: bool) -> click.Option:
    default = argument.demo if is_demo and argument.demo is not None else argument.default
    kind: Any = argument.type
    if kind is date:
        kind = DAY
    elif kind is int and argument.minimum is not None:
        kind = click.IntRange(min=argument.minimum)
    flag = _flag(argument)
    switch = f"{flag}/--no-{flag.removeprefix('--')}" if default is True else flag
    return click.Option(
        [switch if kind is bool else flag, f"{_PREFIX}{argument.name}"],
        type=kind,
        is_flag=kind is bool,
        default=default,
        required=argument.is_required and default is None,
        show_default=default not in (None, False),
        help=argument.help,
    )


def _flag(argument: "Argument") -> str:
    return f"--{argument.name.replace('_', '-')}"


def _known(ctx: click.Context) -> str:
    found: Sample = ctx.meta[_SAMPLE]
    flags = [_flag(argument) for argument in found.arguments]
    return f"The sample takes {join_words(flags)}." if flags else "The sample has no options of its own."
