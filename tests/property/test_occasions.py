"""Between occasions: a day's dose differs from another day's, in the same person, by place."""

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.dose.schedule import schedule
from ketaqsp.patient import occasions
from tolerances import SUPERPOSITION

PEOPLE = np.arange(400)
WEIGHTS = np.full(PEOPLE.size, 70.0)


def nasal(days):
    from ketaqsp.dose.regimen import Dose, Regimen

    return Regimen(tuple(Dose("esketamine", "in", 84.0, "mg", 24.0 * d, 0.0) for d in days))


def amounts(days, people=PEOPLE, seed=3):
    """(days, n): umol that reach the nose on each day, relative to what is given."""
    plain = schedule(nasal(days), WEIGHTS[: people.size])
    varied = occasions.applied(plain, seed, people)
    name = next(n for n in plain.inputs if n.endswith("_nose"))
    given = (plain.bolus[name] != 0).any(axis=1)
    return varied.bolus[name][given] / plain.bolus[name][given]


def test_days_differ_with_the_spread_of_the_table():
    logs = np.log(amounts((0, 3)))
    omega = occasions.omegas()["nose"]
    assert np.abs(logs.std(axis=1) / omega - 1).max() < 5 / np.sqrt(2 * PEOPLE.size)
    assert abs(np.corrcoef(logs)[0, 1]) < 5 / np.sqrt(PEOPLE.size)


def test_another_day_or_patient_changes_no_other():
    more = amounts((0, 3, 5))
    assert (amounts((0, 3)) == more[:2]).all()
    some = PEOPLE[[7, 2, 300]]
    assert (amounts((0, 3), some) == amounts((0, 3))[:, some]).all()


def test_a_dose_that_goes_on_past_midnight_keeps_its_share():
    """Tablets at 22 h let go until 3.8 h: a neighbour's infusion at midnight changes nothing."""
    people = kq.cohort("trd", n=2, seed=1)
    tablets = kq.bolus(mg=100, route="po_er", days=[22 / 24])
    infusions = kq.infusion(mg=30, days=[1])
    ask = {"days": 2, "every": "1 h", "wanted": ["ketamine_venous"]}
    alone = kq.simulate(tablets, people.take([0]), **ask)["ketamine_venous"].values[:, 0]
    both = kq.simulate([tablets, infusions], people, **ask)["ketamine_venous"].values[:, 0]
    assert np.abs(both - alone).max() < SUPERPOSITION * alone.max()
    plain = schedule([tablets, infusions], people.weight())
    varied = occasions.applied(plain, 1, people.keys)
    for name, x in plain.rate.items():
        given = x[:, 0] > 0
        if name.endswith("_oral"):
            assert given.sum() > 1 and np.ptp(varied.rate[name][given, 0] / x[given, 0]) < 1e-12


def test_an_infusion_is_given_in_full():
    plan = schedule(kq.infusion(mg_per_kg=0.5), WEIGHTS)
    assert occasions.applied(plan, 3, PEOPLE) is plan


@pytest.mark.parametrize("site", ["", "muscle", "skin"])
def test_no_spread_where_the_table_has_none(site):
    assert occasions.omegas().get(site, 0.0) == 0.0


def test_it_can_be_left_out_and_the_typical_patient_has_none():
    group = kq.cohort("trd", 6, 2)
    ask = {"days": 1, "every": "1 h", "wanted": ["ketamine_venous"]}
    out = [
        kq.simulate(nasal((0,)), group, between_occasions=on, **ask)["ketamine_venous"].values
        for on in (True, False)
    ]
    assert (out[0][1:] != out[1][1:]).any()
    alone = [
        kq.simulate(nasal((0,)), between_occasions=on, **ask)["ketamine_venous"].values
        for on in (True, False)
    ]
    assert (alone[0] == alone[1]).all()
