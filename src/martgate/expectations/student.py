"""The quantile of Student's t distribution.

The chance to lie further than t from the centre is the regularized incomplete beta function I_x(v/2, 1/2) at
x = v / (v + t^2), for v degrees of freedom. It is computed by its continued fraction, evaluated by Lentz's method as
modified by Thompson and Barnett (Numerical Recipes, section 6.4), and solved for the logarithm of t by bisection, which
compares the smaller of the two sides (the tails, or the part between them), so that no digits cancel.
"""

import math
from functools import lru_cache

__all__ = ["two_sided_quantile"]

_TINY = 1e-300
_MIN_LOG, _MAX_LOG = -100.0, 300.0
_HALVINGS = 64
"""Enough to leave an interval of one unit in the last place of the logarithm."""

_MAX_TERMS = 10_000


@lru_cache(maxsize=1024)
def two_sided_quantile(freedom: float, chance: float) -> float:
    """Return the distance from the centre beyond which a value lies, in either direction, with this chance.

    Args:
        freedom: degrees of freedom, above 0; they need not be whole.
        chance: between 0 and 1, for both tails together.

    Returns:
        The distance, from 0 for chance 1 to infinity for chance 0; NaN where there are no degrees of freedom.
    """
    if not freedom > 0:
        return math.nan
    if chance >= 1:
        return 0.0
    if chance <= 0:
        return math.inf
    low, high = _MIN_LOG, _MAX_LOG
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        tails, between = _shares(freedom, math.exp(middle))
        if tails > chance if chance < 0.5 else between < 1 - chance:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def _shares(freedom: float, distance: float) -> tuple[float, float]:
    """The chances to lie further than this from the centre, and nearer."""
    a, b = freedom / 2, 0.5
    ratio = distance * (distance / freedom)
    x, rest = 1 / (1 + ratio), 1 / (1 + 1 / ratio)
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    front = math.exp(a * math.log(x) + b * math.log(rest) - log_beta) if x > 0 else 0.0
    if x < (a + 1) / (a + b + 2):
        tails = front * _fraction(a, b, x) / a
        return tails, 1 - tails
    between = front * _fraction(b, a, rest) / b
    return 1 - between, between


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of I_x(a, b); it converges fast where x is less than (a + 1) / (a + b + 2)."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _MAX_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for numerator in (even, odd):
            c, d = _not_zero(1 + numerator / c), 1 / _not_zero(1 + numerator * d)
            fraction *= c * d
        if abs(c * d - 1) < 1e-16:
            return fraction
    raise ArithmeticError(f"the continued fraction does not converge for a={a}, b={b}, x={x}")


def _not_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY
