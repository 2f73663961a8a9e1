"""Finds what the rules of a contract say about one another, before any data is read.

Two rules contradict each other if no row can keep both. A rule is idle if no data can break it, or none that keeps the
others. Only what is proven is reported: a check tells what it requires of single values
(`Check.requirements`), and whether it follows from another one (`Check.follows_from`).
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

from martgate.contracts.quality import Severity
from martgate.expectations.domain import EVERYTHING, Domain, Requirement, Requirements, list_values
from martgate.expectations.rules import Rule

__all__ = ["Contradiction", "IdleRule", "OtherColumn", "find_contradictions", "find_idle_rules", "read_types"]

_OtherRules = Callable[[str], Sequence[Rule]]


@dataclass(frozen=True, slots=True)
class OtherColumn:
    """A column of another table, whose contract limits its values."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A rule that nothing can keep together with others.

    Attributes:
        rule: the rule.
        others: the rules that it contradicts; of another table, where `source` is given.
        value: the one value of its list that contradicts; None where all values do.
        is_null_left: whether null keeps all of them.
        source: the column of another table that its values exist in.
    """

    rule: Rule
    others: tuple[Rule, ...]
    value: str | float | None = None
    is_null_left: bool = False
    source: OtherColumn | None = None

    @property
    def is_blocking(self) -> bool:
        """Whether every rule of it blocks a publish, so that nothing can be published."""
        return all(rule.severity is Severity.ERROR for rule in (self.rule, *self.others))


@dataclass(frozen=True, slots=True)
class IdleRule:
    """A rule that cannot fail.

    Attributes:
        rule: the rule.
        others: the rules that it follows from; none where no data can break it.
        is_out_of_scope: whether it cannot fail because the condition that it is about is never met.
    """

    rule: Rule
    others: tuple[Rule, ...] = ()
    is_out_of_scope: bool = False


_Limits = Mapping[Hashable, Sequence[tuple[Rule, Domain]]]
"""For each subject, the rules that limit it, each with the values that it allows."""


def read_types(rules: Sequence[Rule]) -> dict[str, str]:
    """Read the types of the columns, casefolded, of the rules of a table; the contract's own come before those of suites."""
    types: dict[str, str] = {}
    for rule in rules:
        for name, kind in rule.check.expected_types.items():
            if kind:
                types.setdefault(name.casefold(), kind)
    return types


def find_contradictions(rules: Sequence[Rule], other_rules: _OtherRules) -> Iterator[Contradiction]:
    """Find the rules of a table that contradict each other, or the contracts of the tables that its values come from.

    Args:
        rules: the rules of the table.
        other_rules: returns the rules of another table; none where it is unknown.
    """
    types = read_types(rules)
    limits = _collect_limits(rules, types)
    dead = list(_find_dead_values(rules, limits, types))
    yield from dead
    is_listed = {(each.rule.name, other.name) for each in dead for other in each.others}
    for subject, each in limits.items():
        for contradiction in _find_empty(subject, each):
            names = [rule.name for rule in (contradiction.rule, *contradiction.others)]
            if not any(pair in is_listed or pair[::-1] in is_listed for pair in combinations(names, 2)):
                yield contradiction
    for rule in rules:
        yield from _find_foreign_contradictions(rule, limits, types, other_rules)


def find_idle_rules(rules: Sequence[Rule]) -> Iterator[IdleRule]:
    """Find the rules that cannot fail: by themselves, by the types of their columns, or because of others.

    Of two rules that say the same, the later one is idle. A clause of the schema, which other tools read as well, is idle
    because of other clauses of the schema only; types, keys and what is required never are.
    """
    types = read_types(rules)
    never_null = frozenset(
        requirement.subject
        for rule in rules
        if rule.severity is Severity.ERROR
        for requirement in rule.check.requirements(types).each
        if not requirement.domain.has_null and isinstance(requirement.subject, str)
    )
    order = sorted(rules, key=lambda rule: not _is_of_schema(rule))
    idle: list[IdleRule] = []
    for place in range(len(order) - 1, -1, -1):
        rule = order[place]
        if _is_structural(rule):
            continue
        found = {each.rule.name for each in idle}
        premises = [each for each in order if each is not rule and each.name not in found and _is_premise(each, rule)]
        result = _find_reason(rule, premises, types, never_null)
        if result:
            idle.append(result)
    yield from sorted(idle, key=lambda each: rules.index(each.rule))


