"""`run` and its scheduler-sized steps: upstreams, build, gate, publish."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import click

from martgate.cli.options import DAY, json_option, open_project, settings_options
from martgate.exits import ExitCode
from martgate.project.settings import Settings

__all__ = ["backfill", "build", "gate", "publish", "run", "upstreams"]

_GATE_KEYS = (
    "contracts",
    "expectations",
    "upstreams",
    "warehouse",
    "ledger",
    "engine",
    "spark_master",
    "out",
    "memory_limit",
    "lineage",
    "report",
)
_RUN_KEYS = ("models", *_GATE_KEYS)
_BUILD_KEYS = (*_RUN_KEYS, "frames")


@click.command(
    epilog="""\b
Examples:
  martgate run shop.orders --date 2024-01-01
  martgate run --select orders+ --date 2024-01-01
  martgate run --select state:modified+ --state martgate-state.json --date 2024-01-01"""
)
@click.argument("table", required=False)
@click.option("--date", "day", type=DAY, required=True, help="the day to publish, YYYY-MM-DD")
@click.option(
    "--select",
    "selectors",
    multiple=True,
    metavar="SELECTOR",
    help="several tables in order: t, tag:x or state:modified; t+ (and all made from it), +t (and all it is made from); "
    "a,b (both); may be repeated",
)
@click.option(
    "--state",
    "former",
    type=click.Path(path_type=Path),
    help="of state:modified: what `martgate state` wrote earlier, a file or its folder",
)
@click.option("--dry-run", is_flag=True, help="do everything but publish")
@settings_options(*_BUILD_KEYS, "trust_stats", "reuse_counts")
@json_option
def run(  # noqa: PLR0913 - one parameter an option
    table: str | None,
    day: date,
    *,
    selectors: tuple[str, ...],
    former: Path | None,
    dry_run: bool,
    settings: Settings,
    as_json: bool,
) -> ExitCode:
    """Check upstreams, build, audit, then publish TABLE for one day, or refuse; or several tables, by --select."""
    if (table is None) is not bool(selectors):
        raise click.UsageError("give one TABLE, or --select for several")
    if former is not None and not any("state:" in selector for selector in selectors):
        raise click.UsageError("--state goes with --select state:modified")
    if table is None:
        if dry_run:
            raise click.UsageError(
                "--dry-run and --select exclude each other: what is not published, nothing can be made from"
            )
        return _run_selected(selectors, day, former, settings=settings, as_json=as_json)
    from martgate.cli.reporting import report_failure, report_run
    from martgate.project.requests import load_publish_request
    from martgate.publish import run as life

    with open_project(settings) as context, report_failure(table, day, settings, context):
        record = life.run(load_publish_request(settings, context, table, day), context, dry_run=dry_run)
    return report_run(record, settings, context, as_json=as_json)


def _run_selected(
    selectors: tuple[str, ...], day: date, former: Path | None, *, settings: Settings, as_json: bool
) -> ExitCode:
    from martgate.builders.model import load
    from martgate.cli.reporting import report_runs
    from martgate.project.graph import build_graph, select
    from martgate.project.state import find_changes, read_state
    from martgate.publish.selection import create_requests, run_tables

    earlier = read_state(former) if former else None
    with open_project(settings) as context:
        models = load(settings.models)
        graph = build_graph(models, context.catalog)
        changed = None if earlier is None else find_changes(earlier, models, context.catalog)
        chosen = select(selectors, graph, context.catalog, changed)
        if not chosen:
            click.echo(f"martgate: nothing to run: no table is meant by {' '.join(selectors)}", err=True)
        jobs = create_requests(chosen, day, models, context)
        outcomes = run_tables(jobs, day, graph, context)
        return report_runs(outcomes, settings, context, as_json=as_json)


@click.command(epilog="Example: martgate backfill orders --from 2024-01-01 --to 2024-01-31")
@click.argument("table")
@click.option("--from", "first", type=DAY, required=True, help="the first day, YYYY-MM-DD")
@click.option("--to", "last", type=DAY, required=True, help="the last day, YYYY-MM-DD")
@click.option("--keep-going", is_flag=True, help="go on after a day that was not published")
@click.option("--again", is_flag=True, help="do days anew that this version of the contract let through already")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    help="days at a time that share memory and cores, where none depends on the one before",
)
@settings_options(*_BUILD_KEYS, "trust_stats", "reuse_counts")
@json_option
def backfill(  # noqa: PLR0913 - one parameter an option
    table: str,
    *,
    first: date,
    last: date,
    keep_going: bool,
    again: bool,
    jobs: int,
    settings: Settings,
    as_json: bool,
) -> ExitCode:
    """Publish TABLE for many days, the earliest first; days that stand published are left alone."""
    if last < first:
        raise click.UsageError(f"--from {first} is after --to {last}; give the earlier day first")
    from martgate.cli.reporting import report_runs
    from martgate.project.requests import load_publish_requests
    from martgate.publish import backfill as many

    with open_project(settings) as context:
        days = many.list_partition_days(context.catalog.find(table)[1], first, last)
        if not days:
            raise click.UsageError(f"no partition of {table} begins between {first} and {last}")
        work = load_publish_requests(settings, context, table, days)
        outcomes = many.backfill(work, context, keep_going=keep_going, again=again, width=jobs)
        return report_runs(outcomes, settings, context, as_json=as_json)


@click.command(epilog="Example: martgate upstreams orders --date 2024-01-01")
@click.argument("table")
@click.option("--date", "day", type=DAY, required=True, help="the day to build, YYYY-MM-DD")
@settings_options(
    "contracts", "expectations", "models", "upstreams", "warehouse", "ledger", "engine", "spark_master", "out"
)
@json_option
def upstreams(table: str, day: date, *, settings: Settings, as_json: bool) -> ExitCode:
    """Say which inputs of TABLE are not there yet for one day; nothing is read of them."""
    from martgate.cli.reporting import print_missing_upstreams
    from martgate.project.requests import load_publish_request
    from martgate.publish.upstreams import find_missing_upstreams

    with open_project(settings) as context:
        work = load_publish_request(settings, context, table, day)
        return print_missing_upstreams(work, find_missing_upstreams(work, context), as_json=as_json)


@click.command(epilog="Example: martgate build orders --date 2024-01-01")
@click.argument("table")
@click.option("--date", "day", type=DAY, required=True, help="the day to build, YYYY-MM-DD")
@settings_options(*_BUILD_KEYS)
@json_option
def build(table: str, day: date, *, settings: Settings, as_json: bool) -> ExitCode:
    """Check upstreams and stage a candidate of TABLE for one day; nothing becomes visible."""
    from martgate.cli.reporting import print_candidate, report_failure, report_run
    from martgate.gate.candidate import Candidate
    from martgate.project.requests import load_publish_request
    from martgate.publish import run as life

    with open_project(settings) as context, report_failure(table, day, settings, context):
        built = life.build(load_publish_request(settings, context, table, day), context)
    if isinstance(built, Candidate):
        return print_candidate(built, as_json=as_json)
    return report_run(built, settings, context, as_json=as_json)


@click.command(
    epilog="""\b
