"""Upstreams to try things on, and the demonstration that does."""

import json
from datetime import date, timedelta
from pathlib import Path

import click

from martgate.cli.options import DAY, as_json, settings_from
from martgate.exits import ExitCode
from martgate.project.settings import Settings

__all__ = ["demo", "sample"]

DEMO_DAY = date(2024, 1, 1)


@click.command(epilog="Example: martgate sample --out out/upstreams --members 100000 --date 2024-01-01 --days 3")
@click.option("--out", "folder", type=click.Path(path_type=Path), required=True, help="where the tables go")
@click.option("--members", type=click.IntRange(min=1), required=True, help="how many memberships")
@click.option("--date", "day", type=DAY, required=True, help="the last day, YYYY-MM-DD")
@click.option("--days", type=click.IntRange(min=1), default=1, show_default=True, help="how many daily snapshots")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="same seed, same rows")
@click.option("--communities", type=click.IntRange(min=1), help="how many communities (default: grows with members)")
@click.option("--clean", is_flag=True, help="without the dirt of real upstreams")
@settings_from("contracts", "sample")
@as_json
def sample(  # noqa: PLR0913 - one parameter an option
    *,
    folder: Path,
    members: int,
    day: date,
    days: int,
    seed: int,
    communities: int | None,
    clean: bool,
    settings: Settings,
    as_json: bool,
) -> ExitCode:
    """Write upstream tables born from their contracts, dirty as real ones unless --clean."""
    from martgate.project.progress import show_progress
    from martgate.publish.samples import write_samples

    with show_progress() as progress:
        spec = {"members": members, "date": day, "days": days, "seed": seed, "clean": clean}
        if communities is not None:
            spec["communities"] = communities
        rows = write_samples(settings, folder, spec, progress)
    if as_json:
        click.echo(json.dumps({"out": str(folder), "rows": rows}))
    else:
        for name, count in rows.items():
            click.echo(f"{count:>12,}  {name}")
        click.echo(f"written to {folder}; read it with --upstreams {folder}")
    return ExitCode.DONE


@click.command(epilog="Example: martgate demo --members 100000 --days 3")
@click.option("--members", type=click.IntRange(min=1), default=20_000, show_default=True, help="how many memberships")
@click.option("--days", type=click.IntRange(min=1, max=366), default=2, show_default=True, help="how many days")
@settings_from("out", outside=lambda _: True)
@as_json
def demo(*, members: int, days: int, settings: Settings, as_json: bool) -> ExitCode:
    """Make upstreams, then check, build, audit and publish we_mart.wv_comm_user day by day, and draw the site."""
    from martgate.cli.demo import play

    dates = [DEMO_DAY + timedelta(days=n) for n in range(days)]
    return play(settings, members=members, dates=dates, as_json=as_json)