def _find_reason(
    rule: Rule, premises: Sequence[Rule], types: Mapping[str, str], never_null: frozenset[str]
) -> IdleRule | None:
    if not rule.check.can_fail(never_null):
        return IdleRule(rule)
    source = next((each for each in premises if rule.check.follows_from(each.check, never_null)), None)
    if source:
        return IdleRule(rule, (source,))
    limits = _collect_limits(premises, types)
    for subject, domain in _combine(rule.check.scope(types)).items():
        others = _find_premises(subject, limits, partial(_excludes, domain))
        if others is not None:
            return IdleRule(rule, others, is_out_of_scope=True)
    requirements = rule.check.requirements(types)
    if not requirements.is_exact or not requirements.each:
        return None
    reasons = [_find_source(each, limits) for each in requirements.each]
    if any(reason is None for reason in reasons):
        return None
    return IdleRule(rule, tuple(dict.fromkeys(other for reason in reasons for other in reason or ())))


def _find_source(requirement: Requirement, limits: _Limits) -> tuple[Rule, ...] | None:
    """Find the rules that a requirement follows from; None where it follows from none."""
    if requirement.universe.is_within(requirement.domain):
        return ()
    return _find_premises(
        requirement.subject, limits, lambda every: (requirement.universe & every).is_within(requirement.domain)
    )


def _find_premises(subject: Hashable, limits: _Limits, is_enough: Callable[[Domain], bool]) -> tuple[Rule, ...] | None:
    """Find the least rules on a subject that are enough for a conclusion; None where all of them are not."""
    known = [each for each in limits.get(subject, ()) if not _has_nothing(each[1])]
    single = next((rule for rule, domain in known if is_enough(domain)), None)
    if single:
        return (single,)
    every = _conjoin(domain for _, domain in known)
    if every.has_no_value or not is_enough(every):
        return None
    return tuple(rule for rule, _ in _drop_needless(known, is_enough))


def _drop_needless(
    known: Sequence[tuple[Rule, Domain]], is_enough: Callable[[Domain], bool]
) -> list[tuple[Rule, Domain]]:
    """Drop the rules without which the others are still enough."""
    kept = list(known)
    for each in known:
        rest = [other for other in kept if other is not each]
        if rest and is_enough(_conjoin(domain for _, domain in rest)):
            kept = rest
    return kept


def _find_empty(subject: Hashable, limits: Sequence[tuple[Rule, Domain]]) -> Iterator[Contradiction]:
    """Find the rules on one subject that nothing can keep: pairs, or all of them together."""
    has_pair = False
    for (first, one), (second, two) in combinations(limits, 2):
        if _is_empty(both := one & two) and not _is_only_null(one, two, both):
            has_pair = True
            rule, other = (first, second) if second.check.expected_types else (second, first)
            yield Contradiction(rule, (other,), is_null_left=both.has_null and _is_column(subject))
    every = _conjoin(domain for _, domain in limits)
    if has_pair or len(limits) < 2 or not every.has_no_value or any(domain.has_no_value for _, domain in limits):
        return
    least = _drop_needless(limits, _is_empty)
    rules = [rule for rule, _ in least if not rule.check.expected_types]
    if rules:
        others = tuple(rule for rule, _ in least if rule is not rules[-1])
        yield Contradiction(rules[-1], others, is_null_left=every.has_null and _is_column(subject))


def _excludes(one: Domain, other: Domain) -> bool:
    """Tell whether neither a value nor null is in both."""
    return _has_nothing(one & other)


def _has_no_common_value(one: Domain, other: Domain) -> bool:
    return (one & other).has_no_value


def _is_empty(domain: Domain) -> bool:
    return domain.has_no_value


