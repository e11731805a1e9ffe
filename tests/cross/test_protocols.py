"""Two simulators that others wrote, on the file that the command line writes, protocol by protocol.

Every state over 28 days. Nothing in the export stands for anything else: block, glutamate and mood
are the same differential equations as in the solver, so there is no gap to allow for.
"""

import pytest

from cross import mutations as wrong
from cross.referees import check_copasi, check_roadrunner
from cross.sbml_reader import Reader

ENGINES = {"libRoadRunner": check_roadrunner, "COPASI": check_copasi}
# Fixture -> (hours to the end of the first dose's day, a state, a dose's amount to change).
PROTOCOLS = {
    "one_infusion": (24, "bound_sst_ketamine_r", "input_ketamine_s"),
    "typical": (24, "glutamate", "input_ketamine_r"),
    "nasal": (24, "bound_pv_norketamine_s", "ka_in"),
}
EVERY = pytest.mark.parametrize("engine", ENGINES)
WHICH = pytest.mark.parametrize("protocol", PROTOCOLS)


@WHICH
@EVERY
def test_every_state_over_28_days(engine, protocol, request):
    case = request.getfixturevalue(protocol)
    states = Reader(case.text).states
    assert sorted(states) == sorted(case.states) and len(set(states)) == len(states)
    mine = case.mine.only(states)
    assert mine.times[-1] == 28 * 86400
    print(f"{protocol} by {engine}: {len(states)} states at {len(mine.times)} times")
    assert ENGINES[engine](case.text, mine) == []


@WHICH
@EVERY
def test_a_wrong_sign_or_dose_is_seen(engine, protocol, request):
    case = request.getfixturevalue(protocol)
    until, state, dose = PROTOCOLS[protocol]
    mine = case.mine.only(case.states).until(until)
    check = ENGINES[engine]
    assert check(wrong.flip_sign(case.text, state), mine)
    assert check(wrong.scale_value(case.text, dose, 1.001), mine)
    assert check(case.text, mine) == []
