"""Edge cases for agreement tests: a column of every scalar type with values that engines disagree about."""

import math
import random
import struct
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.ports import Dataset

ROWS, SEED = 2600, 20240331

_INTEGERS = {
    "tinyint": (8, pa.int8()),
    "smallint": (16, pa.int16()),
    "int": (32, pa.int32()),
    "bigint": (64, pa.int64()),
}
_EDGES = [0, 1, 2, 3, 5, 7, 10, 100, -1, -2, -5, -7]
_TEXTS = """| |  |a|A|a |  a|aa|ab|b|B|abc|é|e\u0301|ß|İ|ı|ς|ﬀ|가|한국|ᄒ|日本語|😀|👨‍👩‍👧|🇰🇷|\ue000|\uffff|\U0010ffff|\u00a0|\u3000|\ufeff|\u200b|a\u00a0
|0|1|00|01|-0|+1|1.0|1e3|NaN|null|NULL|true|TRUE|t|y|2024-03-31|2024-3-1|9999-12-31|%|_|a_b|a%b|\\|\\n|'|''|"|`|{object}|:x
|^|$|.|(a)|[a]|a{2}|-|--|;|KR|KR\n|\nKR|KR\r\n|KR\r|KR\u0085|KR\u2028|KR\x0b|KR\t| KR |kr|\t|\n|\x0b|\x0c|\x1c|\x00|a\x00b|٣|१"""
_DATES = [
    "0001-01-01",
    "0001-01-02",
    "1000-02-28",
    "1582-10-04",
    "1582-10-05",
    "1582-10-14",
    "1582-10-15",
    "1600-02-29",
    "1752-09-03",
    "1899-12-31",
    "1900-01-01",
    "1900-02-28",
    "1900-03-01",
    "1969-12-31",
    "1970-01-01",
    "1987-05-10",
    "1999-12-31",
    "2000-02-29",
    "2020-12-31",
    "2021-01-03",
    "2023-12-31",
    "2024-01-01",
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
    "2024-03-31",
    "2024-12-30",
    "2038-01-19",
    "9999-12-30",
    "9999-12-31",
]
_CLOCKS = [
    "00:00:00",
    "00:00:00.000001",
    "02:00:00",
    "02:30:00",
    "07:00:00",
    "09:00:00",
    "12:34:56.789",
    "14:59:59.999999",
    "15:00:00",
    "15:00:00.000001",
    "23:59:59.999999",
]


def integers(bits):
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    edges = [*_EDGES, low, low + 1, high, high - 1, low // 2, high // 2]
    return edges, lambda draw: draw.randint(low, high)


def floats(width):
    """Both zeros, infinities, NaN of either sign, extreme numbers, and inexact sums."""
    least, most, whole = {4: (1.4e-45, 3.4028234663852886e38, 2.0**24), 8: (5e-324, 1.7976931348623157e308, 2.0**53)}[
        width
    ]
    other_nan = struct.unpack("<d", b"\x01\0\0\0\0\0\xf8\xff")[0]
    edges = [
        0.0,
        -0.0,
        math.nan,
        -math.nan,
        other_nan,
        math.inf,
        -math.inf,
        least,
        -least,
        most,
        -most,
        whole,
        whole + 2,
    ]
    edges += [
        0.1,
        0.2,
        0.3,
        0.1 + 0.2,
        0.7,
        0.35,
        1.005,
        2.5,
        -2.5,
        0.5,
        1.5,
        1.0,
        -1.0,
        3.0,
        1e-9,
        1e15,
        123456.789,
        1e20,
    ]
    return edges, lambda draw: draw.choice(
        [draw.uniform(-10, 10), round(draw.uniform(-100, 100), 1), draw.gauss(0, 1e6)]
    )


def decimals(precision, scale):
    most, usual = 10**precision - 1, 10 ** min(precision - 1, 6)
    units = [0, 1, -1, 5, 10, -15, 16, 50, 99, 100, 10**scale, most, -most, most - 1]
    return [_decimal(n, scale) for n in units], lambda draw: _decimal(draw.randint(-usual, usual), scale)


def _decimal(units, scale):
    return Decimal(f"{units}E-{scale}")


def texts():
    edges = [text for line in _TEXTS.split("\n|") for text in line.split("|")] + ["x" * 999, "\n", "a\n", "\n\n"]
    letters = "aAb가é😀 \n\t0_%.-"
    return edges, lambda draw: "".join(draw.choices(letters, k=draw.randint(0, 4)))


def dates():
    edges = [date.fromisoformat(text) for text in _DATES]
    return edges, lambda draw: date(1890, 1, 1) + timedelta(days=draw.randint(0, 60_000))


def moments(zone):
    edges = [datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone) for day in _DATES for clock in _CLOCKS]
    start = datetime(2024, 3, 30, tzinfo=zone)
    return edges, lambda draw: start + timedelta(microseconds=draw.randint(0, 2 * 86_400_000_000))


