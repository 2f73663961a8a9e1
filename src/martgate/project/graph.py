"""Builds the graph of which table needs which, and resolves selectors of tables; neither needs an engine.

A table needs those that its model reads, and those that its rules compare with.

A selector is the name of a table, `t`; `tag:x` for all tables with a tag; or `state:modified` for all tables that
differ from an earlier state. `t+` adds all tables made from `t`, `+t` all tables that `t` is made from, and `a,b` is
the intersection of both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from martgate.builders.model import Model, find_model
from martgate.contracts.catalog import Catalog
from martgate.errors import InvalidInput
from martgate.hints import clip, did_you_mean
from martgate.project.inputs import list_inputs

__all__ = ["ChangedTables", "Graph", "build_graph", "list_every_input", "raise_for_circle", "select"]

_MODIFIED = "state:modified"

Graph = Mapping[str, frozenset[str]]
"""The modelled inputs of each modelled table, by qualified name; a table is modelled if a model makes it."""


@dataclass(frozen=True, slots=True)
class ChangedTables:
    """The tables that differ from an earlier state.

    Attributes:
        tables: those that a model makes.
        readers: those that read a changed table from outside.
    """

    tables: frozenset[str]
    readers: frozenset[str]


def list_every_input(models: Mapping[str, Model], catalog: Catalog) -> Graph:
    """List the tables that the runs of each table read.

    Returns:
        The qualified names of the inputs, by the qualified name of the table.

    Raises:
        martgate.errors.InvalidInput: a model or a rule names a table without a contract.
    """
    return {
        version[1].qualified_name: frozenset(list_inputs(version, model, models, catalog, None))
        for version in catalog.tables()
        if (model := find_model(version[1], models))
    }


def build_graph(models: Mapping[str, Model], catalog: Catalog) -> Graph:
    """Build the graph of which table needs which.

    Raises:
        martgate.errors.InvalidInput: a model or a rule names a table without a contract, or tables need each other in a
            circle.
    """
    reads = list_every_input(models, catalog)
    graph = {name: read & reads.keys() for name, read in reads.items()}
    _raise_for_circle(graph)
    return graph


def raise_for_circle(name: str, models: Mapping[str, Model], catalog: Catalog) -> None:
    """Refuse a table that needs, directly or not, another table that needs it.

    Args:
        name: the qualified name of the table.
        models: all models of the project.
        catalog: all contracts.

    Raises:
        martgate.errors.InvalidInput: with the tables of the circle.
    """
    graph: dict[str, frozenset[str]] = {}
    todo = [name]
    while todo:
        version = catalog.find(todo.pop())
        model = find_model(version[1], models)
        if model and version[1].qualified_name not in graph:
            needed = frozenset(list_inputs(version, model, models, catalog, None))
            graph[version[1].qualified_name] = needed
            todo += sorted(needed)
    _raise_for_circle({table: (needed & graph.keys()) - {table} for table, needed in graph.items()})


def _raise_for_circle(graph: Graph) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " <- ".join(error.args[1])
        raise InvalidInput(f"tables need each other in a circle, by their models or rules: {circle}") from None


def select(
    selectors: Iterable[str], graph: Graph, catalog: Catalog, changed: ChangedTables | None = None
) -> tuple[str, ...]:
    """Select tables, each after those that it is made from.

    Args:
        selectors: a table that matches any of them is selected.
        graph: of the project.
        catalog: the contracts, which have the tags.
        changed: the tables that `state:modified` selects; None if no state was given.

    Raises:
        martgate.errors.InvalidInput: a selector is unknown or matches no table with a model, or it needs a state and
            there is none.
    """
    chosen: set[str] = set()
    for selector in selectors:
        chosen |= set.intersection(*(_resolve(part.strip(), graph, catalog, changed) for part in selector.split(",")))
    order = TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)}).static_order()
    return tuple(name for name in order if name in chosen)


def _resolve(selector: str, graph: Graph, catalog: Catalog, changed: ChangedTables | None) -> set[str]:
    bare = selector.removeprefix("+").removesuffix("+")
    selected = _resolve_root(bare, graph, catalog, changed)
    roots = selected | changed.readers if changed and bare == _MODIFIED else selected
    above = _find_reachable(selected, graph) if selector.startswith("+") else set()
    below = _find_reachable(roots, _reverse(graph)) if selector.endswith("+") else set()
    return selected | above | below


def _resolve_root(bare: str, graph: Graph, catalog: Catalog, changed: ChangedTables | None) -> set[str]:
    """Resolve a selector without its +."""
    if bare.startswith("tag:"):
        return _select_tagged(bare.removeprefix("tag:"), graph, catalog)
    if bare.startswith("state:"):
        return set(_select_changed(bare, changed))
    name = catalog.find(bare)[1].qualified_name
    if name not in graph:
        raise InvalidInput(f"no model makes {name}, so it cannot be run; {did_you_mean(name, graph)}")
    return {name}


def _select_changed(bare: str, changed: ChangedTables | None) -> frozenset[str]:
    if bare != _MODIFIED:
        raise InvalidInput(f"{clip(bare)} is not a selector; the only one for states is {_MODIFIED}")
    if changed is None:
        raise InvalidInput(f"{_MODIFIED} compares with an earlier state: give --state; `martgate state` writes one")
    return changed.tables


def _select_tagged(tag: str, graph: Graph, catalog: Catalog) -> set[str]:
    tags = {table.qualified_name: {*loaded.contract.tags, *table.tags} for loaded, table in catalog.tables()}
    selected = {name for name in graph if tag in tags[name]}
    if not selected:
        known_tags = {each for name in graph for each in tags[name]}
        raise InvalidInput(
            f"no table that a model makes has the tag {clip(tag)}; {did_you_mean(tag, known_tags) or 'no table has a tag'}"
        )
    return selected


def _reverse(graph: Graph) -> Graph:
    return {name: frozenset(other for other in graph if name in graph[other]) for name in graph}


def _find_reachable(names: Iterable[str], graph: Graph) -> set[str]:
    """Find all tables that are reachable from these."""
    return {each for name in names for each in (name, *_find_reachable(graph[name], graph))}
