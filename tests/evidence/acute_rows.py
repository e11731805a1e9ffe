"""Published acute effects, and what the model gives in their place.

A row of acute_observed.csv names doses (or a level in plasma), a signal and a statistic. `at` is
its argument: minutes, or a threshold. A prediction inside low..high agrees.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

import ketaqsp as kq
from evidence.pk_rows import regimen
from ketaqsp.acute import readouts
from ketaqsp.dose import Dose, Regimen
from ketaqsp.patient.cohort import typical_values

TABLE = Path(__file__).with_name("acute_observed.csv")
N, SEED = 400, 11
SIGNALS = (
    *("cadss", "sbp_change", "dbp_change", "map_change", "hr_change", "hr0", "sbp0", "dbp0"),
    *("sedation_probability", "unresponsive_probability", "pain_vas", "crps_pain"),
    *("ketamine_arterial", "ketamine_arterial_s"),
)


@dataclass(frozen=True)
class Row:
    """One published figure with the range that counts as agreement."""

    row: str
    effect: str
    drug: str
    doses: str
    hours: str
    signal: str
    statistic: str
    at: str
    observed: str
    low: float
    high: float
    unit: str
    use: str


@cache
def rows():
    """The table, in its order."""
    with open(TABLE, encoding="utf-8", newline="") as file:
        return tuple(_row(cells) for cells in csv.DictReader(file))


def _row(cells):
    kept = {name: cells[name] for name in Row.__dataclass_fields__}
    return Row(**{**kept, "low": float(cells["low"]), "high": float(cells["high"])})


@cache
def people():
    """The same patients for every row."""
    return kq.cohort("trd", n=N, seed=SEED)


@cache
def curves(drug, doses, hours):
    """(minutes, {signal: (time, patient)}) after doses such as "0.5 mg/kg over 40 min"."""
    wanted = [name for name in SIGNALS if not name.endswith("0")]
    every = "1 min" if float(hours) <= 12 else "12 h"
    given = _given(drug, doses)
    fine = np.arange(0, 20, 0.1) / 60 if float(hours) <= 2 else ()
    out = kq.simulate(
        given, people(), days=float(hours) / 24, every=every, wanted=wanted, extra_times=fine
    )
    return out["time"].values * 60, {name: out[name].values for name in wanted}


def _given(drug, doses):
    """A regimen: "84 mg in" goes into the nose by devices of 28 mg, five minutes apart."""
    amount, unit, where = doses.split()[:3]
    if where not in ("in", "im", "sc"):
        return regimen(drug, doses)
    parts = round(float(amount) / 28) if where == "in" else 1
    return Regimen(
        tuple(Dose(drug, where, float(amount) / parts, unit, k / 12) for k in range(parts))
    )


@cache
def at_level(drug, doses):
    """Read-outs of the typical patient with a constant level, "level 713" in ng/mL of the drug."""
    ng = float(doses.removeprefix("level "))
    share = {"ketamine": (1, 1), "esketamine": (2, 0), "arketamine": (0, 2)}[drug]
    values = {**typical_values(), "gaba": 0.0, "tolerance": 0.0}
    umol = ng / 2 / values["M_k"]
    for block in (b for form in "sr" for b in _sites(form)):
        of_form = share[0] if block.name.endswith("_s") else share[1]
        values[block.name] = 0.0 if "_nk_" in block.name else of_form * umol
    for block in readouts():
        values[block.name] = float(block.value(values))
    return values


def _sites(form):
    from ketaqsp.acute import effect_sites

    return [block for block in effect_sites(form) if block.name != "tolerance"]


def predicted(row):
    """The figure of one row."""
    return float(STATISTICS[row.statistic](row))


def _of(row):
    minutes, found = curves(row.drug, row.doses, row.hours)
    return minutes, found[row.signal]


def _mean_peak(row):
    return _of(row)[1].max(axis=0).mean()


def _mean_at(row):
    minutes, x = _of(row)
    return np.interp(float(row.at), minutes, x.mean(axis=1))


def _minute_of_peak(row):
    minutes, x = _of(row)
    return minutes[x.mean(axis=1).argmax()]


def _share_over(row):
    return (_of(row)[1].max(axis=0) > float(row.at)).mean()


def _percent_of_start(row):
    """A change as a percentage of the patients' resting value, mean over patients."""
    p = people().parameters
    start = {"hr_change": p["hr0"], "map_change": (p["sbp0"] + 2 * p["dbp0"]) / 3}[row.signal]
    return 100 * (_of(row)[1].max(axis=0) / start).mean()


