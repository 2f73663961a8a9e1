"""Commands that need contracts alone: lint, diff, coverage, export, compile; and import, which drafts one from data."""

import json
from datetime import date
from functools import partial
from pathlib import Path

import click

from martgate.cli.options import DAY, PluginName, json_option, settings_options
from martgate.exits import ExitCode
from martgate.project.plugins import EXPORTERS, REGISTRIES
from martgate.project.settings import Settings

__all__ = ["compile_", "coverage", "diff", "export", "import_", "lint"]


@click.command(epilog="Example: martgate lint contracts/")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@settings_options("contracts", "expectations", "models", outside=lambda parameters: parameters["paths"])
@json_option
def lint(paths: tuple[Path, ...], *, settings: Settings, as_json: bool) -> ExitCode:
    """Check contracts and suites, and show every error and warning with its place and what to do.

    PATHS are files or folders of contracts; without them, all contracts of the project and all suites written by hand.
    """
    from martgate.project.review import review
    from martgate.reports.json_report import render_lint_json
    from martgate.reports.terminal import render_lint_text

    result = review(
        paths or settings.contracts,
        known=settings.contracts,
        expectations=settings.expectations,
        whole=not paths,
    )
    plugins = (problem for registry in REGISTRIES for problem in registry.problems())
    problems = [*result.problems, *plugins]
    render = render_lint_json if as_json else partial(render_lint_text, files=result.files)
    click.echo(render(problems, warnings=result.warnings))
    return ExitCode.UNUSABLE if problems else ExitCode.DONE


@click.command(epilog="Example: martgate diff published.odcs.yaml contracts/shop.orders.odcs.yaml")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@json_option
def diff(old: Path, new: Path, *, as_json: bool) -> ExitCode:
    """Show what changed from contract OLD to contract NEW, who is affected, and the version that it requires.

    A change is breaking if readers lose something, additive if they gain something, and semantic if values get another
    meaning. Exit code 1 if a change is breaking and NEW's version is not a major one above OLD's.
    """
    from martgate.contracts.diff import diff as compared
    from martgate.contracts.odcs import read
    from martgate.contracts.odcs.queries import unread_queries
    from martgate.reports.diff import render_diff_json, render_diff_text

    versions = [read(file, alone=True) for file in (old, new)]
    changes = compared(*versions)
    for version in versions:
        for name in unread_queries(version.contract):
            click.echo(
                f"martgate: {version.contract.file}: {name} is not in the same folder, so its text is not compared",
                err=True,
            )
    click.echo((render_diff_json if as_json else render_diff_text)(changes))
    return ExitCode.REFUSED if changes.is_refused else ExitCode.DONE


@click.command(epilog="Example: martgate coverage shop.orders")
@click.argument("table")
@click.option("--date", "day", type=DAY, help="use the version valid on that day (default: the newest), YYYY-MM-DD")
@settings_options("contracts", "expectations")
@json_option
def coverage(table: str, *, day: date | None, settings: Settings, as_json: bool) -> ExitCode:
    """Show for every leaf of TABLE's contract whether it is enforced, monitored or documentation."""
    from martgate.expectations.coverage import CoverageStatus
    from martgate.project.review import compute_coverage
    from martgate.project.wiring import load_catalog
    from martgate.reports.json_report import render_coverage_json
    from martgate.reports.terminal import render_coverage_text

    items = compute_coverage(*load_catalog(settings).find(table, day))
    click.echo(render_coverage_json(items) if as_json else render_coverage_text(items))
    unsupported = any(item.status is CoverageStatus.UNSUPPORTED for item in items)
    return ExitCode.UNUSABLE if unsupported else ExitCode.DONE


