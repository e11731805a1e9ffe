"""Derivatives through steady states and resets, against central differences of the solver."""

import numpy as np
import pytest

import ketaqsp as kq
from derivatives import everything
from ketaqsp.dose import Dose
from ketaqsp.dose.event_table import read_events
from ketaqsp.errors import BadInput
from tolerances import FINITE_DIFFERENCE, FINITE_NOISE

TABLE = """ID,TIME,EVID,AMT,AMT_UNIT,DUR,II,ADDL,SS,DRUG,ROUTE
1,0,1,0.5,mg/kg,0.667,24,0,1,ketamine,iv
1,30,3,0,,0,0,0,0,,
1,40,1,20,mg,0,0,0,0,ketamine,iv
2,0,1,0.5,mg/kg,0.667,0,0,0,ketamine,iv
2,24,4,0.3,mg/kg,0.667,0,0,0,ketamine,iv
3,0,1,20,mg,0,0,0,0,ketamine,iv
3,6,1,0.3,mg/kg,10,8,1,2,ketamine,iv
4,20,1,0.4,mg/kg,0.667,48,0,1,ketamine,iv
4,36,1,10,mg,0,12,0,1,ketamine,iv
"""
HOURS = (5.0, 20.0, 28.0, 45.0)
READOUTS = ("madrs", "ketamine_venous", "hnk_venous", "nmda_block_sst", "spine_density")


@pytest.fixture(scope="module")
def regimens(tmp_path_factory):
    path = tmp_path_factory.mktemp("doses") / "doses.csv"
    path.write_text(TABLE, encoding="utf-8")
    return list(read_events(path).values())


@pytest.fixture(scope="module")
def people():
    return kq.cohort("trd", ids=[1, 2, 3, 4], seed=3)


def seen(regimens, people):
    """{read-out: (T, n)}."""
    out = kq.simulate(
        regimens, people, days=45 / 24, every="45 h", extra_times=HOURS, wanted=READOUTS
    ).isel(time=slice(1, None))
    return {name: out[name].transpose("time", "patient").values for name in READOUTS}


def test_every_parameter(regimens, people):
    found = kq.sensitivity(regimens, people, of=READOUTS, at=HOURS)
    assert not found["status"].values.any()
    plain, wrong, reached = seen(regimens, people), [], set()
    for i, name in enumerate(found["parameter"].values):
        value = np.broadcast_to(np.asarray(people.parameters[name], float), (people.n,))
        step = everything.STEP * np.maximum(np.abs(value), 1e-3)
        sides = [seen(regimens, everything.with_value(people, name, value + way))
                 for way in (step, -step)]  # fmt: skip
        for readout in READOUTS:
            wanted = (sides[0][readout] - sides[1][readout]) / (2 * step)
            effect = np.abs(wanted * value)
            noise = FINITE_NOISE * np.abs(plain[readout]).max()
            apart = np.abs(found[readout].values[i] - wanted) * np.abs(value)
            if (apart > FINITE_DIFFERENCE * effect + noise).any():
                wrong.append((str(name), readout, (apart / (effect + noise)).max()))
            if (effect > 10 * noise).any():
                reached.add(str(name))
    assert wrong == []
    assert {"CL", "V1", "Q2", "V2", "W", "kappa", "g_sst"} <= reached


def test_values_are_those_of_the_solver(regimens, people):
    found = kq.sensitivity(regimens, people, of=READOUTS, at=HOURS, parameters=("CL",))
    for name, x in seen(regimens, people).items():
        assert (found[f"{name}_value"].values == x).all()


def test_the_order_of_patients(regimens, people):
    """Bits, where one of a vector is reset and another is not."""
    order, asked = [3, 1, 0, 2], {"of": "madrs", "at": 45.0}
    whole = kq.gradient(regimens, people, **asked)["gradient"].values
    moved = kq.gradient([regimens[i] for i in order], people.take(order), **asked)
    assert (moved["gradient"].values == whole[:, order]).all()


def test_a_steady_state_is_that_of_many_doses():
    """After 30 days of a dose a day the derivatives are those of SS 1 a day later, within what the
    slowest state of plasma still gathers."""
    people = kq.cohort("trd", n=2, seed=5)
    dose = {"drug": "ketamine", "route": "iv", "amount": 35.0, "unit": "mg", "duration_h": 0.5}
    steady = kq.Regimen((Dose(**dose, ss=1, ii_h=24.0),))
    asked = {"of": "ketamine_venous", "parameters": ("CL", "V1", "Q2", "V2", "W")}
    one = kq.gradient(steady, people, at=10.0, **asked)["gradient"].values
    many = kq.Regimen(tuple(Dose(**dose, start_h=24.0 * k) for k in range(31)))
    other = kq.gradient(many, people, at=730.0, **asked)["gradient"].values
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_jax_says_that_it_cannot(regimens, people):
    pytest.importorskip("jax")
    with pytest.raises(BadInput, match='use by="native"'):
        kq.gradient(regimens, people, by="jax")
