"""Creates requests to publish tables, from the contracts and models of the project."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from martgate.builders.model import Model, cast_to_contract, find_model, load_models
from martgate.contracts.day import Day
from martgate.contracts.model import Table
from martgate.errors import InvalidInput
from martgate.project.context import Context, PublishRequest
from martgate.project.graph import raise_for_circle
from martgate.project.inputs import list_inputs
from martgate.project.review import raise_for_problems, require_great_expectations
from martgate.project.settings import Settings

__all__ = ["create_publish_request", "load_publish_request", "load_publish_requests", "require_model"]


def load_publish_request(
    settings: Settings, context: Context, name: str, day: date, *, judges: bool = True
) -> PublishRequest:
    """Load the models and create the request to publish one table for one day, after a review of its contract.

    Args:
        settings: of the project.
        context: the adapters of the run.
        name: the table.
        day: the day.
        judges: whether rules will be judged, so that everything they need must be installed.

    Raises:
        martgate.errors.InvalidInput: there is no such table, no model makes it, or its contract has problems.
    """
    return create_publish_request(load_models(settings.models), context, name, day, judges=judges)


def load_publish_requests(
    settings: Settings, context: Context, name: str, days: Iterable[date]
) -> list[PublishRequest]:
    """Load the models and create the requests to publish one table for many days.

    Each has the version of the contract that is valid on its day.

    Args:
        settings: of the project.
        context: the adapters of the run.
        name: the table.
        days: the days.

    Raises:
        martgate.errors.InvalidInput: see `load_publish_request`; or the model's columns differ from those of a version.
    """
    models = load_models(settings.models)
    reviewed: dict[str, PublishRequest] = {}
    for day in days:
        contract_file, table = context.catalog.find(name, day)
        if contract_file.contract.file not in reviewed:
            reviewed[contract_file.contract.file] = create_publish_request(models, context, name, day)
            cast_to_contract(reviewed[contract_file.contract.file].model, table)
    requests = []
    for day in days:
        contract_file, table = version = context.catalog.find(name, day)
        request = reviewed[contract_file.contract.file]
        inputs = list_inputs(version, request.model, models, context.catalog, day)
        requests.append(replace(request, day=Day(day, contract_file.contract.zone), inputs=inputs))
    return requests


def create_publish_request(
    models: Mapping[str, Model], context: Context, name: str, day: date, *, judges: bool = True
) -> PublishRequest:
    """Create the request to publish one table for one day, by models that are already loaded.

    Args:
        models: of the project, by name.
        context: the adapters of the run.
        name: the table.
        day: the day.
        judges: see `load_publish_request`.

    Raises:
        martgate.errors.InvalidInput: see `load_publish_request`.
    """
    contract_file, table = version = context.catalog.find(name, day)
    model = _require_model_of(table, models)
    raise_for_problems(contract_file, context.catalog)
    raise_for_circle(table.qualified_name, models, context.catalog)
    inputs = list_inputs(version, model, models, context.catalog, day)
    versions = (context.catalog.find(name, day) for name in sorted(inputs))
    upstreams = [upstream for upstream in versions if find_model(upstream[1], models) is None]
    if judges:
        require_great_expectations([(contract_file, table), *upstreams], context.catalog)
    when = Day(day, contract_file.contract.zone)
    return PublishRequest(
        contract_file=contract_file,
        table=table,
        model=model,
        day=when,
        started=context.now(),
        model_names=frozenset(models),
        inputs=inputs,
    )


def require_model(settings: Settings, table: Table) -> Model:
    """Find the model that makes a table, by its qualified or bare name.

    Raises:
        martgate.errors.InvalidInput: there is none; the message names the models that exist.
    """
    return _require_model_of(table, load_models(settings.models))


def _require_model_of(table: Table, models: Mapping[str, Model]) -> Model:
    model = find_model(table, models)
    if model is None:
        names = ", ".join(sorted(models)) or "none at all"
        raise InvalidInput(f"no model makes {table.qualified_name}: there are models for {names}")
    return model
