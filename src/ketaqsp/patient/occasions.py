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
    """The Schedule `plan` with each patient's amounts of each day. numbers (n,): his key.

    A dose has the share of the day on which it begins to enter, to its end: what another dose does
    to the edges, of his own or of a neighbour, is nothing to it.
    """
    omega = {name: omegas().get(site(name, plan.of[name]), 0.0) for name in plan.inputs}
    varied = [name for name in plan.inputs if omega[name]]
    if not varied:
        return plan
    rate, bolus = dict(plan.rate), dict(plan.bolus)
    for name in varied:
        rate[name], bolus[name] = np.zeros_like(rate[name]), np.zeros_like(bolus[name])
    shares = {}
    for part in plan.parts:
        if not omega[part.input]:
            continue
        day = int(np.floor(part.start_h / DAY_H + 1e-9))
        key = site(part.input, plan.of[part.input]), day
        if key not in shares:
            z = normal(seed, f"occasion {key[0]} day {day}", numbers)
            shares[key] = np.exp(omega[part.input] * z)
        factor = shares[key][part.patients]
        part.put(plan.edges_h, rate[part.input], bolus[part.input], factor)
    for name in varied:
        rate[name].flags.writeable = bolus[name].flags.writeable = False
    return replace(plan, rate=rate, bolus=bolus)
