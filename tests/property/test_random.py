"""Keyed randomness: a patient's numbers depend on seed, stream and patient, on nobody else."""

import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ketaqsp as kq
from ketaqsp.errors import BadInput
from ketaqsp.patient import Cohort
from ketaqsp.patient.random import MOST_ID, normal, uniform
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


# (seed, stream, replicate) -> numbers of PLACES as they were when a draw ran through all before it.
PLACES = [0, 1, 2, 3, 4, 5, 7, 8, 1000, 99999, 1234567]
STORED = {
    (0, "CL", 0): (
        "1.e4c1745505be7p-2 1.383468bd08204p-1 1.be35306836dfdp-2 1.b04b625db2feap-1 "
        "1.264dd19700063p-2 1.04960b1b6a972p-3 1.713ba8f478108p-1 1.5f4d81e527bdap-1 "
        "1.5f8210f41c6f7p-2 1.5a41d2ddd61c9p-2 1.2ddac80095b71p-2"
    ),
    (1, "row of the table", 3): (
        "1.e39923bbd2799p-2 1.45e09711a4c9ep-3 1.d89fac9f71536p-1 1.674dd010a5f62p-1 "
        "1.9d1abf24b245bp-2 1.e536dd9cc1016p-1 1.08ee02c26fe4dp-2 1.0f739f46b031ap-1 "
        "1.bcba578b122e0p-1 1.fa1e7693777dcp-1 1.22e8c821ab98ap-1"
    ),
    (2**32 - 1, "x", 2**31): (
        "1.513af387a60ecp-1 1.a63f2bfd7f5d9p-2 1.3ca2707fdd856p-1 1.403dcd4850f64p-1 "
        "1.0899c8b71c689p-2 1.d074059b23cd4p-1 1.61eaab5c09f8ep-1 1.c0f107b1ee0ecp-4 "
        "1.e7dfd30cf259cp-1 1.b16d8d88ea814p-4 1.60ae32715a346p-1"
    ),
}


@pytest.mark.parametrize("key", STORED, ids=str)
def test_numbers_stay_what_they_were(key):
    """Bit for bit, whether Philox runs through the numbers or blocks are picked."""
    seed, stream, replicate = key
    expected = [float.fromhex(x) for x in STORED[key].split()]
    assert uniform(seed, stream, PLACES, replicate).tolist() == expected
    assert uniform(seed, stream, PLACES[:9], replicate).tolist() == expected[:9]
    for place, number in zip(PLACES, expected, strict=True):
        assert uniform(seed, stream, [place], replicate).tolist() == [number]


@SMALL
@given(SEEDS, REPLICATES, st.lists(st.integers(0, MOST_ID - 1), min_size=1, max_size=20))
def test_a_far_number_is_the_one_that_numpy_counts_to(seed, replicate, patients):
    key = np.array([seed, (zlib.crc32(b"CL") << 32) + replicate], np.uint64)
    raw = [np.random.Philox(counter=i // 4, key=key).random_raw(4)[i % 4] for i in patients]
    expected = [((int(x) >> 11) + 0.5) * 2.0**-53 for x in raw]
    assert uniform(seed, "CL", patients, replicate).tolist() == expected


def test_a_far_patient_costs_no_more_than_a_near_one():
    tracemalloc.start()
    far = kq.cohort(ids=[20_000_000, 3, MOST_ID - 1], seed=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6  # bytes; running through the numbers took 160 MB a draw
    same_people(kq.cohort(ids=[20_000_000], seed=2), far)


BAD_IDS = [
    ([], "empty"),
    (5, "no list"),
    ("567", "no list"),
    ([1.5], "1.5"),
    ([1.0], "1.0"),
    (["P7"], "'P7'"),
    ([True], "True"),
    ([-1], "-1, out of range"),
    ([2**53], "out of range"),
    ([2**70], "out of range"),
    ([3, 4, 3], "3 more than once"),
    (np.ones((2, 2), int), "no whole number"),
    (np.array([4, -4]), "-4, out of range"),
    (np.array([], int), "empty"),
]


@pytest.mark.parametrize(("ids", "said"), BAD_IDS, ids=lambda x: str(x)[:20])
def test_ids_that_are_none(ids, said):
    with pytest.raises(BadInput, match="allowed: whole numbers from 0 to 2.53 - 1") as told:
        kq.cohort(ids=ids)
    assert said in str(told.value)


@pytest.mark.parametrize("seed", [-1, 2**32, "a", 1.5, None, True])
def test_seeds_that_are_none(seed):
    with pytest.raises(BadInput, match="a whole number from 0 to 2.32 - 1"):
        kq.cohort(n=2, seed=seed)


def test_ids_and_n_agree():
    assert kq.cohort(n=2, ids=[4, 5]).n == 2
    with pytest.raises(BadInput, match="n is 3, but ids has 2"):
        kq.cohort(n=3, ids=[4, 5])


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


@pytest.mark.parametrize("ids", [[5, 6, 7], [7, 2]], ids=str)
def test_rated_alone_or_in_company(ids):
    """cohort(ids=...) and take(...) are rated as in the whole."""
    people = kq.cohort("trd", n=8, seed=5)
    how = {"days": 1, "every": "12 h", "rater_noise": True, "seed": 3}
    regimen = kq.infusion(mg_per_kg=0.5)
    whole = kq.simulate(regimen, people, **how)
    for some in (kq.cohort("trd", ids=ids, seed=5), people.take(ids)):
        part = kq.simulate(regimen, some, **how)
        for name in ("madrs", "hamd17", "hamd6", "qids"):
            assert part[name].values.tobytes() == whole[name].values[:, ids].tobytes(), name
