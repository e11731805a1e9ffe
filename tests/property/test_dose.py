"""What holds for every regimen: what arrives is what was given, in whatever order or form."""

import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ketaqsp.dose import Dose, Regimen
from ketaqsp.dose.drugs import PUMPED, drug
from ketaqsp.dose.event_table import read_events, write_events
from ketaqsp.dose.schedule import schedule
from tolerances import ARRIVES

WEIGHTS = st.floats(30.0, 200.0)
STARTS = st.one_of(st.sampled_from([0.0, 0.25, 1.0, 24.0]), st.floats(0.0, 2000.0))


@st.composite
def doses(draw):
    """A believable dose; starts and durations are few enough to overlap and to coincide."""
    name = draw(st.sampled_from(["ketamine", "esketamine", "midazolam", "memantine", "lanicemine"]))
    entry = drug(name)
    unit = draw(st.sampled_from(["mg", "mg/kg"]))
    low, high = (entry.min_mg, entry.max_mg) if unit == "mg" else (1e-3, entry.max_mg_per_kg)
    amount = draw(st.floats(low, high))
    route = draw(st.sampled_from(entry.routes))
    duration = 0.0
    if route in PUMPED:
        long = st.floats(0.5, 48.0)
        duration = draw(st.one_of(st.sampled_from([0.0, 0.5, 2 / 3, 1.0]), long))
    lag = draw(st.sampled_from([0.0, 0.25, 1.5]))
    return Dose(name, route, amount, unit, draw(STARTS), duration, lag)


REGIMENS = st.lists(doses(), max_size=8).map(lambda some: Regimen(tuple(some)))
GROUPS = st.lists(st.tuples(REGIMENS, WEIGHTS), min_size=1, max_size=4)


def given_umol(regimen, weight):
    """{analyte: umol} by plain arithmetic, dose by dose."""
    total = defaultdict(float)
    for dose in regimen.doses:
        mg = dose.amount * (weight if dose.unit == "mg/kg" else 1.0)
        for name, fraction in drug(dose.drug).analytes:
            total[name] += fraction * 1e3 * mg / drug(dose.drug).molar_mass
    return total


@given(GROUPS)
def test_what_arrives_is_what_was_given(group):
    regimens, weights = zip(*group, strict=True)
    plan = schedule(regimens, weights)
    assert plan.edges_h[0] == 0.0 and (np.diff(plan.edges_h) > 0).all()
    for patient, (regimen, weight) in enumerate(group):
        expected = given_umol(regimen, weight)
        assert all((x >= 0).all() and not x[-1].any() for x in plan.rate.values())
        for name in plan.analytes:
            arrived = plan.total(name)[patient]
            assert abs(arrived - expected[name]) <= ARRIVES * expected[name]


@given(GROUPS, st.randoms(use_true_random=False))
def test_permuting_patients_permutes_columns(group, random):
    order = list(range(len(group)))
    random.shuffle(order)
    plain = schedule(*zip(*group, strict=True))
    mixed = schedule(*zip(*(group[k] for k in order), strict=True))
    assert (plain.edges_h == mixed.edges_h).all() and plain.analytes == mixed.analytes
    for name in plain.inputs:
        for part in ("rate", "bolus"):
            before, after = getattr(plain, part)[name], getattr(mixed, part)[name]
            assert (before[:, order] == after).all()


@given(REGIMENS, st.lists(WEIGHTS, min_size=1, max_size=3))
def test_one_regimen_for_all_is_the_same_as_one_each(regimen, weights):
    shared, each = schedule(regimen, weights), schedule([regimen] * len(weights), weights)
    assert (shared.edges_h == each.edges_h).all()
    for name in shared.inputs:
        assert (shared.rate[name] == each.rate[name]).all()
    for name in shared.analytes:
        assert (shared.total(name) == each.total(name)).all()


@given(REGIMENS, st.sampled_from([0.5, 0.9, 1.0]))
def test_scaling_keeps_times_and_durations(regimen, factor):
    kept = tuple(dose for dose in regimen.doses if dose.unit == "mg/kg")  # mg has a least amount
    before = Regimen(kept)
    after = before.scale(factor)

    def rest(one):
        return sorted((d.start_h, d.drug, d.duration_h, d.route, d.unit) for d in one.doses)

    assert rest(after) == rest(before)
    scaled = sorted(dose.amount * factor for dose in before.doses)
    assert sorted(dose.amount for dose in after.doses) == scaled


@given(st.dictionaries(st.integers(0, 10**9), REGIMENS, min_size=1, max_size=4))
def test_event_tables_give_back_what_was_written(regimens):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.csv"
        write_events(regimens, path)
        again = read_events(path)
    assert again == regimens and list(again) == list(regimens)


@given(REGIMENS, REGIMENS, st.integers(0, 1000))
def test_adding_commutes_and_shifting_comes_back(one, other, by):
    assert one + other == other + one
    moved = (one + other).shift(by)
    assert all(dose.start_h >= by for dose in moved.doses)
    assert moved.shift(-by).doses == (one + other).doses
