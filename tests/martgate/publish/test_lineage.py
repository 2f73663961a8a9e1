"""Lineage as others get it: in a file, on a real server, or not at all; and that no decision hangs on it."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from martgate.cli.main import call

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
schema:
  - name: {name}
    physicalName: s.{name}
    properties:
      - {{name: n, logicalType: integer, physicalType: bigint, required: true, logicalTypeOptions: {{maximum: {most}}}}}
      - {{name: mail, logicalType: string, physicalType: string, classification: personal, enum: [{{value: {secret}}}]}}
      - {{name: day, logicalType: string, physicalType: string, required: true, partitioned: true}}
"""
SECRET = "canary-9f3a"
MODELS = {
    "base": "SELECT CAST(7 AS BIGINT) AS n, 'canary-9f3a' AS mail, :part_date AS day",
    "top": "SELECT b.n + 1 AS n, b.mail, b.day FROM s.base b WHERE b.day = :part_date",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Two tables, the second made from the first, both with a classified column."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENLINEAGE_API_KEY", raising=False)
    (tmp_path / "martgate.toml").write_text('contracts = ["contracts"]\nmodels = ["models"]\nreport = "none"\n')
    for folder in ("contracts", "models"):
        (tmp_path / folder).mkdir()
    for name, sql in MODELS.items():
        (tmp_path / "models" / f"{name}.sql").write_text(sql)
        promise(tmp_path, name)
    return tmp_path


def promise(project, name, most=9, secret=SECRET):
    text = CONTRACT.format(name=name, most=most, secret=secret)
    (project / "contracts" / f"{name}.odcs.yaml").write_text(text)


