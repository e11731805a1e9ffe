"""Endpoints of a trial from MADRS totals, each with the interval that says what it is worth.

Two intervals are kept apart. Wilson's says how well n virtual patients pin the share down
(simulation noise). The predictive one says what a trial of the usual size would find if the
model were true: a published figure is to be compared with that one.
"""

from dataclasses import dataclass

import numpy as np

from ketaqsp.patient.summary import REMISSION, RESPONSE, TOPS

MADRS_MAX = TOPS["madrs"]
RELAPSE = 0.25  # a responder has relapsed when less than this share of the total is gone ...
RELAPSE_VISITS = 2  # ... at this many daily visits in a row
TRIAL_SIZE = 48  # patients an arm: Murrough 2013 gave ketamine to 47
REPLICATES = 2000
Z95 = 1.959963984540054  # two-sided 95% of a normal, in SDs


@dataclass(frozen=True)
class Estimate:
    """A number with both intervals: value, `noise` (95%, of the simulation), `trial` (90%)."""

    value: float
    noise: tuple
    trial: tuple


@dataclass(frozen=True)
class Visit:
    """What an arm shows at one time. Shares 0..1; changes in MADRS points from before the dose."""

    time_h: float
    n: int
    response: Estimate
    remission: Estimate
    change_mean: Estimate
    change_sd: float


def totals(madrs):
    """MADRS as a rater writes it: rounded to integers, within 0..60; NaN stays NaN.

    A half goes to the even neighbour. No rater noise.
    """
    return np.clip(np.rint(madrs), 0, MADRS_MAX)


def response(total, before):
    """True where before - total >= 0.5 before > 0: at least half of the own total has gone."""
    return (before > 0) & (before - total >= RESPONSE * before)


def remission(total):
    """True where total <= 10 points."""
    return total <= REMISSION


def relapse_free(daily, before):
    """True (n,) where a responder never lost the gain on two daily visits in a row.

    daily: totals (visits, n), one a day after the visit at which response was judged. Relapse is
    before - total < 0.25 before twice in a row, as Ibrahim 2012 had it (two days).
    """
    lost = before - daily < RELAPSE * before
    twice = lost[:-1] & lost[1:] if len(lost) >= RELAPSE_VISITS else lost[:0]
    return ~twice.any(axis=0)


def wilson(successes, n, z=Z95):
    """Wilson's interval of a share, (low, high).

    centre = (p + z^2/2n)/(1 + z^2/n), half width = z/(1 + z^2/n) sqrt(p(1-p)/n + z^2/4n^2).
    Source: Wilson EB, J Am Stat Assoc 1927;22:209. n = 0 gives (0, 1).
    """
    if n == 0:
        return 0.0, 1.0
    p, w = successes / n, z * z / n
    centre = (p + w / 2) / (1 + w)
    half = z / (1 + w) * np.sqrt(p * (1 - p) / n + w / (4 * n))
    low = float(centre - half) if successes else 0.0  # exactly, where rounding would leave a trace
    return low, float(centre + half) if successes < n else 1.0


def trials(n, size, seed, stream, replicates=REPLICATES):
    """Patient numbers (replicates, size) of repeated trials, drawn from n with replacement.

    Keyed by seed and stream: the same whatever else was drawn.
    """
    from ketaqsp.patient.random import uniform

    u = uniform(seed, stream, np.arange(replicates * size))
    return (u * n).astype(int).reshape(replicates, size)


def estimate(x, picked, share=True):
    """Estimate of the mean of x (n,): Wilson for a share, normal for points; and of trials.

    picked: patient numbers (replicates, size) from `trials`.
    """
    x = np.asarray(x, dtype=float)
    n, mean = len(x), float(x.mean()) if len(x) else float("nan")
    if share:
        noise = wilson(x.sum(), n)
    else:
        half = float(Z95 * x.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
        noise = (mean - half, mean + half)
    low, high = np.percentile(x[picked].mean(axis=1), (5, 95))
    return Estimate(mean, noise, (float(low), float(high)))


def visit(time_h, total, before, picked):
    """Visit from totals (n,) at one time and before the dose; no NaN in either."""
    change = total - before
    return Visit(
        time_h=float(time_h),
        n=len(total),
        response=estimate(response(total, before), picked),
        remission=estimate(remission(total), picked),
        change_mean=estimate(change, picked, share=False),
        change_sd=float(change.std(ddof=1)) if len(change) > 1 else float("nan"),
    )
