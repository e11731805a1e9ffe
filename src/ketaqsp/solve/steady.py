"""Where linear states start again: resets, and steady states by the exact solution over a period.

What a dose given every tau for ever has left just before its next is the sum over its predecessors
of what a single one leaves: x = (I - exp(M tau))^-1 exp(M w) x_D, with x_D the state when a dose
has wholly arrived and w the time from there to the next dose after that. Doses still arriving are
added one by one. It holds for every share, lag and duration, for they only change x_D and w.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ketaqsp.blocks import terms
from ketaqsp.dose.quantity import TIME_DIGITS
from ketaqsp.solve import linear
from ketaqsp.solve.plain import with_constants

STEP = 1e-30  # of a complex step: so small that its square is nothing beside any number


@dataclass(frozen=True, eq=False)
class Start:
    """At time_h: amounts times keep (n,), then plus add {linear state: (n,)} in the state's unit.

    rest (n,): 1 for those whose brain goes back to its state before any dose, else 0.
    """

    time_h: float
    keep: np.ndarray
    rest: np.ndarray
    add: dict


def starts(model, values, schedule, rows, kind=float):
    """The Starts of the patients `rows` of a Schedule, in order of time.

    values: {parameter: number or one for each of rows}; kind: complex where they are. A patient
    without a steady state (nothing leaves) gets NaN, and so fails.
    """
    found = []
    whole = with_constants(model, values) if schedule.restarts else {}
    for restart in schedule.restarts:
        add = {}
        for course in restart.steady:
            mine = np.flatnonzero(np.isin(rows, course.patients))
            if not mine.size:
                continue
            at = np.searchsorted(course.patients, np.asarray(rows)[mine])
            own = _some(whole, mine, len(rows))
            system = next(s for s in model.linear if course.input in dict(s.inputs))
            with np.errstate(all="ignore"):
                x = steady_state(system, own, course, course.umol[at], kind)
            for i, name in enumerate(system.states):
                add.setdefault(name, np.zeros(len(rows), kind))[mine] += x[:, i]
        keep = np.where(restart.cleared[rows], 0.0, 1.0)
        found.append(Start(restart.time_h, keep, restart.rested[rows].astype(float), add))
    return tuple(found)


def slopes(model, values, schedule, rows):
    """{parameter: list of {linear state: (n,)}}: how what each Start adds moves with a parameter.

    By the complex step: the imaginary part of f(p + ih) is h f'(p), with nothing to cancel.
    """
    found = {}
    if any(restart.steady for restart in schedule.restarts):
        for name in _read(model):
            moved = {**values, name: np.asarray(values[name]) + 1j * STEP}
            some = starts(model, moved, schedule, rows, complex)
            found[name] = [{k: x.imag / STEP for k, x in one.add.items()} for one in some]
    return found


@lru_cache(maxsize=32)
def _read(model):
    """Parameters that the linear part reads, by way of constants too."""
    blocks = (block for system in model.linear for block in system.blocks)
    read = {name for block in blocks for _, term in terms(block) for name in term.names}
    for block in reversed(model.constants):
        if block.name in read:
            read.update(block.value.names)
    return tuple(name for name in model.parameters if name in read)


def _some(values, places, n):
    """Values of some of n patients; numbers stay numbers."""
    return {k: v[places] if np.ndim(v) and len(v) == n else v for k, v in values.items()}


def steady_state(system, values, course, umol, kind=float):
    """States (n, m) just before the next dose of a course; umol (n,) a dose.

    course: what has input, period_h, lag_h and duration_h. What only gathers (a state without a
    loss, such as what has left) has no steady state and starts at 0.
    """
    n = len(umol)
    g = linear.generator(system, values, n, kind)
    m = g.shape[1]
    column = m + [name for name, _ in system.inputs].index(course.input)
    period, lag, duration = course.period_h, course.lag_h, course.duration_h

    def given(hours):
        """State after `hours` of a dose that runs in evenly; 0 hours: all of it at once."""
        if not duration:
            return g[:, :, column] * umol[:, None]
        return _exponential(g, hours)[:, :, column] * (umol / duration)[:, None]

    whole = max(math.ceil(round((lag + duration) / period, TIME_DIGITS)), 1)
    x = given(duration)
    wait = round(whole * period - lag - duration, TIME_DIGITS)
    if wait > 0:
        x = np.einsum("nij,nj->ni", _exponential(g, wait)[:, :, :m], x)
    total = _summed(g, period, x)
    for earlier in range(1, whole):
        since = round(earlier * period - lag, TIME_DIGITS)
        if since > 0 and duration:
            total += given(since)
    total[:, _gathering(g)] = 0.0
    return total


def _gathering(g):
    """(m,) True for states that nothing leaves."""
    return np.array([not g[:, i, i].any() for i in range(g.shape[1])])


def _summed(g, period, x):
    """(I - exp(M period))^-1 x over the states that something leaves."""
    m = g.shape[1]
    some = np.flatnonzero(~_gathering(g))
    total = np.zeros_like(x)
    left = np.eye(len(some)) - _exponential(g, period)[:, :, :m][:, some][:, :, some]
    possible = np.isfinite(left).all(axis=(1, 2)) & (np.linalg.det(left) != 0)
    solved = np.full((len(x), len(some)), np.nan, x.dtype)
    if possible.any():
        right = x[np.ix_(possible, some)][:, :, None]
        solved[possible] = np.linalg.solve(left[possible], right)[:, :, 0]
    total[:, some] = solved
    return total


def _exponential(g, hours):
    """linear.exponential, patients of one scaling at a time, so that company changes no bit."""
    m = g.shape[1]
    fastest = -np.einsum("nii->ni", g[:, :, :m].real).min(axis=1) * hours
    powers = np.where(np.isfinite(fastest) & (fastest > 0), np.ceil(np.log2(2 * fastest)), 0)
    out = np.empty_like(g)
    for power in np.unique(powers):
        same = powers == power
        out[same] = linear.exponential(g[same], hours)
    return out
