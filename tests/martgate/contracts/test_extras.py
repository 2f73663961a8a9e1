"""The list of extras, held against the package's own metadata, and what is said of one that is not there."""

import re
import sys
from importlib.metadata import metadata, requires

import pytest

from martgate.errors import InvalidInput
from martgate.extras import EXTRAS, is_installed, require


def required(extra: str) -> list[str]:
    """The distributions that an extra brings, as the package says."""
    pattern = re.compile(rf"([\w.-]+).*;.*extra == ['\"]{extra}['\"]")
    return [found[1] for each in requires("martgate") or () if (found := pattern.match(each))]


def test_the_extras_are_those_of_the_package():
    assert sorted(EXTRAS) == sorted(metadata("martgate").get_all("Provides-Extra") or ())


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_the_library_of_an_extra_is_one_that_it_brings(extra):
    assert EXTRAS[extra].library in required(extra)


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_an_extra_that_is_not_there_is_refused_with_the_command_that_installs_it(extra, monkeypatch):
    monkeypatch.setitem(sys.modules, EXTRAS[extra].module, None)
    assert not is_installed(extra)
    library = EXTRAS[extra].library
    expected = f"this needs {library}, which is not installed: pip install 'martgate[{extra}]', or do without"
    with pytest.raises(InvalidInput, match=re.escape(expected)):
        require(extra, "this", instead="do without")


def test_a_folder_of_the_name_of_a_library_is_not_the_library(tmp_path, monkeypatch):
    (tmp_path / "great_expectations").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    for name in [name for name in sys.modules if name.partition(".")[0] == "great_expectations"]:
        monkeypatch.delitem(sys.modules, name)
    assert not is_installed("gx")
