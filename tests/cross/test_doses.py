"""Doses in the file: an event for each beginning and end, the first dose as initial values."""

import libsbml
import pytest

from cross.conftest import DAYS, NASAL_DAYS
from cross.sbml_reader import Reader
from ketaqsp.dose import bolus, infusion
from ketaqsp.dose.schedule import schedule
from ketaqsp.patient import typical as typical_patient
from tolerances import ROUNDING

WHO = ("one_infusion", "typical", "nasal")
END = 40 / 60  # h
TIMES = {
    "one_infusion": [END],
    "typical": sorted(t for day in DAYS for t in (24.0 * day, 24.0 * day + END))[1:],
    "nasal": [24.0 * day for day in NASAL_DAYS[1:]],
}
REGIMENS = {
    "one_infusion": infusion(mg_per_kg=0.5, minutes=40),
    "typical": infusion(mg_per_kg=0.5, minutes=40, days=DAYS),
    "nasal": bolus("esketamine", mg=84, route="in", days=NASAL_DAYS),
}


@pytest.fixture(params=WHO)
def protocol(request):
    """(name, libSBML's model, the text)."""
    text = request.getfixturevalue(request.param).text
    document = libsbml.readSBMLFromString(text)  # its parts live as long as it does
    yield request.param, document.getModel(), text


def given(name):
    """The Schedule of the protocol for the weight of the typical patient."""
    return schedule(REGIMENS[name], typical_patient().weight())


def value(model, key):
    parameter = model.getParameter(key)
    assert parameter.getConstant() and parameter.isSetValue() and parameter.isSetSBOTerm()
    return parameter.getValue()


def assigned(event):
    """{variable: infix} of an event."""
    found = event.getListOfEventAssignments()
    return {a.getVariable(): libsbml.formulaToL3String(a.getMath()) for a in found}


def test_every_later_beginning_and_end_is_an_event(protocol):
    name, model, _ = protocol
    events = list(model.getListOfEvents())
    assert len(events) == len(TIMES[name])
    for number, (event, hours) in enumerate(zip(events, TIMES[name], strict=True), 1):
        trigger, key = event.getTrigger(), f"event_{number}"
        assert event.getId() == key and trigger.getPersistent() and trigger.getInitialValue()
        assert libsbml.formulaToL3String(trigger.getMath()) == f"time >= {key}_time"
        assert value(model, f"{key}_time") == pytest.approx(hours, abs=1e-9)
        assert not event.isSetDelay() and not event.isSetPriority()


def test_each_event_gives_what_the_schedule_says(protocol):
    name, model, _ = protocol
    plan = given(name)
    edges = [round(x, 9) for x in plan.edges_h]
    for number, event in enumerate(model.getListOfEvents(), 1):
        at = edges.index(round(value(model, f"event_{number}_time"), 9))
        sets, moved = assigned(event), 0
        for drug in plan.inputs:
            rate, before, amount = plan.rate[drug][at, 0], plan.rate[drug][at - 1, 0], 0.0
            amount = plan.bolus[drug][at, 0]
            if rate != before:
                key = f"event_{number}_input_{drug}"
                assert sets[f"input_{drug}"] == key
                assert value(model, key) == pytest.approx(rate, rel=ROUNDING, abs=0)
                moved += 1
            if amount:
                key = f"event_{number}_amount_{drug}"
                assert any(key in text for text in sets.values())
                assert value(model, key) == pytest.approx(amount, rel=ROUNDING)
                moved += 1
        assert moved > 0


def test_the_first_dose_is_in_the_initial_values(protocol):
    name, model, text = protocol
    plan, reader = given(name), Reader(text)
    assert 0.0 not in reader.events
    entered = 0.0
    for drug in plan.inputs:
        rate = model.getParameter(f"input_{drug}").getValue()
        assert rate == pytest.approx(plan.rate[drug][0, 0], rel=ROUNDING, abs=0)
        if plan.bolus[drug][0, 0]:
            amount = value(model, f"start_amount_{drug}")
            assert amount == pytest.approx(plan.bolus[drug][0, 0], rel=ROUNDING)
            entered += amount
    starting = {
        a.getSymbol(): libsbml.formulaToL3String(a.getMath())
        for a in model.getListOfInitialAssignments()
    }
    holding = [key for key, said in starting.items() if "start_amount_" in said]
    if name == "nasal":
        assert entered > 300 and holding  # 84 mg of 238 g/mol
    else:
        assert not holding and model.getParameter("input_ketamine_s").getValue() > 100
