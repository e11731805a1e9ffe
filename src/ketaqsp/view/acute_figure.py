"""Acute effects around one infusion, in virtual patients, with published points beside them."""

import csv
from pathlib import Path

import numpy as np

from ketaqsp.view import style
from ketaqsp.view.style import figure, styled

# Title with unit, signal, factor: means over patients.
PANELS = (
    ("Dissociation, CADSS points", "cadss", 1.0),
    ("Systolic pressure, change, mmHg", "sbp_change", 1.0),
    ("Heart rate, change, 1/min", "hr_change", 1.0),
    ("Any sedation, % of patients", "sedation_probability", 100.0),
)
POINTS = Path(__file__).with_name("acute_points.csv")
MARKS = ("o", "s", "^")
MINUTES = 240


def points(signal):
    """Published means of a signal: (minute, value, low or None, high or None, who says so)."""
    with open(POINTS, encoding="utf-8", newline="") as file:
        mine = [cells for cells in csv.DictReader(file) if cells["signal"] == signal]
    keys = ("minute", "value", "low", "high")
    return [(*(float(c[k]) if c[k] else None for k in keys), c["who"]) for c in mine]


def acute_curves(n=400, seed=1):
    """Dataset of n patients, 0.5 mg/kg over 40 min, every two minutes for four hours."""
    from ketaqsp.dose import infusion
    from ketaqsp.patient import cohort, simulate

    signals = [signal for _, signal, _ in PANELS]
    people = cohort("trd", n=n, seed=seed)
    given = infusion(mg_per_kg=0.5, minutes=40, days=[0])
    return simulate(given, people, days=MINUTES / 1440, every="2 min", wanted=signals)


@styled
def acute_figure(out):
    """Figure of the Dataset of acute_curves: mean, middle 50% and 90%, observed means beside."""
    made = figure(860, 620)
    minutes = 60 * out["time"].values
    for ax, (title, signal, factor) in zip(
        made.subplots(2, 2, sharex=True).flat, PANELS, strict=True
    ):
        x = factor * out[signal].values
        for low, high, alpha in ((0.05, 0.95, 0.15), (0.25, 0.75, 0.3)):
            a, b = np.quantile(x, (low, high), axis=1)
            ax.fill_between(minutes, a, b, color=style.BLUE, alpha=alpha, lw=0)
        ax.plot(minutes, x.mean(axis=1), color=style.BLUE, label="mean of virtual patients")
        for mark, (at, value, low, high, who) in zip(MARKS, points(signal), strict=False):
            error = None if low is None else [[value - low], [high - value]]
            ax.errorbar(at, value, yerr=error, fmt=mark, color=style.RED, ms=5, capsize=3,
                        mfc="white", lw=1.2, label=who, zorder=3)  # fmt: skip
        ax.axvspan(0, 60 * style.INFUSION_H, color=style.SKY, alpha=0.18, lw=0)
        ax.set_xlim(0, MINUTES)
        ax.set_ylim(0, ax.get_ylim()[1])
        ax.set_xticks(range(0, MINUTES + 1, 40))
        ax.tick_params(labelbottom=True)
        ax.set_title(title)
        ax.set_xlabel("time from start of infusion, min")
        ax.legend(loc="upper right")
    return made


def write(path, n=400, seed=1):
    """Write the page's PNG. Run it again when results move; its description holds the means.

    from ketaqsp.view.acute_figure import write
    write("docs/figures/acute.png")
    """
    import json

    out = acute_curves(n, seed)
    about = {"Software": None, "Description": json.dumps(peaks(out))}
    acute_figure(out).savefig(path, dpi=144, metadata=about)
    return path


def peaks(out):
    """{signal: highest mean over patients}, three digits: what a stale figure would miss."""
    return {name: float(f"{out[name].mean('patient').max().item():.3g}") for name in out.data_vars
            if name != "status"}  # fmt: skip
