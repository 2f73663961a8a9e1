"""Formats accept what exists and nothing else, on every engine."""

import re
from datetime import date
from itertools import product

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.builders.ports import Dataset
from martgate.contracts.model import Column
from martgate.expectations import formats
from martgate.expectations.formats import read_format
from martgate.expectations.mistakes import Mistake
from martgate.expectations.source import Source

EXAMPLES = {
    "email": (
        ["a@b.co", "a+b@c.d-e.org", "a.b.c@d.kr", '"a..b"@c.co', "한@국.kr", f"a@{'x' * 63}.co"],
        ["a@b", "a b@c.co", "@b.co", "a@@b.co", "a..b@c.co", ".a@b.co", "a.@b.co", "a@-b.co", "a@b-.co", "a@b..co",
         "a@b.co.", "a,b@c.co", "<a@b.co>", f"a@{'x' * 64}.co"],
    ),
    "uuid": (["123e4567-e89b-12d3-a456-426614174000"], ["123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g"]),
    "uri": (
        ["https://a.b/c?d#e", "urn:isbn:1", "http://a/%20b", "http://한국.kr/"],
        ["a.b/c", "1http://a", "http://a b", "http:", "http://a/%zz", "http://a/%2", "http://a/<b>", 'http://a"', "http://a\\b", ":"],
    ),
    "hostname": (["a", "a-b.c0.org"], ["-a", "a-", "a..b", "a_b", "x" * 64, f"a.{'x' * 64}", ".", "a.", ".a", ""]),
    "ipv4": (["0.0.0.0", "255.255.255.255"], ["256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5"]),
    "ipv6": (
        ["::", "::1", "1::", "1::8", "2001:db8::8a2e:370:7334", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "64:ff9b::1.2.3.4",
         "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8"],
        [":::::", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1.2.3.256", "1:2:3:4:5:6:7:8::"],
    ),
    "byte": (["", "QUJD", "QQ==", "QUI="], ["QQ", "Q===", "QQ=Q", "Q Q="]),
    "date": (
        ["2024-02-29", "2000-02-29", "2023-12-31", "2024-04-30", "9999-12-31"],
        ["2024-02-30", "2023-02-29", "1900-02-29", "0000-01-01", "0000-02-29", "24-02-29", "2024-04-31", "2024-13-01", "2024-00-10", "2024-01-00", "2024-1-1"],
    ),
    "time": (
        ["00:00:00", "23:59:59.999Z", "12:00:00+09:00", "12:00:00-18:00", "12:00:00+17:59"],
        ["24:00:00", "12:60:00", "12:00:60", "12:00", "12:00:00+25:00", "12:00:00+18:01", "12:00:00-23:59", "23:59:61", "12:00:00+09:60", "12:00:00+9:00"],
    ),
    "date-time": (
        ["2024-02-29T00:00:00Z", "2024-01-31 12:00:00", "2024-01-31t12:00:00.5+14:00"],
        ["2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-31T12:00:00+25:00", "2024-01-31T12:00:00+18:01", "0000-01-01T00:00:00Z", "2024-01-31T12:00:60Z", "2024-01-31", "2024-01-31T24:00:00Z"],
    ),
}  # fmt: skip
JAVA = {
    "yyyy-MM-dd": (["2024-02-29"], ["2024-02-30", "2023-02-29", "2024-2-29"]),
    "dd.MM.uuuu": (["29.02.2024", "31.12.2023"], ["30.02.2024", "31.04.2024", "2024.02.29"]),
    "yyyyMMdd": (["20240229"], ["20230229", "2024-02-29"]),
    "yyyy-MM-dd'T'HH:mm:ss": (["2024-02-29T23:59:59"], ["2024-02-31T00:00:00", "2024-02-29T24:00:00"]),
    "yyyy-MM": (["2024-12"], ["2024-13", "0000-12"]),
    "dd/MM/yy": (["29/02/24", "29/02/00", "31/12/99"], ["32/02/24", "30/02/24", "29/02/23", "31/04/24"]),
    "MM-dd": (["02-29", "12-31"], ["02-30", "04-31", "00-01"]),
    "yyyyy-MM-dd": (["12023-02-29"], ["12023-02-30"]),  # such a year is not looked at
}
ENGINES = ["duckdb", pytest.param("spark", marks=pytest.mark.spark)]


def test_every_format_of_a_text_has_examples():
    assert EXAMPLES.keys() == formats._TEXTS.keys()


@pytest.mark.parametrize("name", ENGINES)
def test_formats_accept_what_exists_and_nothing_else(request, tmp_path, name):
    engine = request.getfixturevalue("duckdb_engine" if name == "duckdb" else "spark_engine")
    for logical_type, examples in (("string", EXAMPLES), ("date", JAVA)):
        for written, (good, bad) in examples.items():
            file = tmp_path / f"{logical_type}-{abs(hash(written))}.parquet"
            pq.write_table(pa.table({"t": [*good, *bad]}), file)
            engine.register("s.formats", Dataset(files=(str(file),)))
            column = Column(path="", name="t", logical_type=logical_type, physical_type="string")
            check = read_format(column, written, "string")
            offenders = check.offenders(Source("s.formats", {"t": "string"}), ("t",))
            found = engine.fetch(f"SELECT t {offenders.from_clause}")
            assert sorted(row[0] for row in found) == sorted(bad), written


CALENDAR = {
    "yyyy-MM-dd": "%Y-%m-%d",
    "yyyyMMdd": "%Y%m%d",
    "dd.MM.uuuu": "%d.%m.%Y",
    "dd/MM/yy": "%d/%m/%y",
    "uu-dd-MM": "%y-%d-%m",
}


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("java", [*CALENDAR, "date"])
def test_dates_are_those_of_the_calendar(request, tmp_path, name, java):
    """Every month from 0 to 13 and day from 0 to 32, in leap years and others, as Python reads them."""
    engine = request.getfixturevalue("duckdb_engine" if name == "duckdb" else "spark_engine")
    spelling, exists = CALENDAR.get(java, "%Y-%m-%d"), {}
    years = (0, 1, 4, 100, 1900, 1999, 2000, 2023, 2024, 2100, 9999) if "%Y" in spelling else range(2000, 2100)
    for year, month, day in product(years, range(14), range(33)):
        parts = {"%Y": f"{year:04}", "%y": f"{year % 100:02}", "%m": f"{month:02}", "%d": f"{day:02}"}
        text = re.sub("%[Yymd]", lambda found, parts=parts: parts[found[0]], spelling)
        try:
            exists[text] = bool(date(year, month, day))
        except ValueError:
            exists[text] = False
    pq.write_table(pa.table({"t": list(exists)}), tmp_path / "t.parquet")
    engine.register("s.formats", Dataset(files=(str(tmp_path / "t.parquet"),)))
    column = Column(path="", name="t", logical_type="string" if java == "date" else "date", physical_type="string")
    offenders = read_format(column, java, "string").offenders(Source("s.formats", {"t": "string"}), ("t",))
    found = {row[0] for row in engine.fetch(f"SELECT t {offenders.from_clause}")}
    assert found == {text for text, is_day in exists.items() if not is_day}


@pytest.mark.parametrize("name", ["iban", "dat", "", "YYYY-MM-DD"])
def test_a_format_that_nothing_checks_is_a_mistake(name):
    for logical_type in ("string", "date") if name == "YYYY-MM-DD" else ("string",):
        with pytest.raises(Mistake):
            read_format(Column(path="", name="t", logical_type=logical_type, physical_type="string"), name, "string")
