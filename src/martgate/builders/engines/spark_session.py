"""Opens Spark sessions: of the active session, of a remote server, or of a Spark started for this process."""

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
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # Spark's default, INT96, has no statistics and no zone
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.variable.substitute": "false",  # else `${env:HOME}` in a text literal is replaced
    "spark.sql.parser.escapedStringLiterals": "false",  # a backslash escapes, as in `martgate.text.quoting`
    "spark.sql.legacy.consecutiveStringLiterals.enabled": "false",
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
    "spark.sql.parser.quotedRegexColumnNames": "false",  # a quoted name is a name
}
"""Settings of every session: models, text literals, names and files depend on them."""

_LOCAL: Final[Mapping[str, str]] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "16",  # the default, 200, is slow on small tables
}

_DATABRICKS = "DATABRICKS_RUNTIME_VERSION"
"""Environment variable that is set on Databricks."""

_ADDRESS = re.compile(r"(?:spark|sc)://([^/;?]+)")
_CONNECT_PORT = 15002
_CONNECT_TIMEOUT = 10
"""Seconds to wait for a connection to a server."""

_MEMORY = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT])(i?)B", re.IGNORECASE)


@contextmanager
def open_session(master: str, memory_limit: str, folder: Path) -> Iterator[SparkSession]:
    """Open a session in UTC and ANSI mode, with its own settings and temporary views.

    It belongs to the first of these that exists: the active session; the session of the process on Databricks, which may
    be active in another thread only; the server that SPARK_REMOTE names; a Spark started here, and stopped on exit.

    Args:
        master: the master URL of a Spark that is started here (`local[*]`, `spark://host:7077`).
        memory_limit: its heap.
        folder: its folder for spill files.

    Raises:
        martgate.errors.QueryFailed: Spark cannot be reached or started.
        martgate.errors.InvalidInput: the memory limit is not an amount of memory.
    """
    active, remote = SparkSession.getActiveSession(), os.environ.get("SPARK_REMOTE")
    is_hosted = _DATABRICKS in os.environ
    if active is None and not is_hosted:
        _require_server(remote or master)
    if active is None and not is_hosted and not remote:
        with _start(master, memory_limit, folder) as opened:
            yield _configure(opened)
        return
    try:
        opened = _configure((active or SparkSession.builder.getOrCreate()).newSession())
    except PySparkException as error:
        raise QueryFailed(f"cannot open a Spark session: {str(error).partition(chr(10))[0]}") from None
    yield opened


def _require_server(url: str) -> None:
    """Check that a server accepts connections: Spark's clients retry for ten minutes before they fail."""
    address = _ADDRESS.match(url)
    servers = address[1].split(",") if address else []
    for server in servers:
        host, _, port = server.partition(":")
        try:
            socket.create_connection((host, int(port or _CONNECT_PORT)), timeout=_CONNECT_TIMEOUT).close()
        except (OSError, ValueError):
            continue
        return
    if servers:
        raise QueryFailed(f"no Spark answers at {' or '.join(servers)}: check SPARK_REMOTE and spark_master")


def _configure(opened: SparkSession) -> SparkSession:
    for name, value in SESSION_SETTINGS.items():
        opened.conf.set(name, value)
    zone = opened.conf.get("spark.sql.session.timeZone")
    if zone != "UTC":
        raise QueryFailed(f"the time zone of the session is {zone}; expected UTC")
    return opened


@contextmanager
def _start(master: str, memory_limit: str, folder: Path) -> Iterator[SparkSession]:
    with as_file(files("martgate.builders.engines") / "log4j2.properties") as log_config:
        builder = SparkSession.builder.master(master).appName("martgate")
        for name, value in (_settings(memory_limit, folder, log_config) | _network_settings(master)).items():
            builder = builder.config(name, value)
        with _environment(JAVA_HOME=java_home(folder)):
            try:
                opened = builder.getOrCreate()
            except (PySparkException, Py4JError) as error:
                raise QueryFailed(f"cannot start Spark on {master}: {str(error).partition(chr(10))[0]}") from None
    try:
        yield opened
    finally:
        opened.stop()


def _network_settings(master: str) -> dict[str, str]:
    """Bind a local Spark to the loopback interface; the executors of a cluster must reach this process."""
    return dict(_LOCAL) if master.startswith("local") else {}


def _settings(memory_limit: str, folder: Path, log_config: Path) -> dict[str, str]:
    # Spark logs the rows at which a statement failed.
    java = f"-Duser.timezone=UTC -Dfile.encoding=UTF-8 -Dlog4j2.configurationFile=file:{log_config}"
    return {
        "spark.driver.memory": _heap(memory_limit),
        "spark.driver.extraJavaOptions": java,
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def _heap(memory_limit: str) -> str:
    """Format a memory limit for Java.

    >>> _heap("3GB"), _heap("1.5 GiB")
    ('2861m', '1536m')
    """
    match = _MEMORY.fullmatch(memory_limit.strip())
    if match is None:
        raise InvalidInput(
            f"memory_limit {memory_limit!r} is not an amount of memory; expected for example 3GB or 512MB"
        )
    base = 1024 if match[3] else 1000
    amount = float(match[1]) * base ** ("KMGT".index(match[2].upper()) + 1)
    return f"{int(amount / 1024**2)}m"


@contextmanager
def _environment(**values: str | None) -> Iterator[None]:
    """Set environment variables for a JVM that is started inside the block; None leaves a variable unchanged."""
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
