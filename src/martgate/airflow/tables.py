"""The tasks of many tables, in the order that the models' own SQL says: nobody types the graph a second time."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import TaskGroup

from martgate.airflow.mart import Mart
from martgate.airflow.operators import BuildOperator, GateOperator, PublishOperator, UpstreamsSensor
from martgate.builders.model import find_model
from martgate.project.graph import build_graph, select

__all__ = ["tables"]


def tables(
    *selectors: str, mart: Mart | None = None, wait: timedelta = timedelta(hours=6), **arguments: Any
) -> Mapping[str, TaskGroup]:
    """For each table that the selectors mean a group of tasks: upstreams, build, gate, publish; by qualified name.

    A group follows those of the tables that its own is made from, and is not run where one of them was not published.
    For what no other group publishes it waits by itself.

    Args:
        selectors: as `martgate run --select` takes them: `t`, `t+`, `+t`, `tag:x`.
        mart: the project; by default that of the environment.
        wait: how long upstreams may be missing before the sensor fails.
        arguments: for each task, as `date` or `retries`.

    Raises:
        martgate.errors.InvalidInput: a selector means nothing, or contracts and models do not fit.
    """
    mart = mart or Mart()
    graph = build_graph(mart.models, mart.catalog)
    groups: dict[str, TaskGroup] = {}
    for name in select(selectors, graph, mart.catalog):
        above = graph[name] & groups.keys()
        waiting = None if _inputs(name, mart) <= above else wait
        groups[name] = _group(name, waiting, mart=mart, **arguments)
        for other in sorted(above):
            groups[other] >> groups[name]
    return groups


def _inputs(name: str, mart: Mart) -> set[str]:
    """All that a table is made from, whoever makes it."""
    model = find_model(mart.find(name)[1], mart.models)
    return {mart.find(read)[1].qualified_name for read in model.inputs} if model else set()


def _group(name: str, wait: timedelta | None, **arguments: Any) -> TaskGroup:
    with TaskGroup(group_id=name.replace(".", "__")) as group:
        build = BuildOperator(task_id="build", table=name, **arguments)
        gate = GateOperator(task_id="gate", table=name, candidate=build.output["candidate"], **arguments)
        PublishOperator(task_id="publish", table=name, candidate=gate.output["candidate"], **arguments)
        if wait is not None:
            UpstreamsSensor(task_id="upstreams", table=name, timeout=wait, **arguments) >> build
    return group
