"""The ladder of a patient that fails: finer grids, the reference solver if asked, else a reason."""

import json
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.patient.simulate import model_for
from ketaqsp.solve import grid
from tolerances import OTHER_GRID

RUN = import_module("ketaqsp.solve.run")
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


def zero_is_wrong(monkeypatch):
    """What is zero before a dose counts as negative."""
    for where in (RUN, import_module("ketaqsp.solve.ways")):
        monkeypatch.setattr(where, "NEGATIVE", 1e-9)


def test_each_of_a_hundred_failures_has_its_reason(monkeypatch):
    zero_is_wrong(monkeypatch)
    out = kq.simulate(DRUG, kq.cohort("trd", 100, 2), days=0.05, every="1 h", wanted=("madrs",))
    told = json.loads(out.attrs["failures"])
    assert set(told) == set(map(str, range(100)))
    assert all(t["reason"].endswith("falls to 0 at 0 h") for t in told.values())


def test_the_reason_names_the_state_and_the_time(monkeypatch):
    zero_is_wrong(monkeypatch)
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
        return np.full(len(rows), np.inf)

    def saving(task, names, into, workers, tell):
        tried.append(("reference", task[3].tolist()))
        into[...] = 7.0
        return np.where(task[3] == 2, np.inf, 0.0)  # patient 2 fails here too

    monkeypatch.setattr("ketaqsp.solve.ways.by_native", failing)
    monkeypatch.setattr("ketaqsp.solve.ways.by_reference", saving)
    people = kq.cohort("trd", n=3, seed=2)
    people.parameters["CL"] = np.array(np.broadcast_to(people.parameters["CL"], 3))
    people.parameters["CL"][0] = np.nan
    out = kq.simulate(DRUG, people, days=1, every="12 h", wanted=("madrs",), rescue=True)
    grids = [size for size, _ in tried[: grid.LEVELS]]
    assert grids == sorted(set(grids)) and tried[grid.LEVELS] == ("reference", [1, 2])
    assert out["status"].values.tolist() == [2, RUN.RESCUED, 2]
    assert (out["madrs"].values[:, 1] == 7).all() and np.isnan(out["madrs"].values[:, [0, 2]]).all()


def test_a_plain_run_does_not_import_it():
    code = (
        "import sys, ketaqsp as kq; kq.simulate(kq.infusion(mg_per_kg=0.5), kq.typical(), days=1);"
        "sys.exit(bool({'jax', 'diffrax'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("fold", [1e-2, 1e2, 1e4])
def test_time_constants_far_from_the_grid(fold, monkeypatch):
    """Fast states of the chain, slower and faster by this: as on steps an eighth as long."""
    one = kq.typical()
    changed = {name: one.parameters[name] / fold for name in ("tau_N", "tau_E", "tau_G", "tau_L")}
    out = kq.simulate(
        DRUG, one.replace(**changed), days=7, every="1 h", wanted=("glutamate", "madrs")
    )
    assert out["status"].item() < RUN.FAILED
    monkeypatch.setattr(RUN, "course", finer(RUN.course, 3))
    other = kq.simulate(
        DRUG, one.replace(**changed), days=7, every="1 h", wanted=("glutamate", "madrs")
    )
    for name in ("glutamate", "madrs"):
        gap = np.abs(out[name].values - other[name].values).max()
        assert gap < OTHER_GRID * np.ptp(other[name].values), name


def finer(course, by):
    """course() with every level moved."""
    return lambda *asked: course(*asked[:-1], asked[-1] + by)


def test_steps_are_judged_patient_by_patient(monkeypatch):
    """A push too fast for the usual steps gets shorter ones, and company changes nothing."""
    people = kq.cohort("trd", n=12, seed=3)
    at_once = kq.bolus(mg_per_kg=2.0)
    regimens = [at_once if i % 2 else DRUG for i in range(12)]
    out = kq.simulate(regimens, people, days=2, every="24 h", wanted=("madrs",))
    assert out["status"].values[1::2].sum() >= 3 and not out["status"].values[::2].any()
    pair = kq.simulate(
        [DRUG, at_once], people.take([4, 1]), days=2, every="24 h", wanted=("madrs",)
    )
    assert (pair["madrs"].values == out["madrs"].values[:, [4, 1]]).all()
    monkeypatch.setattr(grid, "LEVELS", 1)  # without the ladder the error is what it saves
    plain = kq.simulate(at_once, people, days=2, every="24 h", wanted=("madrs",))
    monkeypatch.setattr(RUN, "course", finer(RUN.course, 4))
    exact = kq.simulate(at_once, people, days=2, every="24 h", wanted=("madrs",))["madrs"].values
    taken = out["status"].values == 1
    gaps = [np.abs(x["madrs"].values - exact)[:, taken].max(axis=0) for x in (out, plain)]
    assert np.median(gaps[0] / gaps[1]) < 0.2  # the steps' own order would say 1/32


def test_what_goes_wrong_between_outputs_counts():
    """A state is judged at every step, so the status is the same whatever outputs are asked."""
    people = kq.typical()
    people.parameters["tau_N"] = np.array([-0.1])  # by hand: replace() would refuse it
    found = [
        kq.simulate(DRUG, people, days=1, every=every, wanted=("madrs",))["status"].item()
        for every in ("5 min", "1 h", "24 h")
    ]
    assert len(set(found)) == 1 and found[0] > 0
