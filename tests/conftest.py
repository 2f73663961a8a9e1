"""What tests of every room share: one Spark session and one PostgreSQL server, started only where a test asks."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from martgate.builders.engines.duckdb import DuckDBEngine
from martgate.builders.model import load_models
from martgate.contracts.catalog import Catalog
from martgate.contracts.model import Column, Contract, Table
from martgate.contracts.types import translate_type

settings.register_profile(
    "steady", derandomize=True, deadline=None
)  # a merge is judged by the same examples as the last
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("steady")

HOSTILE = '\'"; DROP TABLE x; --\n"""\\ ${java.version} %s :x \u202e {batch} </script> `tick` {{}} \U0001f600\x00 end\\'
"""A description that tries to break out of every language that it is written into."""


def pytest_collection_modifyitems(items):
    """Run the tour of the README first: its commands run one after the other, longer than any other test."""
    items.sort(key=lambda item: "tour" not in item.name)


@pytest.fixture(scope="session")
def hostile():
    return HOSTILE


@pytest.fixture(scope="session")
def wares():
    """A contract with every type and every limit, and its only table: `shop.wares`, keyed by `sku` and `day`."""
    columns = [
        {"name": "sku", "kind": "string", "primary_key_position": 1, "options": {"pattern": "^[A-Z]{2}[0-9]{3}$"}},
        {"name": "day", "kind": "date", "primary_key_position": 2, "options": {"minimum": "2020-01-01"}},
        {"name": "shelf", "kind": "tinyint", "required": True, "enum": (0, 1)},
        {"name": "level", "kind": "tinyint"},
        {"name": "pieces", "kind": "int", "options": {"minimum": 0, "exclusiveMaximum": 1000, "multipleOf": 5}},
        {"name": "weight", "kind": "double", "options": {"exclusiveMinimum": 0, "multipleOf": 0.1}},
        {"name": "price", "kind": "decimal(9,2)", "required": True, "options": {"minimum": 0.5, "multipleOf": 0.05}},
        {"name": "label", "kind": "string", "options": {"minLength": 2, "maxLength": 5}, "description": HOSTILE},
        {"name": "code", "kind": "string", "unique": True},
        {"name": "grade", "kind": "string", "enum": ("A", "B", "NO", "it's")},
        {"name": "owner", "kind": "string", "enum": ("Ann", "Bo"), "classification": "personal"},
        {"name": "seen", "kind": "timestamp", "options": {"maximum": "2030-01-01T00:00:00Z"}},
        {"name": "wall", "kind": "timestamp_ntz", "options": {"minimum": "2020-01-01T00:00:00"}},
        {"name": "small", "kind": "smallint"},
        {"name": "big", "kind": "bigint"},
        {"name": "ratio", "kind": "float"},
        {"name": "flag", "kind": "boolean"},
        {"name": "raw", "kind": "binary"},
        {"name": "tags", "kind": "array<string>"},
        {"name": "counts", "kind": "map<string,int>"},
        {"name": "place", "kind": "struct<x:int,y:double>"},
    ]
    made = tuple(_column(place, **fields) for place, fields in enumerate(columns))
    table = Table(
        path="schema[0]", name="wares", qualified_name="shop.wares", columns=made, description=f"Wares. {HOSTILE}"
    )
    contract = Contract(file="wares.yaml", id="shop-1", version="2.3.0", api_version="v3.2.0", tables=(table,))
    return contract, contract.tables[0]


ROOT = Path(__file__).parents[1]
"""The folder of this repository, which is a martgate project: that of the mart."""


