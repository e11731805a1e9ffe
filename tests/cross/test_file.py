"""The file itself: valid SBML Level 3 Version 2, a unit on every number, a notice."""

import re

import libsbml
import numpy as np
import pytest

from cross.referees import NOTHING, complaints, distance, flat
from cross.sbml_reader import CORE, MATHML, in_si, parsed
from tolerances import FLAT

FILES = ["typical", "drawn", "companions", "one_infusion", "nasal"]


@pytest.mark.parametrize("who", FILES)
def test_no_error_and_no_warning(who, request):
    assert complaints(request.getfixturevalue(who).text) == []


def test_level_version_and_notice(typical):
    document = libsbml.readSBMLFromString(typical.text)
    assert (document.getLevel(), document.getVersion()) == (3, 2)
    assert "never for dosing a person" in document.getModel().getNotesString()


@pytest.mark.parametrize("who", FILES)
def test_every_value_has_a_unit_and_no_number_in_an_equation_a_dimension(who, request):
    """So that whatever has one has a name, and a reader without units can change it."""
    _, model = parsed(request.getfixturevalue(who).text)
    units = {n.get("id") for n in model.iter(f"{CORE}unitDefinition")} | {"dimensionless"}
    numbers = list(model.iter(f"{MATHML}cn"))
    assert len(numbers) > 100
    assert {n.get(f"{CORE}units") for n in numbers} == {"dimensionless"}
    assert {n.get("units") for n in model.iter(f"{CORE}parameter")} <= units


def test_written_in_si_it_is_as_valid(typical):
    """So that what the referees make of the units is what SBML says they are."""
    text = in_si(typical.text)
    assert complaints(text) == []
    (amount,) = re.findall(r'id="input_ketamine_s"[^>]* value="([^"]+)"', text)
    (before,) = re.findall(r'id="input_ketamine_s"[^>]* value="([^"]+)"', typical.text)
    assert float(amount) == pytest.approx(float(before) * 1e-6 / 3600, rel=1e-12)


def test_how_a_difference_is_measured():
    """By the range; by the size of what stands still; not at all where zero should be."""
    rising, still, zero = np.linspace(0.0, 2.0, 5), np.full(5, 4.0), np.zeros(5)
    assert distance(rising, rising + 0.002) == pytest.approx(1e-3)
    assert distance(rising + 100, rising + 100.002) == pytest.approx(1e-3)
    assert flat(still) and flat(still + FLAT * rising) and not flat(still + 4 * FLAT * rising)
    assert distance(still, still + 0.004) == pytest.approx(1e-3)
    assert distance(zero, zero) == distance(zero, zero + NOTHING / 2) == 0
    assert distance(zero, zero + 2 * NOTHING) == np.inf
    assert distance(rising, rising * np.nan) == distance(rising * np.nan, rising) == np.inf
