"""Sessions of a regimen: doses of ketamine that belong together, and when staff look."""

from dataclasses import dataclass

import numpy as np

from ketaqsp.dose import Regimen
from ketaqsp.errors import BadInput
from ketaqsp.patient import asked

DRUGS = ("ketamine", "esketamine", "arketamine")
TOGETHER_H = 2.0  # a dose that begins within this of the end of another is of its session
OBSERVED_H = 2.0  # after the start of a session, or to the end of its doses if that is later
LOOK_H = 1 / 6  # between readings; hourly once an infusion has gone on for OBSERVED_H
DIGITS = 9
SAME_H = 1e-6  # times closer than this are one


@dataclass(frozen=True)
class Session:
    """start_h, stop_h of the doses; given (n,), mg (n,) in all; fastest (n,) h of one dose.

    route: where the doses go; per_kg: whether any is by weight.
    """

    start_h: float
    stop_h: float
    given: np.ndarray
    mg: np.ndarray
    fastest: np.ndarray
    route: str
    per_kg: bool

    @property
    def end_h(self):
        """When observation ends, h."""
        return max(self.stop_h, self.start_h + OBSERVED_H)


def sessions(regimen, weight):
    """Sessions of a Regimen, or of one Regimen a patient; weight (n,) kg. In order of time."""
    regimens = [regimen] * len(weight) if isinstance(regimen, Regimen) else list(regimen)
    if len(regimens) != len(weight):
        raise BadInput(
            f"{len(regimens)} regimens for {len(weight)} patients; give one, or one a patient."
        )
    doses = {}  # dose -> places of the patients who have it
    for place, one in enumerate(regimens):
        for dose in one.doses:
            if dose.drug in DRUGS:
                doses.setdefault(dose, []).append(place)
    groups = []
    for dose in sorted(doses, key=lambda d: (d.start_h, d.stop_h)):
        if groups and dose.start_h <= max(d.stop_h for d in groups[-1]) + TOGETHER_H:
            groups[-1].append(dose)
        else:
            groups.append([dose])
    return tuple(_session(group, doses, np.asarray(weight, dtype=float)) for group in groups)


def _session(group, who, weight):
    n = len(weight)
    given, mg, fastest = np.zeros(n, dtype=bool), np.zeros(n), np.full(n, np.inf)
    for dose in group:
        places = who[dose]
        given[places] = True
        mg[places] += dose.amount * (weight[places] if dose.unit == "mg/kg" else 1.0)
        fastest[places] = np.minimum(fastest[places], dose.duration_h)
    return Session(
        min(d.start_h for d in group),
        max(d.stop_h for d in group),
        given,
        mg,
        fastest,
        group[0].route,
        any(d.unit == "mg/kg" for d in group),
    )


def looks(session):
    """Times in h at which staff take readings: before the dose, then to the end."""
    first = np.arange(0, OBSERVED_H + 1e-9, LOOK_H)
    times = [*(session.start_h + first), session.stop_h, *(session.stop_h + first)]
    times += list(np.arange(session.start_h, session.stop_h, 1.0))
    end = session.end_h + 1e-9
    return _apart(t for t in times if t <= end)


def _apart(times):
    """Sorted, to 1e-9 h, without those that a rounding sets apart."""
    out = []
    for t in sorted(round(float(t), DIGITS) for t in times):
        if not out or t - out[-1] > SAME_H:
            out.append(t)
    return out


def clinic_times(regimen, until_h=None):
    """Times in h at which supervise() wants results: pass them to simulate as `extra_times`.

    regimen: a Regimen, or a sequence with one a patient. until_h: leave out what is later.
    """
    some = [regimen]
    if not isinstance(regimen, Regimen):
        some = list(asked.listed(regimen, "regimen", "regimens, one a patient"))
    asked.regimens(some)
    found = {t for s in sessions(some, np.ones(len(some))) for t in looks(s)}
    return tuple(_apart(t for t in found if until_h is None or t <= until_h))
