"""Dissociation does not drive mood: cut or made ten times larger, no bit of the rest moves."""

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.chain import CUTS, build
from ketaqsp.parameters import rows

N, SEED = 60, 4
ACUTE = ("dissociation", "circulation", "pain")
SIX = kq.infusion(mg_per_kg=0.5, minutes=40, days=[0, 2, 4, 7, 9, 11])


def run(**changed):
    people = kq.cohort("trd", n=N, seed=SEED, **changed)
    return kq.simulate(SIX, people, days=28, every="12 h")


@pytest.fixture(scope="module")
def whole():
    return run()


@pytest.mark.parametrize("name", ACUTE)
def test_an_acute_cut_moves_no_mood(name, whole):
    cut = run(cut=name)
    moved = {n for n in whole.data_vars if (whole[n].values != cut[n].values).any()}
    assert "madrs" not in moved
    assert moved == expected(CUTS[name])


def expected(symbols):
    """Names of the acute link downstream of these rows."""
    from ketaqsp.blocks import terms

    found = set(symbols)
    for block in build().readouts:
        if any(name in found for _, term in terms(block) for name in term.names):
            found.add(block.name)
    return found - set(symbols)


def test_ten_times_the_dissociation_moves_no_mood(whole):
    loud = run(C50_cadss=0.051, tol_scale=0.1)
    assert loud["cadss"].max() > 1.2 * whole["cadss"].max()
    np.testing.assert_array_equal(loud["madrs"].values, whole["madrs"].values)


def test_no_row_of_the_acute_link_moves_mood():
    """Every number of the link at once: only its own variables may answer."""
    own = {row.symbol: row for row in rows("acute") if row.role == "default"}
    people = kq.typical()
    other = people.replace(**{s: 0.9 * people.parameters[s] for s in own})
    regimen = kq.infusion(mg_per_kg=0.5) + kq.infusion("midazolam", mg_per_kg=0.02)
    plain, changed = (kq.simulate(regimen, p, days=7, every="6 h") for p in (people, other))
    mine = {n for n, x in plain.data_vars.items() if x.attrs["source"] == "acute link"}
    moved = {n for n in plain.data_vars if (plain[n].values != changed[n].values).any()}
    assert len(mine) >= 20 and "cadss" in moved and "sbp_change" in moved
    assert moved <= mine
