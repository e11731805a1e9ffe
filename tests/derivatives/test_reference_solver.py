"""diffrax on the same equations: adaptive, and ignorant of our grid and sweep."""

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.dose.event_table import read_events
from tolerances import REFERENCE

DRUG = kq.infusion(mg_per_kg=0.5, minutes=40)


# A course that has settled, another dose of it, a reset of plasma and brain, and a dose after it.
RESTARTS = """ID,TIME,EVID,AMT,RATE,II,ADDL,SS,DRUG,ROUTE
1,0,1,35,52.5,24,0,1,ketamine,iv
1,4,3,0,0,0,0,0,,
1,5,1,20,0,0,0,0,ketamine,iv
1,7,1,10,20,12,0,2,ketamine,iv
"""


@pytest.fixture(params=["infusion", "restarts"])
def regimen(request, tmp_path):
    if request.param == "infusion":
        return DRUG
    path = tmp_path / "doses.csv"
    path.write_text(RESTARTS, encoding="utf-8")
    return read_events(path)[1]


def test_reference_solver_agrees(regimen):
    """diffrax on the same equations, one patient over half a day; every state."""
    one = kq.typical()
    mine = kq.simulate(regimen, one, days=0.5, every="4 h")
    other = kq.simulate(regimen, one, days=0.5, every="4 h", solver="reference")
    assert other["status"].item() == 0
    for name in mine.data_vars:
        a, b = mine[name].values, other[name].values
        assert np.abs(a - b).max() <= REFERENCE * max(np.abs(a).max(), 1e-6), name


def test_a_patient_whom_no_grid_solves_is_rescued(regimen, monkeypatch):
    """Every grid fails; what is found is the reference solver's own."""

    def failing(task, names, into, workers, tell):
        into[...] = np.nan
        return np.full(len(task[3]), np.inf)

    asked = {"days": 0.5, "every": "4 h"}
    other = kq.simulate(regimen, kq.typical(), **asked, solver="reference")
    monkeypatch.setattr("ketaqsp.solve.ways.by_native", failing)
    out = kq.simulate(regimen, kq.typical(), **asked, rescue=True)
    assert out["status"].item() == 3 and "failures" not in out.attrs
    for name in out.data_vars:
        if name != "status":
            assert (out[name].values == other[name].values).all(), name
