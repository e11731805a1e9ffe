"""The 3x3 solves of a Radau step as code, in closed form.

With a constant loss l and a = h l, (I + a A)^-1 = (I + a (t I - A) + a^2 adj A)/det, where t is
the trace of A and det = 1 + t a + tr(adj A) a^2 + det(A) a^3: polynomials in one number.
"""

import numpy as np

from ketaqsp.solve import radau

A = radau.A
TRACE = float(np.trace(A))
DET = float(np.linalg.det(A))
ADJOINT = np.linalg.inv(A) * DET
START = np.stack([np.ones(3), TRACE - A.sum(axis=1), ADJOINT.sum(axis=1)])  # powers of a
WEIGHT = np.stack([A, TRACE * A - A @ A, DET * np.eye(3)])
DENOMINATOR = (1.0, TRACE, float(np.trace(ADJOINT)), DET)
GAINS = 13  # three gains of the start, nine weights of the production, one of the error


def filtered(c, h, loss):
    """1/(1 + h SHARE loss): what becomes of the error of a stiff state."""
    scaled = c.op("mul", h, c.number(radau.SHARE))
    return c.op("div", c.number(1.0), c.fma(scaled, loss, c.number(1.0)))


def error(c, h, start, rate, x):
    """h SHARE rate + sum SPREAD_i (x_i - start): see radau.SPREAD."""
    scaled = c.op("mul", h, c.number(radau.SHARE))
    moved = [(c.op("sub", x[i], start), c.number(radau.SPREAD[i])) for i in range(3)]
    return c.total(moved, c.op("mul", scaled, rate))


def _polynomial(c, a, series):
    out = c.number(series[-1])
    for x in reversed(series[:-1]):
        out = c.fma(out, a, c.number(x))
    return out


def gains(c, h, loss):
    """Gains (3) of the start and weights [3][3] of the production, loss constant on the step."""
    a = c.op("mul", h, loss)
    inverse = c.op("div", c.number(1.0), _polynomial(c, a, DENOMINATOR))
    start = [c.op("mul", _polynomial(c, a, START[:, i]), inverse) for i in range(3)]
    scaled = c.op("mul", h, inverse)
    weight = [
        [
            c.op("mul", _polynomial(c, a, WEIGHT[: 3 if i == j else 2, i, j]), scaled)
            for j in range(3)
        ]
        for i in range(3)
    ]
    return start, weight


def inverse3(c, m):
    """Inverse of a 3x3 matrix of values, by cofactors."""

    def minor(p, q, r, s):
        return c.op("sub", c.op("mul", p, s), c.op("mul", q, r))

    (a, b, d), (e, f, g), (h, i, j) = m
    top = [minor(f, g, i, j), minor(d, b, j, i), minor(b, d, f, g)]
    rows = [
        top,
        [minor(g, e, j, h), minor(a, d, h, j), minor(d, a, g, e)],
        [minor(e, f, h, i), minor(b, a, i, h), minor(a, b, e, f)],
    ]
    det = c.total([(a, top[0]), (e, top[1]), (h, top[2])])
    one = c.op("div", c.number(1.0), det)
    return [[c.op("mul", x, one) for x in row] for row in rows]


def varying_gains(c, h, losses):
    """The same as gains() with a loss of its own at each node."""
    scaled = [c.op("mul", h, x) for x in losses]
    m = [
        [
            c.fma(c.number(A[i, j]), scaled[j], c.number(1.0))
            if i == j
            else c.op("mul", c.number(A[i, j]), scaled[j])
            for j in range(3)
        ]
        for i in range(3)
    ]
    inverse = inverse3(c, m)
    start = [c.op("add", c.op("add", row[0], row[1]), row[2]) for row in inverse]
    weight = [
        [c.op("mul", c.total([(row[k], c.number(A[k, j])) for k in range(3)]), h) for j in range(3)]
        for row in inverse
    ]
    return start, weight


def stages(c, gains, start, production):
    """Values at the three nodes of dx/dt = production - loss x."""
    first, weight = gains
    out = []
    for i in range(3):
        value = c.op("mul", first[i], start)
        out.append(c.total([(weight[i][j], production[j]) for j in range(3)], value))
    return out
