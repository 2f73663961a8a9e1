"""The site of all runs: an index, a page a run, a page of rules a table. It works from file://.

    python -m martgate.reports.datadocs RECORDS_DIR OUT_DIR [--contracts DIR ...] [--promises FILE]

Runs as a process of its own, for drawing imports Great Expectations, which costs seconds. Where that is not installed,
the pages are drawn without its sentences, and no run is written as the result of a suite. Nothing of the former site
is touched before every page has been drawn; then each page is replaced whole, the index last.
"""

import argparse
import hashlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from martgate.contracts.model import Column, Contract, Table
from martgate.errors import CouldNotRun, InvalidInput, MartgateError
from martgate.expectations.promises import Punctuality
from martgate.expectations.rules import Rule
from martgate.extras import EXTRAS, is_installed
from martgate.gate.run import RunRecord
from martgate.reports import basic_pages
from martgate.reports.appearance import DEFAULT, Appearance
from martgate.reports.paths import page_path, safe_file_name
from martgate.reports.promises import build_table_view, from_json
from martgate.reports.view import RunView, build_run_view, find_owner

__all__ = ["main", "render"]

_EXIT_UNUSABLE, _EXIT_COULD_NOT_RUN = 2, 3


@dataclass(frozen=True, slots=True)
class _Kept:
    """A record as it lies in its folder; `digest` stands for its bytes."""

    record: RunRecord
    run: RunView
    contract: Contract | None
    table: Table
    digest: str

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(verdict.rule for verdict in self.record.audit.verdicts)

    @property
    def promised(self) -> tuple[Rule, ...]:
        """Every rule of the table, those that this run did not judge included."""
        return (*self.rules, *(item.rule for item in self.record.audit.out_of_scope))


def render(
    records_dir: Path,
    site_dir: Path,
    contracts: Sequence[Contract] = (),
    promises: Sequence[Punctuality] = (),
    appearance: Appearance = DEFAULT,
) -> Path:
    """Draw the site of every record (`*.json`) of a folder, and return its index page.

    `promises` are those about time, by table, as they stand now; `appearance` is the look of all pages.

    A page whose record and contract have not changed is kept as it is, so that a long history costs little.

    Raises:
        martgate.errors.InvalidInput: a record cannot be read; with every such record.
        martgate.errors.CouldNotRun: a page could not be drawn or written; the former site is left as it was.
    """
    site = _site(appearance)
    while True:
        listed = _listed(records_dir)
        kept = _read(listed, contracts, appearance)
        try:
            site_dir.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".drawing-", dir=site_dir) as drawing:
                _draw(site, kept, Path(drawing), site_dir)
                _draw_front(site, kept, promises, Path(drawing))
                _replace(Path(drawing), site_dir)
        except OSError as error:
            raise CouldNotRun(f"the site could not be written: {error.strerror}: {error.filename}") from error
        # A run that ended meanwhile may have been drawn by its own process, before this index replaced its own.
        if _listed(records_dir) == listed:
            return site_dir / "index.html"


def _site(appearance: Appearance) -> basic_pages.Site:
    if not is_installed("gx"):
        return basic_pages.Site(appearance)
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # dead in 1.24; older and newer versions heed it
    from martgate.reports.gx_pages import Site  # noqa: PLC0415 - seconds

    return Site(appearance)


def _listed(records_dir: Path) -> list[Path]:
    return sorted(path for path in records_dir.glob("*.json") if not path.name.startswith("."))


def _read(listed: Iterable[Path], contracts: Sequence[Contract], appearance: Appearance) -> list[_Kept]:
    """The records, newest first."""
    kept, problems = [], []
    for path in listed:
        try:
            kept.append(_kept(path.read_bytes(), contracts, appearance))
        except CouldNotRun as error:
            problems.append(f"{path}: {error}")
        except OSError as error:
            problems.append(f"{path}: {error.strerror}")
    if problems:
        raise InvalidInput(*problems)
    return sorted(kept, key=lambda one: (one.record.audit.audited_at, one.record.candidate), reverse=True)


def _kept(content: bytes, contracts: Sequence[Contract], appearance: Appearance) -> _Kept:
    record = RunRecord.from_json(content)
    contract, table = _promise(record, contracts)
    state = hashlib.sha256(content + repr((contract, appearance)).encode(errors="surrogatepass") + _house())
    return _Kept(record, build_run_view(record, contract), contract, table, state.hexdigest())


