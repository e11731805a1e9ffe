"""The patient at rest: the ill state before any dose, and whether a well state exists beside it."""

from ketaqsp.mood.equations import severity
from ketaqsp.synapse.equations import spines_at_rest

NAMES = ("load", "load_0", "kappa", "m_Z", "W_half", "width", "S_max")


def settled(level, p):
    """Severity that a brain would settle at if stress stayed at `level`: f(level)."""
    spines = spines_at_rest(p["load"], p["load_0"], p["kappa"], level, p["m_Z"], p["S_max"])
    return severity(spines, 1.0, 0.0, 0.0, p["W_half"], p["width"])


def _climb(p, start, n, sweeps=400):
    """Fixed point of f from one end: f is increasing, so the iteration cannot pass a root."""
    import numpy as np

    level = np.full(n, start)
    for _ in range(sweeps):
        level = settled(level, p)
    for _ in range(4):  # Newton, where the slope is safely below one
        f, slope = settled(level, p), _slope(level, p)
        level = np.where(slope < 0.9, level - (level - f) / (1 - np.minimum(slope, 0.9)), f)
    return level


def _slope(level, p, step=1e-6):
    return (settled(level + step, p) - settled(level - step, p)) / (2 * step)


def states(parameters, n):
    """Severity at the ill and at the well end, slope of the map at the ill end; arrays (n,).

    A patient is stably ill if the slope is below 1 and bistable if the two ends differ.
    """
    p = {name: parameters[name] for name in NAMES}
    ill, well = _climb(p, 1.0, n), _climb(p, 0.0, n)
    return ill, well, _slope(ill, p)
