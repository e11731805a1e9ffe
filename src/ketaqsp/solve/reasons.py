"""Why a patient could not be solved, in words."""

import math

import numpy as np

AT_ONCE = 64  # patients whose curves are held at once: every state at every output is large


def of_parameters(values, rows, n):
    """{row: reason} of those patients with a parameter that is not finite."""
    out = {}
    for name in sorted(values):
        x = np.broadcast_to(np.asarray(values[name], dtype=float), (n,))
        for row in rows[~np.isfinite(x[rows])]:
            out.setdefault(int(row), f"parameter {name} is {x[row]:g}")
    return out


def of_curves(names, curves, times, lowest):
    """Reason for one patient: the first state, in time and then in order, that is wrong.

    curves (states, O).
    """
    wrong = ~np.isfinite(curves) | (curves < lowest)
    if not wrong.any():
        return "a state left its range between two outputs"
    when = int(wrong.any(axis=0).argmax())
    which = int(wrong[:, when].argmax())
    value = curves[which, when]
    said = f"falls to {value:.3g}" if np.isfinite(value) else "is not finite"
    return f"{names[which]} {said} at {times[when]:g} h"


def unsound(values, rows, n):
    """(len(rows),) True for patients with a parameter that is not finite, whatever came of it."""
    if (
        n == 1
    ):  # the sum of numbers of usual size is finite if all are: a patient alone waits for it
        numbers = (x.item() if isinstance(x, np.ndarray) else x for x in values.values())
        return np.full(len(rows), not math.isfinite(sum(numbers)))
    total = np.zeros(len(rows))
    with np.errstate(invalid="ignore"):
        for x in values.values():
            x = np.asarray(x, dtype=float)
            total += 0.0 * (x[rows] if x.ndim and len(x) == n else x)
    return np.isnan(total)
