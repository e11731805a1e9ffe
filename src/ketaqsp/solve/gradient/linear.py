"""The linear part in JAX: propagators of each plasma system and the march over the grid.

Derivatives of the march are written out: its tangent is the same march, with the derivative of
each propagator times the state that it met as a source. So no table of propagators is carried
backwards through the steps. Matrices are (..., n), patients last.
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from ketaqsp.blocks import Flow, Follow
from ketaqsp.solve.linear import TERMS
from ketaqsp.solve.radau import NODES

MOST_SQUARINGS = 16  # doublings from scratch: the fastest rate times its span below 2^15


def generator(system, values, n):
    """M and B side by side, (n, m, m + k): see ketaqsp.solve.linear.generator."""
    index = {name: i for i, name in enumerate(system.states)}
    m, k = len(index), len(system.inputs)
    columns = {f"input_{name}": m + j for j, (name, _) in enumerate(system.inputs)}
    cells = {}

    def add(row, column, x):
        cells[row, column] = cells.get((row, column), 0.0) + x

    for block in system.blocks:
        if isinstance(block, Flow):
            rate = block.rate(values)
            add(index[block.source], index[block.source], -rate)
            if block.target is not None:
                add(index[block.target], index[block.source], rate)
        elif isinstance(block, Follow):
            row = index[block.name]
            add(row, row, -block.rate(values))
            for name, gain in block.drives:
                add(row, index.get(name, columns.get(name)), gain(values))
    for j, (_, target) in enumerate(system.inputs):
        add(index[target], m + j, 1.0)
    places = sorted(cells)
    stacked = jnp.stack([jnp.broadcast_to(jnp.asarray(cells[p], float), (n,)) for p in places], 1)
    rows, cols = (np.array(x) for x in zip(*places, strict=True))
    return jnp.zeros((n, m, m + k)).at[:, rows, cols].set(stacked, unique_indices=True)


@jax.checkpoint
def _growth(g, h, count):
    """exp of the generator (n, m, m + k) over h less the identity, doubled `count` times."""
    m, wide = g.shape[1:]
    unit, shrunk = jnp.eye(m, wide), g * (h * 0.5**count)

    def onto(right):
        return (shrunk[:, :, :m] @ right).at[:, :, m:].add(shrunk[:, :, m:])

    def horner(total, order):
        return unit + onto(total) / order, None

    def again(x, i):
        return jnp.where(i < count, _doubled(x), x), None

    start = jnp.broadcast_to(unit, g.shape)
    total, _ = jax.lax.scan(horner, start, jnp.arange(TERMS, 1, -1.0))
    return jax.lax.scan(again, onto(total), jnp.arange(MOST_SQUARINGS))[0]


def _doubled(f):
    """The growth of twice the step, (..., m, wide): see ketaqsp.solve.linear.doubled."""
    m, wide = f.shape[-2:]
    diagonal = jnp.eye(m, wide)
    own = jnp.diagonal(f[..., :m], axis1=-2, axis2=-1)
    others = f * (1.0 - diagonal)
    here, there = own[..., :, None], jnp.pad(own, [(0, 0)] * (f.ndim - 2) + [(0, wide - m)])
    out = others[..., :m] @ others + others * ((1.0 + here) + (1.0 + there[..., None, :]))
    return out + diagonal * (here * (2.0 + here))


def squarings(fastest, h):
    """How often the growth over h is doubled where the fastest rate is this (1/h)."""
    return min(MOST_SQUARINGS, max(0, math.ceil(math.log2(fastest * h * 2)) + 1))


def families(lengths):
    """[(length, its doubles that occur)]: the first is worked out, the others are doubled."""
    known = {round(x * 1e10): float(x) for x in lengths}
    left, out = set(known), []
    for key in sorted(known):
        if key not in left:
            continue
        chain = []
        while key in left:
            left.discard(key)
            chain.append(known[key])
            key = round(known[key] * 2 * 1e10)
        out.append(chain)
    return out


def propagators(g, lengths, fastest, wanted):
    """Whole steps (S, m, wide, n) and rows `wanted` at the inner nodes (S, 2 wanted, wide, n).

    lengths: (S,) sorted. One that is twice another is doubled from it. All are growths: what is
    added to the state.
    """
    m = g.shape[1]
    chains = families(lengths)
    spans = np.array([[c * chain[0] for c in NODES] for chain in chains])
    counts = np.vectorize(partial(squarings, fastest))(spans).astype(float)
    given = jnp.asarray(spans.ravel()), jnp.asarray(counts.ravel())
    roots = jax.lax.map(lambda x: _growth(g, *x), given)
    roots = roots.reshape(len(chains), 3, *roots.shape[1:])
    deep = [i for i, chain in enumerate(chains) if len(chain) > 1]
    most = max((len(chain) for chain in chains), default=1) - 1
    made = {chain[0]: roots[i] for i, chain in enumerate(chains)}
    if deep:
        first = roots[np.array(deep)]
        _, doubles = jax.lax.scan(lambda x, _: (_doubled(x),) * 2, first, None, length=most)
        for place, i in enumerate(deep):
            for order, length in enumerate(chains[i][1:]):
                made[length] = doubles[order, place]
    table = jnp.stack([made[float(x)] for x in lengths])
    inner = jnp.concatenate([table[:, 0][:, :, wanted], table[:, 1][:, :, wanted]], axis=2)
    return tuple(jnp.moveaxis(x, 1, -1) for x in (table[:, 2][:, :, :m], inner))


def march(size_of, wanted, whole, inner, rates, jumps):
    """States before each step and at the end (K + 1, m, n), and nodes (K, 3, wanted, n).

    size_of: (K,) place of each step's length. rates: (K, k, n) umol/h. jumps: (K, m, n), what is
    given at once before the step.
    """
    return _march(tuple(size_of.tolist()), tuple(wanted), whole, inner, rates, jumps)


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _march(size_of, wanted, whole, inner, rates, jumps):
    return _affine(size_of, wanted, whole, inner, rates, jumps, None)


@_march.defjvp
def _march_rule(size_of, wanted, primals, tangents):
    whole, inner, rates, jumps = primals
    whole_dot, inner_dot, rates_dot, jumps_dot = tangents
    out = states, _ = _march(size_of, wanted, *primals)
    met = jnp.concatenate([states[:-1] + jumps, rates], axis=1)
    places = np.array(size_of)
    groups = [np.flatnonzero(places == s) for s in range(whole.shape[0])]
    back = np.argsort(np.concatenate(groups))

    def source(change):
        parts = [_product(change[s], met[steps]) for s, steps in enumerate(groups)]
        return jnp.concatenate(parts)[back]

    sources = source(whole_dot), source(inner_dot)
    return out, _affine(size_of, wanted, whole, inner, rates_dot, jumps_dot, sources)


def _product(matrix, met):
    """(k, i, n): a matrix (i, w, n) times each of met (k, w, n)."""
    return jnp.einsum("iwn,kwn->kin", matrix, met)


def _affine(size_of, wanted, whole, inner, rates, jumps, sources):
    """The march; sources: (push, inside) to add to the end and the inner nodes of each step."""
    m, n = whole.shape[1], whole.shape[-1]
    k = len(wanted)
    picked = np.array(wanted, dtype=int)

    @jax.checkpoint
    def step(z, given):
        which, rate, jump, *more = given
        now = z + jump
        met = jnp.concatenate([now, rate])[None]
        after = now + (whole[which] * met).sum(1)
        at = jnp.tile(now[picked], (2, 1)) + (inner[which] * met).sum(1)
        if more:
            after, at = after + more[0], at + more[1]
        nodes = jnp.concatenate([at.reshape(2, k, n), after[picked][None]])
        return after, (z, nodes)

    xs = (jnp.array(size_of), rates, jumps, *(sources or ()))
    last, (states, nodes) = jax.lax.scan(step, jnp.zeros((m, n)), xs)
    return jnp.concatenate([states, last[None]]), nodes
