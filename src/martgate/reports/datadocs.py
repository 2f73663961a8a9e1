"""Renders the site of all runs: an index, a page for each run, a page of rules for each table. It works from file://.

    python -m martgate.reports.datadocs RECORDS_DIR OUT_DIR [--contracts DIR ...] [--promises FILE]

It runs as a process of its own, because importing Great Expectations costs seconds. Without that library the pages lack
its sentences, and no run is written as the result of a suite. The previous site stays untouched until every page is
rendered; then each page is replaced atomically, the index last.
"""

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from martgate.contracts.model import Contract
from martgate.errors import CouldNotRun, InvalidInput, MartgateError
from martgate.expectations.promises import Punctuality
from martgate.extras import is_installed
from martgate.reports import basic_pages
from martgate.reports.appearance import DEFAULT, Appearance
from martgate.reports.build_view import find_owner
from martgate.reports.paths import page_path, safe_file_name
from martgate.reports.promises import build_table_view, from_json
from martgate.reports.stored_runs import StoredRun, list_records, read_runs

__all__ = ["main", "render"]

_EXIT_INVALID_INPUT, _EXIT_COULD_NOT_RUN = 2, 3


def render(
    records_dir: Path,
    site_dir: Path,
    contracts: Sequence[Contract] = (),
    promises: Sequence[Punctuality] = (),
    appearance: Appearance = DEFAULT,
) -> Path:
    """Render the site of all records (`*.json`) of a folder; what cannot be drawn does not stop the rest.

    A page whose record and contract have not changed is not rendered again, so that a long history costs little.

    Args:
        records_dir: The folder of the records.
        site_dir: The folder of the site.
        contracts: The contracts in all versions.
        promises: The assessed SLAs of each table about time.
        appearance: The look of all pages.

    Returns:
        The path of the index page.

    Raises:
        martgate.errors.CouldNotRun: Records cannot be read, or pages cannot be rendered; the rest is drawn, and the error
            names every one of them. Or the site could not be written, and the previous one is unchanged.
    """
    site = _open_site(appearance)
    while True:
        files = list_records(records_dir)
        runs, problems = read_runs(files, contracts, appearance)
        try:
            site_dir.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".drawing-", dir=site_dir) as drawing:
                drawn = _render_runs(site, runs, Path(drawing), site_dir, problems)
                _render_index(site, drawn, promises, Path(drawing))
                _replace(Path(drawing), site_dir)
        except OSError as error:
            raise CouldNotRun(f"the site could not be written: {error.strerror}: {error.filename}") from error
        # A run that ended meanwhile may have rendered its own index, which this one has replaced.
        if list_records(records_dir) == files:
            break
    if problems:
        raise CouldNotRun("\n".join([f"{site_dir / 'index.html'} was drawn, but not all of it:", *problems]))
    return site_dir / "index.html"


def _open_site(appearance: Appearance) -> basic_pages.Site:
    if not is_installed("gx"):
        return basic_pages.Site(appearance)
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # without effect in 1.24; older and newer versions respect it
    from martgate.reports.gx_pages import Site  # noqa: PLC0415 - seconds

    return Site(appearance)


def _render_runs(
    site: basic_pages.Site, runs: Sequence[StoredRun], drawing: Path, previous: Path, problems: list[str]
) -> list[StoredRun]:
    """Render the changed pages of runs and the rules of each table.

    Returns:
        The runs that have a page. The others are added to the problems, with why.
    """
    drawn = []
    for run in runs:
        page = page_path(Path(), run.record.candidate)
        try:
            if not _is_current(previous / page, run.digest):
                with _raise_logged_errors():
                    _render_run(site, run, drawing)
        except Exception as error:  # noqa: BLE001 - the renderers of another library may raise anything
            (drawing / page).unlink(missing_ok=True)
            problems.append(f"{page}, the run {run.record.candidate} of {run.record.table}: {_describe(error)}")
            if not (previous / page).exists():
                continue
        drawn.append(run)
    suites = _suite_addresses(drawn)
    for table, newest in _newest_runs(drawn).items():
        try:
            with _raise_logged_errors():
                owner = find_owner(newest.contract)
                text = site.suite(newest.all_rules, newest.table, newest.contract, owner=owner)
        except Exception as error:  # noqa: BLE001 - as above
            problems.append(f"{suites[table]}, the rules of {table}: {_describe(error)}")
            if (previous / suites[table]).exists():
                continue
            text = basic_pages.Site(site.appearance).suite(
                newest.all_rules, newest.table, newest.contract, owner=find_owner(newest.contract)
            )
        _write(drawing / suites[table], text)
    return drawn


