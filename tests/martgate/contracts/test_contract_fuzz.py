"""Whatever stands in a file, reading it ends in a contract or in Unusable, and linting never ends in anything else."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from martgate.contracts.catalog import Catalog
from martgate.contracts.lint import lint
from martgate.contracts.odcs import read
from martgate.contracts.yaml.document import Document
from martgate.errors import InvalidInput

SOUND = (Path(__file__).parent / "data" / "sound.odcs.yaml").read_text(encoding="utf-8")
DATA = Document.parse(SOUND, file="sound").data
VERSIONS = ("v3.0.0", "v3.1.0", "v3.2.0")

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["NO", "table.column", "/schema/x/properties/y", "a.odcs.yaml#/schema/x", "[a-z", "2020-01-01", "bigint"]
    )
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
quick = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def judge(tmp_path):
    """Reads and lints a file of these bytes; anything but InvalidInput is a crash."""

    def judge(content):
        path = tmp_path / "c.odcs.yaml"
        path.write_bytes(content)
        try:
            loaded = read(path)
        except InvalidInput as error:
            loaded, problems = None, error.problems
            refused = True
        else:
            problems, refused = lint(loaded, Catalog((loaded,))), False
        assert bool(problems) or not refused
        for problem in problems:
            assert problem.file == str(path)
            assert problem.message.isprintable()
            assert problem.hint.isprintable()
            assert refused or problem.line >= 1
        for address, value in loaded.document.leaves() if loaded else ():
            assert loaded.document.at(address) == value
            assert loaded.document.locate(address) >= (1, 1)
        return loaded

    return judge


def dumped(data):
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")


def test_the_sound_contract_survives_being_written_by_another_library(judge):
    assert judge(dumped(DATA)) is not None


@quick
@given(st.binary(max_size=200))
def test_any_bytes(judge, content):
    judge(content)


@quick
@given(st.text(max_size=200))
def test_any_text(judge, content):
    judge(content.encode("utf-8", "surrogatepass"))


@quick
@given(st.text(alphabet="ab:-[]{},&*!|>'\"%@#?~ \n\t01.<", max_size=60))
def test_any_text_that_looks_like_yaml(judge, content):
    judge(content.encode())


@quick
@given(trees)
def test_any_tree(judge, data):
    judge(dumped(data))


@quick
@given(st.sampled_from(VERSIONS), st.dictionaries(st.sampled_from(sorted(DATA)), trees, max_size=4))
def test_any_values_below_the_keys_of_a_contract(judge, version, changes):
    judge(dumped({**DATA, **changes, "apiVersion": version}))


def places(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def changed(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


PLACES = [path for path in places(DATA) if path]
WORDS = sorted({value for path in PLACES for value in path if isinstance(value, str)})


@settings(quick, max_examples=60)
@given(
    st.sampled_from(VERSIONS),
    st.lists(st.tuples(st.sampled_from(PLACES), trees | st.sampled_from(WORDS)), min_size=1, max_size=3),
)
def test_a_contract_with_some_values_exchanged(judge, version, changes):
    data = {**DATA, "apiVersion": version}
    for path, new in changes:
        try:
            data = changed(data, path, new)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    judge(dumped(data))


@settings(quick, max_examples=60)
@given(st.integers(0, len(SOUND)), st.integers(0, 30), st.text(alphabet="a:-[]{}&*'\" \n1", max_size=5))
def test_a_contract_with_some_characters_exchanged(judge, start, length, new):
    judge((SOUND[:start] + new + SOUND[start + length :]).encode())