@pytest.fixture(scope="session")
def mart_project():
    """Write the `martgate.toml` of the mart into a folder, so that commands there leave nothing in the repository."""

    def write(folder: Path) -> Path:
        settings = (ROOT / "martgate.toml").read_text(encoding="utf-8")
        absolute = re.sub(
            r'"(contracts|expectations|reports|builders/[a-z]+)"', lambda found: f'"{ROOT / found[1]}"', settings
        )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "martgate.toml").write_text(absolute, encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def contract_folder():
    return ROOT / "contracts"


@pytest.fixture(scope="session")
def upstreams(contract_folder):
    """The upstreams of the mart, by qualified name."""
    catalog = Catalog.load([contract_folder / "upstream"])
    return {table.qualified_name: table for _, table in catalog.tables()}


@pytest.fixture(scope="session")
def mart(contract_folder):
    """The table `we_mart.wv_comm_user`."""
    _, table = Catalog.load([contract_folder / "mart" / "wv_comm_user.odcs.yaml"]).find("we_mart.wv_comm_user")
    return table


@pytest.fixture(scope="session")
def tables(contract_folder):
    """Every table that has a contract, by its qualified name."""
    return {table.qualified_name: table for _, table in Catalog.load([contract_folder]).tables()}


@pytest.fixture(scope="session")
def models():
    """The models of the mart, by name."""
    return load_models([ROOT / "builders" / "models"])


@pytest.fixture(scope="session")
def model(models):
    return models["wv_comm_user"]


@pytest.fixture(scope="session")
def duckdb_engine():
    """One engine for all tests of a worker: every test registers its own tables anew."""
    with DuckDBEngine("1GB", threads=1) as opened:
        yield opened


@pytest.fixture(scope="session")
def engine(duckdb_engine):
    return duckdb_engine


@pytest.fixture(scope="session")
def shipped():
    """The contract and table of the shipped mart, `we_mart.wv_comm_user`."""
    loaded, table = Catalog.load([ROOT / "contracts" / "mart"]).find("we_mart.wv_comm_user")
    return loaded.contract, table


def _column(place, *, name, kind, **fields):
    return Column(
        path=f"schema[0].properties[{place}]",
        name=name,
        logical_type=translate_type(kind).logical,
        physical_type=kind,
        partition_position=1 if name == "day" else None,
        **fields,
    )


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """A small local Spark in UTC; one for the whole session, since a JVM costs ten seconds."""
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "TZ": "UTC"}
    time.tzset()  # rows are collected as wall clock times of this process
    from martgate.builders.engines.spark_session import open_session

    with open_session("local[2]", "2GB", tmp_path_factory.mktemp("spark")) as opened:
        yield opened


@pytest.fixture(scope="session")
def spark_engine(spark):
    """The product's own engine, on the one Spark that there is."""
    from martgate.builders.engines.spark import SparkEngine

    with SparkEngine() as opened:
        opened._session.conf.set("spark.sql.shuffle.partitions", "2")  # every task has its price, however few the rows
        yield opened


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL: `MARTGATE_TEST_POSTGRES`, else a server from Debian's packages."""
    given = os.environ.get("MARTGATE_TEST_POSTGRES")
    if given:
        yield given
        return
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=None)
    if programs is None:
        _missing("no PostgreSQL: set MARTGATE_TEST_POSTGRES to a URL, or (Debian) apt-get install postgresql")
    # Not pytest's folder: that one is for its owner alone, and as root the server must be somebody else.
    with tempfile.TemporaryDirectory(prefix="martgate-pg-", ignore_cleanup_errors=True) as made:
        yield from _server(programs, Path(made))


def _server(programs: Path, folder: Path) -> Iterator[str]:
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    become = ["runuser", "-u", user, "--"] if os.geteuid() == 0 else []
    if become:
        shutil.chown(folder, user)
    data, options = folder / "data", f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"

    def run(program: str, *arguments: str) -> None:
        command = [*become, str(programs / program), "-D", str(data), *arguments]
        subprocess.run(command, check=True, cwd=folder, capture_output=True)

    run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        run("pg_ctl", "-m", "immediate", "stop")


def _missing(what: str) -> None:
    """Skip where a person runs the tests; in CI a test that cannot run is a failure."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
