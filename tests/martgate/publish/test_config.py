"""Settings: where each value comes from, and what is said of values that cannot be used."""

from pathlib import Path

import pytest

from martgate.errors import InvalidInput
from martgate.project.settings import load_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_empty_file_makes_a_project_of_the_folders_beside_it(folder: Path) -> None:
    (folder / "martgate.toml").write_text("")
    (folder / "builders" / "models").mkdir(parents=True)
    settings = load_settings(environment={})
    assert settings.contracts == (folder / "contracts",)
    assert settings.models == (folder / "builders" / "models",)
    assert settings.queries == ()
    assert settings.warehouse == str(folder / "out" / "warehouse")
    assert set(settings.origins.values()) == {"default"}


@pytest.mark.parametrize(("project", "where"), [(None, "here or in a folder above"), (Path(), "in this folder")])
def test_without_a_project_there_are_no_settings(folder: Path, project: Path | None, where: str) -> None:
    with pytest.raises(InvalidInput, match=rf"{folder}: there is no martgate\.toml {where}"):
        load_settings(project, environment={})
    assert load_settings(project, environment={}, outside=True).contracts == ()
    assert not load_settings(project, environment={}, outside=True).is_project
    assert not list(folder.iterdir())


def test_the_project_is_looked_up_from_the_folders_above(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "martgate.toml").write_text('warehouse = "lake"\n')
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert load_settings(environment={}).warehouse == str(folder / "lake")


def test_a_relative_project_folder_is_relative_to_here_and_to_nothing_else(folder: Path) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "martgate.toml").write_text('warehouse = "lake"\n')
    settings = load_settings(project=Path("below"), environment={})
    assert settings.out == folder / "below" / "out"
    assert settings.upstreams == str(folder / "below" / "out" / "upstreams")
    assert settings.warehouse == str(folder / "below" / "lake")
    assert settings.ledger == f"sqlite:///{folder / 'below' / 'out' / 'ledger.db'}"


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(folder: Path) -> None:
    (folder / "martgate.toml").write_text('out = "file"\nwarehouse = "file"\nmemory_limit = "1GB"\n')
    settings = load_settings(flags={"out": "flag"}, environment={"MARTGATE_OUT": "env", "MARTGATE_WAREHOUSE": "env"})
    assert (settings.out, settings.warehouse, settings.memory_limit, settings.engine) == (
        folder / "flag",
        str(folder / "env"),
        "1GB",
        "duckdb",
    )
    assert settings.origins["out"] == "--out"
    assert settings.origins["warehouse"] == "MARTGATE_WAREHOUSE"
    assert settings.origins["memory_limit"].endswith("martgate.toml")
    assert settings.origins["engine"] == "default"


def test_paths_of_the_file_are_relative_to_the_file_and_urls_stay(folder: Path, tmp_path: Path) -> None:
    (folder / "martgate.toml").write_text('warehouse = "s3://bucket/lake"\nledger = "sqlite:///state/l.db"\n')
    settings = load_settings(project=folder, environment={})
    assert settings.warehouse == "s3://bucket/lake"
    assert settings.ledger == f"sqlite:///{folder / 'state' / 'l.db'}"


def test_single_upstreams_may_lie_elsewhere(folder: Path) -> None:
    (folder / "martgate.toml").write_text('[upstreams]\nroot = "in"\n"we_mart.we_user" = "elsewhere/users"\n')
    settings = load_settings(environment={})
    assert settings.upstreams == str(folder / "in")
    assert settings.upstream_locations == {"we_mart.we_user": str(folder / "elsewhere" / "users")}


def test_every_unusable_value_is_told_at_once(folder: Path) -> None:
    (folder / "martgate.toml").write_text('engine = "sparkle"\ncontracts = "not-a-list"\nout = 3\n')
    with pytest.raises(InvalidInput) as caught:
        load_settings(environment={})
    assert {problem.path for problem in caught.value.problems} == {"engine", "contracts", "out"}


def test_an_unknown_key_is_told_with_the_nearest_known_one(folder: Path) -> None:
    (folder / "martgate.toml").write_text('warehose = "x"\n')
    with pytest.raises(InvalidInput, match="did you mean 'warehouse'"):
        load_settings(environment={})


def test_a_file_that_is_not_toml_is_unusable_and_named(folder: Path) -> None:
    (folder / "martgate.toml").write_text("warehouse: x\n")
    with pytest.raises(InvalidInput, match=r"martgate\.toml: is not TOML"):
        load_settings(environment={})


def test_a_project_folder_that_is_not_there_is_unusable(folder: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no such folder"):
        load_settings(project=folder / "nowhere", environment={})


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ("none", "none"),
        ("events.ndjson", "file:{here}/events.ndjson"),
        ("file:told/events", "file:{here}/told/events"),
        ("file:///var/events", "file:/var/events"),
        ("http://localhost:5000", "http://localhost:5000"),
        ("https://lineage.example.org/api/v1/lineage", "https://lineage.example.org/api/v1/lineage"),
    ],
)
def test_lineage_goes_to_a_file_or_a_server_or_nowhere(folder: Path, given: str, where: str) -> None:
    assert load_settings(flags={"lineage": given}, environment={}, outside=True).lineage == where.format(here=folder)


@pytest.mark.parametrize(
    "given", ["", "events.json", "file:", "s3://bucket/events.ndjson", "https://", "https://me:secret@example.org"]
)
def test_other_places_of_lineage_are_unusable_and_a_password_is_not_shown(folder: Path, given: str) -> None:
    (folder / "martgate.toml").write_text(f'lineage = "{given}"\n')
    with pytest.raises(InvalidInput, match="expected none, file:PATH") as raised:
        load_settings(environment={})
    assert "secret" not in str(raised.value)
