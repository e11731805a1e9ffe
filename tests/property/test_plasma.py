"""What holds for every dose in plasma, whatever the patient."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import ketaqsp as kq
from ketaqsp.chain import build
from ketaqsp.dose import Dose, Regimen
from ketaqsp.dose.drugs import drug
from ketaqsp.dose.schedule import schedule
from ketaqsp.parameters import rows
from ketaqsp.patient import typical
from ketaqsp.patient.simulate import describe
from ketaqsp.solve import run
from ketaqsp.units import unit
from plasma_only import COMPANIONS, model, solve
from tolerances import COMPANY, MASS_BALANCE, NEGATIVE_ROUNDING, OTHER_UNITS, SUPERPOSITION

FORMS = ("s", "r")
MOIETIES = {
    "ketamine": ("central", "fast", "slow"),
    "norketamine": ("forming1", "forming2", "central", "tissue"),
    "hnk": ("forming1", "forming2", "central", "tissue"),
}
# Soon after every start that `doses` may draw, so that each curve is seen near its peak.
TIMES = np.array([0.0, 0.03, 0.28, 0.5, 2 / 3, 1.03, 4.0, 24.0, 24.03, 30.0, 200.0])
HEAVIEST = 250.0
DRUGS = st.sampled_from(["ketamine", "esketamine", "arketamine"])
SMALL = settings(max_examples=20, deadline=None)


@st.composite
def doses(draw, drugs=DRUGS, heaviest_mg=60.0):
    hours = draw(st.sampled_from([0.0, 1 / 12, 0.5, 2 / 3, 5.0]))
    start = draw(st.sampled_from([0.0, 0.25, 1.0, 24.0]))
    return Dose(draw(drugs), "iv", draw(st.floats(1.0, heaviest_mg)), "mg", start, hours)


REGIMENS = st.lists(doses(), min_size=1, max_size=4).map(lambda some: Regimen(tuple(some)))
WEIGHTS = st.lists(st.floats(40.0, HEAVIEST), min_size=1, max_size=3)


def given_umol(regimen, form, until):
    """umol of one form given by the time `until`; a bolus counts after its moment."""
    total = 0.0
    for dose in regimen.doses:
        share = dict(drug(dose.drug).analytes).get(f"ketamine_{form}", 0.0)
        if dose.duration_h:
            part = np.clip((until - dose.start_h) / dose.duration_h, 0.0, 1.0)
        else:
            part = float(until > dose.start_h)
        total += dose.amount * 1e3 / drug(dose.drug).molar_mass * share * part
    return total


def in_body(found, form):
    """umol of one form and of all that was made from it, in the body or gone, (O, n)."""
    inside = sum(found[f"{m}_{form}_{part}"] for m, parts in MOIETIES.items() for part in parts)
    return inside + found[f"left_{form}"]


@SMALL
@given(REGIMENS, WEIGHTS)
def test_mass_balance(regimen, weights):
    found = solve(regimen, TIMES, weight=weights)
    for form in FORMS:
        wanted = np.array([given_umol(regimen, form, t) for t in TIMES])[:, None]
        whole = given_umol(regimen, form, np.inf)
        assert np.abs(in_body(found, form) - wanted).max() <= MASS_BALANCE * whole


@SMALL
@given(st.floats(1.0, 28.0), st.sampled_from([0, 3]))
def test_mass_balance_of_companions(mg, day):
    regimen = kq.oral("memantine", mg=mg, days=(day,)) + kq.infusion("midazolam", mg=mg / 4)
    regimen += kq.oral("oral_antidepressant", mg=mg, days=(day,))
    found = solve(regimen, [24.0 * day, 24.0 * day + 7.7, 200.0], companions=COMPANIONS)
    for name, umol, parts in (
        ("memantine", mg * 1e3 / 179.3, ("depot", "central")),
        ("ssri", mg * 1e3 / 324.4, ("depot", "central")),
        ("midazolam", mg / 4 * 1e3 / 325.8, ("central", "tissue")),
    ):
        inside = sum(found[f"{name}_{part}"] for part in parts) + found[f"left_{name}"]
        assert np.abs(inside[1:] - umol).max() <= MASS_BALANCE * umol


@SMALL
@given(REGIMENS, WEIGHTS)
def test_nothing_is_negative(regimen, weights):
    found = solve(regimen, TIMES, weight=weights)
    for name, x in found.items():
        assert x.min() >= -NEGATIVE_ROUNDING * x.max(), name


@SMALL
@given(REGIMENS, REGIMENS, WEIGHTS)
def test_superposition(one, other, weights):
    apart = [solve(regimen, TIMES, weight=weights) for regimen in (one, other)]
    both = solve(one + other, TIMES, weight=weights)
    for name, x in both.items():
        expected = apart[0][name] + apart[1][name]
        assert np.abs(x - expected).max() <= SUPERPOSITION * np.abs(expected).max(initial=0), name


@SMALL
@given(REGIMENS, WEIGHTS, st.sampled_from([0.25, 2.0, 3.0]))
def test_twice_the_dose_is_twice_the_level(regimen, weights, factor):
    regimen = regimen.scale(4.0)  # amounts stay above the least that counts as meant
    plain = solve(regimen, TIMES, weight=weights)
    scaled = solve(regimen.scale(factor), TIMES, weight=weights)
    for name, x in scaled.items():
        peak = np.abs(x).max()
        assert np.abs(x - factor * plain[name]).max() <= SUPERPOSITION * peak, name


@SMALL
@given(REGIMENS, st.lists(st.floats(40.0, HEAVIEST), min_size=2, max_size=6), st.randoms())
def test_order_of_patients(regimen, weights, random):
    order = list(range(len(weights)))
    random.shuffle(order)
    plain = solve(regimen, TIMES, weight=weights)
    mixed = solve(regimen, TIMES, weight=[weights[i] for i in order])
    for name, x in plain.items():
        assert np.abs(mixed[name] - x[:, order]).max() <= COMPANY * np.abs(x).max(initial=0), name


@SMALL
@given(REGIMENS, st.sampled_from([1, 24, 100]), WEIGHTS)
def test_a_later_start_is_the_same_curve_later(regimen, hours, weights):
    plain = solve(regimen, TIMES, weight=weights)
    later = solve(regimen.shift(hours), TIMES + hours, weight=weights)
    for name, x in plain.items():
        assert np.abs(later[name] - x).max() <= SUPERPOSITION * np.abs(x).max(initial=0), name


UNIT_OF = {row.symbol: row.unit for row in rows() if row.role == "default"}
UNIT_WEIGHT = 82.0  # kg
BASES = ("[time]", "[substance]", "[length]", "[mass]")
FACTORS = st.sampled_from([0.1, 0.5, 3.0, 1000.0])
TIME_FACTORS = st.sampled_from([0.5, 3.0])  # the solver keeps times to 1e-9 of its unit


def rescaled(text, factors):
    """What a number in the unit `text` is multiplied by when the base units shrink by `factors`."""
    powers = unit(text).dimensionality
    assert set(powers) <= set(BASES), text
    return float(
        np.prod([f ** float(powers.get(b, 0)) for b, f in zip(BASES, factors, strict=True)])
    )


def in_units(chain, factors, regimen, times):
    """The chain solved after every number was written in other units; results in those units."""
    values = {n: v * rescaled(UNIT_OF[n], factors) for n, v in typical().parameters.items()}
    plan = schedule(regimen, [UNIT_WEIGHT])
    values["W"] = np.array([UNIT_WEIGHT]) * factors[3]
    time, substance = factors[:2]
    plan = replace(
        plan,
        edges_h=plan.edges_h * time,
        rate={name: x * substance / time for name, x in plan.rate.items()},
        bolus={name: x * substance for name, x in plan.bolus.items()},
    )
    times = times * time
    needed = {name: values[name] for name in chain.parameters}
    result = run(chain, needed, plan, float(times[-1]), times)
    assert (result.status == 0).all()
    return result.values


def same_in_other_units(chain, factors, regimen, times, tolerance):
    plain = in_units(chain, (1.0,) * 4, regimen, times)
    other = in_units(chain, factors, regimen, times)
    for name, (text, _) in describe(chain).items():
        wanted = plain[name] * rescaled(text, factors)
        off = np.abs(other[name] - wanted).max()
        assert off <= tolerance * np.abs(wanted).max(initial=0), name


@SMALL
@given(REGIMENS, st.tuples(TIME_FACTORS, FACTORS, FACTORS, FACTORS))
def test_other_units_same_levels(regimen, factors):
    """Hours or minutes, umol or nmol, litres or millilitres: a lost volume would show."""
    same_in_other_units(model(), factors, regimen, TIMES[:-1], SUPERPOSITION)


@settings(max_examples=2, deadline=None)
@given(st.tuples(st.just(1.0), FACTORS, FACTORS, FACTORS))
def test_other_units_same_mood(factors):
    """The whole chain; time keeps its unit, since the steps of the solver are in hours."""
    times = np.array([0.0, 0.5, 2.0, 24.0])
    same_in_other_units(build(), factors, kq.infusion(mg_per_kg=0.5), times, OTHER_UNITS)
