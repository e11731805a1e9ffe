"""What is told of patients that could not be solved: status, reason, parameters of the model.

The same record on every path: the attribute `failures` of a Dataset, a zarr store, a csv, JSON.
"""

import json

import numpy as np

from ketaqsp.solve import STATUS

FAILED = STATUS.index("failed")


def record(reason, values, place):
    """{"status", "reason", "parameters"} of the patient at `place`.

    values: {symbol: number or (n,)} that the model read.
    """
    told = {name: _of(x, place) for name, x in sorted(values.items())}
    return {"status": STATUS[FAILED], "reason": reason, "parameters": told}


def _of(x, place):
    """A number that JSON can hold: None where it is not finite, which the reason says."""
    x = float(x[place] if np.ndim(x) else x)
    return x if np.isfinite(x) else None


def of(out):
    """{number: record} of a Dataset, {} if nobody failed."""
    return json.loads(out.attrs.get("failures", "{}"))


def counts(status):
    """{how: number of patients} of statuses (n,), every way of STATUS by name."""
    found = np.bincount(np.asarray(status, dtype=int), minlength=len(STATUS))
    return dict(zip(STATUS, found.tolist(), strict=True))


def added(one, other):
    """The counts of two groups together."""
    return {how: one[how] + other[how] for how in STATUS}


def told(counted):
    """The counts in words, whoever was solved at once left out: "3 solved on a finer grid"."""
    return ", ".join(f"{n} {how}" for how, n in counted.items() if n and how != STATUS[0])
