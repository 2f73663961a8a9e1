"""The sample plug-in of a project: found, checked, and its faults told with file and line."""

import re
from datetime import date
from pathlib import Path

import pytest

from martgate.errors import CouldNotRun, InvalidInput
from martgate.project.sample import Sample, load_sample

SPEC = {"date": date(2024, 1, 1), "days": 1, "seed": 0, "clean": False}

SOUND = """
from dataclasses import dataclass, field
import datetime
import pyarrow as pa

@dataclass(frozen=True)
class SampleSpec:
    date: datetime.date
    days: int = 1
    seed: int = 0
    clean: bool = False
    rows: int = field(default=3, metadata={"help": "how many rows", "minimum": 1})

def upstreams(spec, tables):
    yield "shop.orders", pa.table({"a": list(range(spec.rows))})
"""


def plugin(folder: Path, text: str) -> Path:
    (folder / "plugin.py").write_text(text)
    return folder / "plugin.py"


def drawn(sample: Sample, **own: object) -> list[object]:
    return list(sample.tables(SPEC | own, {}))


def test_a_sound_plug_in_tells_its_own_arguments_and_makes_rows(tmp_path: Path) -> None:
    sample = load_sample(plugin(tmp_path, SOUND))
    (argument,) = sample.arguments
    assert (argument.name, argument.type, argument.help, argument.default) == ("rows", int, "how many rows", 3)
    ((name, rows),) = drawn(sample, rows=5)
    assert (name, rows.num_rows) == ("shop.orders", 5)


def test_a_package_may_be_a_plug_in_and_imports_its_own_modules(tmp_path: Path) -> None:
    (tmp_path / "plugin").mkdir()
    (tmp_path / "plugin" / "made.py").write_text(SOUND)
    (tmp_path / "plugin" / "__init__.py").write_text("from .made import SampleSpec, upstreams")
    assert len(drawn(load_sample(tmp_path / "plugin"))) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import nowhere_to_be_found", r"plugin\.py:1: cannot be imported: ModuleNotFoundError: .*nowhere_to_be_found"),
        ("x = 1\n1 / 0", r"plugin\.py:2: cannot be imported: ZeroDivisionError"),
        ("x = 1\ndef f(:", r"plugin\.py:2: cannot be imported: SyntaxError: 'invalid syntax'"),
        ("", r"plugin\.py: has no dataclass SampleSpec \(a sample is a dataclass SampleSpec with date, days, seed"),
        ("class SampleSpec: pass", r"plugin\.py: has no dataclass SampleSpec"),
        (SOUND.replace("def upstreams", "def others"), r"plugin\.py: has no function upstreams\(spec, tables\)"),
        (SOUND.replace("    seed: int = 0\n", ""), r"plugin\.py: SampleSpec: has no field seed"),
        (SOUND.replace("rows: int =", "rows: list[int] ="), r"SampleSpec\.rows: has a type that no option can have"),
        (SOUND.replace("rows: int =", "rows: 'Nothing' ="), r"plugin\.py: SampleSpec: NameError"),
    ],
)
def test_a_plug_in_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(InvalidInput, match=expected):
        load_sample(plugin(tmp_path, text))


def test_all_mistakes_of_a_spec_are_told_at_once(tmp_path: Path) -> None:
    text = SOUND.replace("    seed: int = 0\n    clean: bool = False\n", "").replace("rows: int =", "rows: bytes =")
    with pytest.raises(InvalidInput) as raised:
        load_sample(plugin(tmp_path, text))
    assert [problem.path for problem in raised.value.problems] == ["SampleSpec", "SampleSpec", "SampleSpec.rows"]


@pytest.mark.parametrize("place", ["nowhere.py", "folder"])
def test_a_plug_in_that_is_not_there_is_told(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidInput, match=f"{place}: .*the setting sample names it"):
        load_sample(tmp_path / place)


def test_a_project_without_a_sample_is_told_how_to_have_one() -> None:
    with pytest.raises(InvalidInput, match=re.escape('sample = "builders/sample.py"')):
        load_sample(None)


def test_a_value_that_the_spec_refuses_is_told_with_the_line_that_refused_it(tmp_path: Path) -> None:
    check = "    def __post_init__(self):\n        if self.rows < 1:\n            raise ValueError('rows is too few')\n"
    text = SOUND.replace("\ndef upstreams", f"{check}\ndef upstreams")
    line = text[: text.index("raise ValueError")].count("\n") + 1
    with pytest.raises(InvalidInput, match=rf"plugin\.py:{line}: SampleSpec: ValueError: 'rows is too few'"):
        drawn(load_sample(plugin(tmp_path, text)), rows=0)


def test_an_argument_that_the_spec_does_not_have_is_refused_with_those_that_it_has(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="has no row; Did you mean 'rows'"):
        drawn(load_sample(plugin(tmp_path, SOUND)), row=1)


def test_a_fault_while_rows_are_made_is_told_with_its_line_and_without_the_text_of_its_error(tmp_path: Path) -> None:
    text = SOUND + "    raise KeyError('ana@example.org')\n"
    with pytest.raises(CouldNotRun, match=rf"plugin\.py:{text.count(chr(10))}: stopped by KeyError") as raised:
        drawn(load_sample(plugin(tmp_path, text)))
    assert "ana@" not in str(raised.value)


@pytest.mark.parametrize("yielded", ["'shop.orders', [1, 2]", "'shop.orders'"])
def test_something_else_than_a_table_is_no_upstream(tmp_path: Path, yielded: str) -> None:
    text = re.sub("yield .*", f"yield {yielded}", SOUND)
    with pytest.raises((InvalidInput, CouldNotRun), match=r"plugin\.py"):
        drawn(load_sample(plugin(tmp_path, text)))