KINDS = {
    **{name: (kind, *integers(bits)) for name, (bits, kind) in _INTEGERS.items()},
    "float": (pa.float32(), *floats(4)),
    "double": (pa.float64(), *floats(8)),
    "decimal(4,1)": (pa.decimal128(4, 1), *decimals(4, 1)),
    "decimal(10,2)": (pa.decimal128(10, 2), *decimals(10, 2)),
    "decimal(18,0)": (pa.decimal128(18, 0), *decimals(18, 0)),
    "decimal(38,0)": (pa.decimal128(38, 0), *decimals(38, 0)),
    "decimal(38,18)": (pa.decimal128(38, 18), *decimals(38, 18)),
    "string": (pa.string(), *texts()),
    "boolean": (pa.bool_(), [True, False], lambda draw: draw.random() < 0.5),
    "date": (pa.date32(), *dates()),
    "timestamp": (pa.timestamp("us", "UTC"), *moments(UTC)),
    "timestamp_ntz": (pa.timestamp("us"), *moments(None)),
    "binary": (
        pa.binary(),
        [b"", b"\0", b"a", b"a ", b"A", b"\xff", b"\xff\0", b"\x80"],
        lambda draw: draw.randbytes(2),
    ),
}
"""The Arrow type, the edge cases, and a function that draws other values, by scalar type."""


class Cells:
    """Two tables of the same shape: two columns of every type (`int_0`, `int_1`), and `id`, `few` and `place`."""

    def __init__(self, rows=ROWS, seed=SEED):
        self.draw = random.Random(seed)
        self.kinds = {f"{_plain(kind)}_{copy}": kind for kind in KINDS for copy in (0, 1)}
        self.rows = rows
        self.audited = self._table(rows, dense=True)
        self.other = self._table(rows // 4, dense=False)
        self.types = {"id": "bigint", "few": "int", "place": "int", **self.kinds}
        self.count = sum(table.num_rows * table.num_columns for table in (self.audited, self.other))

    def _table(self, rows, *, dense):
        columns = {name: self._column(kind, rows) for name, kind in self.kinds.items()}
        few = [self.draw.choice([None, 0, 1, 2, 3, 5, 8]) if dense else 1 for _ in range(rows)]
        place = [self.draw.randint(1, 3) for _ in range(rows)]
        numbers = {
            "id": pa.array(range(rows), pa.int64()),
            "few": pa.array(few, pa.int32()),
            "place": pa.array(place, pa.int32()),
        }
        return pa.table({**numbers, **columns})

    def _column(self, kind, rows):
        type_, edges, another = KINDS[kind]
        values = [*edges, *(self._cell(edges, another) for _ in range(rows))][:rows]
        self.draw.shuffle(values)
        return pa.array(values, type_)

    def _cell(self, edges, another):
        dice = self.draw.random()
        if dice < 0.08:
            return None
        return self.draw.choice(edges) if dice < 0.6 else another(self.draw)

    def edges(self, column):
        return KINDS[self.kinds[column]][1]


def _plain(kind):
    return kind.translate(str.maketrans("(,)", "__ ")).strip()


@pytest.fixture(scope="session")
def cells():
    return Cells()


@pytest.fixture(scope="session")
def files(cells, tmp_path_factory):
    """The file of each table."""
    folder = tmp_path_factory.mktemp("cells")
    found = {name: folder / f"{name}.parquet" for name in ("cells", "other")}
    pq.write_table(cells.audited, found["cells"], row_group_size=1000)
    pq.write_table(cells.other, found["other"], row_group_size=1000)
    return found


@pytest.fixture(scope="session")
def both_engines(spark_engine):
    from martgate.builders.engines.duckdb import DuckDBEngine

    with DuckDBEngine("1GB", threads=1) as duckdb:
        yield {"duckdb": duckdb, "spark": spark_engine}


@pytest.fixture
def engines(both_engines, files):
    """DuckDB and Spark, which read the same files: `s.cells` and `s.other`, also after a test that registered others."""
    for name, file in files.items():
        for engine in both_engines.values():
            engine.register(f"s.{name}", Dataset(files=(str(file),)))
    return both_engines
