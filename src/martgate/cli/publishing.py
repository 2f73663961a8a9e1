"""Commands that publish: run, backfill, and the steps upstreams, build, gate and publish."""

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
    help="several tables in order: t, tag:x or state:modified; t+ (with all made from it), +t (with all it is made from); "
    "a,b (both); may be repeated",
)
@click.option(
    "--state",
    "former",
    type=click.Path(path_type=Path),
    help="for state:modified: the earlier state that `martgate state` wrote, a file or its folder",
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
    """Check upstreams, build and audit TABLE for one day, then publish it or refuse; with --select, several tables."""
    if (table is None) is not bool(selectors):
        raise click.UsageError("give one TABLE, or --select for several")
    if former is not None and not any("state:" in selector for selector in selectors):
        raise click.UsageError("--state goes with --select state:modified")
    if table is None:
        if dry_run:
            raise click.UsageError(
                "--dry-run and --select exclude each other: the next table would read what was not published"
            )
        return _run_selected(selectors, day, former, settings=settings, as_json=as_json)
    from martgate.cli.reporting import report_failure, report_run
    from martgate.project.requests import load_publish_request
    from martgate.publish import run as run_module

    with open_project(settings) as context, report_failure(table, day, settings, context):
        record = run_module.run(load_publish_request(settings, context, table, day), context, dry_run=dry_run)
    return report_run(record, settings, context, as_json=as_json)


def _run_selected(
    selectors: tuple[str, ...], day: date, former: Path | None, *, settings: Settings, as_json: bool
) -> ExitCode:
    from martgate.builders.model import load_models
    from martgate.cli.reporting import report_runs
    from martgate.project.graph import build_graph, select
    from martgate.project.state import find_changes, read_state
    from martgate.publish.selection import create_requests, run_tables

    earlier = read_state(former) if former else None
    with open_project(settings) as context:
        models = load_models(settings.models)
        graph = build_graph(models, context.catalog)
        changed = None if earlier is None else find_changes(earlier, models, context.catalog)
        selected = select(selectors, graph, context.catalog, changed)
        if not selected:
            click.echo(f"martgate: nothing to run: no table is selected by {' '.join(selectors)}", err=True)
        requests = create_requests(selected, day, models, context)
        table_runs = run_tables(requests, day, graph, context)
        return report_runs(table_runs, settings, context, as_json=as_json)


@click.command(epilog="Example: martgate backfill orders --from 2024-01-01 --to 2024-01-31")
@click.argument("table")
@click.option("--from", "first", type=DAY, required=True, help="the first day, YYYY-MM-DD")
@click.option("--to", "last", type=DAY, required=True, help="the last day, YYYY-MM-DD")
@click.option("--keep-going", is_flag=True, help="continue after a day that was not published")
@click.option("--again", is_flag=True, help="also publish days that are published already by the present rules")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    help="days to prepare in parallel, if none depends on the day before; they share memory and cores",
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
    """Publish TABLE for many days, the earliest first; days that are published already are skipped."""
    if last < first:
        raise click.UsageError(f"--from {first} is after --to {last}; give the earlier day first")
    from martgate.cli.reporting import report_runs
    from martgate.project.requests import load_publish_requests
    from martgate.publish import backfill as backfill_module

    with open_project(settings) as context:
        days = backfill_module.list_partition_days(context.catalog.find(table)[1], first, last)
        if not days:
            raise click.UsageError(f"no partition of {table} begins between {first} and {last}")
        requests = load_publish_requests(settings, context, table, days)
        table_runs = backfill_module.backfill(requests, context, keep_going=keep_going, again=again, width=jobs)
        return report_runs(table_runs, settings, context, as_json=as_json)


@click.command(epilog="Example: martgate upstreams orders --date 2024-01-01")
@click.argument("table")
@click.option("--date", "day", type=DAY, required=True, help="the day to build, YYYY-MM-DD")
@settings_options(
    "contracts", "expectations", "models", "upstreams", "warehouse", "ledger", "engine", "spark_master", "out"
)
@json_option
def upstreams(table: str, day: date, *, settings: Settings, as_json: bool) -> ExitCode:
    """Show which inputs of TABLE are missing for one day; no data is read."""
    from martgate.cli.reporting import print_missing_upstreams
    from martgate.project.requests import load_publish_request
    from martgate.publish.upstreams import find_missing_upstreams

    with open_project(settings) as context:
        request = load_publish_request(settings, context, table, day)
        return print_missing_upstreams(request, find_missing_upstreams(request, context), as_json=as_json)


@click.command(epilog="Example: martgate build orders --date 2024-01-01")
@click.argument("table")
@click.option("--date", "day", type=DAY, required=True, help="the day to build, YYYY-MM-DD")
@settings_options(*_BUILD_KEYS)
@json_option
def build(table: str, day: date, *, settings: Settings, as_json: bool) -> ExitCode:
    """Check upstreams and stage a candidate of TABLE for one day; readers see nothing of it."""
    from martgate.cli.reporting import print_candidate, report_failure, report_run
    from martgate.gate.candidate import Candidate
    from martgate.project.requests import load_publish_request
    from martgate.publish import run as run_module

    with open_project(settings) as context, report_failure(table, day, settings, context):
        result = run_module.build(load_publish_request(settings, context, table, day), context)
    if isinstance(result, Candidate):
        return print_candidate(result, as_json=as_json)
    return report_run(result, settings, context, as_json=as_json)


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
@click.option("--explain", is_flag=True, help="print each query with its rules and what it reads, and run nothing")
@settings_options(*_RUN_KEYS, "trust_stats", "reuse_counts", outside=lambda parameters: parameters["file"])
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
    """Audit a staged candidate of TABLE, or any data given by --input, and decide whether it may be published."""
    if source is not None and candidate is not None:
        raise click.UsageError("--input and --candidate exclude each other: one audits a file, one a staged candidate")
    if source == "":
        raise click.UsageError("--input is empty; give the path of a Parquet file, a folder or a Delta table")
    if source is None and day is None and not explain:
        raise click.UsageError("give --date for a staged candidate, or --input for other data")
    if source is None and file is not None and not (explain and day is None):
        raise click.UsageError("--contract goes with --input; a staged candidate has the contract of its project")
    if explain:
        return _explain(table, file, settings, day=day, candidate=candidate, source=source)
    from martgate.cli.reporting import report_run
    from martgate.project.requests import load_publish_request
    from martgate.publish import run as run_module
    from martgate.publish.inputs import gate_input

    if source is not None:
        settings = replace(settings, lineage="none")  # other data is no part of the mart's lineage
    with open_project(settings, contract=file) as context:
        if source is not None:
            record = gate_input(context, table, source, day)
        else:
            assert day is not None
            record = run_module.gate(load_publish_request(settings, context, table, day), context, candidate)
    return report_run(record, settings, context, as_json=as_json)


def _explain(  # noqa: PLR0913 - the arguments of `gate`
    name: str, file: Path | None, settings: Settings, *, day: date | None, candidate: str | None, source: str | None
) -> ExitCode:
    from martgate.contracts.catalog import Catalog
    from martgate.project.plugins import ENGINES
    from martgate.project.wiring import load_catalog
    from martgate.publish import explanation

    together = ENGINES.load(settings.engine).prefers_one_statement
    if source is None and day is None:
        contracts = load_catalog(settings) if file is None else Catalog.load((file,))
        text = explanation.explain_contract(contracts, name, together=together)
    else:
        with open_project(settings, contract=file) as context:
            if source is not None:
                text = explanation.explain_input(context, name, source, day, together=together)
            else:
                assert day is not None
                text = explanation.explain_candidate(context, name, day, candidate, together=together)
    click.echo(text, nl=False)
    return ExitCode.DONE


@click.command(epilog="Example: martgate publish orders --date 2024-01-01")
@click.argument("table")
@click.option("--date", "day", type=DAY, required=True, help="the day to publish, YYYY-MM-DD")
@click.option("--candidate", metavar="ID", help="a staged candidate (default: the newest of the day)")
@settings_options(*_GATE_KEYS)
@json_option
def publish(table: str, day: date, *, candidate: str | None, settings: Settings, as_json: bool) -> ExitCode:
    """Publish a candidate that the gate approved, if its bytes and its verdict are unchanged since."""
    from martgate.cli.reporting import report_failure, report_run
    from martgate.project.requests import load_publish_request
    from martgate.publish import run as run_module

    with open_project(settings) as context, report_failure(table, day, settings, context):
        request = load_publish_request(settings, context, table, day, judges=False)
        record = run_module.publish(request, context, candidate)
    return report_run(record, settings, context, as_json=as_json)
