"""Published levels in plasma, and what the model gives in their place.

Used by the tests beside it and by calibration/compare_plasma.py. A row of the table names its
doses, site, analyte and statistic; its weight is the study's where stated, else the default.
"""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ketaqsp.dose import Dose, Regimen
from ketaqsp.dose.routes import places as model_places
from ketaqsp.patient.cohort import typical_values
from plasma_only import solve

TABLE = Path(__file__).with_name("pk_observed.csv")
PIECE_H = 12.0  # longer infusions go in by pieces: a dose has a believable size for one day
FINE = np.arange(1, 600) / 120  # h: every half minute for five hours, where peaks are
COARSE = np.arange(241) / 10  # h
MOLAR = {"ketamine": "M_k", "norketamine": "M_nk", "dhnk": "M_dhnk", "hnk": "M_hnk"}


@dataclass(frozen=True)
class Row:
    """One published figure. low and high differ from observed where a range was printed."""

    row: str
    group: str
    study: str
    drug: str
    doses: str
    site: str
    analyte: str
    statistic: str
    time_min: str
    observed: float
    low: float
    high: float
    unit: str
    weight_kg: float
    use: str
    confidence: str

    def fold(self, predicted):
        """predicted/observed; 1 inside a printed range, else against its nearer end."""
        return predicted / min(max(predicted, self.low), self.high)


def rows():
    """The table, in its order."""
    with open(TABLE, encoding="utf-8", newline="") as file:
        return [_row(cells) for cells in csv.DictReader(file)]


def _row(cells):
    kept = {name: cells[name] for name in Row.__dataclass_fields__}
    observed = float(cells["observed"])
    kept["observed"] = observed
    kept["low"], kept["high"] = (float(cells[end] or observed) for end in ("low", "high"))
    kept["weight_kg"] = float(cells["weight_kg"] or typical_values()["W"])
    return Row(**kept)


def regimen(drug, doses):
    """Doses such as "0.28 mg/kg over 60 min; 2 mg/kg at once", each after the one before.

    "35 mg by im" goes in by that route; the others go into a vein.
    """
    found, start = [], 0.0
    for text in doses.split(";"):
        amount, unit, *how = text.split()
        hours = float(how[1]) / 60 if how[0] == "over" else 0.0
        route = how[1] if how[0] == "by" else "iv"
        pieces = max(1, math.ceil(hours / PIECE_H))
        for _ in range(pieces):
            part = hours / pieces
            found.append(Dose(drug, route, float(amount) / pieces, unit, start, part))
            start += part
    return Regimen(tuple(found))


def predictions(table, pk=None, **changed):
    """{row: value in the row's unit} for the typical patient; changed: single parameters."""
    found = {}
    for drug, doses, weight in dict.fromkeys((r.drug, r.doses, r.weight_kg) for r in table):
        same = [r for r in table if (r.drug, r.doses, r.weight_kg) == (drug, doses, weight)]
        own = [float(t) / 60 for r in same for t in r.time_min.split("-") if t]
        times = np.unique(np.round(np.concatenate([FINE, COARSE, own]), 9))
        given = regimen(drug, doses)
        places = {"places": model_places(given.doses)}
        curves = solve(given, times, weight=weight, companions=places, pk=pk, **changed)
        molar = {**typical_values(pk), **changed}
        for r in same:
            found[r.row] = _statistic(r, times, curves, molar)
    return found


def _statistic(row, times, curves, molar):
    """The figure of one row from the curves of its regimen."""
    level = [_curve(name, row.site, curves) for name in row.analyte.split("/")]
    window = [float(t) / 60 for t in row.time_min.split("-") if t]
    if row.statistic == "peak":
        value = level[0].max()
    elif row.statistic == "tmax":
        return float(60 * times[level[0].argmax()])
    elif row.statistic == "level":
        value = np.interp(window[0], times, level[0])
    elif row.statistic == "half_life":
        first, last = np.interp(window, times, level[0])
        return (window[1] - window[0]) * math.log(2) / math.log(first / last)
    else:
        inside = times <= window[1]
        areas = [np.trapezoid(x[inside], times[inside]) for x in level]
        return float(areas[0] / areas[1] if row.statistic == "auc_ratio" else areas[0])
    if row.unit == "umol/L":
        value = value / molar[MOLAR[row.analyte.partition("_")[0]]]
    return float(value)


def _curve(name, site, curves):
    """ng/mL of an analyte. Only ketamine has an arterial and a venous view."""
    where = site if name.startswith("ketamine") else "venous"
    base, _, form = name.partition("_")
    return curves["_".join(filter(None, (base, where, form)))][:, 0]


def summary(table, predicted):
    """{group: (rows, geometric mean of predicted/observed, share within 1.25, 1.5 and 2-fold)}."""
    found = {}
    for group in dict.fromkeys(r.group for r in table):
        folds = np.array([r.fold(predicted[r.row]) for r in table if r.group == group])
        off = np.exp(np.abs(np.log(folds)))
        shares = tuple(float(np.mean(off <= most)) for most in (1.25, 1.5, 2.0))
        found[group] = (len(folds), float(np.exp(np.log(folds).mean())), *shares)
    return found
