"""What every kind of check answers about itself. A kind is one file of this package, a frozen dataclass below `Check`.

`Check` asks for four things: a `kind` (its name in contracts and reports), a `sentence`, its `evaluation` and its
`offenders`. The families (`kinds.rows`, `kinds.groups`, `kinds.days`, `kinds.statements`, `kinds.learned`) answer the last
two for kinds that look at single rows, groups, two days, or the table's past. All else has a default, which never lets a
check pass: what a check does not say of itself is looked up in the data, hidden, or told as an error.

SQL inside a check is Spark SQL over the columns of the table under audit, with `:part_date` and `:day_end` where a day is
known. Unless a kind says otherwise, null passes (nullness is `not_null`'s business) and failures count rows.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from martgate.contracts.model import Table
from martgate.expectations.fragments import find_parameters, find_tables
from martgate.expectations.kinds.evaluation import Evaluation
from martgate.expectations.kinds.fields import Field, deduplicate, get_fields
from martgate.expectations.kinds.result import Outcome, Result, parse_count, result_from_counts
from martgate.expectations.mistakes import Mistake
from martgate.expectations.proofs import StatisticsProofs
from martgate.expectations.source import Source
from martgate.text.quoting import identifier

if TYPE_CHECKING:  # needed where audits become JSON, and nowhere else
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = [
    "MAX_EXAMPLES",
    "Check",
    "ExampleColumn",
    "ExpectationConfig",
    "InvalidValues",
    "Offenders",
    "show_columns",
    "show_count",
]

MAX_EXAMPLES = 5
"""How many offenders are shown, and from how many groups they come at most."""

_UNKNOWN = ""
"""The name of no table, whose every column is hidden."""

_OF_THE_DAY = frozenset({"part_date", "day_end"})


@dataclass(frozen=True, slots=True)
class ExampleColumn:
    """One column of what a check has to show of its offenders: its name, and the expression that makes it.

    `columns` are the columns of the table under audit whose values it shows, `others` those of other tables (table and
    column), and `sql` the author's expressions and queries whose values it shows. What names none of these is hidden, unless
    it `is_count`: a number of rows, a type, a side, which is no value of the data. `is_computed` tells a number of our own
    from a column of the same name.
    """

    name: str
    expression: str
    columns: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    sql: tuple[str, ...] = ()
    is_computed: bool = False
    is_count: bool = False


def show_columns(names: Sequence[str], prefix: str = "") -> tuple[ExampleColumn, ...]:
    """Columns of the table under audit, as they stand in the rows called `prefix`."""
    return tuple(ExampleColumn(name, f"{prefix}{identifier(name)}", columns=(name,)) for name in names)


def show_count(name: str, expression: str) -> ExampleColumn:
    """A number of rows, or anything else that is no value of the data."""
    return ExampleColumn(name, expression, is_computed=True, is_count=True)


@dataclass(frozen=True, slots=True)
class Offenders:
    """What to show of a check's offenders, and the FROM and WHERE that find them."""

    shown: tuple[ExampleColumn, ...]
    rows: str


@dataclass(frozen=True, slots=True)
class InvalidValues:
    """A check about the values of one column, and the condition that is true on the rows with a wrong one."""

    column: str
    condition: str


@dataclass(frozen=True, slots=True)
class ExpectationConfig:
    """An expectation of Great Expectations: its type and its arguments, as a suite's JSON spells them.

    `quotes_values` says whether its result quotes values of the columns that the check reads.
    """

    type: str
    arguments: dict[str, object]
    quotes_values: bool = True


