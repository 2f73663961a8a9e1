"""Commands about the project as a whole: config, docs and state."""

import json
from pathlib import Path

import click

from martgate.cli.options import json_option, open_project, settings_options
from martgate.credentials import hide_credentials
from martgate.exits import ExitCode
from martgate.project.settings import KEYS, Settings
from martgate.text.wording import escape_text

__all__ = ["config", "docs", "state"]


@click.command(epilog="Example: martgate config")
@settings_options(*KEYS)
@json_option
def config(*, settings: Settings, as_json: bool) -> ExitCode:
    """Show the settings in effect and where each comes from."""
    values = {key: getattr(settings, key) for key in KEYS}
    payload: dict[str, object] = {
        key: [str(each) for each in value] if isinstance(value, tuple) else hide_credentials(str(value))
        for key, value in values.items()
    }
    if settings.upstream_locations:
        places = {"root": settings.upstreams, **settings.upstream_locations}
        payload["upstreams"] = {name: hide_credentials(place) for name, place in places.items()}
    payload |= {"site": settings.site_given}
    if as_json:
        click.echo(json.dumps({key: {"value": payload[key], "origin": settings.origins[key]} for key in payload}))
        return ExitCode.DONE
    payload |= {f"site.{key}": str(value) for key, value in settings.site_given.items()}
    for key, value in payload.items():
        if key != "site":
            text = ", ".join(value) if isinstance(value, list) else value
            click.echo(escape_text(f"{key:<13} {text}  ({settings.origins[key.partition('.')[0]]})"))
    return ExitCode.DONE


@click.command(epilog="Example: martgate docs --open")
@click.option("--open", "show", is_flag=True, help="open the site in a browser")
@settings_options("contracts", "expectations", "models", "warehouse", "ledger", "out")
@json_option
def docs(*, show: bool, settings: Settings, as_json: bool) -> ExitCode:
    """Draw the whole site again, from the ledger and the contracts."""
    from martgate.cli.reporting import redraw_site, suggest_data_docs

    with open_project(settings) as context:
        records = context.ledger.list_runs()
    index = redraw_site(records, settings)
    click.echo(json.dumps({"site": str(index)}) if as_json else f"{index}")
    suggest_data_docs(settings, as_json=as_json)
    if show:
        click.launch(index.as_uri())
    return ExitCode.DONE


@click.command(
    epilog="""\b
Examples:
  martgate state --out martgate-state.json
  martgate run --select state:modified+ --state martgate-state.json --date 2024-01-01"""
)
@click.option("--out", "file", type=click.Path(path_type=Path), help="write to this file (default: stdout)")
@settings_options("contracts", "expectations", "models")
@json_option
def state(*, file: Path | None, settings: Settings, as_json: bool) -> ExitCode:
    """Write the state of contracts and models, so that a later run can select what has changed since."""
    from martgate.builders.model import load_models
    from martgate.project.state import compute_state, state_json
    from martgate.project.wiring import load_catalog

    text = state_json(compute_state(load_models(settings.models), load_catalog(settings)))
    if file is not None:
        file.write_text(f"{text}\n", encoding="utf-8")
    if file is None or as_json:
        click.echo(text)
    return ExitCode.DONE
