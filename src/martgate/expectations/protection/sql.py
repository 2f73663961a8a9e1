"""The columns that an SQL text reads, followed through subqueries, CTEs and joins to the tables that they come from.

SQL that cannot be followed counts as reading a hidden column.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from martgate.text.quoting import join_parts

if TYPE_CHECKING:  # sqlglot takes a third of a second to import, and a column of a table is looked up without it
    from sqlglot import exp

__all__ = ["reads_hidden_column"]

_HiddenByColumn = Callable[[str], Mapping[str, bool]]


def reads_hidden_column(tree: "exp.Expr", table: str, hidden_by_column: _HiddenByColumn) -> bool:
    """Whether an SQL text reads a hidden column anywhere, or cannot be followed.

    Args:
        tree: the parsed text, a query or an expression.
        table: the table that an expression reads.
        hidden_by_column: returns for a table whether each of its columns is hidden, by casefolded name.
    """
    return not _Analysis(tree, table, hidden_by_column).is_open()


@dataclass(frozen=True)
class _Source:
    """A table or query in a FROM or a JOIN.

    Attributes:
        names: the names by which columns can refer to it.
        columns: whether each of its columns is hidden, by casefolded name.
    """

    names: frozenset[str]
    columns: Mapping[str, bool]

    def look_up(self, parts: list[str]) -> Iterator[bool]:
        """Whether a column is hidden, for each column of this source that its dotted name may mean.

        A struct is read by its first name, so `a.b` may be the column `a` or, of a table `a`, the column `b`.
        """
        if parts[0] in self.columns:
            yield self.columns[parts[0]]
        for end in range(1, len(parts)):
            if ".".join(parts[:end]) in self.names:
                yield self.columns.get(parts[end], True)


class _Analysis:
    def __init__(self, tree: "exp.Expr", table: str, hidden_by_column: _HiddenByColumn) -> None:
        self._tree = tree
        self._hidden_by_column = hidden_by_column
        self._columns = hidden_by_column(table)

    def is_open(self) -> bool:
        """Whether every column that is read anywhere may be shown; not where the text cannot be followed."""
        from sqlglot import exp  # noqa: PLC0415 (see above)

        is_readable = isinstance(self._tree, exp.Query | exp.Condition)
        return is_readable and all(self._allows(node) for node in self._tree.walk())

    def _allows(self, node: "exp.Expr") -> bool:  # noqa: PLR0911 (one return a kind of node)
        from sqlglot import exp  # noqa: PLC0415 (see above)

        match node:
            case exp.Star():
                return self._allows_star(node)
            case exp.Column():
                return isinstance(node.this, exp.Star) or self._allows_column(node)
            case exp.Table():
                return self._allows_table(node)
            case exp.From():
                return _is_followed(node.this)
            case exp.Join():
                return _is_followed(node.this) and node.method != "NATURAL" and self._allows_using(node)
            case exp.With():
                return not node.recursive
            case exp.TableAlias():
                return not node.columns
            case exp.Anonymous():
                return node.name.casefold() not in ("columns", "identifier")
            case exp.UDTF() | exp.Pivot() | exp.QueryTransform() | exp.Columns():
                return False
            case _:
                return True

    def _allows_star(self, star: "exp.Star") -> bool:
        """`COUNT(*)` reads no column; any other `*` is allowed in a subquery, over tables without hidden columns."""
        from sqlglot import exp  # noqa: PLC0415 (see above)

        if isinstance(star.parent, exp.Count):
            return True
        select = star.parent.parent if isinstance(star.parent, exp.Column) else star.parent
        around = select.parent if isinstance(select, exp.Select) else None
        is_nested = isinstance(around, exp.CTE) or (
            isinstance(around, exp.Subquery) and isinstance(around.parent, exp.From | exp.Join)
        )
        return is_nested and not any(hidden for each in self._sources(select) for hidden in each.columns.values())

    def _allows_column(self, column: "exp.Column") -> bool:
        """A column is looked up in its own query, then in the queries around it, as SQL does."""
        parts = [part.name.casefold() for part in column.parts]
        for depth, (query, clause) in enumerate(_queries_around(column)):
            candidates = [hidden for source in self._sources(query) for hidden in source.look_up(parts)]
            if candidates:
                return not any(candidates)
            if depth == 0 and clause in ("order", "having", "group", "qualify") and parts[0] in self._outputs(query):
                return True
        return self._is_expression() and not self._columns.get(parts[0], True)

    def _is_expression(self) -> bool:
        from sqlglot import exp  # noqa: PLC0415 (see above)

        return not isinstance(self._tree, exp.Query) or (
            isinstance(self._tree, exp.Select) and not self._tree.args.get("from_")
        )

    def _allows_using(self, join: "exp.Join") -> bool:
        sources = self._sources(join.parent)
        for name in (each.name.casefold() for each in join.args.get("using") or ()):
            candidates = [source.columns[name] for source in sources if name in source.columns]
            if not candidates or any(candidates):
                return False
        return True

    def _allows_table(self, table: "exp.Table") -> bool:
        from sqlglot import exp  # noqa: PLC0415 (see above)

        if not isinstance(table.this, exp.Identifier) or table.args.get("joins") or table.args.get("pivots"):
            return False
        return _cte_of(table) is not None or bool(self._hidden_by_column(_full_name(table)))

    def _sources(self, query: "exp.Expr | None") -> list[_Source]:
        """The tables and queries in the FROM and the JOINs of a SELECT."""
        from sqlglot import exp  # noqa: PLC0415 (see above)

        if not isinstance(query, exp.Select):
            return []
        nodes = [each.this for each in (query.args.get("from_"), *query.args.get("joins", ())) if each]
        return [self._source(node) for node in nodes if _is_followed(node)]

    def _source(self, node: "exp.Expr") -> _Source:
        from sqlglot import exp  # noqa: PLC0415 (see above)

        alias = node.alias.casefold()
        query = _cte_of(node) if isinstance(node, exp.Table) else node.unnest()
        if query is not None:
            name = alias or node.name.casefold()
            return _Source(frozenset([name]), dict.fromkeys(self._outputs(query), False))
        parts = _full_name(node).casefold().split(".")
        names = [alias] if alias else [".".join(parts[start:]) for start in range(len(parts))]
        return _Source(frozenset(names), self._hidden_by_column(_full_name(node)))

    def _outputs(self, query: "exp.Expr") -> set[str]:
        """The names of a query's columns. Whether they are hidden is decided where the query reads them."""
        from sqlglot import exp  # noqa: PLC0415 (see above)

        if isinstance(query, exp.Subquery | exp.SetOperation):
            return self._outputs(query.this)
        assert isinstance(query, exp.Select)
        names = {each.output_name.casefold() for each in query.expressions if not each.is_star}
        if any(each.is_star for each in query.expressions):
            names |= {name for source in self._sources(query) for name in source.columns}
        return names


