"""Records the state of contracts and models in a file, so that a later run can select what has changed since.

The file has a digest of the contract of each table and, where a model makes it, of the model's SQL. Layout, comments
and documentation do not count.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from martgate.builders.model import Model, find_model
from martgate.contracts.catalog import Catalog
from martgate.contracts.digest import digest
from martgate.errors import InvalidInput, Problem
from martgate.project.graph import ChangedTables, list_every_input

__all__ = ["FILE_NAME", "State", "compute_state", "find_changes", "read_state", "state_json"]

FILE_NAME = "martgate-state.json"
"""The name of the file, where `read_state` gets a folder."""

State = Mapping[str, Mapping[str, str]]
"""For each table, by qualified name, the digest of its `contract`, and of its `model` if it has one."""

_FORMAT = 1


def compute_state(models: Mapping[str, Model], catalog: Catalog) -> State:
    """Compute the present state of the project."""
    return {
        table.qualified_name: {"contract": digest(table)}
        | (
            {"model": hashlib.sha256(model.canonical.encode()).hexdigest()}
            if (model := find_model(table, models))
            else {}
        )
        for loaded, table in catalog.tables()
    }


def state_json(state: State) -> str:
    """Serialize a state for `read_state`."""
    return json.dumps({"format": _FORMAT, "tables": state}, indent=1, sort_keys=True)


def read_state(place: Path) -> State:
    """Read a state from a file, or from the file `FILE_NAME` in a folder.

    Raises:
        martgate.errors.InvalidInput: there is no such file, or it is damaged.
    """
    file = place / FILE_NAME if place.is_dir() else place
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(_unusable(file, f"cannot be read: {error.strerror}")) from error
    except ValueError:
        raise InvalidInput(_unusable(file, "is not JSON")) from None
    if not isinstance(document, dict) or document.get("format") != _FORMAT or not _is_state(document.get("tables")):
        raise InvalidInput(_unusable(file, "is not the state of a project"))
    tables: State = document["tables"]
    return tables


def _unusable(file: Path, message: str) -> Problem:
    return Problem(file=str(file), message=message, hint=f"`martgate state --out {FILE_NAME}` writes one")


def _is_state(tables: object) -> bool:
    return isinstance(tables, dict) and all(
        isinstance(digests, dict) and all(isinstance(text, str) for text in digests.values())
        for digests in tables.values()
    )


def find_changes(former: State, models: Mapping[str, Model], catalog: Catalog) -> ChangedTables:
    """Find the tables whose contract or model differs from a former state, including new tables."""
    reads = list_every_input(models, catalog)
    differing = {name for name, digests in compute_state(models, catalog).items() if former.get(name) != digests}
    outside = differing - reads.keys()
    return ChangedTables(
        tables=frozenset(differing & reads.keys()),
        readers=frozenset(name for name, read in reads.items() if read & outside),
    )