class Check(ABC):
    """What must be true of a table, whatever its kind."""

    __slots__ = ()

    kind: ClassVar[str]
    """Its name in contracts, records and reports."""

    failure_unit: ClassVar[str] = "rows"
    """What its failures count."""

    is_declarable: ClassVar[bool] = True
    """Whether a contract may ask for it as `rule: KIND`; else something in the contract stands for it."""

    is_structural: ClassVar[bool] = False
    """Whether it is about the table's shape, which the table enforces itself, so that it cannot be waived."""

    is_learned: ClassVar[bool] = False
    """Whether it holds a day against what was measured on days before."""

    is_foreign: ClassVar[bool] = False
    """Whether Great Expectations judges it; then the plan only counts whether there is anything to look at."""

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What must be true, as one plain English sentence without its full stop."""

    @abstractmethod
    def evaluation(self, source: Source) -> Evaluation:
        """The question that the check asks of a source, and what it can be asked together with."""

    @abstractmethod
    def offenders(self, source: Source, names: tuple[str, ...]) -> Offenders | None:
        """What to show of what broke the check; None where there is nothing to show.

        Args:
            source: what is audited.
            names: the columns that an example of a row shows, the table's key first.
        """

    # What it reads: answered by its fields (see `kinds.fields`).

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The columns of the table under audit, each once, those that group rows first. A whole query names none."""
        fields = sorted(self._fields, key=lambda field: not field.meaning.leads)
        return deduplicate(field.meaning.columns(getattr(self, field.name)) for field in fields)

    @property
    def fragments(self) -> tuple[str, ...]:
        """The expressions that a contract's author wrote."""
        return tuple(sql for field in self._fields for sql in field.meaning.fragments(self._value(field)))

    @property
    def audited_table_fragments(self) -> tuple[str, ...]:
        """Those of the fragments that read the table under audit."""
        own = (field for field in self._fields if not field.meaning.is_of_other_table)
        return tuple(sql for field in own for sql in field.meaning.fragments(self._value(field)))

    @property
    def other_table_fragments(self) -> tuple[tuple[str, str], ...]:
        """Those of the fragments that read another table, each after that table."""
        others = [field for field in self._fields if field.meaning.is_of_other_table]
        found = [sql for field in others for sql in field.meaning.fragments(self._value(field))]
        return tuple((table, sql) for table in self.tables or (_UNKNOWN,) for sql in found)

    @property
    def other_table_columns(self) -> tuple[tuple[str, str], ...]:
        """The columns of other tables that it names, each after its table."""
        found = [name for field in self._fields for name in field.meaning.other_table_columns(self._value(field))]
        return tuple((table, name) for table in self.tables or (_UNKNOWN,) for name in found)

    @property
    def queries(self) -> tuple[str, ...]:
        """The whole queries that a contract's author wrote; `{object}` stays as it is."""
        return tuple(sql for field in self._fields for sql in field.meaning.queries(self._value(field)))

    @property
    def statements(self) -> tuple[str, ...]:
        """All SQL that a contract's author wrote, as statements."""
        return (*(f"SELECT {fragment}" for fragment in self.fragments), *self.queries)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The regular expressions that a contract's author wrote."""
        return tuple(written for field in self._fields for written in field.meaning.patterns(self._value(field)))

    @property
    def tables(self) -> tuple[str, ...]:
        """The other tables that the check names as contracts do."""
        return tuple(name for field in self._fields for name in field.meaning.tables(self._value(field)))

    @property
    def queried_tables(self) -> tuple[str, ...]:
        """The other tables that its queries read, as they spell them."""
        return tuple(name for query in self.queries for name in find_tables(query))

    @property
    def parameters(self) -> frozenset[str]:
        """The `:parameters` that its SQL names."""
        return frozenset().union(*map(find_parameters, self.statements))

    @property
    def _fields(self) -> tuple[Field, ...]:
        return get_fields(type(self))

    def _value(self, field: Field) -> Any:
        return getattr(self, field.name)

    # Which days it needs.

    @property
    def needs_day(self) -> bool:
        """Whether it is about a day, and means nothing where none is audited."""
        return self.is_learned or not self.parameters.isdisjoint(_OF_THE_DAY)

    @property
    def reads_previous_day(self) -> bool:
        """Whether it compares with rows of an earlier day of the same table, or asks when that day ended."""
        return "earlier_end" in self.parameters

    @property
    def needs_previous_days(self) -> bool:
        """Whether it is about earlier days of the same table: their rows, or what was measured of them."""
        return self.is_learned or self.reads_previous_day

    def without_day(self) -> "tuple[Check, str] | None":
        """The check as far as it means something without a day, and what it then leaves out; None for all or nothing."""
        return None

    # What a contract can get wrong, and what its schema says of the table.

    def problem(self, table: Table) -> Mistake | None:
        """What is wrong with the check on this table, where each field by itself is right."""
        del table
        return None

    @property
    def expected_types(self) -> Mapping[str, str]:
        """The columns that a check of the table's shape names, in order, with their types where it knows them."""
        return {}

    def statements_with_types(self, types: Mapping[str, str]) -> tuple[str, ...]:
        """The statements whose answers may hang on the types of columns: those of the author, and comparisons of ours."""
        del types
        return self.statements

    # What its numbers mean.

    def result(self, numbers: Sequence[object], audited_at: datetime) -> Result:
        """What the numbers that `evaluation` asked for say: by default what failed, and what was looked at."""
        del audited_at
        return result_from_counts(parse_count(numbers[0]), parse_count(numbers[1]), self.failure_unit)

    def prove(self, statistics: StatisticsProofs) -> tuple[int, int] | None:
        """What broke the check and what it looked at, by the statistics of files; None where only a look can tell."""
        del statistics
        return None

    def invalid_values(self, types: Mapping[str, str]) -> InvalidValues | None:
        """Where to find the wrong values, for a check about the values of one column; None for every other."""
        del types
        return None

    # What Great Expectations makes of it.

    def expectation_config(self, types: Mapping[str, str]) -> ExpectationConfig | None:
        """The expectation that means the same; None where there is none, and a query must say it.

        Args:
            types: the columns' types in Spark's spelling, by casefolded name.
        """
        del types
        return None

    def unexpected_rows(self, source: Source, names: tuple[str, ...]) -> Offenders:
        """The rows of a query that says the same: as many as the check has failures.

        Raises:
            ValueError: no such query is known.
        """
        found = self.offenders(source, names)
        if found is None:
            raise ValueError(f"no query over rows finds what breaks a check of kind {self.kind}")
        return found

    def count_unexpected_rows(self, outcome: Outcome, failed: int) -> int:
        """How many rows that query returns, for a verdict with so many failures."""
        del outcome
        return failed

    @property
    def expected_value(self) -> object:
        """What Great Expectations observes where a verdict has nothing to observe, because all was as expected."""
        return ""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """A check as JSON has it: its fields, then its kind, by which it is read again."""
        from martgate.expectations.kinds.registry import json_schema_of  # noqa: PLC0415 - which loads every kind

        return json_schema_of(cls, source, handler)
