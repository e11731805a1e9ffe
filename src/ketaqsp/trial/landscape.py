"""Two patients on the landscape: one with a single stable state, one with two.

Where severity would settle if stress stayed at D is f(D) (chain.rest.settled). With stress
following mood, dD/dt is proportional to f(D) - D on the slow time scale; minus its integral is
drawn as a height: valleys are the states that a patient can stay in, a ridge parts them.
"""

from dataclasses import dataclass, field

import numpy as np

from ketaqsp.chain import rest
from ketaqsp.dose import infusion
from ketaqsp.mood.equations import severity
from ketaqsp.patient import Cohort, simulate, typical
from ketaqsp.synapse.equations import spines_at_rest
from ketaqsp.trial import endpoints

WEEKS = 8
# h: every 5 min for 3 h, every minute where arterial plasma turns, half-hours later.
DENSE = np.concatenate([np.arange(1, 37) / 12, [1 / 60, 1 / 30, 41 / 60, 42 / 60], [3.5, 4.5]])
COURSES = {"one infusion": (0,), "six infusions": (0, 2, 4, 7, 9, 11)}
NEAR = 0.03  # of severity: about one point of MADRS, nobody would tell them apart
GRID = np.linspace(0.0, 1.0, 401)
FINE = (1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0)  # h, early course


@dataclass(frozen=True)
class Path:
    """A patient's way: times in h; spine density (healthy = 1), severity, MADRS in points."""

    label: str
    days: tuple
    times: np.ndarray = field(repr=False)
    spines: np.ndarray = field(repr=False)
    severity: np.ndarray = field(repr=False)
    madrs: np.ndarray = field(repr=False)

    @property
    def furthest(self):
        """Place in the arrays at which severity is least: how far the push went."""
        return int(np.argmin(self.severity))


@dataclass(frozen=True)
class Case:
    """A patient on the own landscape. rests: (severity, spines, stable), well end first.

    grid: severity D; height: potential, zero at the ill state; settled_spines: spines if stress
    stayed at D; spine_grid, settled_severity: severity if spines stayed there.
    """

    kind: str
    patient: int
    load: float
    grid: np.ndarray = field(repr=False)
    height: np.ndarray = field(repr=False)
    settled_spines: np.ndarray = field(repr=False)
    spine_grid: np.ndarray = field(repr=False)
    settled_severity: np.ndarray = field(repr=False)
    rests: tuple
    paths: tuple

    def lands(self, path):
        """'well' or 'ill': the side of the ridge at the end; with one valley there is no other."""
        ridge = [level for level, _, stable in self.rests if not stable]
        return "well" if ridge and path.severity[-1] < ridge[0] else "ill"

    def at_rest(self, path):
        """True if the path ends within NEAR of a state in which the patient can stay."""
        return any(
            stable and abs(path.severity[-1] - level) < NEAR for level, _, stable in self.rests
        )


def choose(people, arm):
    """Patient numbers {"monostable": i, "bistable": i or None}: middling responders at 24 h.

    Of the patients of a kind who responded at 24 h (of all of that kind if none did), the one
    whose reduction is the median. What comes later plays no part in the choice.
    """
    place = int(np.argmin(np.abs(arm.times - 24.0)))
    gone = 1 - arm.madrs[place] / arm.madrs[0]
    responded = endpoints.response(arm.madrs[place], arm.madrs[0])
    out = {}
    two = people.bistable[arm.ids]
    for kind, mine in (("monostable", ~two), ("bistable", two)):
        candidates = np.flatnonzero(mine & responded)
        if not candidates.size:
            candidates = np.flatnonzero(mine)
        order = candidates[np.argsort(gone[candidates], kind="stable")]
        out[kind] = int(arm.ids[order[len(order) // 2]]) if order.size else None
    return out


def follow(people, arm, progress=None):
    """(chain, cases): one typical patient in every signal, and both patients on the landscape.

    All in one batch over 8 weeks. chain: an xarray Dataset of the typical patient after one
    infusion. cases: a tuple of Case; without a bistable patient there is one only.
    """
    chosen = {k: i for k, i in choose(people, arm).items() if i is not None}
    members = [("typical", None, "one infusion")]
    members += [(kind, i, label) for kind, i in chosen.items() for label in COURSES]
    if progress:
        progress("one patient through the chain, two on the landscape", 0, 1)
    regimens = [infusion(mg_per_kg=0.5, minutes=40, days=COURSES[m[2]]) for m in members]
    early = [d * 24 + t for d in COURSES["six infusions"] for t in FINE]
    hourly = [float(t) for t in range(1, 73)]
    out = simulate(
        regimens,
        _gathered(people, [i for _, i, _ in members]),
        days=7 * WEEKS,
        every="3 h",
        extra_times=[*early, *hourly, *DENSE],
    )
    cases = []
    for kind, i in chosen.items():
        mine = [(k, m[2]) for k, m in enumerate(members) if m[0] == kind]
        cases.append(_case(kind, i, people, [(out.isel(patient=k), label) for k, label in mine]))
    return out.isel(patient=0), tuple(cases)


def _gathered(people, which):
    """A cohort of patients by number; None is the typical one."""
    plain = typical().parameters
    parameters = {}
    for name, x in people.parameters.items():
        if np.ndim(x) == 0 and name != "D_ill":
            parameters[name] = x
            continue
        own = float(np.ravel(plain[name])[0])
        parameters[name] = np.array([own if i is None else np.ravel(x)[i] for i in which])
    members = Cohort(people.preset, people.seed, np.arange(len(which)), parameters)
    return members.replace()


def _case(kind, i, people, runs):
    own = {
        n: np.ravel(people.parameters[n])[i if np.ndim(people.parameters[n]) else 0]
        for n in (*rest.NAMES, "D_ill")
    }
    drift = rest.settled(GRID, own) - GRID
    steps = (drift[1:] + drift[:-1]) / 2 * np.diff(GRID)
    height = -np.concatenate([[0.0], np.cumsum(steps)])
    height -= np.interp(own["D_ill"], GRID, height)
    spines = _spines(GRID, own)
    across = np.linspace(min(0.6, spines.min()), 1.25, 301)
    return Case(
        kind=kind,
        patient=i,
        load=float(own["load"]),
        grid=GRID,
        height=height,
        settled_spines=spines,
        spine_grid=across,
        settled_severity=severity(across, 1.0, 0.0, 0.0, own["W_half"], own["width"]),
        rests=_rests(drift, own),
        paths=tuple(_path(x, label) for x, label in runs),
    )


def _spines(level, p):
    return spines_at_rest(p["load"], p["load_0"], p["kappa"], level, p["m_Z"], p["S_max"])


def _rests(drift, p):
    """Where f(D) = D: sign changes of the drift, found on the grid and refined by a line."""
    out = []
    for k in np.flatnonzero(np.sign(drift[:-1]) != np.sign(drift[1:])):
        a, b = drift[k], drift[k + 1]
        level = float(GRID[k] + (GRID[k + 1] - GRID[k]) * a / (a - b))
        out.append((level, float(_spines(level, p)), bool(a > b)))
    return tuple(out)


def _path(run, label):
    return Path(
        label,
        COURSES[label],
        run["time"].values,
        run["spine_density_absolute"].values,
        run["severity"].values,
        run["madrs"].values,
    )
