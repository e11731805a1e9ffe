"""The patient at rest: the ill state before any dose, and whether a well state exists beside it."""

from functools import lru_cache

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
        before, level = level, settled(level, p)
        if (level == before).all():  # to the last bit: nothing would move any more
            break
    for _ in range(4):  # Newton, where the slope is safely below one
        f, slope = settled(level, p), slope_at(level, p)
        level = np.where(slope < 0.9, level - (level - f) / (1 - np.minimum(slope, 0.9)), f)
    return level


def slope_at(level, p, step=1e-6):
    """Slope of f: how much of a change of stress comes back as severity."""
    return (settled(level + step, p) - settled(level - step, p)) / (2 * step)


def states(parameters, n):
    """Severity at the ill and at the well end, slope of the map at the ill end; arrays (n,).

    A patient is stably ill if the slope is below 1 and bistable if the two ends differ.
    """
    p = {name: parameters[name] for name in NAMES}
    if n == 1 and all(isinstance(x, float) for x in p.values()):
        return tuple(x.copy() for x in _alone(*p.values()))  # the typical patient, again and again
    return _ends(p, n)


@lru_cache(maxsize=64)
def _alone(*values):
    return _ends(dict(zip(NAMES, values, strict=True)), 1)


def _ends(p, n):
    ill, well = _climb(p, 1.0, n), _climb(p, 0.0, n)
    return ill, well, slope_at(ill, p)
