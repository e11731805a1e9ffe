"""A step's solves in native code against the closed form of the method, far off the grid too.

Radau IIA of three stages turns dx/dt = a (1 - x) over h into 1 + (x0 - 1) R(-a h) with R(z) =
(1 + 2z/5 + z^2/20)/(1 - 3z/5 + 3z^2/20 - z^3/60).
"""

import numpy as np
import pytest

from ketaqsp.solve import radau
from ketaqsp.solve.native import collocation
from native_code import arithmetic
from tolerances import STEP

AH = np.array([1e-2, 1e-1, 1.0, 12.5, 1e2, 1e3, 1e4])


def stability(z):
    return (1 + 2 * z / 5 + z**2 / 20) / (1 - 3 * z / 5 + 3 * z**2 / 20 - z**3 / 60)


def fixed(c, h, loss):
    return collocation.gains(c, h, loss)


def varying(c, h, loss):
    return collocation.varying_gains(c, h, [loss] * 3)


@pytest.mark.parametrize("kind", [fixed, varying])
@pytest.mark.parametrize("h", [1e-3, 2.0])
def test_a_state(kind, h):
    def end(c, loss, start):
        found = kind(c, c.number(h), loss)
        return collocation.stages(c, found, start, [loss] * 3)[2]

    found = arithmetic(end, 2)(AH / h, np.full(AH.size, 3.0))
    np.testing.assert_allclose(found, 1 + 2 * stability(-AH), rtol=STEP)


def test_a_fast_state_arrives():
    """The closed form itself goes to rest: at a h = 1e4 a thousandth of the way is left."""
    assert abs(stability(-1e4)) < 1e-3 and abs(stability(-1e-2) - np.exp(-1e-2)) < 1e-12


@pytest.mark.parametrize("kind", [fixed, varying])
def test_stages_of_a_varying_push(kind):
    """Against the 3x3 system solved by NumPy, with a push of its own at each node."""
    push = (0.3, 2.0, -1.0)

    def stage(i):
        def one(c, loss, start):
            found = kind(c, c.number(0.7), loss)
            return collocation.stages(c, found, start, [c.number(x) for x in push])[i]

        return arithmetic(one, 2)(AH, np.full(AH.size, 3.0))

    found = np.array([stage(i) for i in range(3)])
    for k, loss in enumerate(AH):
        matrix = np.eye(3) + 0.7 * loss * radau.A
        wanted = np.linalg.solve(matrix, 3.0 + 0.7 * radau.A @ np.array(push))
        np.testing.assert_allclose(found[:, k], wanted, rtol=STEP, atol=STEP)


def test_the_estimate_vanishes_on_a_cubic():
    """x = 1 + t + t^2 + t^3 has no error in a method of order 3; a fourth power has."""
    h = 0.5

    def size(power):
        x = (h * radau.NODES) ** power
        return h * radau.SHARE * (power == 1) + radau.SPREAD @ x

    assert max(abs(size(p)) for p in (1, 2, 3)) < 1e-15 < abs(size(4))
