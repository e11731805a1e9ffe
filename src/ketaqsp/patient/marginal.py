"""How one covariate is spread: value from a standard normal and back, cut off where asked.

A latent normal z becomes a value by the quantile function, so that correlations of the latent
normals (a Gaussian copula) leave the spread of each covariate as its table says.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ketaqsp.errors import BadInput

NODES = 400  # of the quadrature over quantiles
NEAR = 0.01  # of an SD: how near the moments of a cut distribution come to those asked for
STEPS, HALVINGS = 60, 12
WORDS = {"normal": "normal", "lognormal": "log-normal", "count": "log-normal"}
HALF = 0.5  # a whole number stands for all that rounds to it


@dataclass(frozen=True)
class Marginal:
    """centre + spread z, or centre exp(spread z) if log-normal; cut to low..high if not None.

    For kind "fraction" centre is the share of ones. spread 0 is a constant.
    """

    kind: str
    centre: float
    spread: float = 0.0
    low: float | None = None
    high: float | None = None

    def value(self, z):
        """Values (n,) of latent normals z (n,)."""
        if self.kind == "fraction":
            return (_cdf(z) > 1 - self.centre).astype(float)
        if self.spread == 0:
            return np.full(np.shape(z), self.centre)
        if self.low is not None or self.high is not None:
            z = self._inside(z)
        if self.kind == "normal":
            return self.centre + self.spread * z
        x = self.centre * np.exp(self.spread * z)
        return np.rint(x) if self.kind == "count" else x

    def median(self):
        """The value in the middle, of z = 0."""
        return float(self.value(np.zeros(1))[0])

    def latent(self, x):
        """(lowest, highest) z (n,) that give the values x (n,); equal for a continuous one."""
        x = np.asarray(x, dtype=float)
        if self.kind == "fraction":
            edge = _quantile(1 - self.centre)
            return np.where(x > HALF, edge, -np.inf), np.where(x > HALF, np.inf, edge)
        if self.spread == 0:
            return np.full(x.shape, -np.inf), np.full(x.shape, np.inf)
        if self.kind == "count":
            return self._outside(x - HALF), self._outside(x + HALF)
        z = self._outside(x)
        return z, z

    def _edges(self):
        """Shares of the uncut distribution below low and below high."""
        low = 0.0 if self.low is None else float(_cdf(self._plain(self.low)))
        high = 1.0 if self.high is None else float(_cdf(self._plain(self.high)))
        return low, high

    def _inside(self, z):
        """z of the uncut distribution at the same rank of the cut one."""
        low, high = self._edges()
        if low > HALF:  # count from the other end, where the digits are
            low, high = self._edges_above()
            return -_quantile(high + (low - high) * _cdf(-z))
        return _quantile(low + (high - low) * _cdf(z))

    def _edges_above(self):
        low = 1.0 if self.low is None else float(_cdf(-self._plain(self.low)))
        high = 0.0 if self.high is None else float(_cdf(-self._plain(self.high)))
        return low, high

    def _plain(self, x):
        """z of a value in the uncut distribution."""
        x = np.asarray(x, dtype=float)
        if self.kind == "normal":
            return (x - self.centre) / self.spread
        with np.errstate(divide="ignore"):
            return np.log(np.maximum(x, 0) / self.centre) / self.spread

    def _outside(self, x):
        z = self._plain(x)
        if self.low is None and self.high is None:
            return z
        low, high = self._edges()
        return _quantile(np.clip((_cdf(z) - low) / (high - low), 0, 1))

    def moments(self):
        """(mean, SD) by quadrature over quantiles; a whole number as if it were not rounded."""
        if self.kind == "fraction":
            return self.centre, math.sqrt(self.centre * (1 - self.centre))
        smooth = Marginal("lognormal", self.centre, self.spread, self.low, self.high)
        x = (smooth if self.kind == "count" else self).value(_nodes())
        return float(x.mean()), float(x.std())


def lognormal(mean, sd):
    """(median, SD of the logarithm) of the log-normal with this mean and SD."""
    spread = math.sqrt(math.log1p((sd / mean) ** 2))
    return mean * math.exp(-(spread**2) / 2), spread


@lru_cache(maxsize=256)
def fitted(kind, mean, sd, low=None, high=None, name=""):
    """The Marginal whose values, cut to low..high, have this mean and SD.

    Raises BadInput if no such distribution exists: a mean outside, an SD too large for the range.
    """
    if sd == 0:
        return Marginal(kind if kind == "normal" else "normal", mean)
    if kind != "normal" and mean <= 0:
        raise BadInput(f"{name}: mean {mean:g} with SD {sd:g}; allowed: a mean above 0.")
    edge = HALF if kind == "count" else 0.0
    low = None if low is None else low - edge
    high = None if high is None else high + edge
    start = (mean, sd) if kind == "normal" else lognormal(mean, sd)
    if low is None and high is None:
        return Marginal(kind, *start)
    if not (low is None or low < mean) or not (high is None or mean < high):
        raise BadInput(
            f"{name}: the mean {mean:g} lies outside {_range(low, high)}. Bring them together."
        )
    return _cut(kind, mean, sd, low, high, start, name)


def _cut(kind, mean, sd, low, high, start, name):
    """The cut distribution by Newton steps on (centre, log of spread), halved until they help."""
    first = start[0] if kind == "normal" else math.log(start[0])
    at = np.array([first, math.log(start[1])])
    missed = _miss(kind, at, mean, sd, low, high)
    for _ in range(STEPS):
        if np.abs(missed).max() < NEAR * NEAR:
            break
        nudge = np.array([1e-4 * math.exp(at[1]), 1e-4])
        slope = np.empty((2, 2))
        for k in range(2):
            other = at + nudge * (np.arange(2) == k)
            slope[:, k] = (_miss(kind, other, mean, sd, low, high) - missed) / nudge[k]
        if not np.isfinite(slope).all() or abs(np.linalg.det(slope)) < 1e-12:
            break
        step = -np.linalg.solve(slope, missed)
        for _ in range(HALVINGS):
            then = _miss(kind, at + step, mean, sd, low, high)
            if np.abs(then).max() < np.abs(missed).max():
                break
            step = step / 2
        else:
            break
        at, missed = at + step, then
    if not np.abs(missed).max() < NEAR:
        raise BadInput(
            f"{name}: no {WORDS[kind]} spread cut to {_range(low, high)} has mean {mean:g} and SD "
            f"{sd:g}. Give a smaller SD, or a wider min and max."
        )
    return _at(kind, at, low, high)


def _at(kind, at, low, high):
    centre = at[0] if kind == "normal" else math.exp(min(at[0], 50))
    return Marginal(kind, float(centre), math.exp(min(at[1], 50)), low, high)


def _miss(kind, at, mean, sd, low, high):
    """Mean and SD of a cut distribution less those wanted, in SDs."""
    with np.errstate(all="ignore"):
        got, spread = _at(kind, at, low, high).moments()
    found = np.array([got - mean, spread - sd]) / sd
    return np.where(np.isfinite(found), found, np.inf)


def _range(low, high):
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"


def _nodes():
    return _quantile((np.arange(NODES) + HALF) / NODES)


def _cdf(z):
    from scipy.special import ndtr

    return ndtr(z)


def _quantile(u):
    from scipy.special import ndtri

    return ndtri(u)
