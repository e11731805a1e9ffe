"""Dual numbers in NumPy: a value and its slopes in a few directions, through equations as written.

For closed forms beside the solver (a landscape's fixed point, a probability of response) of which
a derivative is wanted to the last digit. ketaqsp.maths hands its functions over to `call`.
"""

import numpy as np


class Dual:
    """value (...,) and slope (directions, ...): x + sum of slope_d eps_d."""

    traced = True
    __array_ufunc__ = None  # a NumPy array on the left leaves the work to us

    def __init__(self, value, slope):
        self.value, self.slope = np.asarray(value, dtype=float), np.asarray(slope, dtype=float)

    def __getitem__(self, k):
        return Dual(self.value[k], self.slope[:, k])

    def __len__(self):
        return len(self.value)

    def chained(self, value, slope):
        """The Dual of f(self), of which f and f' are given."""
        return Dual(value, slope * self.slope)

    def call(self, name, *arguments):
        """An elementary function of ketaqsp.maths."""
        return _FUNCTIONS[name](*map(_dual, arguments))

    def __add__(self, other):
        here, there, other = self._meet(other)
        return Dual(self.value + other.value, here + there)

    def __sub__(self, other):
        here, there, other = self._meet(other)
        return Dual(self.value - other.value, here - there)

    def __mul__(self, other):
        here, there, other = self._meet(other)
        return Dual(self.value * other.value, here * other.value + self.value * there)

    def __truediv__(self, other):
        here, there, other = self._meet(other)
        value = self.value / other.value
        return Dual(value, (here - value * there) / other.value)

    def _meet(self, other):
        """Slopes of both, with as many axes as the result needs, and the other as a Dual."""
        other = _dual(other)
        axes = max(self.value.ndim, other.value.ndim)
        return _spread(self.slope, axes), _spread(other.slope, axes), other

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return _dual(other) - self

    def __rtruediv__(self, other):
        return _dual(other) / self

    def __neg__(self):
        return Dual(-self.value, -self.slope)

    def __pow__(self, exponent):
        """Whole numbers, and the half that a root is."""
        return self.chained(self.value**exponent, exponent * self.value ** (exponent - 1))


def directions(values):
    """{name: Dual} of {name: (n,)}: one direction each, in order."""
    n = len(values)
    out = {}
    for i, (name, x) in enumerate(values.items()):
        x = np.asarray(x, dtype=float)
        slope = np.zeros((n, *x.shape))
        slope[i] = 1.0
        out[name] = Dual(x, slope)
    return out


def _spread(slope, axes):
    """A slope whose values get axes in front: the directions stay first."""
    if slope.ndim in (0, axes + 1):
        return slope
    return slope.reshape(len(slope), *[1] * (axes + 1 - slope.ndim), *slope.shape[1:])


def _dual(x):
    return x if isinstance(x, Dual) else Dual(x, 0.0)


def _power(x, p):
    """As ketaqsp.maths.power: 0 with slope 0 at and below zero."""
    positive = x.value > 0
    log = np.log(np.where(positive, x.value, 1.0))
    value = np.where(positive, np.exp(p.value * log), 0.0)
    by_x = np.where(positive, p.value * value / np.where(positive, x.value, 1.0), 0.0)
    here, there, _ = x._meet(p)
    return Dual(value, by_x * here + value * log * there)


def _softplus(x):
    return x.chained(np.logaddexp(x.value, 0.0), 1.0 / (1.0 + np.exp(-x.value)))


_FUNCTIONS = {
    "exp": lambda x: x.chained(np.exp(x.value), np.exp(x.value)),
    "log": lambda x: x.chained(np.log(x.value), 1.0 / x.value),
    "sqrt": lambda x: x.chained(np.sqrt(x.value), 0.5 / np.sqrt(x.value)),
    "power": _power,
    "softplus": _softplus,
}
