"""Three-stage Radau IIA, order 5, L-stable: nodes, weights and the solves of one step.

Within a block the three stages are solved together; given what lies upstream, a turnover state is
linear in itself, so a 3x3 system in closed form is all that a step needs.
"""

import numpy as np

_R = np.sqrt(6.0)
FARTHEST = 1e4  # times its length that the polynomial of a step is carried forward
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


def weights(ratio):
    """(3, 4): what start and three node values of a step give at the nodes of the next.

    Rounding grows with the square of the ratio; beyond FARTHEST the end value stands for all.
    """
    if ratio > FARTHEST:
        return np.tile([0.0, 0.0, 0.0, 1.0], (3, 1))
    x = np.array([0.0, *NODES])
    at = 1.0 + ratio * NODES
    return np.array(
        [[np.prod([(a - x[m]) / (x[j] - x[m]) for m in range(4) if m != j]) for j in range(4)]
         for a in at]
    )  # fmt: skip


def extrapolate(start, values, ratio):
    """Node values of the next step from this step's polynomial; ratio = next length/this one."""
    w = weights(ratio)
    return w[:, :1] * start + w[:, 1:] @ values


def all_weights(lengths):
    """(K, 12): weights() of every step, by rows; the first step has nothing to go by but rest."""
    out = np.empty((len(lengths), 3, 4))
    out[0] = np.array([1.0, 0.0, 0.0, 0.0])
    ratios, which = np.unique(lengths[1:] / lengths[:-1], return_inverse=True)
    if len(ratios):
        out[1:] = np.array([weights(ratio) for ratio in ratios])[which]
    return out.reshape(-1, 12)