def _is_followed(node: "exp.Expr") -> bool:
    """Whether a FROM or a JOIN reads a table by its name, or a query."""
    from sqlglot import exp  # noqa: PLC0415 (see above)

    if isinstance(node, exp.Subquery):
        return isinstance(node.unnest(), exp.Select | exp.SetOperation) and not node.args.get("joins")
    return isinstance(node, exp.Table)


def _full_name(table: "exp.Expr") -> str:
    from sqlglot import exp  # noqa: PLC0415 (see above)

    assert isinstance(table, exp.Table)
    return join_parts(part.name for part in table.parts)


def _queries_around(node: "exp.Expr") -> "Iterator[tuple[exp.Expr, str]]":
    """The queries that a node can read from, the innermost first, each with its clause that contains the node."""
    from sqlglot import exp  # noqa: PLC0415 (see above)

    has_left = False
    while node.parent is not None:
        in_place_of_table = isinstance(node.parent, exp.From | exp.Join | exp.CTE) and node.arg_key == "this"
        if has_left and in_place_of_table:
            return
        if isinstance(node.parent, exp.Select | exp.SetOperation):
            has_left = True
            yield node.parent, node.arg_key or ""
        node = node.parent


def _cte_of(table: "exp.Expr") -> "exp.Expr | None":
    """The query of the CTE that a table name means, if any: a CTE is visible in those after it, not in itself."""
    from sqlglot import exp  # noqa: PLC0415 (see above)

    if not isinstance(table, exp.Table) or table.db:
        return None
    node: exp.Expr | None = table.parent
    came_from = None
    while node is not None:
        if isinstance(node, exp.CTE):
            came_from = node
        for each in getattr(node, "ctes", ()):
            if each is came_from:
                break
            if each.alias.casefold() == table.name.casefold():
                query: exp.Expr = each.this
                return query
        node = node.parent
    return None
