"""SciPy on the same file, read by a reader that shares no code with the package."""

import pytest

import ketaqsp
from cross.referees import DAYS, ENDS, Curves, by_scipy, check_scipy, distances, ours
from cross.sbml_reader import Reader
from tolerances import SCIPY


@pytest.mark.parametrize("who", ["typical", "drawn"])
def test_every_state_over_28_days(who, request):
    case = request.getfixturevalue(who)
    states = Reader(case.text).states
    assert sorted(states) == sorted(case.states)
    assert check_scipy(case.text, case.mine) == []


def test_the_longest_steps_that_we_ever_take(typical):
    """Output once a day leaves the steps as long as they get. 5 days with three infusions."""
    regimen = ketaqsp.infusion(mg_per_kg=0.5, minutes=40, days=DAYS[:3])
    times = [end for end in ENDS if end < 120]
    out = ketaqsp.simulate(regimen, ketaqsp.typical(), days=5, every="24 h", extra_times=times)
    assert check_scipy(typical.text, ours(out)) == []


def test_other_drugs_boluses_and_switches(companions):
    assert check_scipy(companions.text, companions.mine) == []


def test_two_methods_of_scipy_agree(typical):
    """The truth that we are measured against does not hang on LSODA. 12 h, one infusion."""
    mine = typical.mine.until(12)
    other = Curves(mine.times, by_scipy(typical.text, mine.times, rtol=1e-9, method="Radau"))
    apart = distances(by_scipy(typical.text, mine.times), other)
    assert next(iter(apart.values())) < SCIPY / 10
