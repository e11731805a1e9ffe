"""JAX, the second program of the method: its values and its derivatives against native code's."""

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.dose.schedule import schedule
from ketaqsp.patient.simulate import model_for
from ketaqsp.solve.run import course, run
from tolerances import JAX_NATIVE, MODES

DAYS = (0, 2, 4, 7, 9, 11)
SIX = kq.infusion(mg_per_kg=0.5, minutes=40, days=DAYS)
# Daily, at the ends of infusions, and off the ticks of the grid, where steps are short.
HOURS = np.unique([*np.arange(0, 673, 24.0), *(24.0 * d + 2 / 3 for d in DAYS), 0.05, 100.123])


def test_every_state_and_signal_over_a_month():
    """Six infusions and, as the last patient, none."""
    import jax

    from ketaqsp.patient.differentiate import fastest
    from ketaqsp.solve.gradient.sweep import Task, program

    people = kq.cohort("trd", n=8, seed=1)
    regimens = [SIX] * 7 + [kq.nothing()]
    model = model_for(regimens)
    plan = schedule(regimens, people.weight())
    values = {name: people.parameters[name] for name in model.parameters}
    names = (*model.states, *model.signals)
    native = run(model, values, plan, 672.0, HOURS, wanted=names)
    assert not native.status.any()
    grid = course(tuple(map(float, plan.edges_h)), HOURS.tobytes(), 672.0, 0)
    with jax.enable_x64(True):
        task = Task(model, grid, np.array(plan.edges_h), names, dict(fastest(model, people)))
        found = jax.jit(program(task, 8))(values, plan.rate, plan.bolus)
        found = {name: np.asarray(x) for name, x in found.items()}
    apart = {
        name: np.abs(found[name] - x).max() / max(np.abs(x).max(), 1e-300)
        for name, x in native.values.items()
    }
    worst = max(apart, key=apart.get)
    print(f"{worst} {apart[worst]:.1e}, MADRS {apart['madrs']:.1e}")
    assert apart[worst] < JAX_NATIVE, (worst, apart[worst])


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
