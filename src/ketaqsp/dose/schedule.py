"""A regimen and body weights, turned into what arrives: umol and umol/h between edges in time."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from ketaqsp.dose.arrivals import Cuts, arrivals
from ketaqsp.dose.drugs import analytes
from ketaqsp.dose.regimen import Regimen
from ketaqsp.errors import BadInput, unknown

# Adults and the children of other studies; outside this a weight is in another unit.
MIN_WEIGHT_KG, MAX_WEIGHT_KG = 10.0, 400.0


@dataclass(frozen=True, eq=False)
class Steady:
    """A dose that some patients have had for ever, every period_h, the last of them period_h ago.

    umol (n of patients,) enters `input` from lag_h to lag_h + duration_h after each dose.
    """

    input: str
    patients: np.ndarray
    umol: np.ndarray
    period_h: float
    lag_h: float
    duration_h: float


@dataclass(frozen=True, eq=False)
class Restart:
    """At time_h: amounts of `cleared` (n,) patients become zero, then steady doses add theirs.

    rested (n,): those whose brain goes back to its state before any dose as well.
    """

    time_h: float
    cleared: np.ndarray
    rested: np.ndarray
    steady: tuple = ()


@dataclass(frozen=True, eq=False)
class Part:
    """umol (n of patients,) of one dose that enter `input` evenly from edge start to edge stop.

    Equal edges: all at once. patients: their places, or a slice. start_h: when it begins to enter.
    """

    input: str
    start_h: float
    start: int
    stop: int
    patients: object
    umol: np.ndarray

    def put(self, edges, rate, bolus, factor=1.0):
        """Add it, times factor (n of patients,), to arrays (K, n) of rates and of amounts."""
        if self.stop > self.start:
            # Per hour of the grid, not of the dose: what is given then adds up exactly.
            per_hour = self.umol / (edges[self.stop] - edges[self.start])
            rate[self.start : self.stop, self.patients] += per_hour * factor
        else:
            bolus[self.start, self.patients] += self.umol * factor


@dataclass(frozen=True, eq=False)
class Schedule:
    """What n patients receive, on one grid of K edges that all share.

    edges_h: (K,) h, strictly increasing, with 0 and every start and stop of a dose.
    rate[input]: (K, n) umol/h, holds on [edge k, edge k+1); the last row is 0.
    bolus[input]: (K, n) umol put in at edge k.
    of[input]: the analyte. An input is the analyte's name where it goes straight into plasma, else
    with the site behind it (ketamine_s_nose). The three have the same keys. Arrays are read-only.
    restarts: resets and steady states, each at an edge, in order of time. parts: what rate and
    bolus are the sum of.
    """

    edges_h: np.ndarray
    rate: dict[str, np.ndarray]
    bolus: dict[str, np.ndarray]
    of: dict[str, str]
    n: int
    restarts: tuple = field(default=())
    parts: tuple = field(default=(), repr=False)

    @property
    def inputs(self):
        """Names of the inputs that are used, in alphabetical order; empty without a drug."""
        return tuple(self.rate)

    @property
    def analytes(self):
        """Names of what is delivered, in alphabetical order; empty without a drug."""
        return tuple(sorted(set(self.of.values())))

    def total(self, analyte):
        """Return (n,) umol delivered by all inputs: sum of rate * length of step, and boluses.

        What a steady state brings along, from before its dose, is not in it.
        """
        if analyte not in analytes():
            raise unknown("analyte", analyte, analytes())
        total = np.zeros(self.n)
        for name, whose in self.of.items():
            if whose == analyte:
                total += np.diff(self.edges_h) @ self.rate[name][:-1] + self.bolus[name].sum(axis=0)
        return total


def schedule(regimens, weight_kg, declared=None):
    """Return the Schedule of ``regimens`` in patients of ``weight_kg`` (n,).

    ``regimens``: one Regimen for all, or a sequence of n, one a patient. Amount in umol is
    mg / molar mass * 1000 * fraction of the analyte, with mg = mg/kg * weight where the dose is
    per kg. Infusions that overlap add. A reset, or a dose of steady state that clears, ends what is
    still running in. BadInput for weights outside 10 to 400 kg, or a number of regimens not n.
    declared: a Regimen of every dose that somebody might have been given, or a tuple of Regimens;
    with it the edges, and so a patient's numbers, do not depend on what the others were given.
    """
    weights = _weights(weight_kg)
    groups = _groups(regimens, weights.size)
    found = {
        regimen: list(arrivals(regimen, weights[patients])) for regimen, patients in groups.items()
    }
    might = (declared,) if isinstance(declared, Regimen) else declared or ()
    times, of = _frame(tuple(might))
    times, of = set(times), dict(of)
    for regimen, some in found.items():
        _add(regimen, some, times, of)
    edges = np.array(sorted(times))
    shape = (edges.size, weights.size)
    rate, bolus = ({name: np.zeros(shape) for name in sorted(of)} for _ in range(2))
    parts = []
    for regimen, some in found.items():
        for one in some:
            start, stop = map(int, np.searchsorted(edges, (one.start_h, one.stop_h)))
            part = Part(one.input, one.start_h, start, stop, groups[regimen], one.umol)
            part.put(edges, rate[one.input], bolus[one.input])
            parts.append(part)
    for array in (edges, *rate.values(), *bolus.values()):
        array.flags.writeable = False
    of = {name: of[name] for name in rate}
    return Schedule(edges, rate, bolus, of, weights.size, _restarts(groups, weights), tuple(parts))


@lru_cache(maxsize=8)
def _frame(regimens):
    """({edge in h}, {input: analyte}) of all doses of these Regimens; of none, the edge 0."""
    times, of = {0.0}, {}
    for regimen in regimens:
        _add(regimen, list(arrivals(regimen, np.ones(1))), times, of)
    return frozenset(times), of


def _add(regimen, some, times, of):
    """Add the edges and the inputs of a Regimen's arrivals to `times` and `of`."""
    times.update(t for one in some for t in (one.start_h, one.stop_h))
    times.update(Cuts(regimen).times)
    of.update((one.input, one.analyte) for one in some)


