"""`martgate diff`, as other programs rely on it."""

import json
from pathlib import Path

import pytest

from martgate.cli.main import call

MART = Path(__file__).parents[3] / "contracts" / "mart" / "wv_comm_user.odcs.yaml"


@pytest.fixture
def martgate(capfd):
    """Run one command: exit code, stdout, stderr."""

    def run(*arguments):
        capfd.readouterr()
        return call(list(arguments)), *capfd.readouterr()

    return run


@pytest.fixture
def new(tmp_path):
    """new((before, after), ..): the shipped contract with these replacements, as a file."""

    def new(*replacements):
        text = MART.read_text(encoding="utf-8")
        for before, after in replacements:
            assert before in text
            text = text.replace(before, after, 1)
        file = tmp_path / "new.odcs.yaml"
        file.write_text(text, encoding="utf-8")
        return str(file)

    return new


BREAKING = ("        required: true\n", "")


@pytest.mark.parametrize(
    ("replacements", "code", "breaking", "bump"),
    [
        ([], 0, False, "none"),
        ([BREAKING], 1, True, "major"),
        ([BREAKING, ("version: 1.0.0", "version: 1.9.0")], 1, True, "major"),
        ([BREAKING, ("version: 1.0.0", "version: 2.0.0")], 0, True, "major"),
        ([("value: 26", "value: 25")], 0, False, "minor"),
        ([("domain: community", "domain: members")], 0, False, "patch"),
    ],
)
def test_the_exit_code_and_the_object_say_whether_readers_lose_something_untold(
    martgate, new, replacements, code, breaking, bump
):
    got, out, _ = martgate("diff", str(MART), new(*replacements), "--json")
    answer = json.loads(out)
    assert (got, answer["breaking"], answer["required_bump"]) == (code, breaking, bump)
    assert set(answer) == {"breaking", "required_bump", "changes"}
    assert all(set(change) == {"path", "kind", "detail", "consumers"} for change in answer["changes"])


def test_a_change_is_told_with_its_file_and_line(martgate, new):
    file = new(("value: 26", "value: 27"))
    _, out, _ = martgate("diff", str(MART), file)
    assert f"breaking  slaProperties[0].value  {file}:29" in out
    assert "read by all 22 registered tables" in out
    assert "1 change from 1.0.0 to 1.0.0: a major version is required" in out
