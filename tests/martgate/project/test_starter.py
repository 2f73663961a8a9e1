"""The project that the package carries: small, sound, and written without harm to what is there."""

from datetime import date
from pathlib import Path

import pytest

from martgate.contracts.catalog import Catalog
from martgate.expectations.coverage import CoverageStatus
from martgate.project.review import compute_coverage, review
from martgate.project.sample import load_sample
from martgate.project.settings import load_settings
from martgate.project.starter import STARTER, write_starter


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    write_starter(tmp_path)
    return tmp_path


def files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_the_starter_has_a_dozen_files_and_nothing_that_python_left_there(starter: Path) -> None:
    load_sample(STARTER / "builders" / "sample.py")
    assert len(files(starter)) < 15
    assert all(file.endswith((".yaml", ".yml", ".sql", ".py", ".md", ".toml", ".gitignore")) for file in files(starter))


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    written = write_starter(tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"
    assert {str(file.relative_to(tmp_path)) for file in written} == files(tmp_path) - {"README.md"}
    assert write_starter(tmp_path) == ()


def test_the_contracts_of_the_starter_are_sound_without_a_warning(starter: Path) -> None:
    found = review([starter / "contracts"], known=[])
    assert (found.problems, found.warnings, found.files) == ((), (), 3)


def test_no_clause_of_the_starter_is_unsupported(starter: Path) -> None:
    catalog = Catalog.load([starter / "contracts"])
    statuses = {item.status for version in catalog.tables() for item in compute_coverage(*version)}
    assert statuses == {*CoverageStatus} - {CoverageStatus.UNSUPPORTED}


def test_every_setting_of_the_starter_names_a_place_that_is_there(starter: Path) -> None:
    settings = load_settings(starter, environment={})
    places = [*settings.contracts, *settings.models, *settings.queries, settings.sample]
    assert all(place is not None and place.exists() for place in places)


def test_the_starter_makes_the_same_rows_from_the_same_seed_and_none_of_its_dirt_where_clean(starter: Path) -> None:
    sample = load_sample(starter / "builders" / "sample.py")

    def receipts(**own: object) -> list[dict[str, object]]:
        spec = {"date": date(2024, 1, 2), "days": 2, "seed": 3, "clean": False, "orders": 400} | own
        return dict(sample.tables(spec, {}))["till.receipts"].to_pylist()

    dirty, clean = receipts(), receipts(clean=True)
    assert dirty == receipts()
    assert dirty != receipts(seed=4)
    assert len(clean) == len({row["receipt_id"] for row in clean}) == 800 < len(dirty)
    assert {row["store"] for row in clean} < {row["store"] for row in dirty}
