"""Quantiles and means that do not depend on pieces, order or workers: whole numbers that add up.

A value falls into the bin whose centre is nearest; a bin holds a count. The k-th value in order is
then known to half a bin, and so is a quantile, which lies between two of them. Lowest and highest
value are kept as they are: a single patient, or a dose that all were given, is told exactly.
Sums are exact: a float is a whole number times a power of two.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import sqrt

import numpy as np

BASE = 1200  # sums count in units of 2^-BASE: no float has a bit below
HALF = 26  # bits of the lower half of a mantissa: sums of 2^36 of them fit into 64 bits
SPLIT = 134217729.0  # 2^27 + 1, Veltkamp's: splits a float into two of 26 bits
NOTHING = -(2**62)  # the bin of 0 and below, where bins are relative


@dataclass(frozen=True)
class Bins:
    """`parts` bins a unit, about the multiples of their width; relative: about powers of 1 + width.

    0 and below is a bin of its own where they are relative. unit: of the width, in words.
    """

    parts: int
    unit: str
    relative: bool = False

    @property
    def width(self):
        """Width of a bin in `unit`: a quantile is off by half of it at most."""
        return 1 / self.parts

    def index(self, x):
        """Number of the bin of each x (n,), finite."""
        if not self.relative:
            return np.rint(np.asarray(x) * self.parts).astype(np.int64)
        positive = x > 0
        power = np.rint(np.log(np.where(positive, x, 1.0)) / np.log1p(self.width))
        return np.where(positive, power.astype(np.int64), NOTHING)

    def centre(self, index):
        """Middle of a bin."""
        if not self.relative:
            return index / self.parts
        return 0.0 if index == NOTHING else float(np.exp(index * np.log1p(self.width)))


# Declared widths: a tenth of what a rater can write, and a tenth of what is printed.
POINTS = Bins(20, "points")
RATIO = Bins(2000, "1")
HOURS = Bins(240, "h")
AMOUNT = Bins(2000, "relative", relative=True)


@dataclass(frozen=True)
class Moments:
    """n values, their sum and that of their squares, exactly; of two groups they add up."""

    n: int = 0
    total: int = 0
    squares: int = 0

    @classmethod
    def of(cls, x):
        """Moments of finite x (n,), any order."""
        x = np.asarray(x, dtype=float)
        square = x * x
        high = SPLIT * x - (SPLIT * x - x)
        low = x - high
        rest = ((high * high - square) + 2 * high * low) + low * low  # Dekker: what rounding left
        return cls(x.size, exact(x), exact(square) + exact(rest))

    def __add__(self, other):
        both = (self.n + other.n, self.total + other.total, self.squares + other.squares)
        return Moments(*both)

    @property
    def mean(self):
        """Mean, rounded once; NaN of nobody."""
        return float(Fraction(self.total, self.n << BASE)) if self.n else np.nan

    @property
    def sd(self):
        """SD with n - 1, rounded at the end; NaN below two."""
        if self.n < 2:
            return np.nan
        about = Fraction(self.squares * self.n << BASE) - self.total**2
        return sqrt(float(about / (self.n * (self.n - 1) << 2 * BASE)))


def exact(x):
    """Sum of finite floats (n,) as a whole number of 2^-BASE."""
    mantissa, power = np.frexp(x)
    mantissa = (mantissa * 2.0**53).astype(np.int64)
    out = 0
    for k in np.unique(power):
        some = mantissa[power == k]
        high, low = int((some >> HALF).sum()), int((some & (2**HALF - 1)).sum())
        out += ((high << HALF) + low) << (BASE + int(k) - 53)
    return out


@dataclass(eq=True)
class Histogram:
    """counts {bin: how many} of Bins, moments, lowest and highest value. Adds up in any order."""

    bins: Bins
    counts: dict = field(default_factory=dict)
    moments: Moments = Moments()
    low: float = np.inf
    high: float = -np.inf

    @classmethod
    def of(cls, bins, x):
        """The Histogram of finite x (n,)."""
        x = np.asarray(x, dtype=float)
        if not x.size:
            return cls(bins)
        where, many = np.unique(bins.index(x), return_counts=True)
        counts = dict(zip(where.tolist(), many.tolist(), strict=True))
        return cls(bins, counts, Moments.of(x), float(x.min()), float(x.max()))

    def __add__(self, other):
        counts = dict(self.counts)
        for where, many in other.counts.items():
            counts[where] = counts.get(where, 0) + many
        low, high = min(self.low, other.low), max(self.high, other.high)
        return Histogram(self.bins, counts, self.moments + other.moments, low, high)

    def quantiles(self, shares):
        """Values below which these shares (0..1) lie, by linear interpolation between neighbours.

        Off by at most half a bin from those of the values themselves. NaN of nobody.
        """
        if not self.counts:
            return (np.nan,) * len(shares)
        where = sorted(self.counts)
        upto = np.cumsum([self.counts[k] for k in where])
        return tuple(self._at(q * (self.moments.n - 1), where, upto) for q in shares)

    def _at(self, place, where, upto):
        first = int(place)
        low, high = (self._ranked(k, where, upto) for k in (first, first + 1))
        return float(low + (place - first) * (high - low))

    def _ranked(self, k, where, upto):
        """The k-th value in order, from 0: its bin's centre, the ends as they are."""
        if k <= 0 or k >= self.moments.n - 1:
            return self.low if k <= 0 else self.high
        centre = self.bins.centre(where[int(np.searchsorted(upto, k, side="right"))])
        return min(max(centre, self.low), self.high)
