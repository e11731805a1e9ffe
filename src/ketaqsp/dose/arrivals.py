"""What a regimen sends into a body: each dose as amounts that enter a place over a stretch of time.

NONMEM's rules hold. A reset clears what is in the body and ends infusions that run; a dose with
SS 1 does so too and then stands for a course without beginning; SS 2 adds that course to what is
there.
"""

import math
from dataclasses import dataclass

import numpy as np

from ketaqsp.dose.drugs import drug
from ketaqsp.dose.quantity import TIME_DIGITS
from ketaqsp.dose.routes import SITTING_H, entry, into

_MG_PER_G_TIMES_UMOL_PER_MOL = 1e3  # mg / (g/mol) = mmol; times 1e3 = umol


@dataclass(frozen=True, eq=False)
class Arrival:
    """umol (n,) of an analyte that enter `input` from start_h to stop_h (equal: at once)."""

    analyte: str
    input: str
    umol: np.ndarray
    start_h: float
    stop_h: float


@dataclass(frozen=True, eq=False)
class Endless:
    """umol (n,) entering `input` from lag_h to lag_h + duration_h after a dose, every period_h."""

    input: str
    umol: np.ndarray
    period_h: float
    lag_h: float
    duration_h: float


def timing(dose):
    """(lag, duration) in h of what a dose lets go: its own and that of its route."""
    route = entry(dose.drug, dose.route)
    return dose.lag_h + route.lag_h, dose.duration_h or route.release_h


def arrivals(regimen, weights):
    """Yield the Arrivals of a regimen in patients of these weights, in order of the doses."""
    cuts = Cuts(regimen)
    for dose, parts in _shared_out(regimen, weights):
        lag, duration = timing(dose)
        end = cuts.after(dose.start_h)
        for earlier in range(overlapping(dose) + 1):
            first = lag - earlier * dose.ii_h
            last = first + duration
            # Only what comes after this dose's time: the rest is in its steady state.
            start = round(dose.start_h + max(first, 0.0), TIME_DIGITS)
            stop = min(round(dose.start_h + last, TIME_DIGITS), end)
            if start >= end or (stop <= start and duration):
                continue
            share = (stop - start) / duration if duration else 1.0
            if first >= 0 and stop < end:
                share = 1.0
            for analyte, name, umol in parts:
                yield Arrival(analyte, name, umol * share, start, stop)


def overlapping(dose):
    """How many doses before a steady one have not wholly arrived when it is given."""
    if not dose.ss:
        return 0
    lag, duration = timing(dose)
    return max(math.ceil(round((lag + duration) / dose.ii_h, TIME_DIGITS)) - 1, 0)


def _shared_out(regimen, weights):
    """Yield (dose, [(analyte, input, umol (n,))]): nasal doses of one sitting fill up together."""
    sittings = {}
    for dose in regimen.doses:
        route = entry(dose.drug, dose.route)
        mg = dose.amount * (weights if dose.unit == "mg/kg" else np.ones_like(weights))
        if route.first_mg is None:
            yield dose, _parts(dose, route.site, mg)
            continue
        began, given = sittings.get((dose.drug, dose.route), (-math.inf, 0.0))
        if dose.start_h >= began + SITTING_H:
            began, given = dose.start_h, np.zeros_like(weights)
        first = np.clip(route.first_mg - given, 0.0, mg)
        sittings[dose.drug, dose.route] = began, given + mg
        yield dose, _parts(dose, route.site, first) + _parts(dose, route.later, mg - first)


def _parts(dose, site, mg):
    known = drug(dose.drug)
    return [
        (name, into(name, site), mg / known.molar_mass * _MG_PER_G_TIMES_UMOL_PER_MOL * fraction)
        for name, fraction in known.analytes
    ]


class Cuts:
    """Times of a regimen at which amounts are set. clearing: to zero first; resets: brain too."""

    def __init__(self, regimen):
        self.regimen = regimen
        self.resets = set(regimen.resets)
        self.clearing = self.resets | {d.start_h for d in regimen.doses if d.ss == 1}
        self.times = sorted(self.clearing | {d.start_h for d in regimen.doses if d.ss})

    def after(self, start_h):
        """Time at which what was given at start_h is ended, inf if never."""
        return min((t for t in self.clearing if t > start_h), default=math.inf)

    def steady(self, time_h, weights):
        """Yield the Endless courses that a dose at this time stands for."""
        for dose, parts in _shared_out(self.regimen, weights):
            if dose.ss and dose.start_h == time_h:
                lag, duration = timing(dose)
                for _, name, umol in parts:
                    yield Endless(name, umol, dose.ii_h, lag, duration)
