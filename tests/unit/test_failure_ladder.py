"""The ladder of a patient that fails: finer grids, the reference solver if asked, else a reason."""

import importlib
import json
import subprocess
import sys

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.patient.simulate import model_for

RUN = importlib.import_module("ketaqsp.solve.run")
DRUG = kq.infusion(mg_per_kg=0.5, minutes=40)


def test_the_reason_names_the_parameter():
    people = kq.cohort("trd", n=4, seed=2)
    people.parameters["CL"] = np.array(np.broadcast_to(people.parameters["CL"], 4))
    people.parameters["CL"][1] = np.inf
    out = kq.simulate(DRUG, people, days=1, every="12 h")
    assert out["status"].values.tolist() == [0, 2, 0, 0]
    told = json.loads(out.attrs["failures"])
    assert set(told) == {"1"} and told["1"]["status"] == "failed"
    assert told["1"]["reason"] == "parameter CL is inf"
    assert set(told["1"]["parameters"]) == set(parameters_of_the_chain())
    assert told["1"]["parameters"]["CL"] is None
    assert told["1"]["parameters"]["M0"] == people.parameters["M0"][1]


def test_each_of_a_hundred_failures_has_its_reason(monkeypatch):
    monkeypatch.setattr(RUN, "NEGATIVE", 1e-9)  # what is zero before a dose now counts as wrong
    out = kq.simulate(DRUG, kq.cohort("trd", 100, 2), days=0.05, every="1 h", wanted=("madrs",))
    told = json.loads(out.attrs["failures"])
    assert set(told) == set(map(str, range(100)))
    assert all(t["reason"].endswith("falls to 0 at 0 h") for t in told.values())


def test_the_reason_names_the_state_and_the_time(monkeypatch):
    monkeypatch.setattr(RUN, "NEGATIVE", 1e-9)  # what is zero before a dose now counts as wrong
    out = kq.simulate(DRUG, kq.typical(), days=1, every="12 h", wanted=("madrs",))
    (told,) = json.loads(out.attrs["failures"]).values()
    why = told["reason"]
    assert out["status"].item() == 2 and why.endswith("falls to 0 at 0 h")
    assert why.split()[0] in states_of_the_chain()


def states_of_the_chain():
    return model_for(DRUG).states


def parameters_of_the_chain():
    return model_for(DRUG).parameters


def test_each_rung_in_turn(monkeypatch):
    """Finer grids come before the reference solver, which is asked for sound patients only."""
    tried = []

    def failing(task, names, into, workers, tell):
        rows, course = task[3], task[4]
        tried.append((len(course.lengths), rows.tolist()))
        into[...] = 1.0
        return np.ones(len(rows), bool)

    def saving(task, names, into, workers, tell):
        tried.append(("reference", task[3].tolist()))
        into[...] = 7.0
        return task[3] == 2  # patient 2 fails here too

    monkeypatch.setattr(RUN, "_native", failing)
    monkeypatch.setattr(RUN, "_reference", saving)
    people = kq.cohort("trd", n=3, seed=2)
    people.parameters["CL"] = np.array(np.broadcast_to(people.parameters["CL"], 3))
    people.parameters["CL"][0] = np.nan
    out = kq.simulate(DRUG, people, days=1, every="12 h", wanted=("madrs",), rescue=True)
    grids = [size for size, _ in tried[:3]]
    assert grids[0] < grids[1] < grids[2] and tried[3] == ("reference", [1, 2])
    assert out["status"].values.tolist() == [2, RUN.RESCUED, 2]
    assert (out["madrs"].values[:, 1] == 7).all() and np.isnan(out["madrs"].values[:, [0, 2]]).all()


def test_a_plain_run_does_not_import_it():
    code = (
        "import sys, ketaqsp as kq; kq.simulate(kq.infusion(mg_per_kg=0.5), kq.typical(), days=1);"
        "sys.exit(bool({'jax', 'diffrax'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("ah", [1e-2, 1.0, 1e2, 1e4])
def test_a_step_far_longer_than_the_time_constant(ah):
    """a h from 1e-2 to 1e4: a state's stages lie at rest or on the way there, and never below zero
    at the end of the step."""
    from ketaqsp.solve import radau

    loss, start = np.array([ah]), np.array([3.0])
    inverse = radau.turnover_inverse(1.0, loss)
    stages = radau.stages(inverse, start, 1.0, loss * 1.0)  # rest at 1
    exact = 1 + 2 * np.exp(-ah)
    assert np.isfinite(stages).all() and stages[2, 0] >= 1 - 1e-9
    tolerance = 1e-9 if ah < 0.1 else 0.02 if ah <= 1 else 0.2
    assert abs(stages[2, 0] - exact) < tolerance


@pytest.mark.parametrize("fold", [1e-2, 1e2, 1e4])
def test_time_constants_far_from_the_grid(fold):
    """Fast states of the chain, slower and faster by this: solved, bounded, at rest again."""
    one = kq.typical()
    changed = {name: one.parameters[name] / fold for name in ("tau_N", "tau_E", "tau_G", "tau_L")}
    out = kq.simulate(
        DRUG, one.replace(**changed), days=7, every="1 h", wanted=("glutamate", "madrs")
    )
    assert out["status"].item() in (0, 1)
    glutamate = out["glutamate"].values
    assert (glutamate > 0).all() and glutamate.max() < 100
    if fold > 1:
        assert abs(glutamate[-1, 0] - 1) < 0.05
