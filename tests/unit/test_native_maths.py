"""exp, log, softplus and power as vector code: error in ulp over the whole range, and the edges."""

import math

import mpmath
import numpy as np
import pytest

from native_code import NARROW, elementwise
from tolerances import ULP_ELEMENTARY, ULP_SOFTPLUS

MACHINES = [None, NARROW]
POINTS = 4000


def ulps(found, exact):
    """Largest distance from the exact values (mpmath), in units of the last place."""
    with mpmath.workprec(200):
        return max(
            float(abs(mpmath.mpf(float(f)) - e) / mpmath.mpf(math.ulp(float(e))))
            for f, e in zip(found, exact, strict=True)
        )


def exact(function, *arrays):
    with mpmath.workprec(200):
        rows = zip(*arrays, strict=True)
        return [function(*(mpmath.mpf(float(x)) for x in row)) for row in rows]


@pytest.mark.parametrize("machine", MACHINES)
def test_exp(machine):
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [rng.uniform(-745, 709.7, POINTS), rng.uniform(-1, 1, POINTS), 10.0 ** -np.arange(0, 300)]
    )
    assert ulps(elementwise("exp", machine=machine)(x), exact(mpmath.exp, x)) < ULP_ELEMENTARY


@pytest.mark.parametrize("machine", MACHINES)
def test_log(machine):
    rng = np.random.default_rng(2)
    x = np.concatenate(
        [
            10.0 ** rng.uniform(-307, 308, POINTS),
            1 + rng.uniform(-0.3, 0.42, POINTS),
            1 + 10.0 ** -np.arange(1, 15.5),
            [5e-324, 1e-320, 2.0**-1022, 1.7e308],
        ]
    )
    assert ulps(elementwise("log", machine=machine)(x), exact(mpmath.log, x)) < ULP_ELEMENTARY


def test_softplus():
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.uniform(-740, 740, 200), rng.uniform(-3, 3, POINTS)])
    with mpmath.workprec(1300):  # 1 + e^-740
        wanted = [mpmath.log1p(mpmath.exp(mpmath.mpf(float(v)))) for v in x]
    assert ulps(elementwise("softplus")(x), wanted) < ULP_SOFTPLUS


def test_power_is_exp_of_p_log_x():
    """The error of p log x is carried on, so it grows with |p log x|, as it does in NumPy."""
    rng = np.random.default_rng(4)
    x, p = 10.0 ** rng.uniform(-8, 8, POINTS), rng.uniform(-6, 6, POINTS)
    found = elementwise("power", 2)(x, p)
    wanted = exact(mpmath.power, x, p)
    worst = 2 * ULP_ELEMENTARY * (1 + np.abs(p * np.log(x))) * np.finfo(float).eps
    away = [abs(float(f / w) - 1) for f, w in zip(found, wanted, strict=True)]
    assert (np.array(away) < worst).all()


@pytest.mark.parametrize("machine", MACHINES)
def test_edges(machine):
    inf, nan = math.inf, math.nan
    exp, log = elementwise("exp", machine=machine), elementwise("log", machine=machine)
    given = [inf, -inf, nan, 0.0, -0.0, 709.79, 1e300, -746.0, -1e300]
    np.testing.assert_array_equal(exp(given), [inf, 0, nan, 1, 1, inf, inf, 0, 0])
    given = [inf, -inf, nan, 0.0, -0.0, 1.0, -1.0, -5e-324]
    np.testing.assert_array_equal(log(given), [inf, nan, nan, -inf, -inf, 0, nan, nan])
    power = elementwise("power", 2, machine=machine)
    given = [0.0, -1.0, nan, 1.0, inf, inf], [2.0, 0.5, 1.0, 7.0, 1.0, -1.0]
    np.testing.assert_array_equal(power(*given), [0, 0, 0, 1, inf, 0])
    softplus = elementwise("softplus", machine=machine)
    np.testing.assert_array_equal(softplus([inf, -inf, nan, -800.0]), [inf, 0, nan, 0])


def test_denormal_results_are_those_of_c():
    x = np.array([-710.0, -720.5, -744.0, -745.1])
    found = elementwise("exp")(x)
    assert all(abs(f - math.exp(v)) <= 5e-324 for f, v in zip(found, x, strict=True))


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "power", "softplus"])
def test_three_at_once_are_the_same_function(name, machine):
    """Equal bits for each of the three, edges included."""
    arity = 2 if name == "power" else 1
    rng = np.random.default_rng(6)
    edges = [math.inf, -math.inf, math.nan, 0.0, -0.0, 1.0, -1.0, 5e-324, 709.79, -746.0, 1e300]
    x = np.concatenate([rng.uniform(-740, 740, 200), 10.0 ** rng.uniform(-300, 300, 200), edges])
    given = [x, rng.uniform(-3, 3, len(x))][:arity]
    alone = elementwise(name, arity, machine)(*given)
    for place in range(3):
        found = elementwise(name, arity, machine, place)(*given)
        assert found.tobytes() == alone.tobytes()
