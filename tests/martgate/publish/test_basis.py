"""A verdict holds for the bytes, the inputs, the contract, the rules and the model that it is about, and for no others."""

import json
import os
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from martgate.ledger import Ledger
from martgate.publish import inputs as inputs_module
from martgate.publish import run as run_module

DAY = "2024-01-01"
MADE = """
apiVersion: v3.1.0
kind: DataContract
id: made
name: made
version: 1.0.0
status: active
schema:
  - name: made
    physicalName: s.made
    customProperties: [{property: publishPartition, value: day}]
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, required: true, description: The id.}
      - name: n
        logicalType: integer
        physicalType: bigint
        logicalTypeOptions: {maximum: 100}
      - {name: day, logicalType: string, physicalType: string, partitioned: true, required: true}
"""
RAW = MADE.replace("made", "raw").replace("{maximum: 100}", "{maximum: 1000}")
SQL = "SELECT id, n, day FROM s.raw WHERE day = :part_date\n"
CONTRACT, MODEL = Path("contracts/made.odcs.yaml"), Path("models/made.sql")
STAGED = "out/warehouse/s/made/day=2024-01-01"
LOOSE = Path(f"upstreams/s/raw/day={DAY}/rows.parquet")


def write(file, numbers):
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"id": list(range(len(numbers))), "n": numbers}), file)


