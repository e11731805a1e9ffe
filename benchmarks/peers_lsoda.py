"""LSODA as SciPy and as numbalsoda have it, given the file's equations: see peers.py."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from equations import Equations  # noqa: E402

STEPS = 1_000_000  # between two outputs: never what ends a run


def scipy(work):
    """SciPy's LSODA (odeint), right-hand side compiled by numba."""
    from scipy.integrate import odeint

    people = [Equations(text) for text in work.texts]
    rates = people[0].compiled()

    def course(numbers, y, times, rtol, atol):
        return odeint(
            rates, y, times, args=(numbers,), tfirst=True, rtol=rtol, atol=atol, mxstep=STEPS
        )

    return _restarted(people, work, course)


def numbalsoda(work):
    """numbalsoda's LSODA, in C++; nothing of Python runs between two doses."""
    from numbalsoda import lsoda, lsoda_sig

    people = [Equations(text) for text in work.texts]
    rates = people[0].callback(lsoda_sig)

    def course(numbers, y, times, rtol, atol):
        found, solved = lsoda(rates.address, y, times, numbers, rtol, atol, STEPS)
        return found if solved else np.full_like(found, np.nan)

    return _restarted(people, work, course)


def _restarted(people, work, course):
    """solve() by course(numbers, y, times, ...) -> (T, S), begun anew where a rate changes."""

    def solve(i, rtol, atol):
        one = people[i]
        y, numbers = one.start.copy(), one.numbers.copy()
        table = np.empty((len(work.hours), len(y)))
        table[0] = y
        for start, stop, change, inside in one.pieces(work.hours):
            numbers[list(change)] = list(change.values())
            times = np.unique([start, *work.hours[inside], stop])
            found = course(numbers, y, times, rtol, atol)
            y, table[inside] = found[-1].copy(), found[np.searchsorted(times, work.hours[inside])]
        return one.read(table, work.names)[None]

    return solve
