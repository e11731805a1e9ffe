"""diffrax on the same equations: adaptive, and ignorant of our grid and sweep."""

import numpy as np

import ketaqsp as kq
from tolerances import REFERENCE

DRUG = kq.infusion(mg_per_kg=0.5, minutes=40)


def test_reference_solver_agrees():
    """diffrax on the same equations, one patient over half a day; every state."""
    one = kq.typical()
    mine = kq.simulate(DRUG, one, days=0.5, every="4 h")
    other = kq.simulate(DRUG, one, days=0.5, every="4 h", solver="reference")
    assert other["status"].item() == 0
    for name in mine.data_vars:
        a, b = mine[name].values, other[name].values
        assert np.abs(a - b).max() <= REFERENCE * max(np.abs(a).max(), 1e-6), name