def write_delta(numbers, mode="overwrite"):
    rows = pa.table({"id": list(range(len(numbers))), "n": numbers, "day": [DAY] * len(numbers)})
    deltalake.write_deltalake("upstreams/s/raw", rows, mode=mode, partition_by=["day"])


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("contracts", "models"):
        Path(folder).mkdir()
    Path("martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nupstreams = "upstreams"\n')
    CONTRACT.write_text(MADE)
    Path("contracts/raw.odcs.yaml").write_text(RAW)
    MODEL.write_text(SQL)
    return tmp_path


@pytest.fixture
def loose(project):
    write(LOOSE, [1, 2, 3])


@pytest.fixture
def martgate(project, call, capfd):
    def _martgate(*arguments):
        capfd.readouterr()
        code = call([*arguments, "--date", DAY, "--report", "none", "--json"])
        out, err = capfd.readouterr()
        return code, json.loads(out) if out.strip() else err

    return _martgate


def flip_bit(file, *, keep_times=True):
    """Change one bit of a file, and nothing else that a listing of the folder shows."""
    content, before = bytearray(file.read_bytes()), file.stat()
    content[len(content) // 3] ^= 1
    file.write_bytes(content)
    if keep_times:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def staged_file():
    (file,) = Path(STAGED).glob("*.parquet")
    return file


def swap(file, numbers):
    """Put a file of the same size and time in place of another one."""
    before, other = file.stat(), file.with_suffix(".new")
    write(other, numbers)
    assert other.stat().st_size == before.st_size
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(file)


def exchange(file):
    """Put a copy with one other bit in place of a file."""
    other, before = file.with_suffix(".new"), file.stat()
    other.write_bytes(file.read_bytes())
    flip_bit(other)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(file)


def put_back(file):
    """Exchange a file, and put the old one back with its time."""
    kept, before = file.with_suffix(".kept"), file.stat()
    os.link(file, kept)
    exchange(file)
    kept.rename(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def interrupt(monkeypatch, module, name, change):
    """Make a change right after a step of the run, once."""
    step, done = getattr(module, name), []

    def interrupted(*arguments, **named):
        result = step(*arguments, **named)
        if not done:
            done.append(change())
        return result

    monkeypatch.setattr(module, name, interrupted)


# The bytes of a candidate.


def test_gate_refuses_a_candidate_of_which_a_bit_was_flipped(loose, martgate):
    assert martgate("build", "made")[0] == 0
    flip_bit(staged_file())
    code, found = martgate("gate", "made")
    assert code == 3
    assert f"{staged_file().name}: its bytes are not those that were staged" in json.dumps(found)


def test_publish_needs_a_verdict_on_the_bytes_that_are_there(loose, martgate, monkeypatch):
    assert martgate("build", "made")[0] == 0
    interrupt(monkeypatch, run_module, "audit", lambda: flip_bit(staged_file()))
    assert martgate("gate", "made")[0] == 3
    code, found = martgate("publish", "made")
    assert (code, found["decision"]) == (1, "refused")


@pytest.mark.parametrize("command", [["run"], ["run", "--dry-run"], ["gate"]])
@pytest.mark.parametrize("change", [flip_bit, exchange, put_back])
def test_no_command_approves_what_was_exchanged_during_the_audit(loose, martgate, monkeypatch, command, change):
    if command == ["gate"]:
        martgate("build", "made")
    interrupt(monkeypatch, run_module, "audit", lambda: change(staged_file()))
    code, found = martgate(*command, "made")
    assert code == 3
    assert (changed := next(Path(STAGED).glob("*.parquet"))).name in json.dumps(found), changed
    assert not Ledger("sqlite:///out/ledger.db").list_runs()


def test_gate_of_loose_files_notices_an_exchange(loose, martgate, monkeypatch):
    interrupt(monkeypatch, inputs_module, "audit", lambda: swap(LOOSE, [4, 5, 6]))
    code, found = martgate("gate", "made", "--input", str(LOOSE))
    assert code == 3
    assert f"{LOOSE.absolute()} was changed or replaced" in json.dumps(found)


# The inputs.


@pytest.mark.parametrize("change", [lambda: swap(LOOSE, [4, 5, 6]), lambda: flip_bit(LOOSE), LOOSE.unlink])
@pytest.mark.parametrize("step", ["check_upstreams", "cast_to_contract", "audit"])
@pytest.mark.parametrize("command", ["run", "build"])
def test_an_input_that_changes_before_the_end_stops_the_run(loose, martgate, monkeypatch, command, step, change):
    if (command, step) == ("build", "audit"):
        return
    interrupt(monkeypatch, run_module, step, change)
    assert martgate(command, "made")[0] == 3
    assert not Ledger("sqlite:///out/ledger.db").list_receipts("s.made")
    assert (step == "audit") or not list(Path("out/warehouse").rglob("*.parquet"))


@pytest.mark.parametrize("change", [LOOSE.touch, lambda: put_back(LOOSE)])
def test_an_input_that_was_touched_may_have_been_another_one(loose, martgate, monkeypatch, change):
    interrupt(monkeypatch, run_module, "check_upstreams", change)
    code, found = martgate("run", "made")
    assert code == 3
    assert f"{LOOSE.absolute()} was changed or replaced" in json.dumps(found)
    assert martgate("run", "made")[0] == 0


@pytest.mark.parametrize("delta", [False, True])
def test_gate_refuses_inputs_that_the_candidate_was_not_made_from(project, martgate, delta):
    place = (lambda numbers: write_delta(numbers)) if delta else (lambda numbers: write(LOOSE, numbers))
    place([1, 2, 3])
    assert martgate("build", "made")[0] == 0
    assert martgate("gate", "made")[0] == 0
    place([4, 5, 6])
    code, found = martgate("gate", "made")
    assert code == 3
    assert "s.raw: its files are not those that the candidate was made from" in json.dumps(found)
    assert martgate("build", "made")[0] == 0
    assert martgate("gate", "made")[0] == 0


def test_a_delta_input_is_read_as_it_was_checked(martgate, monkeypatch):
    write_delta([1, 2, 3])
    interrupt(monkeypatch, run_module, "check_upstreams", lambda: write_delta([4, 5, 6, 7]))
    code, found = martgate("run", "made")
    (receipt,) = Ledger("sqlite:///out/ledger.db").list_receipts("s.made")
    (pin,) = receipt.basis.inputs
    assert (code, found["rows"], pin.table, pin.version, pin.files) == (0, 3, "s.raw", 0, 1)


def test_the_receipt_says_what_a_day_was_made_from(loose, martgate):
    assert martgate("run", "made")[0] == 0
    (receipt,) = Ledger("sqlite:///out/ledger.db").list_receipts("s.made")
    (pin,) = receipt.basis.inputs
    assert (pin.table, pin.version, pin.files, pin.bytes) == ("s.raw", None, 1, LOOSE.stat().st_size)
    log = Path("out/warehouse/s/made/_delta_log/00000000000000000001.json").read_text()
    assert receipt.basis.verdict.contract in log
    assert receipt.basis.verdict.rules in log
    assert receipt.basis.model in log


@pytest.mark.parametrize("delta", [False, True])
def test_runs_and_history_show_what_a_day_was_made_from(martgate, call, capfd, delta):
    write_delta([1, 2, 3]) if delta else write(LOOSE, [1, 2, 3])
    _, found = martgate("run", "made")
    (pin,) = found["inputs"]
    assert (pin["table"], pin["version"], pin["files"], len(pin["digest"])) == ("s.raw", 0 if delta else None, 1, 64)
    call(["history", "made", "--json"])
    (receipt,) = json.loads(capfd.readouterr().out)["days"][0]["receipts"]
    assert (receipt["inputs"], receipt["basis"], len(receipt["model"])) == ([pin], found["basis"], 64)
    call(["history", "made"])
    shown = "s.raw (version 0)" if delta else f"s.raw (1 file, {pin['digest'][:8]})"
    assert f"made from {shown}" in capfd.readouterr().out


def test_a_gate_of_loose_files_shows_what_it_read(loose, martgate):
    (pin,) = martgate("gate", "made", "--input", str(LOOSE))[1]["inputs"]
    assert (pin["table"], pin["files"], pin["bytes"]) == ("s.made", 1, LOOSE.stat().st_size)


# The contract, the rules and the model.

OTHERS = {
    "a stricter contract": (lambda: CONTRACT.write_text(MADE.replace("maximum: 100", "maximum: 2")), "contract"),
    "a laxer contract": (lambda: CONTRACT.write_text(MADE.replace("maximum: 100", "maximum: 999")), "contract"),
    "a rule of a newer version": (
        lambda: Path("contracts/made2.odcs.yaml").write_text(
            MADE.replace("version: 1.0.0", "version: 1.1.0\ncustomProperties: [{property: validFrom, value: 2024-02-01}]")
            .replace("{maximum: 100}", "{maximum: 2}")
            .replace("physicalType: bigint\n", "physicalType: bigint\n        customProperties: [{property: retroactive, value: true}]\n")
        ),
        "rules",
    ),
    "another model": (lambda: MODEL.write_text(SQL.replace("n,", "n + 0 AS n,")), "models/made.sql"),
}  # fmt: skip


@pytest.mark.parametrize("other", OTHERS)
def test_a_verdict_about_something_else_publishes_nothing(loose, martgate, other):
    change, named = OTHERS[other]
    martgate("build", "made")
    assert martgate("gate", "made")[0] == 0
    change()
    code, found = martgate("publish", "made")
    assert (code, found["decision"]) == (1, "refused"), found
    assert named in found["reasons"][0]
    assert "again" in found["reasons"][0]


def test_documentation_may_change_between_verdict_and_publish(loose, martgate):
    martgate("build", "made")
    martgate("gate", "made")
    CONTRACT.write_text(MADE.replace("The id.", "The number."))
    MODEL.write_text(f"-- the same\n{SQL}")
    assert martgate("publish", "made")[0] == 0


def test_a_verdict_by_a_lax_contract_of_the_same_name_publishes_nothing(loose, martgate):
    Path("lax").mkdir()
    Path("lax/made.odcs.yaml").write_text(MADE.replace("maximum: 100", "maximum: 999"))
    Path("lax/raw.odcs.yaml").write_text(RAW)
    martgate("build", "made")
    assert martgate("gate", "made", "--contracts", "lax")[0] == 0
    code, found = martgate("publish", "made")
    assert (code, found["decision"]) == (1, "refused")
