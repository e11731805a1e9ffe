"""Declared slots: every time at which a dose may start. A policy decides the amount."""

from dataclasses import dataclass

import numpy as np

from ketaqsp.dose.regimen import Dose, Regimen
from ketaqsp.protocol.schema import INERT

ORAL = "oral_antidepressant"  # taken at home: no session


@dataclass(frozen=True)
class Slot:
    """time_h from the first dose of the study. course: the visit whose relapse starts it."""

    time_h: float
    treatment: object
    phase: int
    course: int | None = None

    @property
    def real(self):
        """Whether a drug is given."""
        return self.treatment.drug not in INERT

    @property
    def session(self):
        """Whether the patient comes for it."""
        return self.treatment.drug not in (ORAL, "none")

    @property
    def stop_h(self):
        """End of the dose, h."""
        return round(self.time_h + self.treatment.duration_h, 9)


def declared(arms, starts, ends, visits):
    """Slots in order of time. arms: of each phase; visits: [(phase, hour of the study)]."""
    found = []
    for phase, arm in enumerate(arms):
        start, end = starts[phase], ends[phase]
        for t in arm.treatments:
            found += [Slot(round(start + h, 9), t, phase) for h in t.hours]
        for policy in arm.policies:
            for k, (when_phase, hour) in enumerate(visits):
                if when_phase != phase:
                    continue
                for t in policy.course:
                    times = (round(hour + h, 9) for h in t.hours)
                    found += [Slot(x, t, phase, k) for x in times if x < end]
    return tuple(sorted(found, key=lambda s: (s.time_h, s.treatment.drug, s.course or -1)))


def every_dose(slots):
    """A Regimen of the doses of all slots, given or not: the grid that all patients share."""
    return Regimen(tuple(_dose(s, s.treatment.amount) for s in slots if s.real))


def _dose(slot, amount):
    t = slot.treatment
    return Dose(t.drug, t.route, float(amount), t.unit, slot.time_h, t.duration_h)


def regimens(slots, amounts):
    """One Regimen a patient from amounts (S, n); equal ones are one object."""
    real = [k for k, slot in enumerate(slots) if slot.real]
    if not real:
        return [Regimen()] * amounts.shape[1]
    columns, which = np.unique(amounts[real].T, axis=0, return_inverse=True)
    made = []
    for column in columns:
        doses = (_dose(slots[k], x) for k, x in zip(real, column, strict=True) if x > 0)
        made.append(Regimen(tuple(doses)))
    return [made[k] for k in which.ravel()]
