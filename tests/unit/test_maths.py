"""The named functions agree on floats, NumPy, JAX, SymPy and pint, and stay finite where asked."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

from ketaqsp.maths import exp, hill, log, power, softplus, sqrt
from ketaqsp.units import quantity
from tolerances import ROUNDING

# Function, arguments, and the value to double precision (mpmath, 30 digits).
CASES = [
    (exp, (0.0,), 1.0),
    (exp, (-2.5,), 0.0820849986238988),
    (log, (10.0,), 2.302585092994046),
    (log, (0.001,), -6.907755278982137),
    (sqrt, (2.0,), 1.4142135623730951),
    (power, (2.0, 0.5), 1.4142135623730951),
    (power, (3.7, -1.3), 0.18253147308915868),
    (power, (0.2, 5.0), 0.00032),
    (softplus, (0.0,), 0.6931471805599453),
    (softplus, (3.0,), 3.048587351573742),
    (softplus, (-3.0,), 0.04858735157374206),
    (hill, (2.0, 2.0, 3.1), 0.5),
    (hill, (1.0, 2.0, 2.0), 0.2),
    (hill, (0.0, 2.0, 1.5), 0.0),
]
IDS = [f"{function.__name__}{arguments}" for function, arguments, _ in CASES]


def close(found, wanted):
    return abs(float(found) - wanted) <= ROUNDING * abs(wanted)


def as_numpy(x):
    return np.array([x, x])


def as_jax(x):
    return jnp.array([x, x])


@pytest.mark.parametrize(("function", "arguments", "wanted"), CASES, ids=IDS)
def test_floats(function, arguments, wanted):
    found = function(*arguments)
    assert type(found) is float and close(found, wanted)


@pytest.mark.parametrize("kind", [as_numpy, as_jax, np.float64], ids=["numpy", "jax", "scalar"])
@pytest.mark.parametrize(("function", "arguments", "wanted"), CASES, ids=IDS)
def test_arrays(function, arguments, wanted, kind):
    found = function(*[kind(x) for x in arguments])
    assert found.dtype == np.float64
    assert all(close(x, wanted) for x in np.ravel(found))


@pytest.mark.parametrize(("function", "arguments", "wanted"), CASES, ids=IDS)
def test_under_jit(function, arguments, wanted):
    assert close(jax.jit(function)(*arguments), wanted)


@pytest.mark.parametrize(("function", "arguments", "wanted"), CASES, ids=IDS)
def test_symbols(function, arguments, wanted):
    symbols = sympy.symbols("p:3", positive=True)[: len(arguments)]
    written = function(*symbols)
    assert written.free_symbols == set(symbols)
    expanded = written.doit().subs(dict(zip(symbols, arguments, strict=True)))
    assert close(expanded.evalf(), wanted)


def test_symbols_keep_their_names():
    x, y = sympy.symbols("x y", positive=True)
    assert str(softplus(x / y)) == "softplus(x/y)"
    assert str(hill(x, y, 2)) == "hill(x, y, 2)"
    assert str(power(x, y)) == "power(x, y)"


@pytest.mark.parametrize(("function", "arguments", "wanted"), CASES, ids=IDS)
def test_quantities(function, arguments, wanted):
    found = function(*[quantity(x, "fraction") for x in arguments])
    assert close(getattr(found, "magnitude", found), wanted)


def test_quantities_with_units():
    assert sqrt(quantity(4.0, "L*L")).to("L").magnitude == 2.0
    assert close(hill(quantity(1.0, "umol/L"), quantity(2000.0, "nmol/L"), 2.0), 0.2)
    assert close(exp(quantity(1.0, "h") / quantity(60.0, "min")), math.e)


@pytest.mark.parametrize("function", [exp, log, softplus])
def test_a_unit_where_none_belongs(function):
    from pint.errors import DimensionalityError

    with pytest.raises(DimensionalityError):
        function(quantity(1.0, "h"))


def test_power_and_hill_of_a_unit():
    from pint.errors import DimensionalityError

    for call in (
        lambda: power(quantity(1.0, "h"), 2.0),
        lambda: power(2.0, quantity(1.0, "h")),
        lambda: hill(quantity(1.0, "h"), quantity(1.0, "umol/L"), 1.0),
    ):
        with pytest.raises(DimensionalityError):
            call()


@pytest.mark.parametrize("x", [0.0, -0.0, -1e-12, -3.0, -math.inf])
@pytest.mark.parametrize("p", [0.5, 1.0, 2.7])
def test_power_at_and_below_zero(x, p):
    assert power(x, p) == 0.0
    assert power(quantity(x, "fraction"), p) == 0.0
    assert (power(np.array([x]), p) == 0.0).all()
    assert power(jnp.array(x), p) == 0.0
    assert jax.grad(power)(x, p) == 0.0 and jax.grad(power, 1)(x, p) == 0.0


@pytest.mark.parametrize("p", [0.5, 1.0, 2.7])
def test_gradient_of_power_above_zero(p):
    assert close(jax.grad(power)(0.3, p), p * 0.3 ** (p - 1))


def test_power_in_a_batch_keeps_the_good_ones():
    x = jnp.array([-1.0, 0.0, 4.0])
    assert power(x, 0.5).tolist() == [0.0, 0.0, 2.0]
    assert jax.grad(lambda x: power(x, 0.5).sum())(x).tolist() == [0.0, 0.0, 0.25]


def test_numpy_says_nothing_below_zero():
    with np.errstate(all="raise"):
        assert power(np.array([-1.0, 0.0, 1.0]), 0.5).tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("kind", [float, as_numpy, as_jax], ids=["float", "numpy", "jax"])
def test_softplus_far_out(kind):
    with np.errstate(over="raise", invalid="raise"):
        assert np.all(softplus(kind(800.0)) == 800.0)
        low = softplus(kind(-800.0))
        assert np.all(low >= 0.0) and np.all(low < 1e-300)


def test_softplus_far_out_has_a_slope():
    assert jax.grad(softplus)(800.0) == 1.0
    assert abs(jax.grad(softplus)(-800.0)) < 1e-300


def test_hill_at_zero_and_far_out():
    for gamma in (0.7, 1.0, 4.0):
        assert hill(0.0, 2.0, gamma) == 0.0
        assert jax.grad(hill)(0.0, 2.0, gamma) == 0.0
        assert close(hill(1e30, 2.0, gamma), 1.0)
