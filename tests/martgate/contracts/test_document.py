"""YAML 1.2 with places, and nothing that a file can do to its reader."""

import os
from importlib import reload

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from martgate.contracts.yaml import composer
from martgate.contracts.yaml.address import format_address, parse_address
from martgate.contracts.yaml.composer import MAX_DEPTH, MAX_VALUES
from martgate.contracts.yaml.document import MAX_BYTES, Document
from martgate.contracts.yaml.scalars import resolve_scalar
from martgate.errors import InvalidInput


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def parser(request, monkeypatch):
    """Both parsers of PyYAML: libyaml's, and the one in Python that is there where libyaml is not."""
    monkeypatch.setattr(composer, "Loader", getattr(yaml, request.param))


def parse(text):
    return Document.parse(text, file="c.yaml")


def refused(text):
    with pytest.raises(InvalidInput) as caught:
        parse(text)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "word", ["NO", "no", "on", "off", "yes", "Y", "1:30", "012", "-007", "00.5", "2024-01-31", "1_000", "0b1"]
)
def test_a_word_keeps_its_text_where_older_yaml_saw_something_else(word):
    assert parse(f"a: {word}").data == {"a": word}


@pytest.mark.parametrize(
    ("word", "value"),
    {
        "true": True,
        "False": False,
        "~": None,
        "": None,
        "0": 0,
        "-12": -12,
        "0o17": 15,
        "0x1f": 31,
        "1.0": 1.0,
        "-.5": -0.5,
        "1e3": 1000.0,
        "'1'": "1",
        '"true"': "true",
        "!!str 1": "1",
        "! 1": "1",
        "!!float 1": 1.0,
        "!!int 7": 7,
    }.items(),
)
def test_a_word_has_the_type_that_yaml_1_2_gives_it(word, value):
    found = parse(f"a: {word}").data["a"]
    assert (found, type(found)) == (value, type(value))


def test_keys_are_text_whatever_they_look_like():
    assert parse("on: 1\n1: 2\ntrue: 3\n~: 4\n2024-01-01: 5").data == {
        "on": 1,
        "1": 2,
        "true": 3,
        "~": 4,
        "2024-01-01": 5,
    }


def test_values_and_keys_are_found_by_line_and_column():
    document = parse(
        "# head\nschema:\n  - name: 표\n    properties:\n      - {name: a, type: int}\n      - &x {name: b}\n      - *x\n"
    )
    assert document.locate("schema[0].name") == (3, 11)
    assert document.locate("schema[0].name", key=True) == (3, 5)
    assert document.locate("schema[0].properties[0].type") == (5, 25)
    assert document.locate("schema[0].properties[1]") == (6, 9)
    assert document.locate("") == (2, 1)


def test_a_value_that_is_not_there_is_found_where_it_should_be():
    document = parse("a:\n  b: 1\n")
    assert document.locate("a.c.d[3]") == document.locate("a") == (2, 3)


def test_every_scalar_has_its_address():
    leaves = dict(parse('a: [1, {b: x}]\n"c.d": {"": ~}\ne: []').leaves())
    assert leaves == {"a[0]": 1, "a[1].b": "x", '["c.d"][""]': None}


def test_what_an_alias_repeats_is_found_where_it_was_written():
    document = parse("a: &x\n  b: 1\nc: *x\n")
    assert document.data["c"] == {"b": 1}
    assert document.locate("c.b") == (2, 6)


def test_merged_keys_give_way_to_those_that_are_stated():
    document = parse("base: &b {x: 1, y: 2}\nall: {<<: *b, y: 3}\nboth: {<<: [*b, {z: 9}]}\n")
    assert document.data["all"] == {"x": 1, "y": 3}
    assert document.data["both"] == {"x": 1, "y": 2, "z": 9}
    assert document.locate("all.x") == (1, 14)


