"""Describes the project behind the tasks: its contracts are read here, and its commands run through the command line.

A command runs in a process of its own, so that an engine's memory is freed with it and its libraries need not agree
with those of Airflow; exit codes and `--json` are a stable interface.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from martgate.builders.model import Model, load_models
from martgate.contracts.catalog import Catalog
from martgate.contracts.model import Contract, Table
from martgate.errors import InvalidInput
from martgate.extras import is_installed, missing_message
from martgate.hints import did_you_mean
from martgate.project.settings import KEYS, Settings, load_settings

__all__ = ["Mart"]

if not is_installed("airflow"):  # the package imports this module first, and Airflow in later ones
    raise ImportError(missing_message("airflow", "martgate.airflow"))


@dataclass(frozen=True)
class Mart:
    """A project, and the Python interpreter that has martgate and its engine.

    Attributes:
        project: the folder, as `martgate --project` takes it; empty for the one that the task's environment names.
        settings: settings by key, as in `{"engine": "spark"}`, which override `martgate.toml`; folders are separated as
            in `PATH`. Other settings come from the file and from `MARTGATE_*` where the task runs.
        python: the interpreter.

    Raises:
        martgate.errors.InvalidInput: a key is not in `martgate.project.settings.KEYS`.
    """

    project: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    python: str = sys.executable

    def __post_init__(self) -> None:
        unknown = sorted(self.settings.keys() - KEYS.keys())
        if unknown:
            raise InvalidInput(*(f"{key} is not a setting; {did_you_mean(key, KEYS)}" for key in unknown))

    @property
    def environment(self) -> dict[str, str]:
        """The environment of this process with the project and the settings added, for the commands."""
        own = {f"MARTGATE_{key.upper()}": value for key, value in self.settings.items()}
        return {**os.environ, **({"MARTGATE_PROJECT": self.project} if self.project else {}), **own}

    @cached_property
    def effective(self) -> Settings:
        """The settings in effect here.

        Raises:
            martgate.errors.InvalidInput: a setting is invalid.
        """
        return load_settings(environment=self.environment)

    @cached_property
    def catalog(self) -> Catalog:
        return Catalog.load(self.effective.contracts)

    @cached_property
    def models(self) -> Mapping[str, Model]:
        return load_models(self.effective.models)

    def find(self, table: str) -> tuple[Contract, Table]:
        """Find a table by its short or qualified name, with its contract.

        Raises:
            martgate.errors.InvalidInput: there is none; the message names similar ones.
        """
        contract_file, version = self.catalog.find(table)
        return contract_file.contract, version
