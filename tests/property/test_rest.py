"""Without a drug nothing moves: every state of the whole chain, in every patient."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ketaqsp as kq
from ketaqsp.blocks import Turnover
from ketaqsp.chain import build, everything
from ketaqsp.dose.schedule import schedule
from ketaqsp.solve import run
from tolerances import REST_DRIFT

DAYS = 60


def followed(chain, people, hours):
    """{name: (O, n)} of `people` who are given nothing, at `hours`."""
    values = {name: people.parameters[name] for name in chain.parameters}
    plan = schedule(kq.nothing(), people.weight())
    result = run(chain, values, plan, float(hours[-1]), np.array(hours))
    assert (result.status == 0).all()
    return result.values


def drifts(found):
    """{name: largest change relative to the start} of what moved; what was zero stays zero."""
    moved = {}
    for name, x in found.items():
        if x[0].any():
            drift = np.abs(x / x[0] - 1).max()
        else:
            drift = np.abs(x).max()
        if drift > REST_DRIFT:
            moved[name] = drift
    return moved


def full(exit):
    """The chain with every companion, so that each of its states is looked at."""
    return everything(exit)


def test_sixty_days_of_sixteen_patients():
    people = kq.cohort("trd", n=16, seed=3)
    assert drifts(followed(full("slow"), people, [0, 12, 24 * 20, 24 * DAYS])) == {}


@pytest.mark.parametrize("exit", ["slow", "split"])
def test_three_days_of_the_typical_patient(exit):
    assert drifts(followed(full(exit), kq.typical(), [0, 1, 72])) == {}


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_patients_at_rest(seed):
    people = kq.cohort("trd", n=50, seed=seed)
    assert drifts(followed(build(), people, [0, 6, 24])) == {}


def test_a_start_that_is_not_rest_is_seen():
    """The check itself: the ill level moved by one part in ten thousand is a drift."""
    people = kq.cohort("trd", n=4, seed=3)
    people.parameters["D_ill"] = people.parameters["D_ill"] * (1 + 100 * REST_DRIFT)
    assert "severity" in drifts(followed(build(), people, [0, 24 * 7]))


def test_scales_at_rest_are_those_of_the_patient():
    """MADRS = M0 before any drug, whoever the patient is; others are its published multiples."""
    people = kq.cohort("trd", n=20, seed=11)
    found = followed(build(), people, [0.0, 1.0])
    wanted = np.broadcast_to(people.parameters["M0"], (people.n,))
    assert np.abs(found["madrs"] / wanted - 1).max() <= REST_DRIFT
    assert np.abs(found["spine_density"] - 1).max() <= REST_DRIFT


def test_every_turnover_state_starts_above_zero():
    """Rest is relative: a state that starts at zero would hide its drift from the ratio."""
    people = kq.typical()
    found = followed(build(), people, [0.0, 1.0])
    for block in build().sweep:
        if isinstance(block, Turnover) and not found[block.name][0].any():
            assert np.abs(found[block.name]).max() == 0.0, block.name
