"""Options that commands share: the project's settings as flags, days, names of plug-ins, and --json."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click
from click.shell_completion import CompletionItem

from martgate.contracts.day import parse_day
from martgate.project.clock import system_clock
from martgate.project.settings import KEYS, PLUGINS, Settings, load_settings
from martgate.registry import Registry

if TYPE_CHECKING:  # slow to import
    from martgate.project.context import Context

__all__ = ["DAY", "PluginName", "json_option", "open_project", "settings_options"]

P = ParamSpec("P")
R = TypeVar("R")

_OPTION_ARGUMENTS: dict[str, dict[str, Any]] = {
    "contracts": {"multiple": True, "type": click.Path(path_type=Path), "metavar": "DIR"},
    "models": {"multiple": True, "type": click.Path(path_type=Path), "metavar": "DIR"},
    "queries": {"multiple": True, "type": click.Path(path_type=Path), "metavar": "DIR"},
    "demo": {"multiple": True, "metavar": "SELECTOR"},
    "expectations": {"multiple": True, "type": click.Path(path_type=Path), "metavar": "DIR"},
    "frames": {"type": click.Choice(["none", "pandera"])},
    "reuse_counts": {"type": click.Choice(["never", "files"])},
    "trust_stats": {"type": click.Choice(["written", "never"])},
}


class _Day(click.ParamType[date]):
    """A calendar day as `YYYY-MM-DD`."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        day = parse_day(str(value))
        if day is None:
            self.fail(f"{value!r} is not a day; write it as YYYY-MM-DD, for example 2024-01-01", param, ctx)
        return day


DAY = _Day()


class PluginName(click.ParamType[str]):
    """The name of a plug-in: a built-in one, or one that an installed package registered."""

    name = "name"

    def __init__(self, registry: Registry[object]) -> None:
        self._registry = registry

    @property
    def choices(self) -> tuple[str, ...]:
        return self._registry.names()

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        del param, ctx
        return f"[{'|'.join(self.choices)}]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not isinstance(value, str) or value not in self._registry:
            self.fail(f"{value!r} is not one of {', '.join(map(repr, self.choices))}.", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        del ctx, param
        return [CompletionItem(name) for name in self.choices if name.startswith(incomplete)]


def _never(_parameters: Mapping[str, Any]) -> bool:
    return False


def settings_options(
    *keys: str, outside: Callable[[Mapping[str, Any]], object] = _never
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Decorate a command with `--project` and flags for settings, and pass it the `Settings` in effect.

    Args:
        keys: the settings that are flags of the command.
        outside: decides by the command's other parameters whether it also works without a project.
    """

    def decorate(command: Callable[..., R]) -> Callable[..., R]:
        @wraps(command)
        def wrapped(*args: Any, project: Path | None, **flags: Any) -> R:
            own = {key: flags.pop(key) for key in keys}
            return command(*args, settings=load_settings(project, own, outside=bool(outside(flags))), **flags)

        decorated: Callable[..., R] = wrapped
        for key in reversed(keys):
            arguments = _option_arguments(key)
            decorated = click.option(f"--{key.replace('_', '-')}", key, help=KEYS[key], **arguments)(decorated)
        help_text = "folder with martgate.toml (default: the nearest from here upwards)"
        return click.option("--project", type=click.Path(path_type=Path), metavar="DIR", help=help_text)(decorated)

    return decorate


def _option_arguments(key: str) -> dict[str, Any]:
    """Find the arguments of click's option for a setting."""
    if key in PLUGINS:
        return {"type": PluginName(PLUGINS[key])}
    return _OPTION_ARGUMENTS.get(key, {"metavar": "PLACE"})


def json_option(command: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command with `--json`: one JSON object on stdout, and nothing else there."""
    return click.option("--json", "as_json", is_flag=True, help="print one JSON object, for programs")(command)


def open_project(settings: Settings, *, contract: Path | None = None) -> AbstractContextManager["Context"]:
    """Open the context of a command: the adapters that the settings name, and the clock that `call` got."""
    from martgate.project.wiring import open_context

    return open_context(settings, contract=contract, now=click.get_current_context().obj or system_clock)
