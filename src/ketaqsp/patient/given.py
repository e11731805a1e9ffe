"""Parameter values that are given by name: known, finite, and within what their row promises."""

from functools import cache

import numpy as np

from ketaqsp.chain.cuts import CUTS, SCENARIOS, overrides
from ketaqsp.errors import BadInput, unknown
from ketaqsp.parameters import rows
from ketaqsp.patient.populations import covariates

PARAMETER = {"weight_kg": "W", "baseline_madrs": "M0"}  # covariates that the chain reads itself
SCALES = ("L", "h", "g/mol", "kg", "umol/L")  # units of what others are divided by: never zero
WIDTHS = ("K_H", "w_vas", "width")  # others are divided by these as well
MORE_THAN = {"S_max": 1.0}  # every place for a spine is more than health has taken


@cache
def default_rows():
    """{symbol: row} of the tables' default values."""
    return {row.symbol: row for row in rows() if row.role == "default"}


@cache
def bounds(symbol):
    """(low, high, is low itself allowed?) of a parameter, in the unit of its row.

    A fraction lies in 0..1; what is log-normal between people, or is a volume, a time or a
    concentration, is above 0; other quantities with a unit, and what the prior has by factors, are
    0 or more. A switch, a weight or a logarithm promises nothing. What a cut or a scenario sets is
    always allowed; baseline MADRS has the range of its covariate.
    """
    row = default_rows()[symbol]
    low, high, closed = -np.inf, np.inf, True
    if row.unit == "fraction":
        beyond = row.value >= 1 and row.prior_fold > 1  # its prior goes above 1
        low, high = 0.0, np.inf if beyond else 1.0
    elif row.unit == "log" or (row.unit == "1" and row.omega == 0 and row.prior_fold == 1):
        return low, high, closed
    else:
        low, closed = 0.0, not (row.omega > 0 or row.unit in SCALES)
    closed &= symbol not in (*WIDTHS, *MORE_THAN)
    low = MORE_THAN.get(symbol, low)
    if symbol == PARAMETER["baseline_madrs"]:
        high = covariates()["baseline_madrs"].high
    set_to = [v[symbol] for v in (*CUTS.values(), *SCENARIOS.values()) if symbol in v]
    if any(x < low for x in set_to):
        low = min(set_to)
    return low, high, closed or low in set_to


def listed(some, field, what):
    """A tuple of a list; one name by itself is a list of one. Raises BadInput for no list."""
    try:
        return (some,) if isinstance(some, str) else tuple(some)
    except TypeError:
        raise BadInput(f"{field} is {some!r}; allowed: a list of {what}.", field=field) from None


def overridden(cut, scenario):
    """{symbol: value} of the named cuts and scenarios. Raises BadInput for what is no name."""
    asked = []
    for kind, known, some in (("cut", CUTS, cut), ("scenario", SCENARIOS, scenario)):
        asked.append(listed(some, kind, "names"))
        for name in asked[-1]:
            if not isinstance(name, str):
                raise unknown(kind, name, sorted(known), field=kind)
    return overrides(*asked)


def checked(changed, n, also=()):
    """`changed` with each value as a float, or as floats (n,), for n patients.

    also: further names that are known, of a plasma model that is not the tables'. Raises BadInput
    for an unknown name, what is no number, another length than n, or a value out of range.
    """
    return {symbol: _value(symbol, value, n, also) for symbol, value in changed.items()}


def _value(symbol, value, n, also):
    known = default_rows()
    if symbol == "D_ill":
        raise BadInput(
            "D_ill, the severity before any dose, follows from a patient's landscape, so a value "
            "would be written over; allowed: load, kappa, W_half and others that shape it, or M0, "
            "the points of MADRS before any dose.",
            field=symbol,
        )
    if symbol not in known and symbol not in also:
        raise unknown("parameter", symbol, known, field=symbol)
    row = known.get(symbol)
    unit = "" if row is None or row.unit == "1" else f" {row.unit}"
    try:
        x = np.asarray(value)
        x = x.astype(float) if x.dtype.kind in "iuf" else None
    except ValueError:  # lists of different lengths
        x = None
    who = "a number" if n == 1 else f"a number, or an array of {n}, one a patient"
    if x is None:
        raise BadInput(f"{symbol} is {_short(value)}; give {who}, in{unit or ' 1'}.", field=symbol)
    if x.ndim and x.shape != (n,):
        raise BadInput(
            f"{symbol} has shape {x.shape}, {_short(value)}; allowed: {who}.", field=symbol
        )
    check_range(symbol, x)
    return float(x) if x.ndim == 0 else x


def check_range(symbol, x):
    """Raises BadInput unless the numbers x are finite and within the bounds of their row."""
    row = default_rows().get(symbol)
    low, high, closed = (-np.inf, np.inf, True) if row is None else bounds(symbol)
    x = np.atleast_1d(np.asarray(x, dtype=float))
    with np.errstate(invalid="ignore"):
        good = np.isfinite(x) & (x >= low if closed else x > low) & (x <= high)
    if good.all():
        return
    unit = "" if row is None or row.unit == "1" else f" {row.unit}"
    place = int(np.flatnonzero(~good)[0])
    where = "" if x.size == 1 else f" of patient {place}"
    usual = "" if row is None else f" The table has {row.value:g}{unit}."
    allowed = _allowed(low, high, closed)
    raise BadInput(
        f"{symbol}{where} is {x[place]:g}{unit}; allowed: {allowed}{unit}.{usual} Correct it, or "
        "leave it out.",
        field=symbol,
    )


def _allowed(low, high, closed):
    if np.isinf(low) and np.isinf(high):
        return "a finite number"
    if np.isinf(high):
        return f"{low:g} or more" if closed else f"above {low:g}"
    return f"{low:g} to {high:g}" if closed else f"above {low:g}, at most {high:g}"


def _short(value):
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
