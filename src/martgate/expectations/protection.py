"""Whether a value may be shown: the one place that answers for examples, numbers, errors, exports and queries.

A column is hidden where any version of a contract protects it, and where no contract knows it. A computed value is hidden
unless every column that it reads is open. Counts of rows that failed are no values; they are shown without a question.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from martgate.contracts.model import Table
from martgate.expectations.fragments import OBJECT, parse_sql
from martgate.expectations.kinds.base import Check, ExampleColumn
from martgate.text.quoting import join_parts

if TYPE_CHECKING:  # sqlglot takes a third of a second to import; a table's columns are answered without it
    from sqlglot import exp

__all__ = ["MASK", "Protection"]

MASK = "[protected]"
"""What stands in the place of a value that is not shown."""


@dataclass(frozen=True)
class Protection:
    """Which values may be shown of a table and of the tables that its rules read.

    `table` is the table under audit. `others` are all further tables whose contracts are known, in every version; further
    versions of the same table may be among them.
    """

    table: Table
    others: tuple[Table, ...] = ()

    def hides(self, column: str, table: str = OBJECT) -> bool:
        """Whether values of a column must not be shown.

        Args:
            column: its name; upper and lower case are the same, as in SQL.
            table: its table, `schema.table` or bare; `{object}` is the table under audit.

        Returns:
            True for a protected column, and for a column or a table that no contract knows.
        """
        return self.hidden_by_column(table).get(column.casefold(), True)

    def hides_any(self, columns: Iterable[str], table: str = OBJECT) -> bool:
        """Whether values of one of several columns must not be shown."""
        return any(self.hides(column, table) for column in columns)

    def has_hidden_columns(self) -> bool:
        """Whether the table under audit has a column that must not be shown."""
        return any(self.hidden_by_column().values())

    def hides_sql(self, sql: str, table: str = OBJECT) -> bool:
        """Whether what an expression or a query computes must not be shown.

        Args:
            sql: a query in which `{object}` is the table under audit, or an expression over the rows of one table.
            table: the table that an expression reads.

        Returns:
            True where it reads a hidden column in any place, and where it cannot be followed.
        """
        trees = parse_sql(sql)
        return len(trees) != 1 or trees[0] is None or not _Reading(self, table, trees[0]).is_open()

    def hides_check(self, check: Check) -> bool:
        """Whether a number that a check computes, or what an engine says of it, must not be shown."""
        return (
            self.hides_any(check.columns_read)
            or any(self.hides(column, table) for table, column in check.other_table_columns)
            or any(self.hides_sql(fragment, table) for table, fragment in check.other_table_fragments)
            or any(self.hides_sql(sql) for sql in (*check.audited_table_fragments, *check.queries))
        )

    def hides_example(self, shown: ExampleColumn) -> bool:
        """Whether a column of a check's offenders must not be shown."""
        if shown.is_count:
            return False
        return (
            not (shown.columns or shown.others or shown.sql)
            or self.hides_any(shown.columns)
            or any(self.hides(column, table) for table, column in shown.others)
            or any(self.hides_sql(sql) for sql in shown.sql)
        )

    def hidden_by_column(self, table: str = OBJECT) -> Mapping[str, bool]:
        """Whether each column of a table is hidden, by casefolded name; empty where no contract knows the table.

        A bare name that several tables have stands for all of them: a column is open where it is in each.
        """
        named = self._of_name(table)
        names = {name for columns in named for name in columns}
        return {name: any(columns.get(name, True) for columns in named) for name in names}

    def _of_name(self, name: str) -> list[Mapping[str, bool]]:
        if name == OBJECT:
            return [self._tables[self.table.qualified_name.casefold()]]
        wanted = ".".join(name.casefold().split(".")[-2:])
        if wanted in self._tables:
            return [self._tables[wanted]]
        return [columns for key, columns in self._tables.items() if key.rpartition(".")[2] == wanted]

    @cached_property
    def _tables(self) -> Mapping[str, Mapping[str, bool]]:
        """The columns of each table, by its casefolded qualified name; versions of one table are put together."""
        found: dict[str, dict[str, bool]] = {}
        for table in (self.table, *self.others):
            columns = found.setdefault(table.qualified_name.casefold(), {})
            for column in table.columns:
                name = column.name.casefold()
                columns[name] = columns.get(name, False) or column.is_protected
        return found


@dataclass(frozen=True)
class _Source:
    """What a FROM or a JOIN reads: the names it goes by, and whether each of its columns is hidden."""

    names: frozenset[str]
    columns: Mapping[str, bool]

    def answers(self, parts: list[str]) -> Iterator[bool]:
        """Whether a column is hidden, for each way in which its dotted name may mean one of this source.

        A struct is read by its first name, so `a.b` may be the column `a` or, of a table `a`, the column `b`.
        """
        if parts[0] in self.columns:
            yield self.columns[parts[0]]
        for end in range(1, len(parts)):
            if ".".join(parts[:end]) in self.names:
                yield self.columns.get(parts[end], True)


