"""One function a kind of rule: where it fired, over patients (n,) or sessions (s, n).

Each takes the Clinic and the rule's limits. It raises Unknown where the cohort lacks a fact.
"""

from dataclasses import dataclass

import numpy as np

HOURS_A_WEEK, HOURS_A_MONTH = 168.0, 730.5
LONG_H = 72.0  # what counts as an infusion of days
RISE_WITHIN_H = 1.5  # the label's window for a rise of pressure
READY_SBP = 20.0  # mmHg above the start that a patient may still have on leaving (assumed)
DISSOCIATED = 4.0  # CADSS points


class Unknown(Exception):
    """A fact that this cohort or result has not; the message says which."""


@dataclass(frozen=True)
class Clinic:
    """n patients, their sessions' readings in order, and the result."""

    out: object
    cohort: object
    readings: tuple

    @property
    def n(self):
        return self.cohort.n

    def fact(self, name):
        """(n,) of a covariate."""
        found = getattr(self.cohort, "covariates", {}).get(name)
        if found is None:
            raise Unknown(f"this cohort has no {name}")
        return np.asarray(found, dtype=float)

    def parameter(self, name):
        """(n,) of a parameter."""
        return np.broadcast_to(np.asarray(self.cohort.parameters[name], dtype=float), (self.n,))

    @property
    def given(self):
        """(s, n) who was given each session's doses."""
        return np.array([r.session.given for r in self.readings]).reshape(-1, self.n)

    @property
    def starts(self):
        return np.array([r.session.start_h for r in self.readings])

    def each(self, judge):
        """(s, n) of a function of Readings."""
        found = [judge(r) for r in self.readings]
        return np.array(found, dtype=bool).reshape(-1, self.n)


def age_below(clinic, limits):
    return clinic.fact("age_years") < limits[0]


def resting_pressure(clinic, limits):
    return (clinic.parameter("sbp0") > limits[0]) | (clinic.parameter("dbp0") > limits[1])


def benzodiazepine_above(clinic, limits):
    return clinic.fact("benzodiazepine_mg") > limits[0]


def bmi_from(clinic, limits):
    return clinic.parameter("W") / (clinic.fact("height_cm") / 100) ** 2 >= limits[0]


def dose_above(clinic, limits):
    weight = clinic.parameter("W")
    return clinic.each(lambda r: r.session.mg / weight > limits[0] * (1 + 1e-9))


def faster_than(clinic, limits):
    return clinic.each(lambda r: r.session.fastest * 3600 < limits[0] * (1 - 1e-6))


def per_week_above(clinic, limits):
    return _weekly(clinic) > limits[0]


def _weekly(clinic, until=np.inf, since=-np.inf):
    """(n,) most sessions begun within any seven days."""
    starts, given = clinic.starts, clinic.given
    most = np.zeros(clinic.n)
    for start in starts[(starts >= since) & (starts <= until)]:
        week = (starts >= start) & (starts < start + HOURS_A_WEEK - 1e-6)
        most = np.maximum(most, given[week].sum(axis=0))
    return most


def frequent_for(clinic, limits):
    """Still more than twice a week after so many months."""
    if not clinic.readings:
        return np.zeros(clinic.n, dtype=bool)
    return _weekly(clinic, since=clinic.starts[0] + limits[0] * HOURS_A_MONTH) > 2


def long_again(clinic, limits):
    """Two infusions of days that begin within so many days."""
    fired = np.zeros(clinic.n, dtype=bool)
    long = [r.session for r in clinic.readings if r.session.stop_h - r.session.start_h >= LONG_H]
    for i, first in enumerate(long):
        for later in long[i + 1 :]:
            if later.start_h - first.start_h <= 24 * limits[0]:
                fired |= first.given & later.given
    return fired


def no_response_at(clinic, limits):
    """MADRS has not halved after so many weeks of a course that goes on so long."""
    hours = limits[0] * HOURS_A_WEEK
    if "madrs" not in clinic.out:
        raise Unknown("the result has no madrs")
    times = clinic.out["time"].values
    if not clinic.readings or clinic.starts[-1] - clinic.starts[0] < hours - HOURS_A_WEEK:
        raise Unknown(f"no course of {limits[0]:g} weeks")
    first = clinic.starts[0]
    if times[-1] < first + hours:
        raise Unknown(f"the result ends before {limits[0]:g} weeks")
    madrs = clinic.out["madrs"].transpose("time", "patient").values
    start, end = (madrs[np.searchsorted(times, t - 1e-6)] for t in (first, first + hours))
    return end > start / 2


def predose_above(clinic, limits):
    return clinic.each(lambda r: (r.sbp[0] > limits[0]) | (r.dbp[0] > limits[1]))


def predose_above_old(clinic, limits):
    old = clinic.fact("age_years") > 65
    return clinic.each(lambda r: old & (r.sbp[0] > limits[0]))


def pressure_from(clinic, limits):
    return clinic.each(lambda r: ((r.sbp[1:] >= limits[0]) | (r.dbp[1:] >= limits[1])).any(axis=0))


def sustained(clinic, limits):
    """Two readings in a row beyond any of the three limits."""

    def judge(r):
        high = (r.sbp > limits[0]) | (r.dbp > limits[1]) | (r.heart_rate > limits[2])
        return (high[1:-1] & high[2:]).any(axis=0)

    return clinic.each(judge)


def rise_from(clinic, limits):
    def judge(r):
        now = r.between(1e-6, RISE_WITHIN_H)
        high = (r.sbp[now] - r.sbp[0] >= limits[0]) | (r.dbp[now] - r.dbp[0] >= limits[1])
        return high.any(axis=0)

    return clinic.each(judge)


def sedated(clinic, limits):
    return clinic.each(lambda r: r.sedated.any(axis=0))


def unresponsive(clinic, limits):
    return clinic.each(lambda r: r.unresponsive.any(axis=0))


def cadss_above(clinic, limits):
    return clinic.each(lambda r: r.cadss.max(axis=0) > limits[0])


def not_ready(clinic, limits):
    """At the first reading so many hours after the start (or at the end of a longer dose)."""

    def judge(r):
        due = max(r.session.start_h + limits[0], r.session.stop_h)
        late = np.flatnonzero(r.times >= due - 1e-6)
        if not late.size:
            raise Unknown(f"the result ends before {limits[0]:g} h after a session")
        k = late[0]
        high = r.sbp[k] - r.sbp[0] > READY_SBP
        return r.sedated[k] | (r.cadss[k] > DISSOCIATED) | high

    return clinic.each(judge)
