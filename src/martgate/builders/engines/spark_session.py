"""Where a Spark session comes from: one that is there already, a remote one, or a Spark started for this process."""

import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from martgate.builders.engines.java import java_home
from martgate.errors import InvalidInput, QueryFailed

__all__ = ["SESSION_SETTINGS", "open_session"]

SESSION_SETTINGS: Final[Mapping[str, str]] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # Spark's own INT96 has no statistics, and no zone
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.variable.substitute": "false",  # else a text `${env:HOME}` means what the machine says
    "spark.sql.parser.escapedStringLiterals": "false",  # a backslash escapes, as `martgate.text.quoting` writes it
    "spark.sql.legacy.consecutiveStringLiterals.enabled": "false",
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
    "spark.sql.parser.quotedRegexColumnNames": "false",  # a quoted name is a name
}
"""What every session of ours is set to, since the meaning of a model, a text, a name or a file hangs on it."""

_LOCAL: Final[Mapping[str, str]] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "16",  # 200 tasks for a small table are 200 times a task's price
}

_DATABRICKS = "DATABRICKS_RUNTIME_VERSION"
"""The variable that says where this process runs."""

_ADDRESS = re.compile(r"(?:spark|sc)://([^/;?]+)")
_CONNECT_PORT = 15002
_PATIENCE = 10
"""Seconds in which a server must take a call."""

_MEMORY = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT])(i?)B", re.IGNORECASE)


@contextmanager
def open_session(master: str, memory_limit: str, folder: Path) -> Iterator[SparkSession]:
    """A session in UTC and ANSI mode, apart from anybody else's settings and temporary views.

    The first there is of: the active session; the one that Databricks has for every process, though it may be active in
    another thread only; the server that SPARK_REMOTE names; and a Spark on `master` (`local[*]`, `spark://host:7077`)
    that is started here with `memory_limit` of heap, spills into `folder`, and is stopped in the end.

    Raises:
        martgate.errors.QueryFailed: Spark cannot be reached or started.
        martgate.errors.InvalidInput: the memory limit is not one.
    """
    active, remote = SparkSession.getActiveSession(), os.environ.get("SPARK_REMOTE")
    is_hosted = _DATABRICKS in os.environ
    if active is None and not is_hosted:
        _demand_answer(remote or master)
    if active is None and not is_hosted and not remote:
        with _started(master, memory_limit, folder) as opened:
            yield _required(opened)
        return
    try:
        opened = _required((active or SparkSession.builder.getOrCreate()).newSession())
    except PySparkException as error:
        raise QueryFailed(f"no Spark session can be had: {str(error).partition(chr(10))[0]}") from None
    yield opened


def _demand_answer(url: str) -> None:
    """Spark's own clients ask a server that is not there for ten minutes before they say so."""
    address = _ADDRESS.match(url)
    servers = address[1].split(",") if address else []
    for server in servers:
        host, _, port = server.partition(":")
        try:
            socket.create_connection((host, int(port or _CONNECT_PORT)), timeout=_PATIENCE).close()
        except (OSError, ValueError):
            continue
        return
    if servers:
        raise QueryFailed(
            f"no Spark answers at {' or '.join(servers)}: is SPARK_REMOTE, or spark_master, where one runs?"
        )


def _required(opened: SparkSession) -> SparkSession:
    for name, value in SESSION_SETTINGS.items():
        opened.conf.set(name, value)
    zone = opened.conf.get("spark.sql.session.timeZone")
    if zone != "UTC":
        raise QueryFailed(f"the session's time zone must be UTC, and is {zone}")
    return opened


@contextmanager
def _started(master: str, memory_limit: str, folder: Path) -> Iterator[SparkSession]:
    with as_file(files("martgate.builders.engines") / "log4j2.properties") as quiet:
        builder = SparkSession.builder.master(master).appName("martgate")
        for name, value in (_settings(memory_limit, folder, quiet) | _site(master)).items():
            builder = builder.config(name, value)
        with _environment(JAVA_HOME=java_home(folder)):
            try:
                opened = builder.getOrCreate()
            except (PySparkException, Py4JError) as error:
                raise QueryFailed(f"no Spark can be started on {master}: {str(error).partition(chr(10))[0]}") from None
    try:
        yield opened
    finally:
        opened.stop()


def _site(master: str) -> dict[str, str]:
    """A cluster's executors must reach this process; a Spark in this process is nobody else's business."""
    return dict(_LOCAL) if master.startswith("local") else {}


def _settings(memory_limit: str, folder: Path, quiet: Path) -> dict[str, str]:
    # Spark's log quotes the rows at which a statement failed.
    java = f"-Duser.timezone=UTC -Dfile.encoding=UTF-8 -Dlog4j2.configurationFile=file:{quiet}"
    return {
        "spark.driver.memory": _heap(memory_limit),
        "spark.driver.extraJavaOptions": java,
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def _heap(memory_limit: str) -> str:
    """The limit in Java's words.

    >>> _heap("3GB"), _heap("1.5 GiB")
    ('2861m', '1536m')
    """
    read = _MEMORY.fullmatch(memory_limit.strip())
    if read is None:
        raise InvalidInput(f"memory_limit {memory_limit!r} is not an amount of memory; write it as in 3GB or 512MB")
    base = 1024 if read[3] else 1000
    amount = float(read[1]) * base ** ("KMGT".index(read[2].upper()) + 1)
    return f"{int(amount / 1024**2)}m"


@contextmanager
def _environment(**values: str | None) -> Iterator[None]:
    """Variables for the JVM that is started within; None leaves one as it is."""
    before = {name: os.environ.get(name) for name, value in values.items() if value is not None}
    os.environ.update({name: value for name, value in values.items() if value is not None})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
