"""Leaves modules of extras that are not installed out of the search for doctests; any other failed import is an error."""

from importlib.util import find_spec

_MODULES = {
    "pyspark": ["src/martgate/builders/engines/spark*.py"],
    "airflow": ["src/martgate/airflow/*.py"],
}

collect_ignore_glob = [glob for library, globs in _MODULES.items() if not find_spec(library) for glob in globs]