def _restarts(groups, weights):
    """Restarts of all patients, in order of time."""
    n = weights.size
    found = {}
    for regimen, patients in groups.items():
        cuts = Cuts(regimen)
        for time in cuts.times:
            one = found.setdefault(time, (np.zeros(n, bool), np.zeros(n, bool), []))
            one[0][patients] |= time in cuts.clearing
            one[1][patients] |= time in cuts.resets
            who = np.arange(n)[patients]
            one[2].extend(
                Steady(x.input, who, x.umol, x.period_h, x.lag_h, x.duration_h)
                for x in cuts.steady(time, weights[patients])
            )
    return tuple(Restart(t, a, b, tuple(c)) for t, (a, b, c) in sorted(found.items()))


def _weights(weight_kg):
    allowed = f"allowed: {MIN_WEIGHT_KG:g} to {MAX_WEIGHT_KG:g} kg, one a patient"
    try:
        weights = np.atleast_1d(np.asarray(weight_kg, dtype=float))
    except (TypeError, ValueError):
        raise BadInput(f"weight_kg {weight_kg!r} is not numbers; {allowed}.") from None
    if weights.ndim != 1 or weights.size == 0:
        raise BadInput(f"weight_kg has shape {weights.shape}; {allowed}. Give a list of n weights.")
    wrong = np.flatnonzero(~((weights >= MIN_WEIGHT_KG) & (weights <= MAX_WEIGHT_KG)))
    if wrong.size:
        raise BadInput(
            f"weight_kg of patient {wrong[0]} is {weights[wrong[0]]:g} kg; {allowed}. "
            "Correct it, or leave the patient out."
        )
    return weights


def _groups(regimens, n):
    """Return {regimen: indices of its patients}: equal regimens are worked out once."""
    if isinstance(regimens, Regimen):
        return {regimens: slice(None)}
    try:
        regimens = list(regimens)
    except TypeError:
        raise BadInput(f"{regimens!r} is no Regimen. Use infusion(...) or nothing().") from None
    if len(regimens) != n:
        raise BadInput(
            f"{len(regimens)} regimens for {n} weights; allowed: one for all, or one a patient."
        )
    groups = {}
    for patient, regimen in enumerate(regimens):
        if not isinstance(regimen, Regimen):
            raise BadInput(f"regimen of patient {patient}: {regimen!r} is no Regimen.")
        groups.setdefault(regimen, []).append(patient)
    return {regimen: np.array(patients) for regimen, patients in groups.items()}