def _promise(record: RunRecord, contracts: Sequence[Contract]) -> tuple[Contract | None, Table]:
    """The table's contract, in the version that the run was judged by if it is still there; without one, as much of the table as its rules tell."""
    stating = [
        (contract, table)
        for contract in sorted(contracts, key=lambda contract: contract.valid_from, reverse=True)
        for table in contract.tables
        if record.table == table.qualified_name
    ]
    own = [(contract, table) for contract, table in stating if contract.version == record.audit.contract_version]
    for found in (*own, *stating):
        return found
    checks = [verdict.rule.check for verdict in record.audit.verdicts]
    types: dict[str, str] = {}
    for check in checks:
        types |= {name: kind or types.get(name, "") for name, kind in check.expected_types.items()}
    columns = tuple(
        # Of a column without a contract nobody has said that it may be shown.
        Column(path="", name=name, logical_type="", physical_type=kind, classification="unknown")
        for name, kind in types.items()
    )
    return None, Table(path="", name=record.table, qualified_name=record.table, columns=columns)


@cache
def _house() -> bytes:
    """Stands for everything but the record that a page depends on."""
    here = Path(__file__).parent
    sentences = version(EXTRAS["gx"].library) if is_installed("gx") else ""
    sources = (path.read_bytes() for path in sorted([*here.glob("*.py"), *here.glob("site/*")]) if path.is_file())
    return hashlib.sha256(b"".join(sources) + sentences.encode()).digest()


def _draw(site: basic_pages.Site, kept: Sequence[_Kept], drawing: Path, former: Path) -> None:
    """The page of each run, and of the rules of each table."""
    suites = _suites(kept)
    with _loud():
        for one in kept:
            page = page_path(Path(), one.record.candidate)
            if not _is_current(former / page, one.digest):
                result = page.with_name(f"{page.stem}.json")
                told = site.result(one.record, one.table)
                if told:
                    _write(drawing / result, told)
                links = {"suite": f"../{suites[one.record.table]}", "result": result.name if told else ""}
                _write(drawing / page, site.run(one.run, one.rules, one.table, links=links, digest=one.digest))
        for table, newest in _newest(kept).items():
            owner = find_owner(newest.contract)
            _write(drawing / suites[table], site.suite(newest.promised, newest.table, newest.contract, owner=owner))


def _draw_front(site: basic_pages.Site, kept: Sequence[_Kept], promises: Sequence[Punctuality], drawing: Path) -> None:
    """The index, and the page of promises that it leads to where there are any."""
    runs = [(one.run, page_path(Path(), one.record.candidate).as_posix()) for one in kept]
    tables = [build_table_view(one) for one in promises]
    if tables:
        _write(drawing / "promises.html", site.promises(tables))
    _write(drawing / "index.html", site.index(runs, _suites(kept), tables))


def _newest(kept: Iterable[_Kept]) -> dict[str, _Kept]:
    """By table, its newest run."""
    tables: dict[str, _Kept] = {}
    for one in kept:
        tables.setdefault(one.record.table, one)
    return tables


def _suites(kept: Iterable[_Kept]) -> dict[str, str]:
    """By table, the address of its rules."""
    return {table: f"suites/{safe_file_name(table)}.html" for table in sorted(_newest(kept))}


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
    """Move every drawn page to its place, each in one step, the index when all that it links to is there."""
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
def _loud() -> Iterator[None]:
    """Turn what Great Expectations merely logs, a sentence it could not render, into a failure."""
    logger, errors = logging.getLogger("great_expectations.render"), _Errors()
    level = logger.level
    logger.addHandler(errors)
    logger.setLevel(logging.ERROR)  # whoever has silenced that library has not silenced this
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(errors)
    if errors.messages:
        raise CouldNotRun("Great Expectations could not render an expectation: " + "; ".join(errors.messages))


def _contracts(folders: Iterable[Path]) -> list[Contract]:
    from martgate.contracts.odcs import read  # noqa: PLC0415 - not needed to know where a page is

    files = [
        file for folder in folders for file in ([folder] if folder.is_file() else sorted(folder.rglob("*.odcs.yaml")))
    ]
    return [read(file).contract for file in files]


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the site; the exit code is 0 (drawn), 2 (records or contracts unusable) or 3 (could not be drawn)."""
    parser = argparse.ArgumentParser(
        prog="python -m martgate.reports.datadocs", description="Draw the site of all runs."
    )
    parser.add_argument("records", type=Path, help="folder of recorded runs, *.json")
    parser.add_argument("site", type=Path, help="folder of the site")
    parser.add_argument("--contracts", type=Path, action="append", default=[], help="folder of *.odcs.yaml, or a file")
    parser.add_argument("--promises", type=Path, help="how the promises about time stand, as martgate wrote it")
    parser.add_argument("--appearance", type=Path, help="the look of the pages, as martgate wrote it")
    given = parser.parse_args(arguments)
    try:
        promises = from_json(given.promises.read_bytes()) if given.promises else ()
        appearance = Appearance.from_json(given.appearance.read_text(encoding="utf-8")) if given.appearance else DEFAULT
        print(render(given.records, given.site, _contracts(given.contracts), promises, appearance))  # noqa: T201 - its one answer
    except MartgateError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return _EXIT_UNUSABLE if isinstance(error, InvalidInput) else _EXIT_COULD_NOT_RUN
    return 0


if __name__ == "__main__":
    sys.exit(main())
