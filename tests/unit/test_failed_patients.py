"""A patient that cannot be solved is NaN with a status; the others are as if he were not there."""

import numpy as np
import pytest

from ketaqsp import cohort, infusion, simulate
from tolerances import COMPANY


@pytest.mark.parametrize(
    ("symbol", "value"), [("load", np.nan), ("CL", np.nan), ("CL", np.inf), ("sensitivity", np.inf)]
)
def test_one_bad_patient(symbol, value):
    people = cohort("trd", n=4, seed=5)
    regimen = infusion(mg_per_kg=0.5, minutes=40)
    whole = simulate(regimen, people, days=1, every="6 h")
    broken = np.broadcast_to(np.asarray(people.parameters[symbol], dtype=float), (4,)).copy()
    broken[2] = value
    people.parameters[symbol] = broken
    out = simulate(regimen, people, days=1, every="6 h")
    assert out["status"].values.tolist() == [0, 0, 2, 0]
    assert np.isnan(out["madrs"].values[:, 2]).all()
    assert np.isnan(out["ketamine_venous"].values[:, 2]).all()
    for name in ("madrs", "ketamine_venous", "spine_density"):
        a, b = (np.delete(o[name].values, 2, axis=1) for o in (whole, out))
        np.testing.assert_allclose(a, b, rtol=COMPANY, atol=COMPANY * np.abs(a).max())
