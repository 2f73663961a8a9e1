"""The interface of a kind of rule: `Check`, of which every kind is a frozen dataclass in a file of this package.

A kind defines four things: its `kind` (the name in contracts and reports), a `sentence`, its `evaluation` and its
`offenders`. The families (`kinds.rows`, `kinds.groups`, `kinds.days`, `kinds.statements`, `kinds.learned`) define the last
two for kinds about single rows, groups, two days, or the history of a table. Everything else has a default that cannot let
a rule pass: what a kind does not define is read from the data, hidden, or an error.

The SQL of a check is Spark SQL over the columns of the table under audit, with `:part_date`, `:day_start` and `:day_end` where there
is a day. Unless a kind says otherwise, null passes (it is the business of `not_null`) and failures count rows.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from martgate.contracts.model import Table
from martgate.expectations.domain import Requirements
from martgate.expectations.fragments import find_parameters, find_tables
from martgate.expectations.kinds.evaluation import Evaluation
from martgate.expectations.kinds.examples import InvalidValues, Offenders
from martgate.expectations.kinds.fields import Field, deduplicate, get_fields
from martgate.expectations.kinds.result import Outcome, Result, parse_count, result_from_counts
from martgate.expectations.mistakes import Mistake
from martgate.expectations.proofs import StatisticsProofs
from martgate.expectations.source import Source

if TYPE_CHECKING:  # only audits that become JSON need it
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = ["Check", "ExpectationConfig"]

_UNKNOWN = ""
"""The name of no table: all of its columns are hidden."""

_OF_THE_DAY = frozenset({"part_date", "day_start", "day_end"})


@dataclass(frozen=True, slots=True)
class ExpectationConfig:
    """The configuration of an expectation, as the JSON of a suite has it.

    Attributes:
        type: the type of the expectation.
        arguments: its arguments.
        quotes_values: whether its result quotes values of the columns that the check reads.
    """

    type: str
    arguments: dict[str, object]
    quotes_values: bool = True


class Check(ABC):
    """The requirement of a rule on a table."""

    __slots__ = ()

    kind: ClassVar[str]
    """The name of the kind in contracts, records and reports."""

    failure_unit: ClassVar[str] = "rows"
    """The unit of its failures."""

    is_declarable: ClassVar[bool] = True
    """Whether a contract can declare it as `rule: KIND`; otherwise another clause of the contract implies it."""

    is_structural: ClassVar[bool] = False
    """Whether it is about the shape of the table, which a store enforces, so that it cannot be waived."""

    is_learned: ClassVar[bool] = False
    """Whether it compares a day with the measurements of earlier days."""

    is_foreign: ClassVar[bool] = False
    """Whether Great Expectations evaluates it; the plan then only counts whether anything is in scope."""

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What must be true, as one English sentence without its full stop."""

    @abstractmethod
    def evaluation(self, source: Source) -> Evaluation:
        """How the check is evaluated on a relation, and what it can share a statement with."""

    @abstractmethod
    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        """The offenders of the check; None where there are none to show.

        Args:
            source: the relation under audit.
            names: the columns that an example of a row shows, the key of the table first.
        """

    # What it reads: the types of its fields say so (see `kinds.fields`).

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The columns of the table under audit that it reads, those that group rows first; without those in whole queries."""
        fields = sorted(self._fields, key=lambda field: not field.type.is_grouping)
        return deduplicate(field.type.columns(getattr(self, field.name)) for field in fields)

    @property
    def fragments(self) -> tuple[str, ...]:
        """The SQL expressions from the contract."""
        return tuple(sql for field in self._fields for sql in field.type.fragments(self._value(field)))

    @property
    def audited_table_fragments(self) -> tuple[str, ...]:
        """The SQL expressions from the contract over the table under audit."""
        own = (field for field in self._fields if not field.type.is_of_other_table)
        return tuple(sql for field in own for sql in field.type.fragments(self._value(field)))

    @property
    def other_table_fragments(self) -> tuple[tuple[str, str], ...]:
        """The SQL expressions from the contract over other tables, as pairs of table and expression."""
        others = [field for field in self._fields if field.type.is_of_other_table]
        fragments = [sql for field in others for sql in field.type.fragments(self._value(field))]
        return tuple((table, sql) for table in self.tables or (_UNKNOWN,) for sql in fragments)

    @property
    def other_table_columns(self) -> tuple[tuple[str, str], ...]:
        """The columns of other tables that it names, as pairs of table and column."""
        names = [name for field in self._fields for name in field.type.other_table_columns(self._value(field))]
        return tuple((table, name) for table in self.tables or (_UNKNOWN,) for name in names)

    @property
    def queries(self) -> tuple[str, ...]:
        """The whole queries from the contract, with the placeholder `{object}`."""
        return tuple(sql for field in self._fields for sql in field.type.queries(self._value(field)))

    @property
    def statements(self) -> tuple[str, ...]:
        """All SQL from the contract, as statements."""
        return (*(f"SELECT {fragment}" for fragment in self.fragments), *self.queries)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The regular expressions from the contract."""
        return tuple(pattern for field in self._fields for pattern in field.type.patterns(self._value(field)))

    @property
    def tables(self) -> tuple[str, ...]:
        """The other tables that it compares with, by the names that the contract gives them."""
        return tuple(name for field in self._fields for name in field.type.tables(self._value(field)))

    @property
    def queried_tables(self) -> tuple[str, ...]:
        """The other tables that its queries read, as the queries spell them."""
        return tuple(name for query in self.queries for name in find_tables(query))

    @property
    def parameters(self) -> frozenset[str]:
        """The names of the `:parameters` in its SQL."""
        return frozenset().union(*map(find_parameters, self.statements))

    @property
    def _fields(self) -> tuple[Field, ...]:
        return get_fields(type(self))

    def _value(self, field: Field) -> Any:
        return getattr(self, field.name)

    @property
    def compared_with_source(self) -> tuple[str, ...]:
        """The columns whose values it looks up or computes a second time, so that a wrong one is found.

        A rule that only limits a value, or asks whether it exists elsewhere, compares none.
        """
        return ()

    @property
    def is_symmetric(self) -> bool:
        """Whether it compares columns with each other, so that it counts as the comparison of one of them only."""
        return False

    @property
    def value_sources(self) -> tuple[tuple[str, str, str], ...]:
        """The columns that have values of a column of another table only: the column, that table, and the column there."""
        return ()

    @property
    def listed_values(self) -> tuple[str, tuple[str | int | float, ...]] | None:
        """The column and the values of a list that it allows; None where it has no list."""
        return None

    @property
    def event_times(self) -> tuple[str, ...]:
        """The columns by whose newest instants it asks what has happened, so that one in the future hides that nothing has."""
        return ()

    @property
    def upper_ends(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The columns that it keeps from being too late or too great, each with the columns that its end is computed from."""
        return ()

    # The days that it needs.

    @property
    def needs_day(self) -> bool:
        """Whether it is about a day, so that it is out of scope in an audit without one."""
        return self.is_learned or not self.parameters.isdisjoint(_OF_THE_DAY)

    @property
    def reads_previous_day(self) -> bool:
        """Whether it reads rows of the previous day of the same table, or its end."""
        return "earlier_end" in self.parameters

    @property
    def needs_previous_days(self) -> bool:
        """Whether it needs earlier days of the same table: their rows or their measurements."""
        return self.is_learned or self.reads_previous_day

    def without_day(self) -> "tuple[Check, str] | None":
        """The part of the check that needs no day, and a sentence on what is left out; None where there is no such part."""
        return None

    # Its problems in a contract, and the table that it expects.

    def find_problem(self, table: Table) -> Mistake | None:
        """Find a problem of the check on a table, where each of its fields by itself is valid; None where there is none."""
        del table
        return None

    @property
    def expected_types(self) -> Mapping[str, str]:
        """The types of columns, in order, that a check of the table's shape expects; empty where it expects no type."""
        return {}

    def statements_with_types(self, types: Mapping[str, str]) -> tuple[str, ...]:
        """The statements with a result that depends on column types: those from the contract, and comparisons with its values."""
        del types
        return self.statements

    # What is known about it before any data is read (see `martgate.expectations.reasoning`).

    def requirements(self, types: Mapping[str, str]) -> Requirements:
        """What it requires of single values; by default nothing is known.

        Args:
            types: the columns' types in Spark's spelling, by casefolded name.
        """
        del types
        return Requirements()

    def scope(self, types: Mapping[str, str]) -> Requirements:
        """What is true of the rows in scope, as far as it is known."""
        del types
        return Requirements()

    def can_fail(self, never_null: frozenset[str]) -> bool:
        """Whether any data can break it; by default it is taken for granted.

        Args:
            never_null: the columns that other rules keep from being null, casefolded.
        """
        del never_null
        return True

    def follows_from(self, other: "Check", never_null: frozenset[str]) -> bool:
        """Whether no data that keeps another check can break this one; by default only if both are the same."""
        del never_null
        return self == other

    # The meaning of its numbers.

    def result(self, numbers: Sequence[object], audited_at: datetime) -> Result:
        """The result from the numbers of its `evaluation`, which are by default how many failed and how many were in scope."""
        del audited_at
        return result_from_counts(parse_count(numbers[0]), parse_count(numbers[1]), self.failure_unit)

    def prove(self, statistics: StatisticsProofs) -> tuple[int, int] | None:
        """Prove the counts (failed, in scope) from file statistics; None where they do not suffice."""
        del statistics
        return None

    def invalid_values(self, types: Mapping[str, str]) -> InvalidValues | None:
        """The invalid values, for a check about the values of one column; None for every other check."""
        del types
        return None

    # Its equal in Great Expectations.

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig | None:
        """The expectation that means the same; None where there is none, so that a query has to express it.

        Args:
            types: the columns' types in Spark's spelling, by casefolded name.
        """
        del types
        return None

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        """The rows of a query that expresses the check: as many as it has failures.

        Raises:
            ValueError: there is no such query.
        """
        offenders = self.offenders(source, names)
        if offenders is None:
            raise ValueError(f"no query over rows finds the offenders of a check of kind {self.kind}")
        return offenders

    def count_unexpected_rows(self, outcome: Outcome, failed: int) -> int:
        """How many rows that query returns, for a verdict with `failed` failures."""
        del outcome
        return failed

    @property
    def expected_value(self) -> object:
        """The value that Great Expectations observes where all is as expected and a verdict has no observed value."""
        return ""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """Write a check as its fields and its kind, and read it back by its kind."""
        from martgate.expectations.kinds.registry import build_pydantic_schema  # noqa: PLC0415 - it loads every kind

        return build_pydantic_schema(cls, source, handler)
