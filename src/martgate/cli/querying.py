"""The command query, which answers named queries from published tables."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from martgate.cli.options import json_option, open_project, settings_options
from martgate.exits import ExitCode
from martgate.project.settings import Settings
from martgate.text.lists import join_words
from martgate.text.wording import escape_text

if TYPE_CHECKING:  # both read SQL, which takes a third of a second to import
    from martgate.builders.query import Query
    from martgate.publish.queries import QueryResult

__all__ = ["query"]

_LISTED_DAYS = 10


@click.command(
    epilog="""\b
Examples:
  martgate query
  martgate query revenue --param from_date=2024-01-01 --param to_date=2024-01-31"""
)
@click.argument("name", required=False)
@click.option("--param", "params", multiple=True, metavar="K=V", help="a parameter of the query; may be repeated")
@settings_options(
    "contracts", "expectations", "queries", "warehouse", "ledger", "engine", "spark_master", "out", "memory_limit"
)
@json_option
def query(name: str | None, *, params: tuple[str, ...], settings: Settings, as_json: bool) -> ExitCode:
    """Run the query NAME on the published tables; without NAME, list the queries."""
    from martgate.builders.query import load_queries

    queries = load_queries(settings.queries)
    if name is None:
        return _print_queries(queries.values(), as_json=as_json)
    from martgate.publish.queries import find_query, run_query

    named_query, parameters = find_query(name, queries), _parse_parameters(params)
    named_query.bind(parameters)
    with open_project(settings) as context:
        result = run_query(named_query, parameters, context)
    click.echo(_render_json(result) if as_json else _render_text(result))
    if result.missing_days:
        days = join_words(result.missing_days, "", limit=_LISTED_DAYS)
        click.echo(f"not published, and so not counted: {days}", err=True)
    return ExitCode.DONE


def _parse_parameters(params: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in params]
    malformed = [name for name, equals, value in pairs if not (name and equals and value)]
    names = [name for name, _, _ in pairs]
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if malformed:
        raise click.UsageError(f"--param {malformed[0]}: expected NAME=VALUE, as in part_date=2024-01-01")
    if duplicates:
        raise click.UsageError(f"--param {duplicates[0]} is given twice")
    return {name: value for name, _, value in pairs}


def _print_queries(queries: "Iterable[Query]", *, as_json: bool) -> ExitCode:
    if as_json:
        click.echo(json.dumps({"queries": [_describe(query) for query in queries]}))
        return ExitCode.DONE
    for query in queries:
        click.echo(f"{escape_text(query.name)}\n  {escape_text(query.title)}")
        for parameter in query.parameters:
            click.echo(
                escape_text(f"  --param {f'{parameter.name}={parameter.kind.example}':<24}{parameter.description}")
            )
    return ExitCode.DONE


def _describe(query: "Query") -> dict[str, object]:
    parameters = [{"name": p.name, "kind": p.kind, "description": p.description} for p in query.parameters]
    return {"name": query.name, "title": query.title, "parameters": parameters, "tables": query.inputs}


def _render_json(result: "QueryResult") -> str:
    payload = {
        "query": result.query,
        "parameters": result.parameters,
        "rows": [dict(zip(result.columns, row, strict=True)) for row in result.rows],
        "missing_days": result.missing_days,
    }
    return json.dumps(payload, default=str)


def _render_text(result: "QueryResult") -> str:
    lines = ["\t".join(map(escape_text, map(str, row))) for row in (result.columns, *result.rows)]
    return "\n".join(lines)