class Server(ThreadingHTTPServer):
    """A server of OpenLineage that answers with `status` and keeps what it was sent: path, key and event."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.got = 201, []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((self.path, self.headers.get("Authorization"), event))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        """Tests are quiet."""


@pytest.fixture
def server():
    with Server() as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def run(where, *arguments, command="run", day="2024-01-01"):
    return call([command, *arguments, "--date", day, "--lineage", where])


def events(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def states(found):
    return [(event["job"]["name"], event["eventType"], len(event["outputs"])) for event in found]


def test_a_published_run_is_two_events_in_a_file_and_its_output_says_where_each_column_comes_from(project):
    assert run("file:told/events.ndjson", "--select", "base+") == 0
    found = events(project / "told" / "events.ndjson")
    assert states(found) == [
        ("s.base", "START", 0),
        ("s.base", "COMPLETE", 1),
        ("s.top", "START", 0),
        ("s.top", "COMPLETE", 1),
    ]
    assert len({event["run"]["runId"] for event in found}) == 2
    (written,), (read,) = found[1]["outputs"], found[3]["inputs"]
    assert (read["namespace"], read["name"]) == (written["namespace"], written["name"])
    assert written["name"] == str(project / "out/warehouse/s/base")
    lineage = found[3]["outputs"][0]["facets"]["columnLineage"]["fields"]
    assert {column: [each["field"] for each in told["inputFields"]] for column, told in lineage.items()} == {
        "n": ["n"],
        "mail": ["mail"],
        "day": ["day"],
    }


def test_a_refused_run_failed_and_wrote_nothing(project):
    promise(project, "base", most=1)
    assert run("events.ndjson", "base") == 1
    found = events(project / "events.ndjson")
    assert states(found) == [("s.base", "START", 0), ("s.base", "FAIL", 0)]
    facets = found[1]["run"]["facets"]
    assert facets["errorMessage"]["message"] == "1 failed: n|maximum"
    assert [test["name"] for test in facets["test"]["tests"] if test["status"] == "fail"] == ["n|maximum"]


def test_a_run_that_could_not_be_decided_failed_too_and_says_why(project, capsys):
    assert run("events.ndjson", "top") == 3
    (start, end) = events(project / "events.ndjson")
    assert [start["eventType"], end["eventType"]] == ["START", "FAIL"]
    assert "2024-01-01 is not published" in end["run"]["facets"]["errorMessage"]["message"]
    assert "could not be sent" not in capsys.readouterr().err


def test_of_several_runs_the_one_that_could_not_run_is_told_and_what_was_skipped_is_not(project):
    (project / "models" / "base.sql").write_text(
        "SELECT CAST(CONCAT('x', 'y') AS BIGINT) AS n, 'a' AS mail, :part_date AS day"
    )
    assert run("events.ndjson", "--select", "base+") == 3
    assert states(events(project / "events.ndjson")) == [("s.base", "START", 0), ("s.base", "FAIL", 0)]


def test_steps_of_a_scheduler_are_runs_of_their_own_and_only_the_publish_has_an_output(project):
    for command in ("build", "gate", "publish"):
        assert run("events.ndjson", "base", command=command) == 0
    found = events(project / "events.ndjson")
    assert states(found) == [
        ("s.base", "START", 0),
        ("s.base", "COMPLETE", 0),
        ("s.base", "START", 0),
        ("s.base", "COMPLETE", 1),
    ]
    assert found[0]["run"]["runId"] == found[1]["run"]["runId"] != found[2]["run"]["runId"]


def test_a_dry_run_wrote_nothing(project):
    assert run("events.ndjson", "base", "--dry-run") == 0
    assert states(events(project / "events.ndjson"))[-1] == ("s.base", "COMPLETE", 0)


def test_publishing_a_candidate_again_is_no_other_run(project):
    for command in ("build", "gate", "publish", "publish"):
        assert run("events.ndjson", "base", command=command) == 0
    found = events(project / "events.ndjson")
    assert found[2]["run"]["runId"] == found[4]["run"]["runId"]


def test_no_value_of_the_data_is_in_any_event(project):
    assert run("events.ndjson", "--select", "base+") == 0
    for name in ("base", "top"):
        promise(project, name, most=1, secret="somebody-else")
        assert run("events.ndjson", name) == 1
    (project / "models" / "top.sql").write_text(
        "SELECT CAST(b.mail AS BIGINT) AS n, b.mail, b.day FROM s.base b WHERE b.day = :part_date"
    )
    assert run("events.ndjson", "top") == 3
    told = (project / "events.ndjson").read_text(encoding="utf-8")
    assert "mail|in_set" in told
    assert SECRET not in told
    assert "somebody-else" not in told


def test_a_server_gets_both_events_with_its_key(project, server, monkeypatch):
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "key-of-the-server")
    assert run(server.url, "base") == 0
    assert [(path, key, event["eventType"]) for path, key, event in server.got] == [
        ("/api/v1/lineage", "Bearer key-of-the-server", state) for state in ("START", "COMPLETE")
    ]
    assert run(f"{server.url}/other/place", "base") == 0
    assert server.got[-1][0] == "/other/place"


def test_a_server_that_fails_takes_no_decision_back_and_is_told(project, server, capsys):
    server.status = 500
    assert run(server.url, "base", "--json") == 3
    told = capsys.readouterr()
    assert json.loads(told.out)["published_version"] == 1
    assert "the decision stands, but its lineage could not be sent" in told.err
    assert "500" in told.err


def test_a_server_that_is_not_there_takes_no_decision_back_and_is_told(project, server, capsys):
    url = server.url
    server.server_close()
    assert run(url, "--select", "base+", "--json") == 3
    told = capsys.readouterr()
    assert [each["decision"] for each in json.loads(told.out)["runs"]] == ["approved", "approved"]
    assert told.err.count("the decision stands, but its lineage could not be sent") == 2


def test_a_file_that_cannot_be_written_takes_no_decision_back_and_is_told(project, capsys):
    (project / "events.ndjson").mkdir()
    assert run("events.ndjson", "base") == 3
    assert "Published" in (told := capsys.readouterr()).out
    assert "could not be sent" in told.err


def test_lineage_is_off_unless_asked_for(project):
    assert run("none", "base") == 0
    assert sorted(path.name for path in project.iterdir()) == ["contracts", "martgate.toml", "models", "out"]


def test_without_the_library_nothing_is_run(project, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "openlineage.client", None)
    assert run("events.ndjson", "base") == 2
    assert "pip install 'martgate[lineage]'" in capsys.readouterr().err
    assert not (project / "out" / "warehouse").exists()


def test_data_that_lies_anywhere_is_nothing_that_the_mart_is_made_of(project):
    assert run("none", "base") == 0
    data = str(project / "out/warehouse/s/base")
    assert run("events.ndjson", "base", "--input", data, command="gate") == 0
    assert not (project / "events.ndjson").exists()
