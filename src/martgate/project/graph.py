"""What is made from what, and which tables a selector means: read from contracts and models alone, with no engine.

A selector is the name of a table, `t`; `tag:x`, all tables with a tag; or `state:modified`, all that differ from an
earlier state. A `+` behind it adds what is made from those, one before it what they are made from, and a comma between
two keeps what both mean.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from martgate.builders.model import Model, find_model
from martgate.contracts.catalog import Catalog
from martgate.errors import InvalidInput
from martgate.hints import clip, did_you_mean

__all__ = ["ChangedTables", "Graph", "build_graph", "list_model_inputs", "select"]

_MODIFIED = "state:modified"

Graph = Mapping[str, frozenset[str]]
"""For each table that a model makes, by qualified name, those of its inputs that a model makes, too."""


@dataclass(frozen=True, slots=True)
class ChangedTables:
    """Made tables that differ from an earlier state, and `readers` of tables from outside whose contracts differ."""

    tables: frozenset[str]
    readers: frozenset[str]


def list_model_inputs(models: Mapping[str, Model], catalog: Catalog) -> Graph:
    """For each table that a model makes, by qualified name, those that the model's own SQL reads.

    Raises:
        martgate.errors.InvalidInput: a model reads a table without a contract.
    """
    made = {table.qualified_name: model for _, table in catalog.tables() if (model := find_model(table, models))}
    return {
        name: frozenset(catalog.find(read)[1].qualified_name for read in model.inputs) for name, model in made.items()
    }


def build_graph(models: Mapping[str, Model], catalog: Catalog) -> Graph:
    """What is made from what, as the models' own SQL says.

    Raises:
        martgate.errors.InvalidInput: a model reads a table without a contract, or models are made from each other.
    """
    reads = list_model_inputs(models, catalog)
    graph = {name: read & reads.keys() for name, read in reads.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise InvalidInput(f"models are made from each other in a circle: {' <- '.join(error.args[1])}") from None
    return graph


def select(
    selectors: Iterable[str], graph: Graph, catalog: Catalog, changed: ChangedTables | None = None
) -> tuple[str, ...]:
    """The tables that any of the selectors means, each after those that it is made from.

    Raises:
        martgate.errors.InvalidInput: a selector means nothing that a model makes, or speaks of a state and none is known.
    """
    chosen: set[str] = set()
    for selector in selectors:
        chosen |= set.intersection(*(_meant(part.strip(), graph, catalog, changed) for part in selector.split(",")))
    order = TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)}).static_order()
    return tuple(name for name in order if name in chosen)


def _meant(selector: str, graph: Graph, catalog: Catalog, changed: ChangedTables | None) -> set[str]:
    bare = selector.removeprefix("+").removesuffix("+")
    found = _named(bare, graph, catalog, changed)
    roots = found | changed.readers if changed and bare == _MODIFIED else found
    above = _reached(found, graph) if selector.startswith("+") else set()
    below = _reached(roots, _turned(graph)) if selector.endswith("+") else set()
    return found | above | below


def _named(bare: str, graph: Graph, catalog: Catalog, changed: ChangedTables | None) -> set[str]:
    """The tables that a selector without its + means."""
    if bare.startswith("tag:"):
        return _tagged(bare.removeprefix("tag:"), graph, catalog)
    if bare.startswith("state:"):
        return set(_differing(bare, changed))
    name = catalog.find(bare)[1].qualified_name
    if name not in graph:
        raise InvalidInput(f"no model makes {name}, so it cannot be run; {did_you_mean(name, graph)}")
    return {name}


def _differing(bare: str, changed: ChangedTables | None) -> frozenset[str]:
    if bare != _MODIFIED:
        raise InvalidInput(f"{clip(bare)} is no selector; of a state, only {_MODIFIED} is known")
    if changed is None:
        raise InvalidInput(f"{_MODIFIED} compares with an earlier state: give --state; `martgate state` writes one")
    return changed.tables


def _tagged(tag: str, graph: Graph, catalog: Catalog) -> set[str]:
    tags = {table.qualified_name: {*loaded.contract.tags, *table.tags} for loaded, table in catalog.tables()}
    found = {name for name in graph if tag in tags[name]}
    if not found:
        known = {each for name in graph for each in tags[name]}
        raise InvalidInput(
            f"no table that a model makes has the tag {clip(tag)}; {did_you_mean(tag, known) or 'none has any'}"
        )
    return found


def _turned(graph: Graph) -> Graph:
    return {name: frozenset(other for other in graph if name in graph[other]) for name in graph}


def _reached(names: Iterable[str], graph: Graph) -> set[str]:
    """All tables that arrows lead to, from these on."""
    return {each for name in names for each in (name, *_reached(graph[name], graph))}
