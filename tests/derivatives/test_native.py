"""The native program run backwards: every read-out by every parameter, against central differences.

One cohort has every route and drug, so one Jacobian covers the table: see everything.py.
"""

import importlib

import numpy as np
import pytest

import ketaqsp as kq
from derivatives import everything
from ketaqsp.errors import BadInput
from ketaqsp.parameters import rows
from ketaqsp.patient import outcomes
from ketaqsp.solve import grid
from tolerances import FINITE_DIFFERENCE, FINITE_NOISE

RUN = importlib.import_module("ketaqsp.solve.run")
# At 0 these take no part: switches that are off, and what belongs to them.
OFF = {
    "ampa_block", "mtorc1_block", "opioid_block", "spine_erasure", "trkb_block",
    "carried", "a_nk", "g_hnk", "EC50_hnk", "s4", "s6", "s7", "ease", "tau_C", "sharp",
    "F_lanicemine", "ka_lanicemine", "F_mk801", "ka_mk801", "w_vas", "top_vas",
}  # fmt: skip
# Read with exit="split" only, and what is an error of a reading.
SPLIT = {"kc_fast", "kc_trapped"}
SPLIT |= {f"slow_{x}" for x in ("memantine", "mk801", "lanicemine")}
SPLIT |= {f"slow_{x}_{form}" for x in ("ketamine", "norketamine") for form in "sr"}
READINGS = {"rater_sd", "sd_sbp", "sd_dbp", "sd_hr"}
# Links whose rows the equations of a patient do not read: trials, belief, raters, populations.
BESIDE = ("expectancy", "trial", "patient")


@pytest.fixture(scope="module")
def jacobian():
    people = everything.people()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid, "LEVELS", 1)  # a difference must not step from one grid to another
        found = kq.sensitivity(
            everything.regimens(), people, of=everything.names(), at=everything.HOURS
        )
    return people, found


def test_every_readout_by_every_parameter(jacobian, monkeypatch):
    monkeypatch.setattr(grid, "LEVELS", 1)
    people, found = jacobian
    assert not found["status"].values.any()
    sizes = {name: np.abs(x).max() for name, x in everything.seen(people).items()}
    wrong, still = [], set()
    for i, name in enumerate(found["parameter"].values):
        value = np.abs(np.broadcast_to(np.asarray(people.parameters[name], float), people.n))
        reached = False
        for readout, wanted in everything.moved(people, name).items():
            # Measured by what moving the parameter by its own size would do.
            apart = np.abs(found[readout].values[i] - wanted) * value
            effect, noise = np.abs(wanted) * value, FINITE_NOISE * max(sizes[readout], 1e-12)
            reached |= bool((effect > 10 * noise).any())
            if (apart > FINITE_DIFFERENCE * effect + noise).any():
                wrong.append((str(name), readout, (apart / (effect + noise)).max()))
        if not reached:
            still.add(str(name))
    assert wrong == []
    assert still == OFF


def test_every_row_of_the_chain_is_a_parameter_of_it(jacobian):
    """Rows that no derivative reaches, each with its reason."""
    _, found = jacobian
    rows_ = {r.symbol for r in rows() if r.role == "default" and r.link not in BESIDE}
    missing = rows_ - set(found["parameter"].values)
    assert missing == SPLIT | READINGS | {"D_ill"}  # the last follows from the landscape


def test_exit_in_two_shares():
    """The other law of block, whose exits from a closed channel vary within a step."""
    drug, one = kq.infusion(mg_per_kg=0.5), kq.typical()
    names = ("kc_fast", "slow_ketamine_s", "kc_trapped", "g_sst")
    asked = {"of": "nmda_block_lhb", "at": 3.0, "exit": "split"}
    found = kq.gradient(drug, one, parameters=names, **asked)["gradient"].values[:, 0]

    def block(cohort):
        out = kq.simulate(drug, cohort, days=0.125, every="3 h", exit="split")
        return out["nmda_block_lhb"].values[-1, 0]

    for name, slope in zip(names, found, strict=True):
        value = float(one.parameters[name])
        step = 1e-3 * value
        wanted = (
            block(one.replace(**{name: value + step})) - block(one.replace(**{name: value - step}))
        ) / (2 * step)
        assert slope == pytest.approx(wanted, rel=1e-4, abs=1e-12), name


def test_bits_do_not_depend_on_company():
    people, drug = kq.cohort("trd", n=9, seed=4), kq.infusion(mg_per_kg=0.5)
    whole = kq.gradient(drug, people, of="madrs", at=24.0)["gradient"].values
    for some in ([0], [3, 8], [5, 2, 7]):
        part = kq.gradient(drug, people.take(some), of="madrs", at=24.0)["gradient"].values
        assert (part == whole[:, some]).all()


