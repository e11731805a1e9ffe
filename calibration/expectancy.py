"""Fit the link of expectancy to control arms of published trials: control_arms.csv.

    python calibration/expectancy.py

Four effects and the spread of responsiveness, by least squares on mean changes and response
rates, each in units of its standard error with 0.5 between trials on the log of the effect. A
prior of a factor 2 about the start of each keeps directions that no arm informs. Prints the fit
and every residual; the values go into src/ketaqsp/expectancy/parameters.csv by hand.
"""

import csv
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares
from scipy.special import ndtri

from ketaqsp.expectancy import equations as eq
from ketaqsp.expectancy.model import belief, values

NAMES = ("B_belief", "B_visit", "B_time", "B_new", "omega")
START = (0.4, 0.2, 0.15, 0.3, 0.8)
ORAL = 0.04  # share of symptoms that the antidepressant itself takes by day 28: 1.5 of 37 points
RATER = 3.0
GRID = ndtri((np.arange(400) + 0.5) / 400)
SHUFFLED = np.random.default_rng(7).permuted(np.tile(GRID, (3, 1)), axis=1)


def rows():
    """The rows of control_arms.csv with numbers in place of text."""
    path = Path(__file__).with_name("control_arms.csv")
    with open(path, encoding="utf-8", newline="") as file:
        for r in csv.DictReader(file):
            for key in ("time_h", "baseline", "baseline_sd", "value", "n"):
                r[key] = float(r[key])
            r["sessions_h"] = [float(x) for x in r["sessions_h"].split(";")]
            yield r


def predicted(r, p):
    """(value, spread of it between trials) of one row under parameters p."""
    v, t = values(), r["time_h"]
    held = eq.conviction(0.0, belief(r["masking"], r["background"], r["drug"]), t, v["tau_belief"])
    since = t - max(x for x in r["sessions_h"] if x < t)
    quick = eq.quick(1.0, p[0], held, p[1], eq.occasion(since, v["tau_visit"]))
    new = float(r["background"] == "new_oral_antidepressant")
    slow = eq.slow(p[2], p[3], new, eq.course(t, v["tau_slow"]))

    def judged(factor):
        z, noise, first = SHUFFLED
        share = eq.left(np.exp(p[4] * z), factor, quick, factor, slow)
        share *= 1 - ORAL * new * min(t / 672, 1)
        before = np.clip(r["baseline"] + r["baseline_sd"] * first, 20, 60)
        change = before * share + np.sqrt(2) * RATER * noise - before
        found = {"mean_change": change.mean(), "change_sd": change.std()}
        # Shares change smoothly with p: a point of MADRS wide.
        return found | {"response": 100 * (1 / (1 + np.exp(change + 0.5 * before))).mean()}

    middle, high = judged(1.0)[r["outcome"]], judged(np.exp(0.5))[r["outcome"]]
    return middle, abs(high - middle)


def residual(r, p):
    """(observed - predicted) over its standard error, sampling and between trials."""
    middle, between = predicted(r, p)
    if r["outcome"] == "response":
        share = np.clip(middle / 100, 0.02, 0.98)
        own = 100 * np.sqrt(share * (1 - share) / r["n"])
    else:
        own = 9.0 / np.sqrt(r["n"]) if r["outcome"] == "mean_change" else 9 / np.sqrt(2 * r["n"])
    return (r["value"] - middle) / np.hypot(own, between)


def fit():
    """(values, standard errors) of NAMES."""
    data = list(rows())

    def loss(q):
        p = np.exp(q)
        prior = (q - np.log(START)) / np.log(2)
        return np.array([*(residual(r, p) for r in data), *prior])

    found = least_squares(loss, np.log(START), diff_step=1e-3)
    cov = np.linalg.inv(found.jac.T @ found.jac)
    return np.exp(found.x), np.sqrt(np.diag(cov)), data


if __name__ == "__main__":
    best, error, data = fit()
    for name, x, e in zip(NAMES, best, error, strict=True):
        print(f"{name}: {x:.3f}, 95% within a factor {np.exp(1.96 * e):.2f}")
    for r in data:
        print(f"{r['study']}, {r['time_h']:g} h, {r['outcome']}: observed {r['value']:g}, fitted "
              f"{predicted(r, best)[0]:.1f}, {residual(r, best):+.1f} SE")  # fmt: skip
