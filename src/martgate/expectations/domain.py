"""The values that can pass a check, as far as the contract says so before any data is read.

A domain never leaves out a value that passes; it may have values that do not. So an empty domain proves that nothing
passes, and a domain within that of a check proves that the check cannot fail, where the domain of the check is exact.
Numbers are fractions, and instants are without a zone, in UTC, so that all values of a column can be compared.
"""

import math
import re
import struct
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Self, get_args

from martgate.contracts.quality import Scalar, Threshold, Unit
from martgate.contracts.types import INTEGER_RANGES
from martgate.text import regex
from martgate.text.quoting import find_scale, is_fraction, is_text, is_whole

__all__ = [
    "EVERYTHING",
    "Domain",
    "Interval",
    "Requirement",
    "Requirements",
    "forbid_null",
    "list_values",
    "null_count",
    "read_value",
    "require",
    "threshold_domain",
    "type_domain",
]

_MAX_LISTED = 1_000
"""The most values of a range or a pattern that are listed one by one."""

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Interval:
    """The values between two ends; None is no end."""

    low: Any = None
    high: Any = None
    excludes_low: bool = False
    excludes_high: bool = False

    def __and__(self, other: Self) -> "Interval":
        low, excludes_low = max(
            ((each.low, each.excludes_low) for each in (self, other) if each.low is not None), default=(None, False)
        )
        ends = [(each.high, not each.excludes_high) for each in (self, other) if each.high is not None]
        high, includes_high = min(ends, default=(None, True))
        return Interval(low, high, excludes_low, not includes_high)

    def contains(self, value: Any) -> bool:
        return Interval(value, value) & self == Interval(value, value)

    def includes(self, other: Self) -> bool:
        return other & self == other

    @property
    def is_empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return bool(self.low > self.high or (self.low == self.high and (self.excludes_low or self.excludes_high)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A set of values, and whether null is one of them.

    Attributes:
        members: the only values; None where they are not listed.
        excluded: values that are not in it.
        interval: the ends of the values.
        step: the number that all values are multiples of; None where there is none.
        lengths: how many characters the texts have.
        patterns: the regular expressions that all texts match.
        has_null: whether null is in it.
    """

    members: frozenset[Any] | None = None
    excluded: frozenset[Any] = frozenset()
    interval: Interval = Interval()
    step: Fraction | None = None
    lengths: Interval = Interval()
    patterns: frozenset[str] = frozenset()
    has_null: bool = True

    def __and__(self, other: Self) -> "Domain":
        listed = [each.members for each in (self, other) if each.members is not None]
        steps = [each.step for each in (self, other) if each.step is not None]
        return Domain(
            members=frozenset.intersection(*listed) if listed else None,
            excluded=self.excluded | other.excluded,
            interval=self.interval & other.interval,
            step=_least_common_multiple(*steps) if len(steps) > 1 else next(iter(steps), None),
            lengths=self.lengths & other.lengths,
            patterns=self.patterns | other.patterns,
            has_null=self.has_null and other.has_null,
        )

    def contains(self, value: Any) -> bool | None:
        """Tell whether a value is in the domain; None where a pattern cannot be tried."""
        if self.members is not None and value not in self.members:
            return False
        if value in self.excluded or not self.interval.contains(value):
            return False
        if self.step is not None and value % self.step:
            return False
        if isinstance(value, str):
            if not self.lengths.contains(len(value)):
                return False
            matches = {regex.search(pattern, value) for pattern in self.patterns}
            return False if False in matches else None if None in matches else True
        return True

    @property
    def has_no_value(self) -> bool:
        """Whether no value is in it; null may be."""
        listed = self._list()
        if listed is not None:
            return not listed
        return self._steps.is_empty or self._sizes.is_empty

    def is_within(self, other: "Domain") -> bool:
        """Tell whether each of its values, and null if it has it, is certainly in another domain."""
        if self.has_null and not other.has_null:
            return False
        listed = self._list()
        if listed is not None:
            return all(other.contains(value) is True for value in listed)
        if other.members is not None or not all(self.contains(value) is False for value in other.excluded):
            return False
        if other.step is not None and (self.step is None or self.step % other.step):
            return False
        return (
            other.interval.includes(self._steps)
            and other.lengths.includes(self._sizes)
            and all(pattern in self.patterns or regex.matches_everything(pattern) for pattern in other.patterns)
        )

    @property
    def _steps(self) -> Interval:
        """The interval; of multiples, its ends are the first and the last of them."""
        step, ends = self.step, self.interval
        if step is None:
            return ends
        low, high = ends.low, ends.high
        if low is not None:
            low = (math.floor(low / step) + 1 if ends.excludes_low else math.ceil(low / step)) * step
        if high is not None:
            high = (math.ceil(high / step) - 1 if ends.excludes_high else math.floor(high / step)) * step
        return Interval(low, high)

    @property
    def _sizes(self) -> Interval:
        """The lengths of texts, by what is said about lengths and by the patterns."""
        sizes = self.lengths
        for pattern in self.patterns:
            sizes &= Interval(*regex.measure_lengths(pattern))
        return sizes

    def _list(self) -> frozenset[Any] | None:
        """List the values, without those that are certainly not in it; None where there are too many."""
        values: Iterable[Any] | None = self.members
        if values is None and self.step is not None:
            ends = self._steps
            if ends.low is not None and ends.high is not None and (ends.high - ends.low) / self.step < _MAX_LISTED:
                count = int((ends.high - ends.low) / self.step) + 1
                values = [ends.low + number * self.step for number in range(max(count, 0))]
        if values is None:
            texts = (regex.list_matches(pattern, _MAX_LISTED) for pattern in sorted(self.patterns))
            values = next((each for each in texts if each is not None), None)
        return None if values is None else frozenset(value for value in values if self.contains(value) is not False)


EVERYTHING = Domain()


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a check requires of one value of each row, or of one number of the table.

    Attributes:
        subject: the column, casefolded; or what is measured.
        domain: the values that pass.
        universe: the values that there can be at all.
    """

    subject: Hashable
    domain: Domain
    universe: Domain = EVERYTHING


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a check requires of single values, all of which must be kept.

    Attributes:
        each: the requirements.
        is_exact: whether they say all that the check requires, so that it passes where they are kept.
        consequences: what is also true where they are kept.
    """

    each: tuple[Requirement, ...] = ()
    is_exact: bool = False
    consequences: tuple[Requirement, ...] = ()


def forbid_null(column: str) -> Requirements:
    """Build the requirements of a check that no value of a column is null, so that the number of nulls is 0."""
    none = Domain(members=frozenset({Fraction(0)}), has_null=False)
    counts = tuple(Requirement(null_count(column, unit), none) for unit in get_args(Unit))
    return Requirements(require(column, Domain(has_null=False)).each, is_exact=True, consequences=counts)


def null_count(column: str, unit: Unit) -> Hashable:
    """The subject of a requirement of the number or the share of nulls in a column."""
    return "nullValues", unit, column.casefold()


def require(column: str, domain: Domain, *, is_exact: bool = True) -> Requirements:
    """Build the requirements of a check that is about the values of one column."""
    return Requirements((Requirement(column.casefold(), domain),), is_exact)


def read_value(value: Scalar, kind: str) -> Any:  # noqa: PLR0911 - one return a family of types
    """Read a value of a contract as the engines compare it with a column.

    Args:
        value: the value.
        kind: the type of the column, in Spark's spelling.

    Returns:
        The value; None where it does not belong to the type, or the comparison depends on an engine.
    """
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if is_text(kind):
        return value if isinstance(value, str) else None
    if isinstance(value, bool):
        return None
    if kind in ("date", "timestamp", "timestamp_ntz"):
        return _read_moment(value, kind) if isinstance(value, str) else None
    if not _NUMBER.fullmatch(str(value)):
        return None
    if is_fraction(kind):
        return Fraction(_round_to_float(float(value)) if kind == "float" else float(value))
    return Fraction(str(value)) if is_whole(kind) or find_scale(kind) is not None else None


def _round_to_float(value: float) -> float:
    """Round a number as a literal of a column of short binary fractions is (see `martgate.text.quoting.literal`)."""
    try:
        rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return value
    return rounded


def _read_moment(value: str, kind: str) -> date | datetime | None:
    try:
        if kind == "date":
            return date.fromisoformat(value)
        instant = datetime.fromisoformat(value)
    except ValueError:
        return None
    if instant.tzinfo is None:
        return instant
    return None if kind == "timestamp_ntz" else instant.astimezone(UTC).replace(tzinfo=None)


def list_values(values: Iterable[Scalar], kind: str) -> frozenset[Any] | None:
    """Read the values of a list; None where one of them cannot be read."""
    read = [read_value(value, kind) for value in values]
    return None if any(value is None for value in read) else frozenset(read)


def type_domain(kind: str) -> Domain:
    """The values that a type has room for."""
    if kind == "boolean":
        return Domain(members=frozenset({False, True}))
    if kind in INTEGER_RANGES:
        low, high = map(Fraction, INTEGER_RANGES[kind])
        return Domain(interval=Interval(low, high), step=Fraction(1))
    scale = find_scale(kind)
    return EVERYTHING if scale is None else Domain(step=Fraction(1, 10**scale))


def threshold_domain(threshold: Threshold) -> Domain | None:
    """The numbers that a threshold admits; None where they are not one interval."""
    first, last = (Fraction(str(threshold.values[place])) for place in (0, -1))
    domains = {
        "mustBe": Domain(members=frozenset({first}), has_null=False),
        "mustNotBe": Domain(excluded=frozenset({first}), has_null=False),
        "mustBeGreaterThan": Domain(interval=Interval(first, None, excludes_low=True), has_null=False),
        "mustBeGreaterOrEqualTo": Domain(interval=Interval(first, None), has_null=False),
        "mustBeLessThan": Domain(interval=Interval(None, first, excludes_high=True), has_null=False),
        "mustBeLessOrEqualTo": Domain(interval=Interval(None, first), has_null=False),
        "mustBeBetween": Domain(interval=Interval(first, last), has_null=False),
    }
    return domains.get(threshold.operator)


def _least_common_multiple(first: Fraction, second: Fraction) -> Fraction:
    scale = first.denominator * second.denominator
    return Fraction(math.lcm(int(first * scale), int(second * scale)), scale)
