"""The command that writes a new project: init."""

import json
import re
from pathlib import Path

import click

from martgate.cli.options import json_option
from martgate.errors import InvalidInput
from martgate.exits import ExitCode

__all__ = ["init"]

_SETTINGS = """\
# A martgate project. `martgate config` prints every setting, its value and where it came from.
contracts = ["contracts"]            # what is promised, as *.odcs.yaml

[upstreams]                          # where each table is
{places}
"""


@click.command(
    epilog="""\b
Examples:
  martgate init my_project
  martgate init my_project --from orders.parquet --from delta/customers"""
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="DATA",
    help="draft a contract from a Parquet file, a folder of them or a Delta table, instead of the example; may be repeated",
)
@json_option
def init(folder: Path, *, sources: tuple[str, ...], as_json: bool) -> ExitCode:
    """Write a project into DIR: an example that runs as it is, or contracts drafted from your data.

    The example has two upstreams, one mart by day, its model with a test by hand, and what CI runs. A file that exists is
    never overwritten.
    """
    files = _draft_project(folder, sources) if sources else _write_example(folder)
    names = [str(file.relative_to(folder)) for file in files]
    if as_json:
        click.echo(json.dumps({"project": str(folder), "files": names}))
        return ExitCode.DONE
    if not files:
        click.echo(f"{folder} has all files of the example already; nothing was written")
        return ExitCode.DONE
    click.echo("\n".join([f"wrote a project to {folder}:", *(f"  {name}" for name in names)]))
    enter = "" if folder == Path() else f"cd {folder} && "
    after = "read the drafts, then: " if sources else ""
    click.echo(f"next: {after}{enter}martgate lint" + ("" if sources else "; README.md says how it goes on"))
    return ExitCode.DONE


def _write_example(folder: Path) -> tuple[Path, ...]:
    from martgate.project.starter import write_starter

    return write_starter(folder)


def _draft_project(folder: Path, sources: tuple[str, ...]) -> tuple[Path, ...]:
    """Draft a contract from each source, and write the settings that say where the sources are."""
    from martgate.builders.ports import EngineConfig
    from martgate.project.plugins import ENGINES
    from martgate.publish.drafts import draft_contract
    from martgate.stores.upstreams import Upstreams

    named = {_name_table(source): source for source in sources}
    if len(named) < len(sources):
        raise InvalidInput("two of the sources have one name; draft the second with `martgate import --name`")
    targets = {name: folder / "contracts" / f"{name}.odcs.yaml" for name in named}
    settings = folder / "martgate.toml"
    if existing := [str(file) for file in (settings, *targets.values()) if file.exists()]:
        raise InvalidInput(*(f"{file} exists already, and is not overwritten" for file in existing))
    with ENGINES.load("duckdb").from_config(EngineConfig(memory_limit="4GB")) as engine:
        drafts = {
            name: draft_contract(engine, Upstreams("").find_dataset_at(source), name) for name, source in named.items()
        }
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    for name, text in drafts.items():
        targets[name].write_text(text, encoding="utf-8")
    places = "\n".join(f"{name} = {json.dumps(str(Path(source).resolve()))}" for name, source in named.items())
    settings.write_text(_SETTINGS.format(places=places), encoding="utf-8")
    return (*targets.values(), settings)


def _name_table(source: str) -> str:
    """Name a table by its file or folder.

    >>> _name_table("data/Daily Orders.parquet"), _name_table("lake/2024")
    ('daily_orders', 'table_2024')
    """
    name = re.sub(r"\W+", "_", Path(source).absolute().name.removesuffix(".parquet").lower()).strip("_")
    return name if re.match(r"[^\W\d]", name) else f"table_{name}"
