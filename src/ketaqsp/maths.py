"""The few functions that an equation may use beside + - * / and integer powers.

One text of an equation has to run on floats, NumPy arrays, JAX arrays, SymPy symbols, pint
quantities and nodes of the native solver. Each function here looks at the type of its argument
and passes the work on. SymPy gets named functions (`softplus`, `hill`, `power`), so that the
documentation reads them and the export can expand them in a form that is numerically stable.
"""

import math


def _kind(*values):
    """'traced', 'sympy', 'pint', 'jax', 'numpy' or 'float': the widest type among the values."""
    kind = "float"
    for value in values:
        module = type(value).__module__
        root = module.partition(".")[0]
        if root == "ketaqsp" and hasattr(value, "traced"):  # a node of the native solver
            return "traced"
        if root in ("sympy", "ketaqsp"):  # the named functions below are SymPy's, made here
            return "sympy"
        if root == "pint":
            return "pint"
        if root in ("jax", "jaxlib"):
            kind = "jax"
        elif root == "numpy" and kind != "jax":
            kind = "numpy"
    return kind


def _library(kind):
    if kind == "numpy":
        import numpy

        return numpy
    import jax.numpy

    return jax.numpy


def _traced(name, *values):
    """The node that stands for this function of nodes and numbers."""
    return next(v for v in values if hasattr(v, "traced")).call(name, *values)


def _elementary(name, x):
    kind = _kind(x)
    if kind == "traced":
        return _traced(name, x)
    if kind == "float":
        return getattr(math, name)(x)
    if kind == "sympy":
        import sympy

        return getattr(sympy, name)(x)
    if kind == "pint":
        return getattr(math, name)(_plain(x))
    return getattr(_library(kind), name)(x)


def _plain(quantity):
    """Magnitude of a dimensionless quantity; anything with a unit is an error of dimension."""
    return quantity.to("dimensionless").magnitude if hasattr(quantity, "to") else quantity


def exp(x):
    """e to the power x, x dimensionless."""
    return _elementary("exp", x)


def log(x):
    """Natural logarithm, x dimensionless and positive."""
    return _elementary("log", x)


def sqrt(x):
    """Square root; a unit is halved with it."""
    if _kind(x) == "pint":
        return x**0.5
    return _elementary("sqrt", x)


def power(x, p):
    """x^p for x > 0; 0 with slope 0 at and below zero. Both dimensionless.

    An implicit stage may dip below zero although the equation cannot; there a non-integer power
    would be NaN, and this function states its value instead.
    """
    kind = _kind(x, p)
    if kind == "traced":
        return _traced("power", x, p)
    if kind == "float":
        return math.exp(p * math.log(x)) if x > 0 else 0.0
    if kind == "sympy":
        return _named("power")(x, p)
    if kind == "pint":
        return power(float(_plain(x)), float(_plain(p)))
    xp = _library(kind)
    positive = x > 0
    # The inner where keeps the gradient finite on the branch that is not taken.
    return xp.where(positive, xp.exp(p * xp.log(xp.where(positive, x, 1.0))), 0.0)


def softplus(x):
    """ln(1 + e^x), dimensionless: smooth, positive, about x for large x."""
    kind = _kind(x)
    if kind == "traced":
        return _traced("softplus", x)
    if kind == "float":
        return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
    if kind == "sympy":
        return _named("softplus")(x)
    if kind == "pint":
        return softplus(float(_plain(x)))
    return _library(kind).logaddexp(x, 0.0)


def hill(x, ec50, gamma):
    """(x/ec50)^gamma / (1 + (x/ec50)^gamma): from 0 to 1, one half at x = ec50.

    x and ec50 share a unit; gamma is dimensionless.
    """
    if _kind(x, ec50, gamma) == "sympy":
        return _named("hill")(x, ec50, gamma)
    raised = power(x / ec50, gamma)
    return raised / (1 + raised)


_NAMED = {}


def _named(name):
    """The SymPy function of this name, whose `doit` gives the stable expansion."""
    if not _NAMED:
        import sympy

        class power(sympy.Function):
            nargs = 2

            def doit(self, **hints):
                x, p = (part.doit(**hints) for part in self.args)
                return x**p

        class softplus(sympy.Function):
            nargs = 1

            def doit(self, **hints):
                (x,) = (part.doit(**hints) for part in self.args)
                return sympy.log(1 + sympy.exp(x))

        class hill(sympy.Function):
            nargs = 3

            def doit(self, **hints):
                x, ec50, gamma = (part.doit(**hints) for part in self.args)
                raised = (x / ec50) ** gamma
                return raised / (1 + raised)

        _NAMED.update(power=power, softplus=softplus, hill=hill)
    return _NAMED[name]
