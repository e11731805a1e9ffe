"""What is written down at visits: totals of every scale, and whether goals are met."""

import numpy as np

from ketaqsp.parameters import rows
from ketaqsp.patient.random import normal
from ketaqsp.protocol.endpoints import TOPS

SLOPES = {
    "HAMD17": "slope_hamd17",
    "HAMD6": "slope_hamd6",
    "QIDS": "slope_qids",
    "HDRS21": "slope_hdrs21",
    "HDRS25": "slope_hdrs25",
}


def slope(scale):
    """Points of `scale` per MADRS point."""
    if scale == "MADRS":
        return 1.0
    return next(row.value for row in rows() if row.symbol == SLOPES[scale])


def rated(points, scale, labels, ids, seed, sd):
    """(whole totals (V, n) of a scale as a rater writes them, where they were cut (V, n)).

    points: MADRS without noise (V, n); labels: what keys the noise of each visit; sd: of one
    rating of MADRS, a number or (n,). total = round(slope points + slope sd z) within 0
    and the scale's top. Cut: -1 at 0, 1 at the top, else 0.
    """
    factor = slope(scale)
    streams = [f"rater {scale} {label}" for label in labels]
    z = np.stack([normal(seed, stream, ids, long=True) for stream in streams])
    whole = np.rint(factor * points + factor * sd * z)
    cut = (whole > TOPS[scale]).astype(np.int8) - (whole < 0)
    return np.clip(whole, 0, TOPS[scale]) + 0.0, cut


def goal(endpoint, totals, before):
    """Where the conditions of a response or remission hold, (V, n). before: own baseline (n,)."""
    held = np.ones(totals.shape, dtype=bool)
    if endpoint.reduction is not None:
        held &= (before > 0) & (before - totals >= endpoint.reduction * before - 1e-9)
    if endpoint.at_most is not None:
        held &= totals <= endpoint.at_most
    return held


def lost(endpoint, totals, before):
    """Where the conditions of a relapse hold at one visit, (V, n)."""
    held = np.ones(totals.shape, dtype=bool)
    if endpoint.at_least is not None:
        held &= totals >= endpoint.at_least
    if endpoint.improvement_below is not None:
        held &= before - totals < endpoint.improvement_below * before - 1e-9
    return held


def over_visits(endpoint, held, hours):
    """`on: 2 of [...]`: met once the condition held at so many of the named visits, (V, n).

    hours (V,) from the start of the phase; NaN is a visit that has no name of that kind.
    """
    if endpoint.on is None:
        return held
    least, named = endpoint.on
    counted = np.isin(np.round(hours, 9), np.round(named, 9))
    return np.cumsum(held & counted[:, None], axis=0) >= least


def in_a_row(held, consecutive, when):
    """Where a condition holds for the `consecutive`-th visit in a row, (V, n).

    when (V, n): hours of the visits, each patient's own (the end of treatment lies where he stops).
    Two visits at one time are one in the row.
    """
    order = np.argsort(when, axis=0, kind="stable")
    held, when = (np.take_along_axis(x, order, axis=0) for x in (held, when))
    run, out = np.zeros(held.shape[1], dtype=int), np.zeros(held.shape, dtype=bool)
    for k, now in enumerate(held):
        new = when[k] > when[k - 1] if k else np.ones(len(run), dtype=bool)
        run = np.where(now, np.maximum(run + new, 1), np.where(new, 0, run))
        out[k] = now & (run >= consecutive)
    found = np.empty_like(out)
    np.put_along_axis(found, order, out, axis=0)
    return found
