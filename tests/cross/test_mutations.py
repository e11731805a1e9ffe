"""One thing wrong in the file, and each of the referees has to say so.

The checks are those that pass on the file as it is. The wrongs are small, so that a pass means
agreement and not blindness.
"""

import pytest

from cross import mutations as wrong
from cross.referees import check_roadrunner, check_scipy, complaints

TWO_INFUSIONS, ONE = 60, 12  # h
SIGNS = (  # at least one state of each link
    "ketamine_r_slow",
    "bound_rest_norketamine_s",
    "adapted_lhb",
    "trkb",
    "spine_density_absolute",
    "stress",
)
DOSES = {
    "first, 0.1% more": (wrong.scale_value, "input_ketamine_s", 1.001),
    "second, 0.1% less": (wrong.scale_dose, 48.0, "input_ketamine_r", 0.999),
    "second, a minute later": (wrong.move_dose, 48.0, "input_ketamine_s", 1.0),
    "first, never stopped": (wrong.move_dose, 40 / 60, "input_ketamine_s", 1e6),
}
UNITS = {  # and whether libSBML can see it: it lets a scale pass where only products meet
    "a fraction as an amount": (wrong.change_unit, "fu", "umol", True),
    "an amount as a concentration": (wrong.change_unit, "ketamine_s_central", "umol_per_L", True),
    "a rate as an amount": (wrong.change_unit_of_dose, 48.0, "input_ketamine_s", "umol", True),
    "flows per minute": (wrong.redefine_unit, "L_per_h", "second", 1 / 60, True),
    "mmol for umol": (wrong.redefine_unit, "umol_per_L", "mole", 1e3, True),
    "ug/mL for ng/mL": (wrong.redefine_unit, "ng_per_mL", "gram", 1e3, False),
    "a weight as a volume": (wrong.change_unit, "W", "L", True),
}
CHECKS = pytest.mark.parametrize("check", [check_roadrunner, check_scipy])


@pytest.fixture(scope="module")
def mine(typical):
    return typical.mine.until(TWO_INFUSIONS)


@CHECKS
def test_nothing_wrong(check, typical, mine):
    assert check(typical.text, mine) == []


@CHECKS
@pytest.mark.parametrize("state", SIGNS)
def test_a_sign(check, state, typical, mine):
    assert check(wrong.flip_sign(typical.text, state), mine.until(ONE))


@CHECKS
@pytest.mark.parametrize("dose", DOSES)
def test_a_dose(check, dose, typical, mine):
    change, *how = DOSES[dose]
    assert check(change(typical.text, *how), mine)


@CHECKS
@pytest.mark.parametrize("unit", UNITS)
def test_a_unit(check, unit, typical, mine):
    change, *how, _ = UNITS[unit]
    until = TWO_INFUSIONS if change is wrong.change_unit_of_dose else ONE
    assert check(change(typical.text, *how), mine.until(until))


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_by_libsbml(unit, typical):
    change, *how, seen = UNITS[unit]
    assert bool(complaints(change(typical.text, *how))) == seen


@CHECKS
@pytest.mark.parametrize("state", ["ssri_slow", "bound_lhb_memantine"])
def test_a_sign_among_the_companions(check, state, companions):
    """What stands still under ketamine alone would hide a wrong sign there, and cannot here."""
    assert check(wrong.flip_sign(companions.text, state), companions.mine.until(ONE))
