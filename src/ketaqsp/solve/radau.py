"""Three-stage Radau IIA, order 5, L-stable: nodes, weights and the solves of one step.

Within a block the three stages are solved together; given what lies upstream, a turnover state is
linear in itself, so a 3x3 system in closed form is all that a step needs.
"""

import numpy as np

_R = np.sqrt(6.0)
REACH = 4.0  # lengths of a step that its polynomial is carried forward, where another will do ...
FARTHEST = 50.0  # ... and where none will: beyond, rounding (1e-16 times the cube) would show
# Numbers of a step beside its length: three nodes by four points, whether its own polynomial is
# kept, and whether its error is judged.
PER_STEP = 14
KEPT, JUDGED = 12, 13
NODES = np.array([(4 - _R) / 10, (4 + _R) / 10, 1.0])
A = np.array(
    [
        [(88 - 7 * _R) / 360, (296 - 169 * _R) / 1800, (-2 + 3 * _R) / 225],
        [(296 + 169 * _R) / 1800, (88 + 7 * _R) / 360, (-2 - 3 * _R) / 225],
        [(16 - _R) / 36, (16 + _R) / 36, 1 / 9],
    ]
)


def inverse3(m):
    """Inverses of 3x3 matrices m (3, 3, ...), by cofactors."""
    (a, b, c), (d, e, f), (g, h, i) = m
    A0, A1, A2 = e * i - f * h, c * h - b * i, b * f - c * e
    det = a * A0 + d * A1 + g * A2
    rows = (
        (A0, A1, A2),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return np.array([[x / det for x in row] for row in rows])


def turnover_inverse(h, loss):
    """(I + h A diag(loss))^-1, (3, 3, ...): loss a number, (n,) or (3, n)."""
    loss = np.asarray(loss, dtype=float)
    scaled = loss if loss.ndim == 2 else np.broadcast_to(loss, (3, *loss.shape))
    m = h * A.reshape(3, 3, *([1] * (scaled.ndim - 1))) * scaled[None]
    for i in range(3):
        m[i, i] = m[i, i] + 1.0
    return inverse3(m)


def stages(inverse, start, h, production):
    """Stage values (3, n) of dx/dt = production - loss x, with the inverse of the step."""
    right = start + h * (A @ np.broadcast_to(production, (3, start.shape[-1])))
    if inverse.ndim == 2:
        return inverse @ right
    return np.einsum("ijn,jn->in", inverse, right)


def weights(ratio, gap=0.0):
    """(3, 4): what start and three node values of a step give at the nodes of a later one.

    ratio: the later step's length, gap: what lies between the two, both in lengths of the first.
    Rounding grows with the cube of the distance; beyond FARTHEST the end value stands for all.
    """
    if ratio + gap > FARTHEST:
        return np.tile([0.0, 0.0, 0.0, 1.0], (3, 1))
    x = np.array([0.0, *NODES])
    at = 1.0 + gap + ratio * NODES
    return np.array(
        [[np.prod([(a - x[m]) / (x[j] - x[m]) for m in range(4) if m != j]) for j in range(4)]
         for a in at]
    )  # fmt: skip


def sources(times, lengths):
    """(K,): the step whose polynomial each step is extrapolated from; -1 for the first: rest.

    The latest that need not be carried further than REACH of its lengths, else the one carried
    least far. One polynomial is kept at a time, so no step goes by a later one than its successor.
    """
    ends, found = np.asarray(times)[1:], np.arange(-1, len(lengths) - 1)
    longest = lengths.max()
    for k in np.flatnonzero(lengths[1:] > REACH * lengths[:-1]) + 1:
        best, least = k - 1, np.inf
        for j in range(k - 1, -1, -1):
            distance = ends[k] - ends[j]
            if distance / lengths[j] < least:
                best, least = j, distance / lengths[j]
            if least <= REACH or distance / longest >= least:
                break
        found[k] = best
    for k in range(len(lengths) - 2, -1, -1):
        if found[k + 1] < k:
            found[k] = min(found[k], found[k + 1])
    return found


def per_step(times, lengths, jumps):
    """(K, 14): weights() of every step, by rows, then 1 where its own polynomial is kept, and 1
    where its error is judged: not where an input jumps (points `jumps`), for rates jump there too.
    """
    starts, out = np.asarray(times)[:-1], np.zeros((len(lengths), PER_STEP))
    source = sources(times, lengths)
    out[0, :KEPT:4] = 1.0
    known = {}
    for k in range(1, len(lengths)):
        j = source[k]
        gap = (starts[k] - starts[j]) / lengths[j] - 1.0 if j < k - 1 else 0.0
        asked = lengths[k] / lengths[j], gap
        if asked not in known:
            known[asked] = weights(*asked).ravel()
        out[k, :KEPT] = known[asked]
    out[source[1:], KEPT] = 1.0
    out[:, JUDGED] = 1.0
    out[[0, *(k for k in jumps if k < len(lengths))], JUDGED] = 0.0
    return out


# The error of a method of order 3 in the same stages (Hairer and Wanner, Solving Ordinary
# Differential Equations II, IV.8): (h SHARE f0 + sum SPREAD_i (x_i - x0))/(1 + h SHARE loss), with
# f0 the rate at the start.
SHARE = 0.2748888295956774
SPREAD = SHARE / 3 * np.array([-13 - 7 * _R, -13 + 7 * _R, -1.0])
RTOL = 1e-6  # of a step, relative to rest = 1
# e falls with h^4, the error of a step with h^6: so that is about e^(3/2).
LIMIT = RTOL ** (2 / 3)
