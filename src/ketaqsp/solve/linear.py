"""The linear part, exactly: matrix exponentials of each plasma system, applied step by step.

dx/dt = M x + B u with u constant on a step. What is kept is the growth F = exp(M h) - I: a state
that hardly moves on a step keeps its digits, and (I + F)^2 - I is written without cancellation.
"""

import math

import numpy as np

from ketaqsp.blocks import Flow, Follow
from ketaqsp.solve.radau import NODES

TERMS = 14  # of the Taylor series at a norm below 1/2: the remainder is below 1e-16


def generator(system, values, n, kind=float):
    """M and B side by side, (n, m, m + k): k inputs in the order of system.inputs.

    kind: complex where `values` are.
    """
    index = {name: i for i, name in enumerate(system.states)}
    m, k = len(index), len(system.inputs)
    columns = {f"input_{name}": m + j for j, (name, _) in enumerate(system.inputs)}
    out = np.zeros((n, m, m + k), kind)
    for block in system.blocks:
        if isinstance(block, Flow):
            rate = block.rate(values)
            out[:, index[block.source], index[block.source]] -= rate
            if block.target is not None:
                out[:, index[block.target], index[block.source]] += rate
        elif isinstance(block, Follow):
            row = index[block.name]
            out[:, row, row] -= block.rate(values)
            for name, gain in block.drives:
                column = index.get(name, columns.get(name))
                out[:, row, column] += gain(values)
    for j, (_, target) in enumerate(system.inputs):
        out[:, index[target], m + j] += 1.0
    return out


def exponential(g, h):
    """exp of the generator (n, m, m + k) over h, the inputs held: same shape."""
    out = growth(g, h)
    rows = range(g.shape[1])
    out[:, rows, rows] += 1.0
    return out


def growth(g, h):
    """exponential() less the identity, every digit of it: same shape.

    Taylor's series of exp(A) - I at a small A, where its terms hardly cancel, then doubled.
    """
    n, m, wide = g.shape
    a = g * h
    q = -a[:, range(m), range(m)].real.min(axis=1)
    # A patient with a rate that is not finite comes out as NaN and takes nobody along.
    fastest = q[np.isfinite(q)].max(initial=1e-300)
    squarings = max(0, math.ceil(math.log2(fastest * 2)) + 1)
    a /= 2.0**squarings
    unit = np.eye(m, wide)
    total = np.broadcast_to(unit, a.shape)
    for order in range(TERMS, 1, -1):
        total = unit + _onto(a, total) / order
    total = _onto(a, total)
    for _ in range(squarings):
        total = doubled(total)
    return total


def _onto(left, right):
    """left times right, whose rows for the inputs are those of the identity."""
    m = left.shape[1]
    out = left[:, :, :m] @ right
    out[:, :, m:] += left[:, :, m:]
    return out


def doubled(f):
    """The growth of twice the step, (I + F)^2 - I: F_ij (E_ii + E_jj) + sum over others F_ik F_kj.

    On the diagonal F_ii (2 + F_ii) + the sum. E = I + F has no negative entry, so nothing cancels.
    """
    m, wide = f.shape[1:]
    rows = range(m)
    own = f[:, rows, rows]
    others = f.copy()
    others[:, rows, rows] = 0.0
    out = others[:, :, :m] @ others
    stays = np.ones((len(f), wide), f.dtype)
    stays[:, :m] += own
    out += others * (stays[:, :m, None] + stays[:, None, :])
    out[:, rows, rows] += own * (2.0 + own)
    return out


def propagators(g, lengths, wanted):
    """For each step length: the growth, and its rows `wanted` at the two inner nodes.

    Returns {length: (F (n, m, m+k), inner (n, 2 len(wanted), m+k))}. A length that is twice
    another one is doubled from it.
    """
    kept, out = {}, {}
    for length in sorted(set(lengths)):
        half = kept.get(round(length / 2 * 1e10))
        if half is not None:
            three = [doubled(f) for f in half]
        else:
            three = [growth(g, c * length) for c in NODES]
        kept[round(length * 1e10)] = three
        inner = np.concatenate([three[0][:, wanted], three[1][:, wanted]], axis=1)
        out[length] = (np.ascontiguousarray(three[2]), inner)
    return out


def march(system, g, lengths, given, wanted, keep, restarts=None):
    """Run one system over the grid.

    given: (rates (K, k, n), jumps {step: (k, n)}); a jump enters before its step.
    restarts: {point: (keep (n,), add (m, n))}: there the state becomes keep x + add, before
    anything else. wanted: indices of states needed at the nodes; keep: sorted grid points whose
    state is kept.
    Returns nodes (K, 3, len(wanted), n), their value at each start (K, len(wanted), n), and
    kept states (len(keep), m, n): at a jump the state before it.
    """
    rates, jumps = given
    n, m, wide = g.shape
    shared = propagators(g, lengths, wanted)
    entry = g[:, :, m:]  # what a unit of input adds per hour is what a bolus adds at once
    z = np.zeros((n, wide, 1))
    nodes = np.empty((len(lengths), 3, len(wanted), n))
    kept = np.empty((len(keep), m, n))
    place = {point: i for i, point in enumerate(keep)}
    restarts = restarts or {}

    def restart(k):
        if k in restarts:
            share, add = restarts[k]
            z[:, :m, 0] = z[:, :m, 0] * share[:, None] + add.T

    for k, length in enumerate(lengths):
        restart(k)
        if k in place:
            kept[place[k]] = z[:, :m, 0].T
        if k in jumps:
            z[:, :m, 0] += np.einsum("nmk,kn->nm", entry, jumps[k])
        z[:, m:, 0] = rates[k].T
        step, inner = shared[length]
        at = (inner @ z)[:, :, 0].T
        nodes[k, :2] = z[:, wanted, 0].T + at.reshape(2, len(wanted), n)
        z[:, :m] += step @ z
        nodes[k, 2] = z[:, wanted, 0].T
    restart(len(lengths))
    if len(lengths) in place:
        kept[place[len(lengths)]] = z[:, :m, 0].T
    return nodes, kept