class _Reading:
    """One SQL text, followed to the columns that it reads."""

    def __init__(self, protection: Protection, table: str, tree: "exp.Expr") -> None:
        self._protection = protection
        self._tree = tree
        self._around = _Source(frozenset(), protection.hidden_by_column(table))

    def is_open(self) -> bool:
        """Whether every column that is read anywhere is open. What is not followed here is not open."""
        from sqlglot import exp  # noqa: PLC0415 (see above)

        is_read = isinstance(self._tree, exp.Query | exp.Condition)
        return is_read and all(self._allows(node) for node in self._tree.walk())

    def _allows(self, node: "exp.Expr") -> bool:  # noqa: PLR0911 (one answer a kind of node)
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
        """`COUNT(*)` reads no column; any other is allowed where a query around it names what it takes of open tables."""
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
        """Looked for where it stands, then in the queries around it, as SQL does."""
        parts = [part.name.casefold() for part in column.parts]
        for place, (query, clause) in enumerate(_queries_around(column)):
            found = [hidden for source in self._sources(query) for hidden in source.answers(parts)]
            if found:
                return not any(found)
            if place == 0 and clause in ("order", "having", "group", "qualify") and parts[0] in self._outputs(query):
                return True
        return self._is_expression() and not self._around.columns.get(parts[0], True)

    def _is_expression(self) -> bool:
        from sqlglot import exp  # noqa: PLC0415 (see above)

        return not isinstance(self._tree, exp.Query) or (
            isinstance(self._tree, exp.Select) and not self._tree.args.get("from_")
        )

    def _allows_using(self, join: "exp.Join") -> bool:
        sources = self._sources(join.parent)
        for name in (each.name.casefold() for each in join.args.get("using") or ()):
            found = [source.columns[name] for source in sources if name in source.columns]
            if not found or any(found):
                return False
        return True

    def _allows_table(self, table: "exp.Table") -> bool:
        from sqlglot import exp  # noqa: PLC0415 (see above)

        if not isinstance(table.this, exp.Identifier) or table.args.get("joins") or table.args.get("pivots"):
            return False
        return _cte_of(table) is not None or bool(self._protection.hidden_by_column(_full_name(table)))

    def _sources(self, query: "exp.Expr | None") -> list[_Source]:
        """What stands in the FROM and the JOINs of a SELECT."""
        from sqlglot import exp  # noqa: PLC0415 (see above)

        if not isinstance(query, exp.Select):
            return []
        places = [each.this for each in (query.args.get("from_"), *query.args.get("joins", ())) if each]
        return [self._source(place) for place in places if _is_followed(place)]

    def _source(self, place: "exp.Expr") -> _Source:
        from sqlglot import exp  # noqa: PLC0415 (see above)

        alias = place.alias.casefold()
        made = _cte_of(place) if isinstance(place, exp.Table) else place.unnest()
        if made is not None:
            name = alias or place.name.casefold()
            return _Source(frozenset([name]), dict.fromkeys(self._outputs(made), False))
        parts = _full_name(place).casefold().split(".")
        names = [alias] if alias else [".".join(parts[start:]) for start in range(len(parts))]
        return _Source(frozenset(names), self._protection.hidden_by_column(_full_name(place)))

    def _outputs(self, query: "exp.Expr") -> set[str]:
        """The names of a query's columns, whose values are answered for where they are read."""
        from sqlglot import exp  # noqa: PLC0415 (see above)

        if isinstance(query, exp.Subquery | exp.SetOperation):
            return self._outputs(query.this)
        assert isinstance(query, exp.Select)
        names = {each.output_name.casefold() for each in query.expressions if not each.is_star}
        if any(each.is_star for each in query.expressions):
            names |= {name for source in self._sources(query) for name in source.columns}
        return names


def _is_followed(place: "exp.Expr") -> bool:
    """Whether a FROM or a JOIN reads a table by its name, or a query."""
    from sqlglot import exp  # noqa: PLC0415 (see above)

    if isinstance(place, exp.Subquery):
        return isinstance(place.unnest(), exp.Select | exp.SetOperation) and not place.args.get("joins")
    return isinstance(place, exp.Table)


def _full_name(table: "exp.Expr") -> str:
    from sqlglot import exp  # noqa: PLC0415 (see above)

    assert isinstance(table, exp.Table)
    return join_parts(part.name for part in table.parts)


def _queries_around(node: "exp.Expr") -> "Iterator[tuple[exp.Expr, str]]":
    """The queries that a node can read from, the innermost first, each with the clause of it that the node stands in."""
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
    """The query of the WITH that a table's name means, if any: each is known to those after it, not to itself."""
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
