"""Commands that generate data: sample, and demo, which also publishes it."""

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

if TYPE_CHECKING:  # slow to import, and --help does not need it
    from martgate.project.sample import Argument, Sample

__all__ = ["demo", "sample"]

DEMO_DAY = date(2024, 1, 1)

_SAMPLE, _ERROR = f"{__name__}.sample", f"{__name__}.trouble"
"""Keys of a context's `meta` for the plug-in of the project, or for the error that says why there is none."""

_PREFIX = "sample_"
"""Prefix of the plug-in's parameters: a field may have the name of a parameter of the command."""


class _SampleCommand(click.Command):
    """A command with options of its own and those of the project's sample, which is loaded when it is called."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            ctx.meta[_SAMPLE] = self._load_sample(args)
        except MartgateError as error:
            ctx.meta[_ERROR] = error
        trouble: MartgateError | None = ctx.meta.get(_ERROR)
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if trouble:
                raise trouble from error  # with the plug-in, the option might exist
            raise click.UsageError(f"{error.format_message()} {_describe_options(ctx)}", ctx) from None
        if trouble and not ctx.resilient_parsing:
            raise trouble
        return rest

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*_create_options(ctx.meta.get(_SAMPLE), is_demo=self.name == "demo"), *super().get_params(ctx)]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if _ERROR in ctx.meta:
            reason, *_ = str(ctx.meta[_ERROR]).splitlines()
            formatter.write_paragraph()
            formatter.write_text(f"The options of the project's sample are missing here: {reason.partition(';')[0]}.")
        super().format_epilog(ctx, formatter)

    def _load_sample(self, args: list[str]) -> "Sample":
        """Load the plug-in, which some options name; these are parsed before all options are known."""
        from martgate.project.sample import load_sample

        naming_options = [param for param in self.params if param.name in ("project", "sample", "out")]
        lenient = {"ignore_unknown_options": True, "allow_extra_args": True}
        parser = click.Command(self.name, params=naming_options, add_help_option=False, context_settings=lenient)
        values = parser.make_context(self.name, list(args), resilient_parsing=True).params
        flags = {key: values.get(key) for key in ("sample", "out")}
        settings = load_settings(values.get("project"), flags, outside=self.name == "demo")
        sample = load_sample(settings.sample if settings.is_project else _find_starter_sample(settings))
        self._require_free_options(sample)
        return sample

    def _require_free_options(self, sample: "Sample") -> None:
        """Refuse a field whose option is an option of the command itself."""
        taken = {option for param in self.params for option in param.opts} | {"--help"}
        problems = [
            Problem(
                file=str(sample.place), path=f"SampleSpec.{argument.name}", message=f"{option} is an option already"
            )
            for argument in sample.arguments
            if (option := _flag(argument)) in taken
        ]
        if problems:
            raise InvalidInput(*problems)


@click.command(
    cls=_SampleCommand, epilog="Example: martgate sample --out out/upstreams --date 2024-01-03 --days 3 --seed 7"
)
@click.option("--out", "folder", type=click.Path(path_type=Path), required=True, help="folder to write the tables to")
@click.option("--date", "day", type=DAY, required=True, help="the last day, YYYY-MM-DD")
@click.option("--days", type=click.IntRange(min=1), default=1, show_default=True, help="number of daily snapshots")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="seed of the rows")
@click.option("--clean", is_flag=True, help="without the errors of real upstreams")
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
    """Write upstream tables, generated by the project's sample, with the errors of real ones unless --clean."""
    from martgate.project.progress import show_progress
    from martgate.publish.samples import write_samples

    spec = {"date": day, "days": days, "seed": seed, "clean": clean} | _collect_values(own)
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
@click.option("--days", type=click.IntRange(min=1, max=366), default=2, show_default=True, help="number of days")
@settings_options("out", outside=lambda _: True)
@json_option
@click.pass_context
def demo(context: click.Context, /, *, days: int, settings: Settings, as_json: bool, **own: object) -> ExitCode:
    """Generate upstreams, then check, build, audit and publish tables day by day, and draw the site.

    In a project it uses the project's sample and the tables that the setting `demo` selects. Elsewhere it writes a
    small project to out/demo, as a place to start from; existing files stay as they are.
    """
    from martgate.cli.demo import run_demo, run_starter_demo

    dates = [DEMO_DAY + timedelta(days=n) for n in range(days)]
    spec = _collect_values(own)
    if settings.is_project:
        return run_demo(settings, settings.out / "demo", context.meta[_SAMPLE], spec, dates, as_json=as_json)
    return run_starter_demo(_starter_folder(settings), spec, dates, as_json=as_json)


def _starter_folder(settings: Settings) -> Path:
    return settings.out / "demo"


def _find_starter_sample(settings: Settings) -> Path | None:
    """Find the sample of the starter: as it was written earlier, and maybe edited; otherwise in the package."""
    folder = _starter_folder(settings)
    if (folder / FILE_NAME).is_file():
        return load_settings(folder, environment={}).sample
    return STARTER / "builders" / "sample.py"


def _collect_values(own: Mapping[str, object]) -> dict[str, object]:
    """Collect the values that were given or have a default; the plug-in decides about the others."""
    return {name.removeprefix(_PREFIX): value for name, value in own.items() if value is not None}


def _create_options(sample: "Sample | None", *, is_demo: bool) -> list[click.Parameter]:
    return [_create_option(argument, is_demo=is_demo) for argument in sample.arguments] if sample else []


def _create_option(argument: "Argument", *, is_demo: bool) -> click.Option:
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


def _describe_options(ctx: click.Context) -> str:
    sample: Sample = ctx.meta[_SAMPLE]
    flags = [_flag(argument) for argument in sample.arguments]
    return f"The sample takes {join_words(flags)}." if flags else "The sample has no options of its own."
