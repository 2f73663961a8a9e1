"""Questions that published tables answer."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from martgate.cli.options import json_option, open_project, settings_options
from martgate.exits import ExitCode
from martgate.project.settings import Settings

if TYPE_CHECKING:  # both read SQL, which takes a third of a second to import
    from martgate.builders.query import Query
    from martgate.publish.queries import QueryResult

__all__ = ["query"]

_SHOWN = 10


@click.command(
    epilog="""\b
Examples:
  martgate query
  martgate query revenue --param from_date=2024-01-01 --param to_date=2024-01-31"""
)
@click.argument("name", required=False)
@click.option("--param", "given", multiple=True, metavar="K=V", help="a parameter of the query; may be repeated")
@settings_options(
    "contracts", "expectations", "queries", "warehouse", "ledger", "engine", "spark_master", "out", "memory_limit"
)
@json_option
def query(name: str | None, *, given: tuple[str, ...], settings: Settings, as_json: bool) -> ExitCode:
    """Answer the query NAME from the published tables; without a name, list the queries."""
    from martgate.builders.query import load

    queries = load(settings.queries)
    if name is None:
        return _list(queries.values(), as_json=as_json)
    from martgate.publish.queries import find_query, run_query

    asked, parameters = find_query(name, queries), _parameters(given)
    asked.bind(parameters)
    with open_project(settings) as context:
        found = run_query(asked, parameters, context)
    click.echo(_json(found) if as_json else _text(found))
    if found.missing_days:
        some, more = found.missing_days[:_SHOWN], len(found.missing_days) - _SHOWN
        click.echo(f"not published, and not counted: {', '.join(some)}{f' and {more} more' * (more > 0)}", err=True)
    return ExitCode.DONE


def _parameters(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    wrong = [name for name, equals, value in pairs if not (name and equals and value)]
    names = [name for name, _, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if wrong:
        raise click.UsageError(f"--param {wrong[0]}: expected NAME=VALUE, as in part_date=2024-01-01")
    if twice:
        raise click.UsageError(f"--param {twice[0]} is given twice")
    return {name: value for name, _, value in pairs}


def _list(queries: "Iterable[Query]", *, as_json: bool) -> ExitCode:
    if as_json:
        click.echo(json.dumps({"queries": [_described(each) for each in queries]}, ensure_ascii=False))
        return ExitCode.DONE
    for each in queries:
        click.echo(f"{each.name}\n  {each.title}")
        for parameter in each.parameters:
            click.echo(f"  --param {f'{parameter.name}={parameter.kind.example}':<24}{parameter.description}")
    return ExitCode.DONE


def _described(each: "Query") -> dict[str, object]:
    parameters = [{"name": p.name, "kind": p.kind, "description": p.description} for p in each.parameters]
    return {"name": each.name, "title": each.title, "parameters": parameters, "tables": each.inputs}


def _json(found: "QueryResult") -> str:
    told = {
        "query": found.query,
        "parameters": found.parameters,
        "rows": [dict(zip(found.columns, row, strict=True)) for row in found.rows],
        "missing_days": found.missing_days,
    }
    return json.dumps(told, ensure_ascii=False, default=str)


def _text(found: "QueryResult") -> str:
    lines = ["\t".join(found.columns), *("\t".join(map(str, row)) for row in found.rows)]
    return "\n".join(lines)
