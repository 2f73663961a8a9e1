"""What changes from one day's rows to those that replace them, on both engines; null equals null."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from martgate.expectations.restatement import Difference, compare_rows

ENGINES = ["duckdb", pytest.param("spark", marks=pytest.mark.spark)]
HEADS = ("id bigint", "name string", "ratio double", "run timestamp")


@pytest.fixture
def differ(engine, register, make):
    """differ(before, after): each a list of rows of HEADS, compared by id, `run` left apart."""

    def _differ(before, after, *, key=True, apart=("run",)):
        id_ = make.column("id", primary_key_position=1 if key else None)
        others = [make.column(*head.split()) for head in HEADS[1:]]
        table = make.table(id_, *others)
        for name, rows in (("s.before", before), ("s.after", after)):
            register(name, {head: [row[place] for row in rows] for place, head in enumerate(HEADS)})
        return compare_rows(engine, table, before="s.before", after="s.after", ignored=apart)

    return _differ


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_rows_are_added_removed_and_changed_by_column(differ, make):
    before = [(1, "a", 0.5, make.noon), (2, "b", 0.5, make.noon), (3, "c", None, None), (4, "d", float("nan"), None)]
    after = [(1, "a", 0.5, None), (2, "x", None, None), (4, "d", float("nan"), make.noon), (5, None, None, None)]
    assert differ(before, after) == Difference(
        rows=4, added=1, removed=1, changed=1, key=("id",), columns={"name": 1, "ratio": 1}
    )


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_without_a_key_rows_are_paired_off_as_often_as_they_occur(differ, make):
    before = [(1, "a", None, make.noon)] * 3 + [(2, "b", 1.0, None)]
    after = [(1, "a", None, None)] * 2 + [(2, "c", 1.0, None)]
    assert differ(before, after, key=False) == Difference(rows=4, added=1, removed=2, changed=0)


def test_a_column_that_is_not_left_apart_changes_its_row(differ, make):
    assert differ([(1, "a", None, make.noon)], [(1, "a", None, None)], apart=()).columns == {"run": 1}


def test_an_empty_day_differs_in_nothing_from_itself(differ):
    assert differ([], []) == Difference(rows=0, added=0, removed=0, changed=0, key=("id",))
    assert differ([], [], key=False) == Difference(rows=0, added=0, removed=0, changed=0)


def test_a_null_in_a_key_is_a_value_like_any_other(differ):
    assert differ([(None, "a", None, None)], [(None, "b", None, None)]).columns == {"name": 1}


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
@pytest.mark.parametrize("keyed", [True, False])
def test_every_type_is_compared_with_itself(engine, wares, tmp_path, keyed):
    """Maps, arrays and structs too, of which an engine compares not all."""
    from dataclasses import replace

    from martgate.builders.ports import Dataset, WriteTarget

    table = wares[1]
    if not keyed:
        table = replace(table, columns=tuple(replace(c, primary_key_position=None) for c in table.columns))
    values = {
        "counts": "MAP('a', {n})",
        "tags": "ARRAY('a')",
        "place": "NAMED_STRUCT('x', 1, 'y', 2.0)",
        "raw": "CAST('a' AS BINARY)",
    }
    for name, number in (("s.before", 1), ("s.after", 2)):
        listed = ", ".join(
            f"CAST({values.get(c.name, 'NULL' if c.name != 'sku' else repr('AA111')).format(n=number)} "
            f"AS {c.physical_type}) AS `{c.name}`"
            for c in table.columns
        )
        target = WriteTarget(root=str(tmp_path / name), partition_by=(), prefix="p")
        files = engine.write(f"SELECT {listed}", target)
        engine.register(name, Dataset(files=tuple(str(tmp_path / name / file.path) for file in files)))
    found = compare_rows(engine, table, before="s.before", after="s.after")
    same = compare_rows(engine, table, before="s.before", after="s.before")
    if keyed:
        assert (found.changed, found.columns, same.changed) == (1, {"counts": 1}, 0)
    else:
        assert (found.added, found.removed, same.added, same.removed) == (1, 1, 0, 0)


ROWS = st.dictionaries(
    st.integers(1, 6), st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from([None, 0.0, 1.5])), max_size=6
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, ROWS)
def test_the_counts_are_those_that_two_dictionaries_give(differ, old, new):
    rows = [[(key, *values, None) for key, values in each.items()] for each in (old, new)]
    both = old.keys() & new.keys()
    changed = [key for key in both if old[key] != new[key]]
    columns = {
        name: number
        for place, name in enumerate(("name", "ratio"))
        if (number := sum(old[key][place] != new[key][place] for key in both))
    }
    assert differ(*rows) == Difference(
        rows=len(old),
        added=len(new.keys() - old.keys()),
        removed=len(old.keys() - new.keys()),
        changed=len(changed),
        key=("id",),
        columns=columns,
    )
    before, after = Counter(rows[0]), Counter(rows[1])
    assert differ(*rows, key=False) == Difference(
        rows=len(old), added=(after - before).total(), removed=(before - after).total(), changed=0
    )
