"""The native solver and the NumPy sweep: one method written twice, so rounding apart the same."""

import functools

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.dose import Dose, Regimen
from ketaqsp.solve import Intervention
from ketaqsp.solve.native import engine
from native_code import NARROW
from tolerances import NATIVE_NUMPY

EVENTS = {
    "one infusion": (kq.infusion(mg_per_kg=0.5, minutes=40, days=[0]), {}),
    "six infusions, split exit": (
        kq.infusion(mg_per_kg=0.5, minutes=40, days=[0, 1, 2, 3, 4, 5]),
        {"exit": "split", "days": 6},
    ),
    "esketamine": (kq.infusion("esketamine", mg_per_kg=0.2, minutes=40, days=[0]), {}),
    "routes, steady states and resets": (
        Regimen(
            (
                Dose("ketamine", "sc", 30, "mg", 0.0, 15.0, 0.5, 1, 12.0),
                Dose("esketamine", "in", 84, "mg", 3.0, lag_h=0.3, ss=2, ii_h=8.0),
                Dose("ketamine", "po_er", 40, "mg", 30.0),
                Dose("midazolam", "im", 5, "mg", 40.0),
            ),
            resets=(30.0, 71.0, 72.0),
        ),
        {},
    ),
    "midazolam": (kq.infusion("midazolam", mg_per_kg=0.045, minutes=40, days=[0]), {}),
    "blocked": (
        kq.infusion(mg_per_kg=0.5, minutes=40, days=[0]),
        {
            "interventions": (
                Intervention("ampa_block", 0.25, 1.5, 1.0),
                Intervention("trkb_block", 20.0, 30.0, 0.5),
                Intervention("ampa_block", 24.0, 26.0, 0.7),
                Intervention("tau_G", 3.0, 7.0, 0.2),
                Intervention("koff_ketamine_s", 1.0, 2.0, 5.0),
            )
        },
    ),
}


@pytest.mark.parametrize("what", EVENTS)
def test_every_state_and_signal(what):
    regimen, more = EVENTS[what]
    more = {"days": 3, "every": "3 h", **more}
    people = kq.cohort("trd", n=11, seed=6)
    agree(regimen, people, more)


def test_cut_and_scenario():
    people = kq.cohort("trd", n=9, seed=2, cut=("feedback", "disinhibition"), scenario="hnk")
    agree(kq.infusion(mg_per_kg=0.5, minutes=40, days=[0]), people, {"days": 2, "every": "2 h"})


def test_a_machine_with_short_vectors_and_no_fused_operation(monkeypatch):
    """What other computers run: four lanes, each product rounded before it is added."""
    narrow = functools.lru_cache(lambda model: engine.Engine(model, NARROW))
    monkeypatch.setattr(engine, "engine", narrow)
    people = kq.cohort("trd", n=11, seed=6)
    agree(kq.infusion(mg_per_kg=0.5, minutes=40, days=[0]), people, {"days": 2, "every": "2 h"})
    assert narrow.cache_info().misses == 1


def agree(regimen, people, more):
    native = kq.simulate(regimen, people, **more)
    numpy = kq.simulate(regimen, people, solver="numpy", **more)
    assert set(native.data_vars) == set(numpy.data_vars)
    for name, x in native.data_vars.items():
        y = numpy[name].values
        # Against the size of the curve: a level of 1e-30 mg has no digits to compare.
        scale = np.abs(y).max(axis=0) + NATIVE_NUMPY
        assert (np.abs(x.values - y) <= NATIVE_NUMPY * scale).all(), name
