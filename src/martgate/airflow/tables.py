"""Creates the tasks of many tables, in the order of their models' SQL, so that the graph is written only once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import TaskGroup

from martgate.airflow.mart import Mart
from martgate.airflow.operators import BuildOperator, GateOperator, PublishOperator, UpstreamsSensor
from martgate.builders.model import find_model
from martgate.project.graph import build_graph, select
from martgate.project.inputs import list_inputs

__all__ = ["tables"]


def tables(
    *selectors: str, mart: Mart | None = None, wait: timedelta = timedelta(hours=6), **arguments: Any
) -> Mapping[str, TaskGroup]:
    """Create a group of tasks for each selected table: upstreams, build, gate, publish.

    A group follows the groups of the tables that its table is made from, and does not run if one of them was not
    published. A sensor waits for inputs that no other group publishes.

    Args:
        selectors: as `martgate run --select` takes them: `t`, `t+`, `+t`, `tag:x`.
        mart: the project; by default that of the environment.
        wait: how long upstreams may be missing before the sensor fails.
        arguments: for each task, such as `date` or `retries`.

    Returns:
        The groups by the qualified name of the table.

    Raises:
        martgate.errors.InvalidInput: a selector matches nothing, or contracts and models do not fit.
    """
    mart = mart or Mart()
    graph = build_graph(mart.models, mart.catalog)
    groups: dict[str, TaskGroup] = {}
    for name in select(selectors, graph, mart.catalog):
        upstream_groups = graph[name] & groups.keys()
        timeout = None if _find_inputs(name, mart) <= upstream_groups else wait
        groups[name] = _create_group(name, timeout, mart=mart, **arguments)
        for upstream in sorted(upstream_groups):
            groups[upstream] >> groups[name]
    return groups


def _find_inputs(name: str, mart: Mart) -> set[str]:
    """Find everything that the runs of a table read, whether a model makes it or not."""
    version = mart.catalog.find(name)
    return set(list_inputs(version, find_model(version[1], mart.models), mart.models, mart.catalog, None))


def _create_group(name: str, wait: timedelta | None, **arguments: Any) -> TaskGroup:
    with TaskGroup(group_id=name.replace(".", "__")) as group:
        build = BuildOperator(task_id="build", table=name, **arguments)
        gate = GateOperator(task_id="gate", table=name, candidate=build.output["candidate"], **arguments)
        PublishOperator(task_id="publish", table=name, candidate=gate.output["candidate"], **arguments)
        if wait is not None:
            UpstreamsSensor(task_id="upstreams", table=name, timeout=wait, **arguments) >> build
    return group
