"""What is not known, as opposed to what differs between people: draws from the prior."""

import math
from numbers import Integral

import numpy as np

from ketaqsp.errors import BadInput, unknown
from ketaqsp.parameters import rows
from ketaqsp.patient.random import checked_seed, normal

NINETY_FIVE = 1.959963984540054  # two-sided 95% of a normal, in SDs


def draws(n, seed=0, only=None):
    """{symbol: (n,)} for every default row with a prior range.

    Log-normal with 95% within value/fold .. value fold; a fraction on the logit scale with the
    same SD. only: restrict to these symbols (of them, rows without a range have no draw). Raises
    BadInput for n that is no whole number from 0, a seed that is none, or an unknown symbol.
    """
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 0:
        raise BadInput(f"n is {n!r}; allowed: a whole number from 0.", field="n")
    seed, only = checked_seed(seed), (only,) if isinstance(only, str) else only
    known = {row.symbol for row in rows()}
    for symbol in only or ():
        if symbol not in known:
            raise unknown("parameter", symbol, sorted(known), field="only")
    out = {}
    for row in rows():
        fold, value = row.prior_fold, row.value
        wanted = only is None or row.symbol in only
        if row.role != "default" or fold <= 1 or value == 0 or not wanted:
            continue
        z = normal(seed, f"prior {row.symbol}", np.arange(n)) * math.log(fold) / NINETY_FIVE
        if row.unit == "fraction" and 0 < value < 1:
            odds = value / (1 - value) * np.exp(z)
            out[row.symbol] = odds / (1 + odds)
        else:
            out[row.symbol] = value * np.exp(z)
    return out
