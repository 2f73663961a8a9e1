"""The quantile of Student's t, held to SciPy's over far more than any history needs."""

import math

import pytest

from martgate.expectations.student import two_sided_quantile

FREEDOM = [0.2, 0.37, 0.5, 0.74, 1, 1.11, 2, 2.96, 3.33, 5, 7.77, 8, 15, 30, 100, 1e3, 1e4, 1e5]
CHANCES = [10.0**-power for power in range(14, 0, -1)] + [
    0.05,
    0.25,
    0.49,
    0.5,
    0.51,
    0.75,
    0.9,
    0.99,
    1 - 1e-8,
    1 - 1e-12,
]


def scipys(freedom, chance):
    """SciPy's own, from the side of the distribution in which no digits cancel."""
    from scipy import special, stats

    if chance < 0.5:
        return stats.t.isf(chance / 2, freedom)
    between = special.betaincinv(0.5, freedom / 2, 1 - chance)
    return math.sqrt(freedom * between / (1 - between))


@pytest.mark.parametrize("freedom", FREEDOM)
def test_a_quantile_is_scipys_to_nine_digits(freedom):
    for chance in CHANCES:
        assert two_sided_quantile(freedom, chance) == pytest.approx(scipys(freedom, chance), rel=1e-9, abs=0), chance


def test_the_ends_are_those_of_the_distribution():
    assert two_sided_quantile(3, 1.0) == 0
    assert two_sided_quantile(3, 0.0) == math.inf
    assert math.isnan(two_sided_quantile(0, 0.1))