def test_a_key_that_occurs_twice_is_reported_with_its_first_place():
    assert refused("a: 1\nb: {c: 1, c: 2}\na: 3\n") == [
        "c.yaml:2:11: b.c: found a second key 'c' (the first is in line 2)",
        "c.yaml:3:1: a: found a second key 'a' (the first is in line 1)",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("a: 1\n---\nb: 2\n", "2:1: a second document starts here"),
        ("a: !!python/object/apply:os.system [x]", "4: a: the tag '!!python/object/apply:os.system' is not known"),
        ("a: !secret x", "the tag '!secret' is not known"),
        ("a: !!int x", "'x' is tagged !!int"),
        ("&a [*a]", "inside the value that it repeats"),
        ("a: &a {b: [*a]}", "inside the value that it repeats"),
        ("a: &here 1\nb: *hre\n", "2:4: b: the alias *hre has no anchor (Did you mean 'here'?)"),
        ("a: .nan\nb: -.inf\nc: 1e999\n", "c.yaml:3:4: c: 1e999 is not a finite number"),
        (f"a: {'9' * 5000}", "a number of 5000 digits"),
        ("? [a]\n: 1", "found a list or a mapping as a key"),
        ("a: &x [1]\n*x : 2", "found an alias as a key"),
        ("a: {<<: 1, <<: [2]}", "expected a mapping or a list of mappings"),
        ("a: b\n\tc: d", "YAML indents with spaces only"),
        ("a: [1,\nb: 2", "this is not YAML"),
        ("a: 'open", "this is not YAML"),
        ("%YAML 1.2 1.3\n--- x", "this is not YAML"),
        ("a: \x00", "c.yaml:1:4: found the character U+0000"),
        ("a: \x1b[31m", "c.yaml:1:4: found the character U+001B"),
        ("a: 'x\u2028y'", "c.yaml:1:6: found the character U+2028"),
        ("[" * 10_000, f"nested deeper than {MAX_DEPTH} levels"),
        ("- " * 10_000 + "x", f"nested deeper than {MAX_DEPTH} levels"),
        ("{a: " * 10_000, f"nested deeper than {MAX_DEPTH} levels"),
        ("a: [" + "[" * 10_000 + "]" * 10_000 + "]", f"nested deeper than {MAX_DEPTH} levels"),
    ],
)
def test_a_document_that_cannot_be_used_is_refused_with_the_reason(text, said):
    assert said in "\n".join(refused(text))


def test_aliases_that_multiply_are_refused_before_they_cost_anything():
    lines = ["- &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"- &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    (problem,) = refused("\n".join(lines))
    assert f"has more than {MAX_VALUES:,} values" in problem


def test_merges_that_multiply_are_refused_too():
    lines = ["- &a0 {" + ", ".join(f"k{i}: {{x: 1}}" for i in range(100)) + "}"]
    lines += [f"- &a{n} {{<<: *a{n - 1}, n{n}: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 30)]
    assert "has more than" in refused("\n".join(lines))[-1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: 1".encode("utf-16"), "is written in UTF-16"),
        ("a: 1".encode("utf-32"), "is written in UTF-32"),
        (b"\xfe\xff\x00a", "is written in UTF-16"),
        ("ab: ok\nc: caf\xe9 au lait".encode("latin-1"), ":2:7: the byte 0xe9 is not UTF-8 (save the file as UTF-8"),
        (b"PK\x03\x04\x00\x00\xff", "the byte 0xff is not UTF-8 (is this a binary file?)"),
        (bytes(range(256)) * 10, "is this a binary file?"),
        (b"a" * (MAX_BYTES + 1), "is larger than 1,000,000 bytes"),
        (b"", "is empty"),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_the_reason(tmp_path, content, said):
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"x\.yaml") as caught:
        Document.read(path)
    assert said in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert Document.read(path).locate("b") == (2, 4)


def test_what_is_no_file_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, said in {
        "pipe": "is not a regular file",
        "": "is a folder",
        "none": "does not exist",
        "a\0b": "does not exist",
    }.items():
        with pytest.raises(InvalidInput, match=said):
            Document.read(tmp_path / name)


@given(st.lists(st.text() | st.integers(0, 9)))
def test_an_address_leads_back_to_its_steps(parts):
    assert parse_address(format_address(parts)) == tuple(parts)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**50), 10**50))
def test_numbers_come_back_as_they_were_written(number):
    assert resolve_scalar(repr(number), plain=True) == number


def test_libyaml_is_used_where_it_is_there():
    assert reload(composer).Loader is yaml.CSafeLoader
