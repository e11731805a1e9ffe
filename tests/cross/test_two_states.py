"""A model of two states, made by hand: out through the export, back through the referees."""

import numpy as np
import pytest

from cross.referees import (
    Curves,
    check_roadrunner,
    check_scipy,
    complaints,
    disagreements,
)
from ketaqsp.blocks import Algebra, Amount, Flow, Turnover, use
from ketaqsp.chain import Linear, Model
from ketaqsp.dose import bolus, infusion
from ketaqsp.dose.schedule import schedule
from ketaqsp.errors import BadInput
from ketaqsp.export import to_sbml
from ketaqsp.maths import exp, hill, log, power, softplus, sqrt
from ketaqsp.patient.simulate import describe
from ketaqsp.solve import Intervention, run
from ketaqsp.units import quantity
from tolerances import SCIPY

# Values of the rows that lend this model their symbols and units.
VALUES = {"CL_mdz": 28.0, "V1_mdz": 40.0, "EC50_mdz": 0.1, "n_L": 1.6, "tau_G": 3.0, "a": 0.7}
KE = VALUES["CL_mdz"] / VALUES["V1_mdz"]
DOSE_MG, MOLAR_MASS = 5.0, 325.8
DOSE = DOSE_MG / MOLAR_MASS * 1e3  # umol


def leaving(CL_mdz, V1_mdz):
    return CL_mdz / V1_mdz


def made(drug, V1_mdz, EC50_mdz, n_L, a, tau_G):
    """Every function that an equation may use."""
    pushed = hill(drug / V1_mdz, EC50_mdz, n_L)
    return (softplus(pushed) + exp(-a * pushed) + sqrt(1 + a) - log(1 + a)) / tau_G


def lost(tau_G):
    return 1 / tau_G


def at_start(a):
    return a / 2


def raised(response, a, n_L, tau_G):
    """A power whose base is negative at first: 0 there. Over a rate that an experiment changes."""
    return power(response - a, n_L) / tau_G


MODEL = Model(
    constants=(),
    linear=(
        Linear(
            "midazolam",
            (Amount("drug", "umol", "drug in the body"), Flow("drug", None, use(leaving))),
            (("midazolam", "drug"),),
        ),
    ),
    sweep=(Turnover("response", "1", "response", use(made), use(lost), use(at_start)),),
    readouts=(Algebra("seen", "1/h", "response as it is seen", use(raised)),),
    feedback=(),
)
REGIMEN = bolus("midazolam", mg=DOSE_MG) + infusion(
    "midazolam", mg=2 * DOSE_MG, minutes=90, days=[0.5]
)


@pytest.fixture(scope="module")
def given():
    return schedule(REGIMEN, [70.0])


def solved(given, interventions=()):
    """Our curves of both states and the read-out, but for 0 h, where a dose is given at once."""
    times = np.arange(0.25, 24.1, 0.25)
    result = run(MODEL, VALUES, given, 24.0, times, interventions)
    unit = {name: quantity(1.0, unit) for name, (unit, _) in describe(MODEL).items()}
    values = {
        name: x[:, 0] * unit[name].to_base_units().magnitude for name, x in result.values.items()
    }
    return Curves(times * 3600, values)


def test_both_states_come_back(given):
    text = to_sbml(MODEL, VALUES, given)
    assert text == to_sbml(MODEL, VALUES, given)
    assert complaints(text) == []
    mine = solved(given)
    assert set(mine.values) == {"drug", "response", "seen"}
    assert mine.values["response"].min() < VALUES["a"] < mine.values["response"].max()
    assert np.isfinite(mine.values["seen"]).all()
    assert check_roadrunner(text, mine) == []
    assert check_scipy(text, mine) == []


def test_the_drug_follows_its_closed_form(given):
    """A bolus at 0 h, then an infusion from 12 h over 1.5 h, first-order loss."""
    mine = solved(given).only(["drug"])
    hours = mine.times / 3600
    rate = 2 * DOSE / 1.5
    since = np.clip(hours - 12, 0, None)
    after = np.clip(hours - 13.5, 0, None)
    infused = rate / KE * (np.exp(-KE * after) - np.exp(-KE * since))
    amount = (DOSE * np.exp(-KE * hours) + infused) * 1e-6
    assert disagreements({"drug": amount}, mine, SCIPY, "closed form") == []


@pytest.mark.parametrize("windows", [[(0.0, 5.0)], [(2.0, 5.0)], [(2.0, 5.0), (13.0, 14.0)]])
def test_an_experiment_is_an_event(given, windows):
    """A parameter that moves for some hours; from 0 h on it leaves the state at rest as it was."""
    experiment = tuple(Intervention("tau_G", start, stop, 1.0) for start, stop in windows)
    text = to_sbml(MODEL, VALUES, given, experiment)
    assert complaints(text) == []
    mine = solved(given, experiment).without(*(time for window in windows for time in window))
    assert check_roadrunner(text, mine) == []
    assert check_scipy(text, mine) == []
    assert check_scipy(to_sbml(MODEL, VALUES, given), mine), "the experiment does nothing"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"values": {"a": 0.7}}, "parameter CL_mdz has no value"),
        ({"values": VALUES | {"a": float("nan")}}, "parameter a is nan; give one finite number"),
        ({"values": VALUES | {"a": [1.0, 2.0]}}, r"parameter a is \[1.0, 2.0\]"),
        ({"weights": [70.0, 80.0]}, "the schedule has 2 patients; allowed: 1"),
        ({"regimen": bolus("ketamine", mg=10)}, "gives ketamine_r, .*no place.*takes midazolam"),
        ({"interventions": (Intervention("tau_g", 0, 1, 1),)}, "tau_g.*tau_G"),
    ],
)
def test_what_cannot_be_written_is_refused(change, said):
    plan = schedule(change.get("regimen", REGIMEN), change.get("weights", [70.0]))
    with pytest.raises(BadInput, match=said):
        to_sbml(MODEL, change.get("values", VALUES), plan, change.get("interventions", ()))
