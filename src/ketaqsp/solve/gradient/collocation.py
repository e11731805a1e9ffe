"""The Radau solves of a step in JAX, each with a derivative rule of its own.

A stage solve is linear, so its derivative is the same solve with another right-hand side; nothing
inside it is differentiated. Values at the three nodes are (3, n); a loss that does not change on
the step is (n,).
"""

import jax
import jax.numpy as jnp
import numpy as np

from ketaqsp.solve import radau

STAGES = range(3)
A = radau.A
TRACE = float(np.trace(A))
DET = float(np.linalg.det(A))
ADJOINT = np.linalg.inv(A) * DET
# (I + a A)^-1 = (I + a (t I - A) + a^2 adj A)/det for a = h loss: see native/collocation.py.
START = np.stack([np.ones(3), TRACE - A.sum(axis=1), ADJOINT.sum(axis=1)])
WEIGHT = np.stack([A, TRACE * A - A @ A, DET * np.eye(3)])
DENOMINATOR = (1.0, TRACE, float(np.trace(ADJOINT)), DET)


def _polynomial(series, a):
    """By Horner; each coefficient a number, or (3,) for a column of nodes."""
    out = 0.0
    for x in reversed(series):
        out = out * a + (x[:, None, None] if np.ndim(x) else x)
    return out


def gains(h, losses):
    """Of every loss that is fixed on the step, (L, n): gains of the start and of the production.

    Returns (3, L, n), and one (3, L, n) for the production at each node. They are the solves, so
    no derivative passes through them.
    """
    a = h * jax.lax.stop_gradient(losses)
    inverse = 1.0 / _polynomial(DENOMINATOR, a)
    scaled = h * inverse
    columns = tuple(_polynomial(WEIGHT[:, :, j], a) * scaled for j in STAGES)
    return _polynomial(START, a) * inverse, columns


def picked(found, i):
    """The gains of one of the losses."""
    first, columns = found
    return first[:, i], tuple(c[:, i] for c in columns)


def cross(a, b):
    """a x b of vectors (3, n), as three (n,)."""
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


def solve3(columns, right):
    """(3, n): x with columns[0] x0 + columns[1] x1 + columns[2] x2 = right, all (3, n)."""
    p, q, r = columns
    qr, rp, pq = cross(q, r), cross(r, p), cross(p, q)
    one = 1.0 / sum(p[i] * qr[i] for i in STAGES)
    return jnp.stack([sum(right[i] * v[i] for i in STAGES) * one for v in (qr, rp, pq)])


def _apply(h, found, loss, start, production):
    """Stage values (3, n): linear in start (n,) and production (3, n). found: gains, or None."""
    if found is None:
        columns = [_unit(j) + (h * A[:, j])[:, None] * loss[j] for j in STAGES]
        push = sum((h * A[:, j])[:, None] * production[j] for j in STAGES)
        return solve3(columns, start + push)
    first, columns = found
    return first * start + sum(columns[j] * production[j] for j in STAGES)


def _unit(j):
    return np.eye(3)[:, j : j + 1]


@jax.custom_jvp
def turnover(h, found, start, production, loss):
    """Values at the nodes of dx/dt = production - loss x over a step h from `start`.

    found: the gains of the loss if it is fixed on the step, else None.
    """
    return _apply(h, found, loss, start, production)


@turnover.defjvp
def _turnover_rule(primals, tangents):
    h, found, start, production, loss = primals
    _, _, start_dot, production_dot, loss_dot = tangents
    x = _apply(h, found, loss, start, production)
    return x, _apply(h, found, loss, start_dot, production_dot - loss_dot * x)


def _joint(found, ons, starts, pushes):
    """(total bound, each ligand) at the nodes: linear in the starts and in what pushes them.

    (I + h A off_l) B_l = B_l0 + h A (push_l - on_l U) with U = sum B_l: one 3x3 system in U.
    """
    k = [jnp.asarray(_unit(j)) for j in STAGES]
    right, parts = 0.0, []
    for (first, columns), on, start, push in zip(found, ons, starts, pushes, strict=True):
        free = first * start + sum(columns[j] * push[j] for j in STAGES)
        taken = [columns[j] * on[j] for j in STAGES]
        k = [a + b for a, b in zip(k, taken, strict=True)]
        right = right + free
        parts.append((free, taken))
    total = solve3(k, right)
    each = tuple(free - sum(taken[j] * total[j] for j in STAGES) for free, taken in parts)
    return total, each


@jax.custom_jvp
def competition(found, starts, ons, offs):
    """(total, each ligand) at the nodes of dB_l/dt = on_l (1 - sum B) - off_l B_l over a step.

    found: the gains of each off, which is fixed on the step.
    """
    return _joint(found, ons, starts, ons)


@competition.defjvp
def _competition_rule(primals, tangents):
    found, starts, ons, offs = primals
    _, starts_dot, ons_dot, offs_dot = tangents
    total, each = _joint(found, ons, starts, ons)
    pushes = tuple(
        on * (1.0 - total) - off * bound
        for on, off, bound in zip(ons_dot, offs_dot, each, strict=True)
    )
    return (total, each), _joint(found, ons, starts_dot, pushes)