def _level(row):
    return at_level(row.drug, row.doses)[row.signal]


def _level_percent(row):
    """As a mean over patients, who rise by `gain` times the typical patient."""
    values, p = at_level(row.drug, row.doses), people().parameters
    gain = p["hr_gain" if row.signal == "hr_change" else "bp_gain"].mean()
    start = {"hr_change": values["hr0"], "map_change": (values["sbp0"] + 2 * values["dbp0"]) / 3}
    return 100 * gain * values[row.signal] / start[row.signal]


def _linear_r(row):
    """Correlation of the signal with a level in ng/mL over these levels."""
    levels = [float(x) for x in row.at.split("-")]
    found = [at_level(row.drug, f"level {x:g}")[row.signal] for x in levels]
    return np.corrcoef(levels, found)[0, 1]


def _level_for(row):
    """Level in ng/mL at which the signal reaches `at`, typical patient."""
    levels = np.geomspace(5, 5000, 400)
    found = [at_level(row.drug, f"level {x:.6g}")[row.signal] for x in levels]
    rising = found[-1] > found[0]
    place = np.flatnonzero(np.array(found) > float(row.at) if rising else
                           np.array(found) < float(row.at))  # fmt: skip
    return levels[place[0]]


def _under(row):
    """(minutes, patients x time: more likely out than not)."""
    minutes, found = curves(row.drug, row.doses, row.hours)
    return minutes, found["unresponsive_probability"] >= 0.5


def _median_onset(row):
    """Minutes from the end of the injection, `at`, to loss of response in the median patient."""
    minutes, out = _under(row)
    return np.median(minutes[out.argmax(axis=0)]) - float(row.at)


def _median_duration(row):
    minutes, out = _under(row)
    return np.median(np.sum(out[:-1] * np.diff(minutes)[:, None], axis=0))


def _level_at_waking(row):
    """Arterial ketamine, ng/mL, when a patient responds again; mean over patients."""
    _, out = _under(row)
    last = len(out) - 1 - out[::-1].argmax(axis=0)
    assert out.any(axis=0).all() and not out[-1].any(), row.row
    x = curves(row.drug, row.doses, row.hours)[1]["ketamine_arterial"]
    return x[last + 1, np.arange(x.shape[1])].mean()


def _share_halved(row):
    """Share whose pain is less than half of its start at a time."""
    minutes, x = _of(row)
    now = x[np.abs(minutes - float(row.at)).argmin()]
    return (now < 0.5 * x[0]).mean()


def _relief_share(row):
    """Mean relief as a share of the mean start at a time."""
    minutes, x = _of(row)
    return 1 - np.interp(float(row.at), minutes, x.mean(axis=1)) / x[0].mean()


def _responder_days(row):
    """Days after the end of the doses, `at` min, until a responder's mean relief is below 1."""
    minutes, x = _of(row)
    relief = (x[0] - x)[:, people().parameters["ease"] > 0].mean(axis=1)
    after = (minutes > float(row.at)) & (relief < 1)
    return (minutes[after][0] - float(row.at)) / 1440


def _beside_placebo(row):
    """Mean at a time with the placebo arm's share of symptoms left (5.45 of 7.2) on top."""
    return _mean_at(row) * 5.45 / 7.2


def _gap_to_placebo(row):
    """Placebo arm minus drug arm at a time, both with the placebo's share left."""
    _, x = _of(row)
    return (x[0].mean() - _mean_at(row)) * 5.45 / 7.2


def _early_share(row):
    """Relief at the first time of `at` over relief at the second."""
    first, second = row.at.split("-")
    minutes, x = _of(row)
    relief = x[0].mean() - x.mean(axis=1)
    return np.interp(float(first), minutes, relief) / np.interp(float(second), minutes, relief)


HELPERS = ("_row", "_of", "_sites", "_under", "_given")
STATISTICS = {
    name.removeprefix("_"): f
    for name, f in globals().items()
    if name.startswith("_") and callable(f) and name not in HELPERS
}
