"""The share of symptoms left by everything that is not the drug, for patients at visits."""

from functools import cache

import numpy as np

from ketaqsp.expectancy import equations as eq
from ketaqsp.parameters import rows

# Belief is not identified in drug arms, so each drug effect is told three ways.
VERSIONS = {"none": 0.0, "as in controls": 1.0, "twice": 2.0}


@cache
def values():
    """{symbol: value} of the link's table."""
    return {row.symbol: row.value for row in rows("expectancy")}


def belief(masking, background, drug):
    """Belief (0..1) that an active treatment was given, by what a patient can guess of the arm.

    masking: open, saline, active, masked. drug: what the arm gives: "ketamine" for any of its
    kind, "midazolam", "inert" for saline or nothing.
    """
    v = values()
    if masking == "masked":
        return v["belief_masked"]
    if masking == "open":
        return 0.0 if drug == "inert" else v["belief_open"]
    if drug == "inert" and background == "new_oral_antidepressant":
        return v["belief_added"]
    return v[
        {"ketamine": "belief_drug", "midazolam": "belief_midazolam"}.get(drug, "belief_saline")
    ]


def read_out(people, times, sessions, stages, new, trial, version=1.0):
    """Share of symptoms left (1 - e), (T, n).

    people: {"responsiveness": (n,)}. times: (T,) or (T, n), h from the first dose of the study.
    sessions: (S, n), h, when each patient had a treatment session (NaN: not); stages: tuple of
    (start_h, belief (n,)), in order. new: (n,) 1 where a new oral antidepressant was begun.
    trial: {"quick": (n,), "slow": (n,)} multipliers of each patient's trial.
    Source: the equations of this link.
    """
    v = values()
    times = np.asarray(times, dtype=float)
    times = times[:, None] if times.ndim == 1 else times
    held = np.zeros(np.broadcast_shapes(times.shape, people["responsiveness"].shape))
    for start, now in stages:
        elapsed = np.maximum(times - start, 0.0)
        held = np.where(times > start, eq.conviction(held, now, elapsed, v["tau_belief"]), held)
    quick = eq.quick(
        version, v["B_belief"], held, v["B_visit"], _occasion(times, sessions, held, v)
    )
    elapsed = np.maximum(times - stages[0][0], 0.0)
    slow = eq.slow(v["B_time"], v["B_new"], new, eq.course(elapsed, v["tau_slow"]))
    return eq.left(people["responsiveness"], trial["quick"], quick, trial["slow"], slow)


def _occasion(times, sessions, like, v):
    """Lift of the latest session that began before each time."""
    found = np.zeros(like.shape)
    for when in sessions:
        since = times - when
        after = since > 0
        found = np.where(after, eq.occasion(np.where(after, since, 0.0), v["tau_visit"]), found)
    return found
