"""JAX, the second program of the method: its values and its derivatives against native code's."""

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.errors import BadInput
from tolerances import JAX_NATIVE, MODES

DAYS = (0, 2, 4, 7, 9, 11)
SIX = kq.infusion(mg_per_kg=0.5, minutes=40, days=DAYS)
# Daily, at the ends of infusions, and off the ticks of the grid, where steps are short.
EXTRA = (*(24.0 * d + 2 / 3 for d in DAYS), 0.05, 100.123)


def test_every_state_and_signal_over_a_month():
    """Six infusions and, as the last patient, none."""
    people = kq.cohort("trd", n=8, seed=1)
    regimens = [SIX] * 7 + [kq.nothing()]
    asked = {"days": 28, "every": "24 h", "extra_times": EXTRA}
    native = kq.simulate(regimens, people, **asked)
    jax = kq.simulate(regimens, people, solver="jax", **asked)
    assert not native["status"].values.any() and not jax["status"].values.any()
    apart = {
        name: np.abs(jax[name].values - x.values).max() / max(np.abs(x.values).max(), 1e-300)
        for name, x in native.data_vars.items()
    }
    worst = max(apart, key=apart.get)
    print(f"{worst} {apart[worst]:.1e}, MADRS {apart['madrs']:.1e}")
    assert apart[worst] < JAX_NATIVE, (worst, apart[worst])


def test_steps_are_judged_alike():
    """Who needs finer steps in native code needs them in JAX, and gets the same numbers on them."""
    people, quick = kq.cohort("trd", n=8, seed=3), kq.infusion(mg_per_kg=1.0, minutes=2)
    asked = {"days": 0.5, "every": "12 h", "wanted": ("madrs", "bdnf")}
    native = kq.simulate(quick, people, **asked)
    jax = kq.simulate(quick, people, solver="jax", **asked)
    assert set(native["status"].values) == {0, 1}
    assert (native["status"].values == jax["status"].values).all()
    for name in asked["wanted"]:
        x = native[name].values
        assert np.abs(jax[name].values - x).max() < JAX_NATIVE * np.abs(x).max()


def test_what_jax_does_not_know_is_said():
    block = kq.Intervention("ampa_block", 1.0, 2.0, 1.0)
    with pytest.raises(BadInput, match='use solver="default"'):
        kq.simulate(DRUG, days=1, solver="jax", interventions=[block])


SOME = ("CL", "g_sst", "kappa", "W", "rater_sd", "tau_S", "load", "M0")
READ_OUTS = ("madrs", "spine_density", "ketamine_venous", "response", "remission", "relapse")
DRUG = kq.infusion(mg_per_kg=0.5, minutes=40)
REGIMENS = [DRUG, DRUG, kq.nothing()]


@pytest.fixture(scope="module")
def people():
    return kq.cohort("trd", n=3, seed=1)


def same(a, b):
    size = np.abs(b).max()
    np.testing.assert_allclose(a, b, rtol=MODES, atol=MODES * max(size, 1e-12))


def test_forward_passes(people):
    asked = {"of": READ_OUTS, "at": (24.0, 48.0), "parameters": SOME}
    native = kq.sensitivity(REGIMENS, people, **asked)
    jax = kq.sensitivity(REGIMENS, people, by="jax", **asked)
    for name in READ_OUTS:
        same(native[name].values, jax[name].values)
        same(native[f"{name}_value"].values, jax[f"{name}_value"].values)
    nothing = native.isel(patient=2)
    assert not nothing["ketamine_venous"].values.any()
    assert np.isfinite(nothing["madrs"].values).all()


def test_a_reverse_pass(people):
    """Of plasma: MADRS takes minutes to compile."""
    asked = {"of": "ketamine_venous", "at": 2.0, "parameters": ("CL", "V1", "W", "Q2")}
    native = kq.gradient(REGIMENS, people, **asked)
    jax = kq.gradient(REGIMENS, people, by="jax", **asked)
    same(native["gradient"].values, jax["gradient"].values)


def test_zero_dose(people):
    """MADRS follows M0 and what sets the severity at rest, and no plasma."""
    native = kq.gradient(REGIMENS, people, of="madrs", at=48.0)
    slope = native["gradient"].isel(patient=2)
    assert slope.sel(parameter="CL").item() == 0 and np.isfinite(slope.values).all()
    share = native["value"].values[2] / people.parameters["M0"][2]
    assert slope.sel(parameter="M0").item() == pytest.approx(share, rel=1e-9)
