"""Keyed randomness: a patient's numbers depend on seed, stream and patient, on nobody else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ketaqsp as kq
from ketaqsp.patient import Cohort
from ketaqsp.patient.random import normal, uniform
from tolerances import BATCH, COMPANY

SEEDS = st.integers(0, 2**32 - 1)
STREAMS = st.text(min_size=1, max_size=20)
REPLICATES = st.integers(0, 2**31)
SMALL = settings(max_examples=30, deadline=None)
FEW = settings(max_examples=6, deadline=None)
MANY = 20_000
FIVE_SE = 5.0  # a false alarm in two million


@SMALL
@given(SEEDS, STREAMS, REPLICATES, st.lists(st.integers(0, 5000), min_size=1, max_size=20))
def test_a_number_has_its_key(seed, stream, replicate, patients):
    """Alone, in company, in another order, asked for twice: the same bits."""
    whole = uniform(seed, stream, np.arange(5001), replicate)
    assert (uniform(seed, stream, patients, replicate) == whole[patients]).all()
    assert ((whole > 0) & (whole < 1)).all()
    for patient in patients[:3]:
        assert uniform(seed, stream, [patient], replicate)[0] == whole[patient]


@SMALL
@given(SEEDS, STREAMS, REPLICATES)
def test_another_key_is_another_number(seed, stream, replicate):
    ids = np.arange(100)
    here = uniform(seed, stream, ids, replicate)
    for other in (
        uniform((seed + 1) % 2**32, stream, ids, replicate),
        uniform(seed, stream + "x", ids, replicate),
        uniform(seed, stream, ids, replicate + 1),
    ):
        assert (here != other).all()


@pytest.mark.parametrize(("first", "second"), [("CL", "V1"), ("load", "load_0"), ("CL", "CL_nk")])
def test_streams_are_normal_and_not_related(first, second):
    ids = np.arange(MANY)
    x, y = normal(1, first, ids), normal(1, second, ids)
    for z in (x, y):
        assert abs(z.mean()) < FIVE_SE / np.sqrt(MANY)
        assert abs(z.var() - 1) < FIVE_SE * np.sqrt(2 / MANY)
    assert abs(np.corrcoef(x, y)[0, 1]) < FIVE_SE / np.sqrt(MANY)
    assert abs(np.corrcoef(x[1:], x[:-1])[0, 1]) < FIVE_SE / np.sqrt(MANY)


def same_people(some, more):
    """The parameters of the first patients of `more` are those of `some`."""
    n = some.n
    assert set(some.parameters) == set(more.parameters)
    for name, value in some.parameters.items():
        x = np.broadcast_to(value, (n,))
        y = np.broadcast_to(more.parameters[name], (more.n,))[:n]
        if name == "D_ill":  # solved by iteration over arrays of another length
            assert np.abs(x - y).max() <= COMPANY, name
        else:
            assert (x == y).all(), name


@FEW
@given(SEEDS, st.integers(1, 40), st.integers(1, 40))
def test_adding_a_patient_changes_no_other(seed, n, more):
    same_people(kq.cohort("trd", n=n, seed=seed), kq.cohort("trd", n=n + more, seed=seed))


def test_also_where_draws_are_rejected():
    """Somebody's second draw is nobody else's business."""
    some = kq.cohort("trd", n=50, seed=7, load=0.2)
    found = [kq.cohort("trd", n=n, seed=7) for n in (60, 400)]
    assert found[1].rejected > 0
    same_people(*found)
    assert some.rejected == 0 and (some.parameters["load"] == np.float64(0.2)).all()


@FEW
@given(SEEDS)
def test_a_cut_meets_the_same_people(seed):
    plain = kq.cohort("trd", n=20, seed=seed)
    without = kq.cohort("trd", n=20, seed=seed, cut="spines")
    changed = {
        name
        for name in plain.parameters
        if np.any(np.asarray(plain.parameters[name]) != np.asarray(without.parameters[name]))
    }
    assert changed == {"q_S"}


def test_seeds_differ():
    one, other = (kq.cohort("trd", n=30, seed=seed).parameters["CL"] for seed in (1, 2))
    assert (one != other).all()


def some_of(people, ids):
    """The patients `ids` of a cohort, and no others."""
    n = people.n
    kept = {k: v[ids] if np.ndim(v) and len(v) == n else v for k, v in people.parameters.items()}
    return Cohort(people.preset, people.seed, people.ids[ids], kept, well=people.well[ids])


@pytest.mark.parametrize("ids", [[4], [0, 1, 2, 3, 4, 5, 6], [15, 3, 8]], ids=str)
def test_company_changes_no_curve(ids, together):
    """Sixteen patients at once, or some of them in any order: the whole chain."""
    people, regimen, whole = together
    part = kq.simulate(regimen, some_of(people, np.array(ids)), days=2, every="6 h")
    for name in part.data_vars:
        x, y = whole[name].values[..., ids], part[name].values
        assert np.abs(x - y).max() <= BATCH * np.abs(whole[name].values).max(), name


@pytest.fixture(scope="module")
def together():
    people = kq.cohort("trd", n=16, seed=5)
    regimen = kq.infusion(mg_per_kg=0.5, days=(0, 1))
    return people, regimen, kq.simulate(regimen, people, days=2, every="6 h")