def _is_only_null(one: Domain, two: Domain, both: Domain) -> bool:
    """Tell whether one of two rules asks for null alone, which the other allows."""
    return both.has_null and (one.has_no_value or two.has_no_value)


def _is_column(subject: Hashable) -> bool:
    return isinstance(subject, str)


def _find_dead_values(rules: Sequence[Rule], limits: _Limits, types: Mapping[str, str]) -> Iterator[Contradiction]:
    """Find the values of a list that another rule never lets pass."""
    for rule in rules:
        listed = rule.check.listed_values
        if listed is None:
            continue
        subject = listed[0].casefold()
        others = [(other, domain) for other, domain in limits.get(subject, ()) if other is not rule]
        for value in listed[1]:
            read = list_values([value], types.get(subject, ""))
            if read is None:
                continue
            (one,) = read
            against = tuple(other for other, domain in others if domain.contains(one) is False)
            if against and not all(other.check.listed_values for other in against):
                yield Contradiction(rule, against[:1], value=value)


def _find_foreign_contradictions(
    rule: Rule, limits: _Limits, types: Mapping[str, str], other_rules: _OtherRules
) -> Iterator[Contradiction]:
    """Find columns whose values come from a column of another table that has none of the values that pass here."""
    for column, source in _list_sources(rule):
        there = other_rules(source.table)
        kinds = read_types(there)
        name = source.column.casefold()
        if not _are_comparable(types.get(column.casefold(), ""), kinds.get(name, "")):
            continue
        known = [each for each in _collect_limits(there, kinds).get(name, ()) if each[0].severity is Severity.ERROR]
        others = [each for each in known if not each[0].check.expected_types]
        domain = _conjoin(limit for _, limit in others)
        if not others or domain.has_no_value:
            continue
        own = [each for each in limits.get(column.casefold(), ()) if not each[0].check.expected_types]
        for other, limit in own:
            if not limit.has_no_value and (limit & domain).has_no_value:
                least = tuple(each for each, _ in _drop_needless(others, partial(_has_no_common_value, limit)))
                yield Contradiction(other, least, is_null_left=limit.has_null, source=source)


def _list_sources(rule: Rule) -> Iterator[tuple[str, OtherColumn]]:
    """List the columns of a rule that have values of a column of another table only."""
    for column, table, there in rule.check.value_sources:
        yield column, OtherColumn(table, there)


def _are_comparable(kind: str, other: str) -> bool:
    return bool(kind) and kind == other


def _collect_limits(rules: Sequence[Rule], types: Mapping[str, str]) -> _Limits:
    limits: dict[Hashable, list[tuple[Rule, Domain]]] = defaultdict(list)
    for rule in rules:
        for subject, domain in _combine(rule.check.requirements(types)).items():
            limits[subject].append((rule, domain))
    return limits


def _combine(requirements: Requirements) -> dict[Hashable, Domain]:
    domains: dict[Hashable, Domain] = {}
    for each in (*requirements.each, *requirements.consequences):
        domains[each.subject] = domains.get(each.subject, EVERYTHING) & each.domain
    return domains


def _conjoin(domains: Iterator[Domain]) -> Domain:
    every = EVERYTHING
    for domain in domains:
        every &= domain
    return every


def _has_nothing(domain: Domain) -> bool:
    return domain.has_no_value and not domain.has_null


def _is_of_schema(rule: Rule) -> bool:
    return not any(mark in clause for clause in rule.clauses for mark in (".quality[", "#", "slaProperties["))


def _is_structural(rule: Rule) -> bool:
    """Whether it states what the table is, so that it is no test that could be left out."""
    is_key = any(clause.endswith(".primaryKey") for clause in rule.clauses)
    return _is_of_schema(rule) and (rule.check.is_structural or is_key)


def _is_premise(premise: Rule, rule: Rule) -> bool:
    if _is_of_schema(rule) and not _is_of_schema(premise):
        return False
    return premise.severity is Severity.ERROR or rule.severity is Severity.WARNING
