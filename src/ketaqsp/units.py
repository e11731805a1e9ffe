"""Units: one registry, loaded only when a unit has to be checked or converted."""

from functools import cache


@cache
def registry():
    """The pint registry. Inside the package: h, kg, umol, L, umol/L; fraction is dimensionless."""
    import pint

    units = pint.UnitRegistry(cache_folder=None)
    units.define("fraction = 1")
    units.define("points = 1")
    units.define("log = 1")
    return units


@cache
def unit(text):
    """The pint unit of a table's text such as '1/h' or 'umol/L'; '1' is dimensionless.

    Raises ValueError with the text if pint cannot read it.
    """
    if text in ("1", "fraction", "points", "log"):
        return registry().Unit("dimensionless")
    try:
        return registry().Unit(text)
    except Exception as problem:
        raise ValueError(f"unit {text!r} cannot be read: {problem}") from problem


def quantity(value, text):
    """value with the unit of `text`."""
    return registry().Quantity(value, unit(text))
