"""The project behind the tasks: read here as the command line reads it, and worked through the command line alone.

A command runs in a process of its own: an engine's memory is given back with it, Airflow's libraries and the engine's
need not agree, and exit codes and `--json` are a contract of their own.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from martgate.builders.model import Model
from martgate.builders.model import load as load_models
from martgate.contracts.catalog import Catalog
from martgate.contracts.model import Contract, Table
from martgate.errors import InvalidInput
from martgate.extras import is_installed, missing_message
from martgate.hints import did_you_mean
from martgate.project.settings import KEYS, Settings, load_settings

__all__ = ["Mart"]

if not is_installed("airflow"):  # the package imports this module first, and Airflow in those that follow
    raise ImportError(missing_message("airflow", "martgate.airflow"))


@dataclass(frozen=True)
class Mart:
    """A project, as `martgate --project` takes it, and the interpreter that has martgate and its engine.

    `settings` stand over `martgate.toml`, by key, as in `{"engine": "spark"}`; folders are separated as in `PATH`. What
    they do not say is up to the file and to `MARTGATE_*` where the task runs; so is the project, where none is given.

    Raises:
        martgate.errors.InvalidInput: a key is none of `martgate.project.settings.KEYS`.
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
        """That of this process, with the project and the settings in it: every command takes every key from there."""
        own = {f"MARTGATE_{key.upper()}": value for key, value in self.settings.items()}
        return {**os.environ, **({"MARTGATE_PROJECT": self.project} if self.project else {}), **own}

    @cached_property
    def effective(self) -> Settings:
        """The settings in effect here.

        Raises:
            martgate.errors.InvalidInput: they cannot be used.
        """
        return load_settings(environment=self.environment)

    @cached_property
    def catalog(self) -> Catalog:
        return Catalog.load(self.effective.contracts)

    @cached_property
    def models(self) -> Mapping[str, Model]:
        return load_models(self.effective.models)

    def find(self, table: str) -> tuple[Contract, Table]:
        """A table of that short or qualified name, with its contract.

        Raises:
            martgate.errors.InvalidInput: there is none; the message has the nearest names.
        """
        loaded, found = self.catalog.find(table)
        return loaded.contract, found
