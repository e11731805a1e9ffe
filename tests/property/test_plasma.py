"""What holds for every dose in plasma, and for patients whatever their company."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ketaqsp as kq
from ketaqsp.dose import Dose, Regimen
from ketaqsp.dose.drugs import drug
from ketaqsp.patient import Cohort
from plasma_only import COMPANIONS, solve
from tolerances import COMPANY, MASS_BALANCE, NEGATIVE_ROUNDING, REST_DRIFT, SUPERPOSITION

FORMS = ("s", "r")
MOIETIES = {
    "ketamine": ("central", "fast", "slow"),
    "norketamine": ("forming1", "forming2", "central", "tissue"),
    "hnk": ("forming1", "forming2", "central", "tissue"),
}
TIMES = np.array([0.0, 0.05, 0.3, 2 / 3, 1.0, 4.0, 24.0, 30.0, 200.0])
# The mixing flow Q_mix is the same at every weight while clearances grow with it, so above this
# the unmixed part can exceed the whole (see test_venous_view_of_the_heavy).
HEAVIEST = 105.0
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


@pytest.mark.xfail(
    strict=True,
    reason="Q_mix (455 L/h) is the same at every weight while CL + Q2 + Q3 grow as W^0.75 and pass "
    "it at 118 kg: the unmixed part then exceeds the artery's level. It needs the same exponent.",
)
@pytest.mark.parametrize("weight", [130.0, 160.0, 200.0])
def test_venous_view_of_the_heavy(weight):
    venous = solve(kq.infusion(mg_per_kg=0.5), TIMES, weight=weight)["ketamine_venous"]
    assert venous.min() >= -NEGATIVE_ROUNDING * venous.max()


@SMALL
@given(REGIMENS, REGIMENS, WEIGHTS)
def test_superposition(one, other, weights):
    apart = [solve(regimen, TIMES, weight=weights) for regimen in (one, other)]
    both = solve(one + other, TIMES, weight=weights)
    for name, x in both.items():
        expected = apart[0][name] + apart[1][name]
        assert np.abs(x - expected).max() <= SUPERPOSITION * np.abs(expected).max(initial=0), name


@SMALL
@given(REGIMENS, WEIGHTS, st.sampled_from([0.25, 2.0, 7.0]))
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


def test_no_dose_no_change():
    """60 days without a drug, a typical patient and 16 others: every state stays where it was."""
    for people in (kq.typical(), kq.cohort("trd", n=16, seed=3)):
        out = kq.simulate(kq.nothing(), people, days=60, every="24 h")
        assert (out.status == 0).all()
        for name in out.data_vars:
            if name == "status":
                continue
            x = out[name].values
            if not x[0].any():
                assert not x.any(), f"{name} was 0 and became {np.abs(x).max()}"
            else:
                assert np.abs(x / x[0] - 1).max() <= REST_DRIFT, name


def some(people, ids):
    """The patients `ids` of a cohort, and no others."""
    n = people.n
    kept = {k: v[ids] if np.ndim(v) and len(v) == n else v for k, v in people.parameters.items()}
    return Cohort(people.preset, people.seed, people.ids[ids], kept, well=people.well[ids])


@pytest.mark.parametrize("size", [1, 7, 9])
def test_company_changes_nothing(size):
    """Sixteen patients at once, or in batches: the whole chain, not plasma alone."""
    people = kq.cohort("trd", n=16, seed=5)
    regimen = kq.infusion(mg_per_kg=0.5, days=(0, 2))
    whole = kq.simulate(regimen, people, days=4, every="6 h")
    for first in range(0, 16, size):
        ids = np.arange(first, min(first + size, 16))
        part = kq.simulate(regimen, some(people, ids), days=4, every="6 h")
        for name in part.data_vars:
            x, y = whole[name].values[..., ids], part[name].values
            assert np.abs(x - y).max() <= COMPANY * np.abs(whole[name].values).max(), name
        if size == 1 and first == 3:  # four single patients cost enough time
            break
