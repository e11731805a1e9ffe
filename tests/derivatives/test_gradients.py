"""Derivatives: against finite differences of the native solver, at zero dose, and by both modes."""

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.errors import BadInput
from ketaqsp.patient import outcomes
from tolerances import FINITE_DIFFERENCE, JAX_NATIVE, MODES

HOURS = 48.0
STEP = 1e-4  # relative, of a central difference
# The last patient is given nothing: gradients at zero dose are held to the same checks.
DRUG = kq.infusion(mg_per_kg=0.5, minutes=40)
REGIMEN = [DRUG, DRUG, kq.nothing()]
ZERO = 2


@pytest.fixture(scope="module")
def people():
    return kq.cohort("trd", n=3, seed=1)


@pytest.fixture(scope="module")
def reverse(people):
    return kq.gradient(REGIMEN, people, of="madrs", at=HOURS)


def moved(people, name, step):
    """The native solver's MADRS at HOURS with one parameter of each patient moved."""
    value = np.broadcast_to(np.asarray(people.parameters[name], float), (people.n,)) + step
    other = people.replace(**{name: value})
    out = kq.simulate(REGIMEN, other, days=HOURS / 24, every="48 h", wanted=("madrs",))
    return out["madrs"].values[-1]


def test_every_parameter_of_the_table(people, reverse):
    """All that the model reads: those that reach MADRS, and those that cannot and give 0."""
    wrong, reaching = [], 0
    for name in reverse["parameter"].values:
        value = np.broadcast_to(np.asarray(people.parameters[name], float), (people.n,))
        step = STEP * np.maximum(np.abs(value), 1e-3)
        wanted = (moved(people, name, step) - moved(people, name, -step)) / (2 * step)
        found = reverse["gradient"].sel(parameter=name).values
        reaching += bool(found.any())
        # A parameter's effect is measured against what moving it by its own size would do.
        apart = np.abs(found - wanted) * np.abs(value)
        size = np.abs(wanted) * np.abs(value)
        if (apart > FINITE_DIFFERENCE * (size + 1)).any():
            wrong.append((name, found, wanted))
    assert wrong == []
    assert reaching > 80 and len(reverse["parameter"]) > 100
    assert {"W", "load", "kappa", "CL", "rho"} <= set(reverse["parameter"].values)


def test_values_are_those_of_the_native_solver(people, reverse):
    out = kq.simulate(REGIMEN, people, days=HOURS / 24, every="48 h", wanted=("madrs",))
    wanted = out["madrs"].values[-1]
    assert np.abs(reverse["value"].values / wanted - 1).max() < JAX_NATIVE
    assert reverse["status"].values.tolist() == [0, 0, 0]


READ_OUTS = ("madrs", "spine_density", "ketamine_venous", "response", "relapse")
SOME = ("CL", "g_sst", "kappa", "W", "rater_sd", "tau_S")


@pytest.fixture(scope="module")
def forward(people):
    return kq.sensitivity(REGIMEN, people, of=READ_OUTS, at=(24.0, HOURS), parameters=SOME)


def test_forward_and_reverse_agree(forward, reverse):
    for name in set(SOME) - {"rater_sd"}:
        a = forward["madrs"].sel(parameter=name).values[-1]
        b = reverse["gradient"].sel(parameter=name).values
        np.testing.assert_allclose(a, b, rtol=MODES, atol=MODES)


def test_response_and_relapse_are_probabilities_with_slopes(people, forward):
    for name in outcomes.WORDS:
        value = forward[f"{name}_value"].values
        assert ((value >= 0) & (value <= 1)).all() and np.isfinite(forward[name].values).all()
    for name in ("kappa", "rater_sd"):
        step = STEP * np.asarray(people.parameters[name])
        sides = []
        for way in (step, -step):
            value = np.broadcast_to(np.asarray(people.parameters[name], float) + way, (people.n,))
            other = people.replace(**{name: value})
            sides.append(probabilities(other))
        wanted = (sides[0] - sides[1]) / (2 * np.abs(step))
        found = np.stack([forward[x].sel(parameter=name).values[-1] for x in outcomes.WORDS])
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-6)


def probabilities(people):
    """Response and relapse at HOURS from the native solver's MADRS."""
    from scipy.special import ndtr

    out = kq.simulate(REGIMEN, people, days=2, every="24 h", wanted=("madrs",))
    madrs, sd = out["madrs"].values, np.asarray(people.parameters["rater_sd"])
    return np.stack([outcomes.response(madrs, sd, ndtr)[-1], outcomes.relapse(madrs, sd, ndtr)])


def test_probabilities_against_ratings_that_are_drawn():
    """A hundred thousand raters with error, counted."""
    from scipy.special import ndtr

    madrs = np.array([[34.0], [16.0], [20.0], [24.0]])
    draw = np.random.default_rng(5)
    rated = madrs[:, 0] + 3.0 * draw.standard_normal((100_000, 4))
    fell = rated[:, 1:] <= 0.5 * rated[:, :1]
    assert abs(fell[:, -1].mean() - outcomes.response(madrs, 3.0, ndtr)[-1, 0]) < 0.005
    high = rated[:, 1:] >= 22
    relapsed = np.zeros(len(rated), bool)
    met = np.zeros(len(rated), bool)
    for k in range(3):
        relapsed |= met & high[:, k]
        met |= fell[:, k]
    assert abs(relapsed.mean() - outcomes.relapse(madrs, 3.0, ndtr)[0]) < 0.005


def test_zero_dose(people, reverse, forward):
    """No drug: plasma has no slope, MADRS is M0 at rest, and nothing is NaN."""
    nothing = forward.isel(patient=ZERO)
    assert np.isfinite(nothing["madrs"].values).all()
    assert not nothing["ketamine_venous"].values.any()
    slope = reverse["gradient"].isel(patient=ZERO)
    assert np.isfinite(slope.values).all()
    share = reverse["value"].values[ZERO] / people.parameters["M0"][ZERO]
    assert slope.sel(parameter="M0").item() == pytest.approx(share, rel=1e-9)
    assert slope.sel(parameter="CL").item() == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"of": "madras"}, "did you mean 'madrs'"),
        ({"parameters": ("kapa",)}, "did you mean 'kappa'"),
        ({"at": -1.0}, "hours from 0"),
    ],
)
def test_refusals(more, said):
    with pytest.raises(BadInput, match=said):
        kq.gradient(DRUG, **more)
