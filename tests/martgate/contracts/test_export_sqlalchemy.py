"""The SQLAlchemy export, executed: it creates its table on SQLite and PostgreSQL, keeps good rows, refuses bad ones."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from martgate.contracts.export.sqlalchemy import render_metadata

GOOD = {
    "sku": "AB123", "day": dt.date(2024, 1, 31), "shelf": 1, "level": -128, "pieces": 10, "weight": 0.5,
    "price": Decimal("1.25"), "label": "tag%s", "code": "x", "grade": "it's", "owner": "Ann",
    "seen": dt.datetime(2024, 1, 31, 23, 59, 59, 999_999, dt.UTC), "wall": dt.datetime(2024, 1, 31, 1, 2, 3),  # noqa: DTZ001
    "small": -32768, "big": 2**63 - 1, "ratio": 1.5, "flag": True, "raw": b"\x00\x01", "tags": ["a", None],
    "counts": {"a": 1}, "place": {"x": 1, "y": None},
}  # fmt: skip
BAD = [
    ("sku", None), ("day", dt.date(2019, 12, 31)), ("shelf", 2), ("level", 128), ("pieces", -5), ("pieces", 1000),
    ("pieces", 7), ("weight", 0), ("price", Decimal("0.25")), ("price", None), ("label", "x"), ("label", "longer"),
    ("grade", "no"), ("owner", "Cy"), ("seen", dt.datetime(2030, 1, 2, tzinfo=dt.UTC)),
    ("wall", dt.datetime(2019, 1, 1)),  # noqa: DTZ001
]  # fmt: skip
BAD_ON_POSTGRES = [("sku", "AB12"), ("sku", "AB123\n"), ("price", Decimal("1.01")), ("small", 32768), ("big", 2**63)]


@pytest.fixture(scope="module")
def wares_table(wares):
    code = render_metadata(wares[1])
    names = {}
    exec(compile(code, "exported", "exec"), names)
    assert isinstance(names["metadata"], sa.MetaData)
    return names["wares"]


@pytest.fixture
def sqlite(wares_table):
    engine = sa.create_engine("sqlite://")
    wares_table.metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def postgresql(wares_table, postgres):
    engine = sa.create_engine(postgres)
    wares_table.metadata.drop_all(engine)
    wares_table.metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    wares_table.metadata.drop_all(engine)
    engine.dispose()


# SQLAlchemy says so itself: SQLite has no exact decimals.
no_decimals = pytest.mark.filterwarnings(
    "ignore:Dialect sqlite.pysqlite does .not. support Decimal:sqlalchemy.exc.SAWarning"
)


def keeps(connection, table, row):
    connection.execute(table.insert(), row)
    kept = dict(connection.execute(table.select()).mappings().one())
    connection.rollback()
    return kept


def refuses(connection, table, *rows):
    with pytest.raises((sa.exc.IntegrityError, sa.exc.DataError)):
        connection.execute(table.insert(), list(rows))
    connection.rollback()


@no_decimals
def test_sqlite_keeps_a_good_row(sqlite, wares_table):
    kept = keeps(sqlite, wares_table, GOOD)
    assert kept == GOOD | {"seen": GOOD["seen"].replace(tzinfo=None)}, "SQLite knows no zones, and nothing else is lost"


@no_decimals
@pytest.mark.parametrize(("name", "value"), BAD, ids=str)
def test_sqlite_refuses_a_bad_value(sqlite, wares_table, name, value):
    refuses(sqlite, wares_table, GOOD | {name: value})


@no_decimals
def test_sqlite_refuses_a_second_row_of_the_same_key(sqlite, wares_table):
    refuses(sqlite, wares_table, GOOD, GOOD | {"code": "y"})
    refuses(sqlite, wares_table, GOOD, GOOD | {"sku": "AB124"})
    sqlite.execute(wares_table.insert(), [GOOD | {"code": None}, GOOD | {"code": None, "sku": "AB124"}])


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_postgresql_keeps_a_good_row_exactly(postgresql, wares_table):
    assert keeps(postgresql, wares_table, GOOD) == GOOD


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_postgresql_refuses_every_bad_value(postgresql, wares_table):
    for name, value in [*BAD, *BAD_ON_POSTGRES]:
        refuses(postgresql, wares_table, GOOD | {name: value})
    refuses(postgresql, wares_table, GOOD, GOOD | {"code": "y"})
    refuses(postgresql, wares_table, GOOD, GOOD | {"sku": "AB124"})


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_postgresql_shows_types_comments_and_keys(postgresql, wares_table, hostile):
    inspector = sa.inspect(postgresql)
    columns = {column["name"]: column for column in inspector.get_columns("wares")}
    assert list(columns) == list(GOOD)
    assert columns["label"]["comment"] == hostile.replace("\0", "")
    assert inspector.get_table_comment("wares")["text"] == f"Wares. {hostile}".replace("\0", "")
    assert inspector.get_pk_constraint("wares")["constrained_columns"] == ["sku", "day"]
    types = {name: column["type"].compile(postgresql.dialect) for name, column in columns.items()}
    assert types["level"] == "SMALLINT"
    assert types["big"] == "BIGINT"
    assert types["price"] == "NUMERIC(9, 2)"
    assert types["ratio"] == "REAL"
    assert types["seen"] == "TIMESTAMP WITH TIME ZONE"
    assert [name for name, column in columns.items() if not column["nullable"]] == ["sku", "day", "shelf", "price"]
