"""Variability between occasions: how much of a dose a person takes up differs from day to day.

The plasma system is linear with one set of rates a patient, so the difference is put on the amount
that comes to the place of absorption: amount x exp(omega z), z keyed by patient, place and day
(an occasion is a day of the regimen). What goes straight into plasma is given in full, and no
source has clearance between occasions. A steady state stands for many occasions and is left alone.
"""

from dataclasses import replace
from functools import cache

import numpy as np

from ketaqsp.errors import BadInput
from ketaqsp.patient import populations
from ketaqsp.patient.random import normal

DAY_H = 24.0


@cache
def omegas():
    """{site: SD of the logarithm of the amount taken up, between occasions}."""
    out = {}
    for where, cells in populations.table("occasions"):
        out[cells["site"]] = populations.number(where, cells, "omega")
        if out[cells["site"]] < 0:
            raise BadInput(f"{where}, column omega: {cells['omega']}; allowed: 0 or more")
    return out


def site(name, analyte):
    """Site of an input such as ketamine_s_nose_later; "" for plasma itself."""
    return name.removeprefix(analyte).removeprefix("_").removesuffix("_later")


def applied(plan, seed, numbers):
    """The Schedule `plan` with each patient's amounts of each day. numbers (n,): his key."""
    varied = {n: omegas().get(site(n, plan.of[n]), 0.0) for n in plan.inputs}
    if not any(varied.values()):
        return plan
    day = np.floor(plan.edges_h / DAY_H + 1e-9).astype(int)
    rate, bolus = dict(plan.rate), dict(plan.bolus)
    for name, omega in varied.items():
        if not omega:
            continue
        place = site(name, plan.of[name])
        for table in (rate, bolus):
            x = np.array(table[name])
            for one in np.unique(day[(x != 0).any(axis=1)]):
                z = normal(seed, f"occasion {place} day {one}", numbers)
                x[day == one] *= np.exp(omega * z)
            x.flags.writeable = False
            table[name] = x
    return replace(plan, rate=rate, bolus=bolus)
