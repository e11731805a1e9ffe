"""A regimen and body weights, turned into what arrives: umol and umol/h between edges in time."""

from dataclasses import dataclass

import numpy as np

from ketaqsp.dose.drugs import DEPOT_ROUTES, analytes, drug
from ketaqsp.dose.regimen import Regimen
from ketaqsp.errors import BadInput, unknown

# Adults and the children of other studies; outside this a weight is in another unit.
MIN_WEIGHT_KG, MAX_WEIGHT_KG = 10.0, 400.0
_MG_PER_G_TIMES_UMOL_PER_MOL = 1e3  # mg / (g/mol) = mmol; times 1e3 = umol


@dataclass(frozen=True, eq=False)
class Schedule:
    """What n patients receive, on one grid of K edges that all share.

    edges_h: (K,) h, strictly increasing, with 0 and every start and stop of a dose.
    rate[analyte]: (K, n) umol/h, holds on [edge k, edge k+1); the last row is 0.
    bolus[analyte]: (K, n) umol put into plasma at edge k.
    depot[analyte]: (K, n) umol put into the oral depot at edge k.
    The three have the same analytes. Arrays are read-only.
    """

    edges_h: np.ndarray
    rate: dict[str, np.ndarray]
    bolus: dict[str, np.ndarray]
    depot: dict[str, np.ndarray]
    n: int

    @property
    def analytes(self):
        """Names of what is delivered, in alphabetical order; empty without a drug."""
        return tuple(self.rate)

    def total(self, analyte):
        """Return (n,) umol delivered: sum of rate * length of step, boluses and depots."""
        if analyte not in self.rate:
            if analyte not in analytes():
                raise unknown("analyte", analyte, analytes())
            return np.zeros(self.n)
        infused = np.diff(self.edges_h) @ self.rate[analyte][:-1]
        return infused + self.bolus[analyte].sum(axis=0) + self.depot[analyte].sum(axis=0)


def schedule(regimens, weight_kg):
    """Return the Schedule of ``regimens`` in patients of ``weight_kg`` (n,).

    ``regimens``: one Regimen for all, or a sequence of n, one a patient. Amount in umol is
    mg / molar mass * 1000 * fraction of the analyte, with mg = mg/kg * weight where the dose is
    per kg. Infusions that overlap add. BadInput for weights outside 10 to 400 kg, or a number
    of regimens that is not n.
    """
    weights = _weights(weight_kg)
    groups = _groups(regimens, weights.size)
    times = {0.0}
    names = set()
    for regimen in groups:
        for dose in regimen.doses:
            times.update((dose.start_h, dose.stop_h))
            names.update(name for name, _ in drug(dose.drug).analytes)
    edges = np.array(sorted(times))
    shape = (edges.size, weights.size)
    rate, bolus, depot = ({name: np.zeros(shape) for name in sorted(names)} for _ in range(3))
    for regimen, patients in groups.items():
        for dose in regimen.doses:
            start, stop = np.searchsorted(edges, (dose.start_h, dose.stop_h))
            for name, umol in _amounts(dose, weights[patients]):
                if stop > start:
                    # Per hour of the grid, not of the dose: what is given then adds up exactly.
                    per_hour = umol / (edges[stop] - edges[start])
                    rate[name][start:stop, patients] += per_hour
                else:
                    into = depot if dose.route in DEPOT_ROUTES else bolus
                    into[name][start, patients] += umol
    for array in (edges, *rate.values(), *bolus.values(), *depot.values()):
        array.flags.writeable = False
    return Schedule(edges, rate, bolus, depot, weights.size)


def _amounts(dose, weights):
    """Yield (analyte, umol (n,)) of one dose."""
    entry = drug(dose.drug)
    mg = dose.amount * (weights if dose.unit == "mg/kg" else np.ones_like(weights))
    for name, fraction in entry.analytes:
        yield name, mg / entry.molar_mass * _MG_PER_G_TIMES_UMOL_PER_MOL * fraction


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