Examples:
  martgate gate orders --date 2024-01-01
  martgate gate flights --input flights.parquet --contract flights.odcs.yaml"""
)
@click.argument("table")
@click.option("--date", "day", type=DAY, help="the day under audit, YYYY-MM-DD")
@click.option("--candidate", metavar="ID", help="a staged candidate (default: the newest of the day)")
@click.option("--input", "source", metavar="PATH", help="a Parquet file, a folder of them, or a Delta table")
@click.option(
    "--contract",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="audit against this contract instead of the project's",
)
@click.option(
    "--explain", is_flag=True, help="print each query with the rules it answers and what it reads, and run nothing"
)
@settings_options(*_RUN_KEYS, "trust_stats", "reuse_counts", outside=lambda given: given["file"])
@json_option
def gate(  # noqa: PLR0913 - one parameter an option
    table: str,
    *,
    day: date | None,
    candidate: str | None,
    source: str | None,
    file: Path | None,
    explain: bool,
    settings: Settings,
    as_json: bool,
) -> ExitCode:
    """Audit a staged candidate of TABLE, or any data given by --input, and say whether it may be published."""
    if source is not None and candidate is not None:
        raise click.UsageError("--input and --candidate exclude each other: one audits a file, one a staged candidate")
    if source == "":
        raise click.UsageError("--input is empty; give the path of a Parquet file, a folder or a Delta table")
    if source is None and day is None and not explain:
        raise click.UsageError("give --date for a staged candidate, or --input for data that lies anywhere")
    if source is None and file is not None and not (explain and day is None):
        raise click.UsageError("--contract goes with --input; a staged candidate has the contract of its project")
    if explain:
        return _explain(table, file, settings, day=day, candidate=candidate, source=source)
    from martgate.cli.reporting import report_run
    from martgate.project.requests import load_publish_request
    from martgate.publish import run as life
    from martgate.publish.inputs import gate_input

    if source is not None:
        settings = replace(settings, lineage="none")  # what lies anywhere is nothing that the mart is made of
    with open_project(settings, contract=file) as context:
        if source is not None:
            record = gate_input(context, table, source, day)
        else:
            assert day is not None
            record = life.gate(load_publish_request(settings, context, table, day), context, candidate)
    return report_run(record, settings, context, as_json=as_json)


def _explain(  # noqa: PLR0913 - what `gate` was asked
    name: str, file: Path | None, settings: Settings, *, day: date | None, candidate: str | None, source: str | None
) -> ExitCode:
    from martgate.contracts.catalog import Catalog
    from martgate.project.plugins import ENGINES
    from martgate.project.wiring import load_catalog
    from martgate.publish import explanation as explaining

    together = ENGINES.load(settings.engine).prefers_one_statement
    if source is None and day is None:
        contracts = load_catalog(settings) if file is None else Catalog.load((file,))
        told = explaining.explain_contract(contracts, name, together=together)
    else:
        with open_project(settings, contract=file) as context:
            if source is not None:
                told = explaining.explain_input(context, name, source, day, together=together)
            else:
                assert day is not None
                told = explaining.explain_candidate(context, name, day, candidate, together=together)
    click.echo(told, nl=False)
    return ExitCode.DONE


@click.command(epilog="Example: martgate publish orders --date 2024-01-01")
@click.argument("table")
@click.option("--date", "day", type=DAY, required=True, help="the day to publish, YYYY-MM-DD")
@click.option("--candidate", metavar="ID", help="a staged candidate (default: the newest of the day)")
@settings_options(*_GATE_KEYS)
@json_option
def publish(table: str, day: date, *, candidate: str | None, settings: Settings, as_json: bool) -> ExitCode:
    """Publish a candidate that the gate approved, if its bytes and its verdict are those of then."""
    from martgate.cli.reporting import report_failure, report_run
    from martgate.publish import run as life

    with open_project(settings) as context, report_failure(table, day, settings, context):
        record = life.publish(context.catalog.find(table, day)[1], day, context, candidate)
    return report_run(record, settings, context, as_json=as_json)
