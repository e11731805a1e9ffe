"""libRoadRunner on other files of the command line: a drawn patient, other drugs, a switch.

The typical patient is in test_protocols.
"""

import pytest

import ketaqsp
from cross.referees import check_roadrunner, exported, flat, ours
from cross.sbml_reader import Reader

# They stand still under ketamine alone: no antidepressant is given and the late hold is off.
# `companions` moves them.
STILL = {"ssri_quick_onset", "ssri_quick", "ssri_slow_onset", "ssri_slow", "late_hold"}


@pytest.mark.parametrize("who", ["drawn"])
def test_every_state_over_28_days(who, request):
    case = request.getfixturevalue(who)
    states = Reader(case.text).states
    assert sorted(states) == sorted(case.states)
    assert len(states) == len(case.states) == len(set(case.states))
    assert set(case.states) <= set(case.mine.values)  # the check goes through all of these
    print(f"{who}: {len(states)} states")
    assert {name for name in states if flat(case.mine.values[name])} == STILL
    assert check_roadrunner(case.text, case.mine) == []


def test_other_drugs_boluses_and_switches(companions):
    """Here every state moves, those of the default chain that stand still elsewhere too."""
    states = Reader(companions.text).states
    assert sorted(states) == sorted(companions.states)
    assert set(companions.states) > STILL
    assert not [name for name in states if flat(companions.mine.values[name])]
    assert check_roadrunner(companions.text, companions.mine) == []


def test_block_turned_into_opening(tmp_path):
    """The agonist scenario changes the sign of what follows the receptor. 24 h."""
    options = ("--dose", "0.5 mg/kg", "--scenario", "agonist")
    text = exported(tmp_path / "agonist.xml", *options)
    cohort = ketaqsp.typical(scenario="agonist")
    out = ketaqsp.simulate(ketaqsp.infusion(mg_per_kg=0.5), cohort, days=1, extra_times=[40 / 60])
    mine = ours(out)
    assert mine.values["nmda_block_pv"].min() < -0.01
    assert check_roadrunner(text, mine) == []
