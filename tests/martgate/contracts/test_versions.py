"""Several documents of one contract: which is about which day, and what keeps them from being its versions."""

from datetime import date

import pytest

from martgate.contracts.catalog import Catalog
from martgate.contracts.lint import lint
from martgate.contracts.odcs import read
from martgate.errors import InvalidInput

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: {id}
version: {version}
status: active
{since}
schema:
  - name: base
    physicalName: s.base
    properties:
      - {{name: n, logicalType: integer, physicalType: bigint{more}}}
"""


@pytest.fixture
def write(tmp_path):
    def write(version, since="", *, name="base", more=""):
        said = f"customProperties: [{{property: validFrom, value: '{since}'}}]" if since else ""
        file = tmp_path / f"{version}-{name}-{since or 'ever'}.odcs.yaml"
        file.write_text(CONTRACT.format(id=name, version=version, since=said, more=more))
        return file

    return write


@pytest.fixture
def three(write, tmp_path):
    write("2.0.0", "2024-03-01")
    write("1.0.0")
    write("1.1.0", "2024-02-01")
    return Catalog.load([tmp_path])


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(1970, 1, 1), "1.0.0"),
        (date(2024, 1, 31), "1.0.0"),
        (date(2024, 2, 1), "1.1.0"),
        (date(2024, 2, 29), "1.1.0"),
        (date(2030, 1, 1), "2.0.0"),
        (None, "2.0.0"),
    ],
)
def test_a_day_has_the_version_that_is_valid_for_it_and_no_day_the_newest(three, day, version):
    assert three.find("base", day)[0].contract.version == version


def test_a_table_is_listed_once_in_its_newest_version(three):
    assert [(loaded.contract.version, table.name) for loaded, table in three.tables()] == [("2.0.0", "base")]


def test_newer_versions_are_those_of_later_days(three):
    loaded, table = three.find("s.base", date(2024, 1, 1))
    assert [newer.contract.version for newer in three.newer_versions(loaded, table)] == ["1.1.0", "2.0.0"]
    assert three.newer_versions(*three.find("s.base")) == ()


def test_a_day_before_the_first_version_has_none_and_that_is_said(write, tmp_path):
    write("1.0.0", "2024-02-01")
    catalog = Catalog.load([tmp_path])
    with pytest.raises(InvalidInput, match=r"valid on 2024-01-31: the first, 1\.0\.0, is from 2024-02-01 on"):
        catalog.find("base", date(2024, 1, 31))


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ([("1.1.0", "")], "is also a version of this contract that is valid for every day"),
        (
            [("1.1.0", "2024-02-01"), ("1.2.0", "2024-02-01")],
            "also a version of this contract that is valid from 2024-02-01 on",
        ),
        ([("0.9.0", "2024-02-01")], "found '0.9.0', valid from 2024-02-01 on, after 1.0.0 in "),
        ([("1.0.0", "2024-02-01")], "found '1.0.0', valid from 2024-02-01 on, after 1.0.0 in "),
    ],
    ids=["no day", "the same day", "the wrong order", "the same version"],
)
def test_documents_that_are_no_versions_of_one_contract_are_reported(write, tmp_path, others, message):
    write("1.0.0")
    for other in others:
        write(*other)
    with pytest.raises(InvalidInput) as caught:
        Catalog.load([tmp_path])
    assert len(caught.value.problems) == 1
    assert message in str(caught.value)
    assert caught.value.problems[0].path == "version"


def test_another_contract_of_the_same_table_is_no_version(write, tmp_path):
    write("1.0.0")
    write("2.0.0", "2024-01-01", name="other")
    with pytest.raises(InvalidInput, match="already has a contract"):
        Catalog.load([tmp_path])


def test_tens_come_after_nines(write, tmp_path):
    write("1.9.0")
    write("1.10.0", "2024-01-01")
    assert Catalog.load([tmp_path]).find("base")[0].contract.version == "1.10.0"


@pytest.mark.parametrize(
    ("since", "more", "message"),
    [
        ("soon", "", "validFrom: 'soon' is not a day"),
        ("2024-1-1", "", "validFrom: '2024-1-1' is not a day"),
        ("", ", customProperties: [{property: retroactive, value: 'yes'}]", "found 'yes', expected true or false"),
    ],
)
def test_a_mark_that_is_not_understood_is_reported(write, since, more, message):
    assert [problem.message for problem in lint(read(write("1.0.0", since, more=more)))] == [message]
