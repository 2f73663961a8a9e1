"""The spill folders of killed processes are removed by the next one, those of living processes never."""

import signal
import stat
import subprocess
import sys

from martgate.builders.engines.spill import spill_folder

PROCESS = """
import pathlib, sys, time
from martgate.builders.engines.duckdb import DuckDBEngine
with DuckDBEngine(temp_directory=pathlib.Path(sys.argv[1])):
    print("open", flush=True)
    time.sleep(600)
"""


def test_a_folder_of_a_killed_process_is_removed_and_that_of_a_living_one_stays(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", PROCESS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        (left,) = tmp_path.iterdir()
        assert stat.S_IMODE(left.stat().st_mode) == 0o700
        (left / "rows").write_text("a value in clear")
        with spill_folder(tmp_path):
            assert (left / "rows").exists()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert left.exists()
    with spill_folder(tmp_path) as own:
        assert [str(path) for path in tmp_path.iterdir()] == [own]
    assert not [*tmp_path.iterdir()]


def test_a_link_with_the_name_of_a_spill_folder_is_not_followed(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "file").touch()
    within = tmp_path / "spill"
    within.mkdir()
    (within / "martgate-spill-link").symlink_to(target)
    with spill_folder(within):
        assert (target / "file").exists()
