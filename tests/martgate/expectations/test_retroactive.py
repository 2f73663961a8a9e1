"""The rules that newer versions of a contract add to the days of older ones."""

from dataclasses import replace

import pytest

from martgate.expectations.derive import derive
from martgate.expectations.kinds.conditions import Holds
from martgate.expectations.kinds.in_set import InSet
from martgate.expectations.retroactive import derive_with_retroactive

RETROACTIVE = {"retroactive": True}


@pytest.fixture
def version(make):
    """version("1.0.0", columns.., quality=..): a contract and its table."""

    def _version(number, *columns, quality=()):
        table = make.table(*columns, quality=tuple(quality))
        return replace(make.contract(table), version=number).tables[0]

    return _version


@pytest.fixture
def holds(make):
    def _holds(name, expression, at=0, *, marked=True):
        stated = make.quality(name, f"schema[0].quality[{at}]", rule="holds", expression=expression)
        return replace(stated, custom=RETROACTIVE if marked else {})

    return _holds


def names(rules):
    return [rule.name for rule in rules]


def test_without_newer_versions_a_day_is_judged_by_its_own(version, make):
    table = version("1.0.0", make.column("n", required=True))
    assert derive_with_retroactive(table).rules == derive(table)


def test_a_clause_counts_for_earlier_days_only_where_it_is_marked(version, make, holds):
    old = version("1.0.0", make.column("n"))
    new = version("2.0.0", make.column("n"), quality=[holds("small", "n < 9"), holds("big", "n > 1", 1, marked=False)])
    found = derive_with_retroactive(old, [new])
    assert names(found.retroactive) == ["table|small"]
    assert names(found.rules) == [*names(derive(old)), "table|small"]
    assert found.rules[-1].description.endswith(" (retroactive, from version 2.0.0)")
    assert found.out_of_scope == ()


def test_all_rules_of_a_marked_column_are_retroactive_and_no_others(version, make):
    old = version("1.0.0", make.column("n"), make.column("m", at=1))
    marked = make.column("n", required=True, enum=(1, 2), custom=RETROACTIVE)
    new = version("2.0.0", marked, make.column("m", at=1, required=True))
    assert names(derive_with_retroactive(old, [new]).retroactive) == ["n|not_null", "n|in_set"]


def test_a_newer_rule_takes_the_place_of_an_older_one_of_its_name(version, make):
    old = version("1.0.0", make.column("n", enum=(1, 2, 3)))
    new = version("2.0.0", make.column("n", enum=(1, 2), custom=RETROACTIVE))
    newest = version("3.0.0", make.column("n", enum=(1,), custom=RETROACTIVE))
    found = derive_with_retroactive(old, [new, newest])
    assert [rule.check for rule in found.rules if rule.name == "n|in_set"] == [InSet("n", (1,))]
    assert [rule.description[-14:] for rule in found.retroactive] == ["version 3.0.0)"]
    assert names(found.rules) == names(derive(old))


def test_the_same_rule_in_both_is_the_older_versions_own(version, make):
    old, new = (version(number, make.column("n", enum=(1,), custom=RETROACTIVE)) for number in ("1.0.0", "2.0.0"))
    assert derive_with_retroactive(old, [new]).retroactive == ()


@pytest.mark.parametrize("sql", [None, "SELECT COUNT(*) FROM {object} WHERE added > 1"], ids=["expression", "query"])
def test_a_clause_about_columns_that_were_not_there_is_out_of_scope_with_its_reason(version, make, holds, sql):
    clause = holds("later", "added > n")
    if sql:
        from martgate.contracts.quality import QualityType, Threshold

        clause = replace(clause, type=QualityType.SQL, query=sql, engine="", threshold=Threshold("mustBe", (0,)))
    old = version("1.0.0", make.column("n"))
    new = version("2.0.0", make.column("n"), make.column("added", at=1), quality=[clause])
    found = derive_with_retroactive(old, [new])
    assert (found.rules, found.retroactive) == (derive(old), ())
    assert [(each.rule.name, each.reason) for each in found.out_of_scope] == [
        ("table|later", "version 1.0.0 of the contract has no added")
    ]


def test_a_rule_of_a_newer_version_differs_only_in_its_description(version, make, holds):
    old, new = version("1.0.0", make.column("n")), version("2.0.0", make.column("n"), quality=[holds("small", "n < 9")])
    (rule,) = derive_with_retroactive(old, [new]).retroactive
    assert (rule.check, rule.clauses) == (Holds("n < 9"), ("schema[0].quality[0]",))
