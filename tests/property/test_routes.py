"""Every route, lag, share and duration: mass is kept, resets forget, steady states are limits."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import ketaqsp as kq
from ketaqsp.chain import PLACES
from ketaqsp.dose import Dose, Regimen
from ketaqsp.dose.drugs import PUMPED, drug
from ketaqsp.dose.routes import entry
from ketaqsp.plasma import SITES
from plasma_only import COMPANIONS, solve
from tolerances import ARRIVES, MASS_BALANCE, RESET, STEADY_STATE

SMALL = settings(max_examples=20, deadline=None)
ALL = {**COMPANIONS, "places": PLACES}
FORMS = ("s", "r")
ROUTES = ("iv", "im", "sc", "in", "po", "po_er", "sl")
# By then nothing is left of a first dose: the slowest half-life is 30 h (escitalopram). Tolerance
# and CRPS take weeks, and a day here: they alone would ask for a year of doses.
SETTLED_H = 1100.0
QUICK = {"t_crps": 24.0, "t_tol": 24.0}
# Shares and rates that a person may have.
SHARES = st.fixed_dictionaries(
    {name: st.floats(0.02, 0.98) for name in ("F_im", "F_sc", "F_in", "F_sl", "F_gut", "f_first")}
)
RATES = st.fixed_dictionaries(
    {name: st.floats(0.3, 8.0) for name in ("ka_im", "ka_sc", "ka_in", "ka_sl", "ka_po")}
)
OTHERS = (("midazolam", "in"), ("midazolam", "po"), ("oral_antidepressant", "po"))
KINDS = [(name, r) for name in ("ketamine", "esketamine", "arketamine") for r in ROUTES]


@st.composite
def doses(draw, kinds=(*KINDS, *OTHERS)):
    name, route = draw(st.sampled_from(kinds))
    hours = draw(st.sampled_from([0.0, 0.5, 5.0, 30.0])) if route in PUMPED else 0.0
    start = draw(st.sampled_from([0.0, 0.25, 0.9, 24.0]))
    lag = draw(st.sampled_from([0.0, 0.3, 7.0]))
    return Dose(name, route, draw(st.floats(2.0, 60.0)), "mg", start, hours, lag)


REGIMENS = st.lists(doses(), min_size=1, max_size=4).map(lambda some: Regimen(tuple(some)))


def given_umol(regimen, analyte):
    """umol of an analyte in all doses."""
    share = {d: dict(drug(d.drug).analytes).get(analyte, 0.0) for d in regimen.doses}
    return sum(d.amount * 1e3 / drug(d.drug).molar_mass * share[d] for d in regimen.doses)


def inside(found, form):
    """umol of one form in every place, in the body, or gone."""
    parts = ("central", "fast", "slow", "swallowed", *SITES)
    total = sum(found[f"ketamine_{form}_{part}"] for part in parts)
    for product in ("norketamine", "hnk"):
        for part in ("forming1", "forming2", "central", "tissue"):
            total = total + found[f"{product}_{form}_{part}"]
    return total + found[f"left_{form}"]


@settings(max_examples=12, deadline=None)
@given(REGIMENS, SHARES, RATES)
def test_mass_balance_by_every_route(regimen, shares, rates):
    found = solve(regimen, [90.0, 200.0], companions=ALL, **shares, **rates)
    for form in FORMS:
        whole = given_umol(regimen, f"ketamine_{form}")
        assert np.abs(inside(found, form) - whole).max() <= MASS_BALANCE * max(whole, 1.0)
    for name, parts in (
        ("midazolam", ("muscle", "nose", "oral", "central", "tissue")),
        ("ssri", ("depot", "central")),
    ):
        whole = given_umol(regimen, name)
        total = sum(found[f"{name}_{part}"] for part in parts) + found[f"left_{name}"]
        assert np.abs(total - whole).max() <= MASS_BALANCE * max(whole, 1.0)


@SMALL
@given(doses(kinds=KINDS), st.sampled_from([0.5, 0.9, 1.0]))
def test_rescaling_a_dose_keeps_its_times_and_scales_what_arrives(dose, factor):
    from ketaqsp.dose.schedule import schedule

    dose = replace(dose, amount=dose.amount + 10)
    plan, scaled = (schedule(Regimen((dose,)).scale(x), 70) for x in (1.0, factor))
    assert (plan.edges_h == scaled.edges_h).all()
    for name in plan.analytes:
        wanted = plan.total(name) * factor
        assert np.abs(scaled.total(name) - wanted).max() <= ARRIVES * wanted.max()


@settings(max_examples=40, deadline=None)
@given(doses(), st.sampled_from([8.0, 12.5, 24.0]), SHARES, RATES)
def test_a_steady_state_is_the_limit_of_repeating(dose, period, shares, rates):
    """From the dose on, whatever is taken up, however late it comes and however long it takes."""
    dose = replace(dose, start_h=0.0)
    given_to = {"companions": ALL, **QUICK, **shares, **rates}
    count = int(np.ceil(SETTLED_H / period))
    hours = np.array([0.0, 0.1, 0.35, 1.0, 3.0, 7.05, 11.0, 31.0, 50.0])
    alone = replace(dose, ss=1, ii_h=period)
    steady = solve(Regimen((alone,)), hours, **given_to)
    times = Regimen(tuple(replace(dose, start_h=k * period) for k in range(count + 1)))
    settled = solve(times, np.append(0.0, count * period + hours), **given_to)
    for name, x in settled.items():
        if not name.startswith("left_"):
            peak = np.abs(x).max(initial=0.0)
            assert np.abs(steady[name] - x[1:]).max() <= STEADY_STATE * peak, name


@SMALL
@given(REGIMENS, doses(), st.sampled_from([12.5, 24.0]))
def test_ss_2_adds_to_what_is_there(regimen, dose, period):
    """To the response of the regimen alone; SS 1 in its place forgets the regimen."""
    hours = np.array([40.0, 40.2, 44.0, 60.0, 75.0])
    course = replace(dose, start_h=40.0, ss=2, ii_h=period)
    both = solve(regimen + Regimen((course,)), hours, companions=ALL)
    before = solve(regimen, hours, companions=ALL)
    alone = solve(Regimen((course,)), hours, companions=ALL)
    only = solve(regimen + Regimen((replace(course, ss=1),)), hours, companions=ALL)
    for name, x in both.items():
        peak = np.abs(x).max(initial=0.0)
        assert np.abs(x - before[name] - alone[name]).max() <= RESET * peak, name
        assert np.abs(only[name] - alone[name]).max() <= RESET * peak, name


@SMALL
@given(REGIMENS, REGIMENS)
def test_a_reset_forgets(first, second):
    """What runs in stops, what waits is gone; what is given then is as if given to a new body."""
    hours = np.array([0.0, 0.1, 1.0, 5.0, 24.2, 60.0])
    second = replace(second, doses=tuple(d for d in second.doses if d.start_h < 20))
    again = second.shift(12.0)
    early = replace(first, doses=tuple(d for d in first.doses if d.start_h < 12))
    reset = replace(early + again, resets=(12.0,))
    found = solve(reset, 12.0 + hours, companions=ALL)
    fresh = solve(second, hours, companions=ALL)
    for name, x in fresh.items():
        assert np.abs(found[name] - x).max() <= RESET * np.abs(x).max(initial=1e-6), name


def test_patients_with_schedules_of_their_own():
    """Each is as he is alone, whoever else is reset or at steady state."""
    regimens = [
        Regimen((Dose("ketamine", "sc", 30, "mg", 0.0, 10.0, 0.5, 1, 12.0),)),
        Regimen((Dose("ketamine", "im", 35, "mg"),), resets=(5.25,)),
        kq.infusion(mg=35) + kq.bolus("esketamine", mg=56, route="in", days=[0.5]),
        kq.nothing(),
    ]
    hours = np.array([0.0, 1.0, 5.25, 13.0, 30.0])
    weights = [50.0, 70.0, 90.0, 110.0]
    together = solve(regimens, hours, weight=weights, companions=ALL)
    for i, (regimen, weight) in enumerate(zip(regimens, weights, strict=True)):
        alone = solve(regimen, hours, weight=weight, companions=ALL)
        for name, x in alone.items():
            gap = np.abs(together[name][:, i] - x[:, 0]).max()
            assert gap <= RESET * np.abs(x).max(initial=0.0), name


def test_every_route_of_every_drug_has_its_row():
    from ketaqsp.dose.drugs import table
    from ketaqsp.dose.routes import SAME_AS
    from ketaqsp.dose.routes import table as routes

    wanted = {(SAME_AS.get(d.name, d.name), r) for d in table().values() for r in d.routes}
    assert wanted == set(routes())
    assert entry("esketamine", "in").sites == ("nose", "nose_later")
