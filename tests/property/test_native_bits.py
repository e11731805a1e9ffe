"""A patient's numbers, to the last bit, in any company, order, chunk and number of workers."""

import importlib
from dataclasses import replace

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.dose import Dose, Regimen

N = 1000
RUN = importlib.import_module("ketaqsp.solve.run")


def results(people, workers=None, regimen=None):
    regimen = regimen or kq.infusion(mg_per_kg=0.5, minutes=40, days=[0, 1])
    out = kq.simulate(regimen, people, days=2, every="6 h", workers=workers)
    return {name: x.values for name, x in out.data_vars.items()}


def same(found, wanted, places):
    """Equal bits, NaN and signs of zero included."""
    for name, x in found.items():
        y = wanted[name][..., places]
        assert np.ascontiguousarray(x).tobytes() == np.ascontiguousarray(y).tobytes(), name


@pytest.fixture(scope="module")
def people():
    return kq.cohort("trd", n=N, seed=3)


@pytest.fixture(scope="module")
def whole(people):
    return results(people)


@pytest.mark.parametrize("n", [1, 2, 7, 9, 500, 999])
def test_batch_size(people, whole, n):
    same(results(kq.cohort("trd", n=n, seed=3)), whole, slice(0, n))
    same(results(people.take(slice(N - n, N))), whole, slice(N - n, N))


def test_order(people, whole):
    mixed = np.random.default_rng(8).permutation(N)
    same(results(people.take(mixed)), whole, mixed)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers(people, whole, workers):
    same(results(people, workers), whole, slice(None))


@pytest.mark.parametrize(("chunk", "n"), [(13, 200), (96, 200), (96, 193)])
def test_chunks(people, whole, chunk, n, monkeypatch):
    """The last of 193 in chunks of 96 is alone, and his results have room for one."""
    monkeypatch.setattr(RUN, "CHUNK", chunk)
    some = slice(100, 100 + n)
    same(results(people.take(some)), whole, some)


def test_a_steady_state_and_a_reset_in_any_company(people):
    """What is worked out before the first step depends on nobody else either."""
    doses = (
        Dose("ketamine", "sc", 0.5, "mg/kg", 0.0, 15.0, 0.5, 1, 12.0),
        Dose("ketamine", "po", 40, "mg", 30.0),
    )
    regimen = Regimen(doses, resets=(30.0,))
    together = results(people.take(slice(0, 40)), regimen=regimen)
    for places in (slice(0, 1), slice(3, 12), slice(17, 40)):
        same(results(people.take(places), regimen=regimen), together, places)


def test_who_is_given_nothing_does_not_notice_the_others(people):
    """Idle systems are skipped for a vector of patients only if nobody in it needs them."""
    drug, none = kq.infusion(mg_per_kg=0.5, minutes=40, days=[0]), kq.nothing()
    some = people.take(slice(0, 12))
    mixed = results(some, regimen=[drug if i % 3 else none for i in range(12)])
    alone = results(some, regimen=[none] * 12)
    idle = np.arange(0, 12, 3)
    times = kq.simulate(drug, some, days=2, every="6 h")["time"].values
    assert len(times) == 9
    for name, x in mixed.items():
        y = alone[name]
        if name != "status":
            np.testing.assert_allclose(x[..., idle], y[..., idle], rtol=1e-9, atol=1e-9)
    assert not mixed["ketamine_s_central"][:, idle].any()


def test_failed_patient_takes_nobody_along(people, whole):
    broken = people.take(slice(0, 16))
    parameters = {k: np.array(np.broadcast_to(v, 16)) for k, v in broken.parameters.items()}
    parameters["tau_G"][5] = np.nan
    parameters["CL"][9] = np.inf
    found = results(replace(broken, parameters=parameters))
    assert found["status"][[5, 9]].tolist() == [2, 2]
    assert np.isnan(found["madrs"][:, [5, 9]]).all()
    others = [i for i in range(16) if i not in (5, 9)]
    same({name: x[..., others] for name, x in found.items()}, whole, others)