@click.command(epilog="Example: martgate export orders --to delta-ddl --out orders.sql")
@click.argument("table")
@click.option("--to", "target", type=PluginName(EXPORTERS), required=True, help="format")
@click.option(
    "--flavour", type=click.Choice(["polars", "pyspark"]), default="polars", help="library of the pandera schema"
)
@click.option("--date", "day", type=DAY, help="use the version valid on that day (default: the newest), YYYY-MM-DD")
@click.option("--out", "file", type=click.Path(path_type=Path), help="write to this file (default: stdout)")
@settings_options("contracts", "expectations", "models")
@json_option
def export(  # noqa: PLR0913 - one parameter an option
    table: str, *, target: str, flavour: str, day: date | None, file: Path | None, settings: Settings, as_json: bool
) -> ExitCode:
    """Write TABLE's contract in the format of another tool."""
    from martgate.contracts.catalog import Catalog
    from martgate.publish.exports import export_table

    # A suite written by hand is in the format of Great Expectations already: the contract alone is exported.
    text = export_table(settings, Catalog.load(settings.contracts), table, target=target, flavour=flavour, day=day)
    if file is not None:
        file.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    if as_json:
        click.echo(json.dumps({"table": table, "target": target, "out": str(file or ""), "text": text}))
    elif file is None:
        click.echo(text, nl=not text.endswith("\n"))
    return ExitCode.DONE


@click.command(
    "compile",
    epilog="""\b
Examples:
  martgate compile
  martgate compile --check""",
)
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@click.option(
    "--check", is_flag=True, help="write nothing; exit code 1 if a file differs from what its contract generates"
)
@settings_options("contracts", "expectations", "reports")
@json_option
def compile_(tables: tuple[str, ...], *, check: bool, settings: Settings, as_json: bool) -> ExitCode:
    """Write the generated files of each contract, which are kept under version control and reviewed like a lock file.

    expectations/TABLE.suite.json is the suite of Great Expectations, reports/pages/TABLE.md the page of a catalogue.
    Without TABLE, the files of every table that has a contract.
    """
    from martgate.publish.compilation import compile_tables, find_differences
    from martgate.reports.compilation import (
        render_drift_json,
        render_drift_text,
        render_written_json,
        render_written_text,
    )

    if check:
        drift = find_differences(settings, tables)
        click.echo(render_drift_json(drift) if as_json else render_drift_text(drift))
        return ExitCode.REFUSED if drift else ExitCode.DONE
    is_written = compile_tables(settings, tables)
    click.echo(render_written_json(is_written) if as_json else render_written_text(is_written))
    return ExitCode.DONE


@click.command(
    "import",
    epilog="""\b
Examples:
  martgate import orders.parquet --name shop.orders --out shop.orders.odcs.yaml
  martgate import delta/orders --name shop.orders --values status --values country""",
)
@click.argument("source", metavar="PATH")
@click.option("--name", required=True, metavar="TABLE", help="name of the table, or schema.name")
@click.option(
    "--values",
    "value_columns",
    multiple=True,
    metavar="COLUMN",
    help="write values of this column into the draft (default: none); may be repeated",
)
@click.option("--out", "file", type=click.Path(path_type=Path), help="write to this file (default: stdout)")
@click.option("--force", is_flag=True, help="overwrite an existing file")
@settings_options("engine", "spark_master", "memory_limit", outside=lambda _: True)
@json_option
def import_(  # noqa: PLR0913 - one parameter an option
    source: str,
    *,
    name: str,
    value_columns: tuple[str, ...],
    file: Path | None,
    force: bool,
    settings: Settings,
    as_json: bool,
) -> ExitCode:
    """Draft a contract from data: a Parquet file, a folder of them, or a Delta table.

    Columns, types and partitions are read from the data. What its rows suggest (no nulls, no duplicates) is marked as
    inferred, to be confirmed or deleted. Values may be personal: the draft has only those of columns named by --values.
    """
    if source == "":
        raise click.UsageError("PATH is empty; give a Parquet file, a folder or a Delta table")
    if file is not None and file.exists() and not force:
        raise click.UsageError(f"{file} exists already; give another --out, or --force to overwrite it")
    from martgate.project.wiring import open_engine
    from martgate.publish.drafts import draft_contract
    from martgate.stores.upstreams import Upstreams

    dataset = Upstreams(settings.upstreams).find_dataset_at(source)
    with open_engine(settings) as engine:
        text = draft_contract(engine, dataset, name, value_columns=value_columns)
    if file is not None:
        file.write_text(text, encoding="utf-8")
    if as_json:
        click.echo(json.dumps({"table": name, "out": str(file or ""), "text": text}))
    elif file is None:
        click.echo(text, nl=False)
    return ExitCode.DONE
