"""What staff would read in a session: the model's values with the error of a reading."""

from dataclasses import dataclass

import numpy as np

from ketaqsp.errors import BadInput
from ketaqsp.patient.random import normal, uniform
from ketaqsp.supervision.sessions import Session, looks

NEEDED = ("sbp", "dbp", "heart_rate", "cadss", "sedation_probability", "unresponsive_probability")


@dataclass(frozen=True)
class Readings:
    """(k, n) of one session at `times` (k,) h: pressures, heart rate, CADSS, who is how awake."""

    session: Session
    times: np.ndarray
    sbp: np.ndarray
    dbp: np.ndarray
    heart_rate: np.ndarray
    cadss: np.ndarray
    sedated: np.ndarray
    unresponsive: np.ndarray

    def between(self, start_h, stop_h):
        """(k,) True at readings after the session's start, from and to these hours after it."""
        since = self.times - self.session.start_h
        return (since >= start_h - 1e-9) & (since <= stop_h + 1e-9)


def read(out, cohort, session, seed):
    """Readings of one session. Keyed by (seed, what, time, patient): company changes none.

    A patient is sedated when his probability exceeds a number drawn once a session, so that he
    stays so while it does. Raises BadInput where `out` lacks a variable or a time.
    """
    missing = [name for name in NEEDED if name not in out]
    if missing:
        raise BadInput(f"the result has no {', '.join(missing)}; simulate with wanted=None.")
    wanted = np.array(looks(session))
    have = out["time"].values
    wanted = wanted[wanted <= have[-1] + 1e-9]
    place = np.searchsorted(have, wanted - 1e-6)
    place = np.minimum(place, len(have) - 1)
    absent = np.abs(have[place] - wanted) > 1e-6
    if absent.any() or not len(wanted):
        raise BadInput(
            f"the result has no time {wanted[absent][0] if absent.any() else session.start_h:g} h, "
            "where staff would look. Pass extra_times=ketaqsp.clinic_times(regimen) to simulate."
        )
    x = {name: out[name].transpose("time", "patient").values[place] for name in NEEDED}
    p, ids = cohort.parameters, cohort.ids
    sd = {"sbp": p["sd_sbp"], "dbp": p["sd_dbp"], "heart_rate": p["sd_hr"]}
    for name, error in sd.items():
        z = [normal(seed, f"reading {name} {t:.9g} h", ids) for t in wanted]
        x[name] = x[name] + np.asarray(error) * np.stack(z)
    awake = {
        kind: x[f"{kind}_probability"] > uniform(seed, f"{kind} {session.start_h:.9g} h", ids)
        for kind in ("sedation", "unresponsive")
    }
    return Readings(
        session, wanted, x["sbp"], x["dbp"], x["heart_rate"], x["cadss"],
        awake["sedation"], awake["unresponsive"],
    )  # fmt: skip
