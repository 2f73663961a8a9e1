"""What is made from what, and which tables a selector means: read from contracts and models alone, with no engine.

A selector is the name of a table, `t`; with what is made from it, `t+`; with what it is made from, `+t`; or `tag:x`, all
tables with a tag.
"""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from builders.model import Model, making
from contracts.catalog import Catalog
from contracts.errors import Unusable
from contracts.hints import clip, did_you_mean

__all__ = ["Graph", "graph_of", "select"]

Graph = Mapping[str, frozenset[str]]
"""For each table that a model makes, by qualified name, those of its inputs that a model makes, too."""


def graph_of(models: Mapping[str, Model], catalog: Catalog) -> Graph:
    """What is made from what, as the models' own SQL says.

    Raises:
        contracts.errors.Unusable: a model reads a table without a contract, or models are made from each other.
    """
    made = {table.qualified_name: model for _, table in catalog.tables() if (model := making(table, models))}
    inputs = {name: {catalog.find(read)[1].qualified_name for read in model.inputs} for name, model in made.items()}
    graph = {name: frozenset(read & made.keys()) for name, read in inputs.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise Unusable(f"models are made from each other in a circle: {' <- '.join(error.args[1])}") from None
    return graph


def select(selectors: Iterable[str], graph: Graph, catalog: Catalog) -> tuple[str, ...]:
    """The tables that any of the selectors means, each after those that it is made from.

    Raises:
        contracts.errors.Unusable: a selector means nothing that a model makes.
    """
    chosen = {name for selector in selectors for name in _meant(selector.strip(), graph, catalog)}
    order = TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)}).static_order()
    return tuple(name for name in order if name in chosen)


def _meant(selector: str, graph: Graph, catalog: Catalog) -> set[str]:
    if selector.startswith("tag:"):
        return _tagged(selector.removeprefix("tag:"), graph, catalog)
    name = catalog.find(selector.removeprefix("+").removesuffix("+"))[1].qualified_name
    if name not in graph:
        raise Unusable(f"no model makes {name}, so it cannot be run; {did_you_mean(name, graph)}")
    above = _reached(name, graph) if selector.startswith("+") else set()
    below = _reached(name, _turned(graph)) if selector.endswith("+") else set()
    return {name} | above | below


def _tagged(tag: str, graph: Graph, catalog: Catalog) -> set[str]:
    tags = {table.qualified_name: {*loaded.contract.tags, *table.tags} for loaded, table in catalog.tables()}
    found = {name for name in graph if tag in tags[name]}
    if not found:
        known = {each for name in graph for each in tags[name]}
        raise Unusable(
            f"no table that a model makes has the tag {clip(tag)}; {did_you_mean(tag, known) or 'none has any'}"
        )
    return found


def _turned(graph: Graph) -> Graph:
    return {name: frozenset(other for other in graph if name in graph[other]) for name in graph}


def _reached(name: str, graph: Graph) -> set[str]:
    """All tables that arrows lead to, from one table on."""
    return {name}.union(*(_reached(near, graph) for near in graph[name]))