def test_probabilities():
    """Of response, remission and relapse, against differences of the solver's MADRS."""
    from scipy.special import ndtr

    people, drug = kq.cohort("trd", n=4, seed=1), kq.infusion(mg_per_kg=0.5)
    hours = (4.0, 24.0, 48.0)
    names = ("kappa", "rater_sd", "W", "M0", "load")
    found = kq.sensitivity(drug, people, of=outcomes.WORDS, at=hours, parameters=names)

    def values(cohort):
        out = kq.simulate(
            drug, cohort, days=2, every="48 h", extra_times=hours[:2], wanted=("madrs",)
        )
        madrs = out["madrs"].values
        sd = np.asarray(cohort.parameters["rater_sd"])
        return {
            "response": outcomes.response(madrs, sd, ndtr)[1:],
            "remission": outcomes.remission(madrs, sd, ndtr)[1:],
            "relapse": np.array([outcomes.relapse(madrs[: k + 2], sd, ndtr) for k in range(3)]),
        }

    for name in names:
        value = np.broadcast_to(np.asarray(people.parameters[name], float), (4,))
        step = everything.STEP * np.abs(value)
        # What load moves is the severity before the dose too, as in a patient drawn with it.
        sides = [values(people.replace(**{name: value + way})) for way in (step, -step)]
        for word in outcomes.WORDS:
            wanted = (sides[0][word] - sides[1][word]) / (2 * step)
            got = found[word].sel(parameter=name).values
            np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-6, err_msg=f"{name} {word}")
    for word, x in values(people).items():
        np.testing.assert_allclose(found[f"{word}_value"].values, x, rtol=1e-12)
        assert ((x >= 0) & (x <= 1)).all()


def test_a_failed_patient_is_nan_and_the_others_are_not():
    people = kq.cohort("trd", n=3, seed=2)
    people.parameters["CL"] = np.array(np.broadcast_to(people.parameters["CL"], 3))
    people.parameters["CL"][1] = np.inf
    out = kq.gradient(kq.infusion(mg_per_kg=0.5), people, at=24.0)
    assert out["status"].values.tolist() == [0, RUN.FAILED, 0]
    nan = np.isnan(out["gradient"].values)
    assert nan[:, 1].all() and not nan[:, [0, 2]].any()


def test_a_patient_on_finer_steps_is_differentiated_on_them():
    at_once, people = kq.bolus(mg_per_kg=2.0), kq.cohort("trd", n=4, seed=3)
    out = kq.gradient(at_once, people, at=24.0, parameters=("CL",))
    plain = kq.simulate(at_once, people, days=1, every="24 h", wanted=("madrs",))
    assert out["status"].values.max() == 1
    assert (out["value"].values == plain["madrs"].values[-1]).all()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"of": "madras"}, "did you mean 'madrs'"),
        ({"parameters": ("kapa",)}, "did you mean 'kappa'"),
        ({"parameters": "kapa"}, "did you mean 'kappa'"),
        ({"at": -1.0}, "hours from 0"),
        ({"at": 1e9}, "hours from 0 to 17520"),
        ({"at": "x"}, "hours from 0"),
        ({"by": "jaxx"}, "did you mean 'jax'"),
    ],
)
def test_refusals(more, said):
    with pytest.raises(BadInput, match=said):
        kq.gradient(kq.infusion(mg_per_kg=0.5), **more)


def test_a_constant_signal_has_no_slope():
    """GABA without midazolam is 0 whatever the parameters."""
    out = kq.gradient(kq.infusion(mg_per_kg=0.5), of="gaba", at=1.0)
    assert not out["gradient"].values.any() and out["value"].item() == 0


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


@pytest.mark.parametrize("mg_per_kg", [0.5, 2.0])
def test_one_read_out_is_found_at_one_go(mg_per_kg):
    """gradient() goes there and back at once, sensitivity() solves first: bits, on finer steps too,
    and with a patient who fails."""
    people, drug = kq.cohort("trd", n=11, seed=3), kq.bolus(mg_per_kg=mg_per_kg)
    people.parameters["CL"] = np.array(np.broadcast_to(people.parameters["CL"], 11))
    people.parameters["CL"][4] = np.nan
    one = kq.gradient(drug, people, at=24.0)
    other = kq.sensitivity(drug, people, of="madrs", at=24.0)
    for a, b in (("gradient", "madrs"), ("value", "madrs_value")):
        assert np.array_equal(one[a].values, other[b].isel(time=0).values, equal_nan=True)
    assert (one["status"].values == other["status"].values).all()
    assert one["status"].values[4] == RUN.FAILED and (one["status"].values[5:] < 2).all()
    assert (one["status"].values == 1).any() == (mg_per_kg == 2.0)
