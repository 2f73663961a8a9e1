"""The Python of docs/python.md runs as it stands, in a project of its own."""

import re
import shutil
from pathlib import Path

from martgate.cli.main import call
from martgate.project.starter import write_starter

DOCUMENT = Path(__file__).parents[3] / "docs" / "python.md"


def test_the_code_of_the_document_runs_in_the_starter(tmp_path, monkeypatch, capsys):
    write_starter(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert (
        call(["sample", "--orders", "40", "--date", "2024-01-03", "--days", "3", "--clean", "--out", "out/upstreams"])
        == 0
    )
    assert call(["run", "orders", "--date", "2024-01-02", "--report", "none"]) == 0
    (day,) = (tmp_path / "out" / "warehouse").rglob("part_date=2024-01-02")
    shutil.copytree(day, tmp_path / "orders.parquet" / "part_date=2024-01-02")
    capsys.readouterr()
    names: dict[str, object] = {}
    for block in re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        exec(compile(block, str(DOCUMENT), "exec"), names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "True"
    assert lines[1].startswith("approved ")
    assert [line.split()[0] for line in lines[2:5]] == ["2024-01-01", "2024-01-02", "2024-01-03"]