def _render_run(site: basic_pages.Site, run: StoredRun, drawing: Path) -> None:
    page = page_path(Path(), run.record.candidate)
    result = page.with_name(f"{page.stem}.json")
    result_json = site.result(run.record, run.table)
    suite = f"../suites/{safe_file_name(run.record.table)}.html"
    links = {"suite": suite, "result": result.name if result_json else ""}
    text = site.run(run.view, run.rules, run.table, links=links, digest=run.digest)
    if result_json:
        _write(drawing / result, result_json)
    _write(drawing / page, text)


def _describe(error: Exception) -> str:
    """Describe an error; one that is not ours could quote a value, so only its type is shown."""
    return str(error) if isinstance(error, MartgateError) else f"an unexpected {type(error).__name__}"


def _render_index(
    site: basic_pages.Site, runs: Sequence[StoredRun], promises: Sequence[Punctuality], drawing: Path
) -> None:
    """Render the index, and the page of SLAs where there are any."""
    links = [(run.view, page_path(Path(), run.record.candidate).as_posix()) for run in runs]
    tables = [build_table_view(punctuality) for punctuality in promises]
    if tables:
        _write(drawing / "promises.html", site.promises(tables))
    _write(drawing / "index.html", site.index(links, _suite_addresses(runs), tables))


def _newest_runs(runs: Iterable[StoredRun]) -> dict[str, StoredRun]:
    """The newest run of each table."""
    tables: dict[str, StoredRun] = {}
    for run in runs:
        tables.setdefault(run.record.table, run)
    return tables


def _suite_addresses(runs: Iterable[StoredRun]) -> dict[str, str]:
    """By table, the address of its rules."""
    return {table: f"suites/{safe_file_name(table)}.html" for table in sorted(_newest_runs(runs))}


def _is_current(page: Path, digest: str) -> bool:
    try:
        with page.open(encoding="utf-8") as lines:
            return digest in lines.read(4096)
    except OSError:
        return False


def _write(page: Path, text: str) -> None:
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8", errors="backslashreplace")


def _replace(drawing: Path, site_dir: Path) -> None:
    """Move every rendered page to its place, each in one step; the index last, when the pages that it links to exist."""
    pages = sorted(
        (path for path in drawing.rglob("*") if path.is_file()), key=lambda page: (page.name == "index.html", page)
    )
    for page in pages:
        target = site_dir / page.relative_to(drawing)
        target.parent.mkdir(exist_ok=True)
        page.replace(target)


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # The rest of the message is a traceback.
        self.messages.append(record.getMessage().strip().partition("Traceback")[0].strip())


@contextmanager
def _raise_logged_errors() -> Iterator[None]:
    """Raise the errors that Great Expectations only logs: sentences that it could not render."""
    logger, errors = logging.getLogger("great_expectations.render"), _Errors()
    level = logger.level
    logger.addHandler(errors)
    logger.setLevel(logging.ERROR)  # also where the library has been silenced
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(errors)
    if errors.messages:
        raise CouldNotRun("Great Expectations could not render an expectation: " + "; ".join(errors.messages))


def _contracts(folders: Iterable[Path]) -> tuple[list[Contract], list[str]]:
    """Read the contracts that can be read, and say why the others cannot."""
    from martgate.contracts.odcs import read  # noqa: PLC0415 - only reading contracts needs it

    files = [
        file for folder in folders for file in ([folder] if folder.is_file() else sorted(folder.rglob("*.odcs.yaml")))
    ]
    contracts, problems = [], []
    for file in files:
        try:
            contracts.append(read(file).contract)
        except InvalidInput as error:
            problems.append(str(error))
    return contracts, problems


def main(arguments: Sequence[str] | None = None) -> int:
    """Render the site.

    Returns:
        The exit code: 0 for success, 2 for invalid contracts, 3 where not all of the site could be rendered.
    """
    parser = argparse.ArgumentParser(
        prog="python -m martgate.reports.datadocs", description="Render the site of all runs."
    )
    parser.add_argument("records", type=Path, help="folder of recorded runs, *.json")
    parser.add_argument("site", type=Path, help="folder of the site")
    parser.add_argument("--contracts", type=Path, action="append", default=[], help="folder of *.odcs.yaml, or a file")
    parser.add_argument("--promises", type=Path, help="file of assessed SLAs, as martgate wrote it")
    parser.add_argument("--appearance", type=Path, help="file of the look of the pages, as martgate wrote it")
    options = parser.parse_args(arguments)
    try:
        promises = from_json(options.promises.read_bytes()) if options.promises else ()
        appearance = (
            Appearance.from_json(options.appearance.read_text(encoding="utf-8")) if options.appearance else DEFAULT
        )
        contracts, problems = _contracts(options.contracts)
        print(render(options.records, options.site, contracts, promises, appearance))  # noqa: T201 - the only output
        if problems:
            raise InvalidInput(*problems)
    except MartgateError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return _EXIT_INVALID_INPUT if isinstance(error, InvalidInput) else _EXIT_COULD_NOT_RUN
    return 0


if __name__ == "__main__":
    sys.exit(main())
