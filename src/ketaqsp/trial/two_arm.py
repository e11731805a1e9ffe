"""The plain two-arm trial: the same virtual patients given ketamine, and given midazolam.

Belief and time are left out: what differs between the arms is pharmacology alone.
"""

from dataclasses import dataclass, field

import numpy as np

from ketaqsp.dose import infusion
from ketaqsp.errors import SolveFailure
from ketaqsp.patient import clipping, cohort, failures, simulate
from ketaqsp.patient.failures import FAILED
from ketaqsp.trial import endpoints

HOURS = (4.0, 24.0, 72.0, 168.0, 336.0, 672.0)
# h, beside the 6 h grid: close enough together that no curve shows corners of its own.
EARLY = (*(k / 12 for k in (1, 2, 3, 4, 6, 8, 9, 10, 12, 15, 18)), 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)
LATER = (8.0, 10.0, 15.0)  # h
JUDGED = 4.0  # h, when the responders that are followed for relapse are judged (Ibrahim: 230 min)
TREATMENTS = {
    "ketamine": ("ketamine 0.5 mg/kg IV over 40 min", {"mg_per_kg": 0.5}),
    "midazolam": ("midazolam 0.045 mg/kg IV over 40 min", {"mg_per_kg": 0.045}),
}


@dataclass(frozen=True)
class Arm:
    """One arm. madrs: totals (time, patient), integers in points; signals as simulated.

    ids: numbers of the patients that were solved, in the order of the arrays; lost: of those
    that were not, who are in no figure. relapse_free: {hour: Estimate} of the responders at 4 h,
    `followed` of them.
    """

    name: str
    label: str
    ids: np.ndarray = field(repr=False)
    times: np.ndarray = field(repr=False)
    madrs: np.ndarray = field(repr=False)
    signals: dict = field(repr=False)
    visits: tuple
    relapse_free: dict
    followed: int
    lost: tuple
    status: dict  # {how: patients}
    failures: dict = field(repr=False)  # {number: record of patient.failures} of those lost
    cut: dict  # totals cut at an end of the scale, see patient.clipping

    @property
    def failed(self):
        """How many patients could not be solved."""
        return len(self.lost)

    def at(self, time_h):
        """The visit at this hour."""
        return next(v for v in self.visits if v.time_h == time_h)

    def share(self, what):
        """Share (time,) of patients in response or remission over the whole course."""
        before = self.madrs[0]
        judge = {
            "response": lambda: endpoints.response(self.madrs, before),
            "remission": lambda: endpoints.remission(self.madrs),
        }
        return judge[what]().mean(axis=1)


@dataclass(frozen=True)
class Arms:
    """Both arms and who was in them. about: {signal: (unit, long name)}."""

    n: int
    seed: int
    days: float
    cohort: object = field(repr=False)
    arms: dict
    about: dict = field(repr=False)
    steps: int

    @property
    def rejected(self):
        """Draws of patients turned down because no ill state was stable."""
        return self.cohort.rejected

    @property
    def bistable(self):
        """Share of patients who have a stable well state beside the ill one."""
        return float(self.cohort.bistable.mean())


def regimen(name):
    """The regimen of one arm: day 0 only."""
    return infusion(name, minutes=40, days=[0], **TREATMENTS[name][1])


def two_arm(n=1000, seed=1, days=28, progress=None, signals=()):
    """Give n virtual TRD patients ketamine, and the same patients midazolam. Returns Arms.

    Response is a MADRS reduction of at least 50% of the own pre-dose total, remission a total of
    at most 10, on integer totals without rater noise. Visits beyond `days` are left out.
    signals: what to keep beside MADRS. progress: called as progress(arm label, done, 2).
    Raises BadInput; SolveFailure if no patient of an arm could be solved.
    """
    people = cohort("trd", n=n, seed=seed)
    wanted = tuple(dict.fromkeys(("madrs", *signals)))
    arms, about, steps = {}, {}, 0
    for done, (name, (label, _)) in enumerate(TREATMENTS.items()):
        if progress:
            progress(label, done, len(TREATMENTS))
        early = [t for t in (*EARLY, *LATER) if t <= 24 * days]
        out = simulate(
            regimen(name), people, days=days, every="6 h", extra_times=early, wanted=wanted
        )
        arms[name] = _arm(name, label, out, seed)
        about = {k: (v.attrs["units"], v.attrs["long_name"]) for k, v in out.data_vars.items()}
        steps = max(steps, out.attrs["steps"])
    return Arms(n, seed, days, people, arms, about, steps)


def _arm(name, label, out, seed):
    times = out["time"].values
    ok = out["status"].values != FAILED
    if not ok.any():
        raise SolveFailure(f"{label}: none of {ok.size} patients could be solved.")
    signals = {k: v.values[:, ok] for k, v in out.data_vars.items() if k != "status"}
    madrs = endpoints.totals(signals["madrs"])
    cut = clipping.counted(np.rint(signals["madrs"]), endpoints.MADRS_MAX, times)
    n = madrs.shape[1]
    # The same resampling for both arms: the same people, so the arms can be set side by side.
    picked = endpoints.trials(n, endpoints.TRIAL_SIZE, seed, "trials of 48")
    visits = tuple(
        endpoints.visit(h, madrs[_place(times, h)], madrs[0], picked)
        for h in HOURS
        if h <= times[-1]
    )
    kept, followed = _relapse_free(times, madrs, seed)
    ids = out["patient"].values
    lost = tuple(int(i) for i in ids[~ok])
    how = failures.counts(out["status"].values)
    cut = {"madrs": cut} if cut else {}
    told = (lost, how, failures.of(out), cut)
    return Arm(name, label, ids[ok], times, madrs, signals, visits, kept, followed, *told)


def _place(times, hour):
    return int(np.argmin(np.abs(times - hour)))


def _relapse_free(times, madrs, seed):
    """{hour: Estimate} from 7 d on, of the responders at 4 h, and how many they are."""
    if times[-1] < JUDGED:
        return {}, 0
    responders = endpoints.response(madrs[_place(times, JUDGED)], madrs[0])
    followed = int(responders.sum())
    if not followed:
        return {}, 0
    madrs = madrs[:, responders]
    picked = endpoints.trials(followed, endpoints.TRIAL_SIZE, seed, "responders followed")
    kept = {}
    for hour in (h for h in HOURS if 168 <= h <= times[-1]):
        daily = madrs[[_place(times, t) for t in np.arange(24, hour + 1, 24)]]
        kept[hour] = endpoints.estimate(endpoints.relapse_free(daily, madrs[0]), picked)
    return kept, followed
