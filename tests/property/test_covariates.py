"""Covariates: each has numbers of its own, they correlate as stated, what is given stays."""

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ketaqsp as kq
from ketaqsp.errors import BadInput
from ketaqsp.patient import covariates as people
from ketaqsp.patient import populations
from ketaqsp.patient.marginal import Marginal, fitted
from ketaqsp.patient.populations import PRESETS, WELL, correlations, linked

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=3, deadline=None)
MANY = 8_000
FIVE_SE = 5.0  # a false alarm in two million


@lru_cache(maxsize=8)
def drawn(preset="trd", n=MANY, seed=11):
    return people.draw(people.population(preset), seed, np.arange(n))


@FEW
@given(SEEDS, st.sampled_from(list(PRESETS)), st.integers(1, 30), st.integers(1, 30))
def test_adding_a_patient_changes_no_other(seed, preset, n, more):
    some, all_of_them = (kq.cohort(preset, k, seed).covariates for k in (n, n + more))
    for name, x in some.items():
        assert (x == all_of_them[name][:n]).all(), name


def test_the_order_of_patients_does_not_matter():
    order = np.random.default_rng(0).permutation(500)
    shuffled = people.draw(people.population("trd"), 11, order)
    for name, x in drawn(n=500).items():
        assert (shuffled[name] == x[order]).all(), name


def test_adding_a_covariate_changes_no_other(monkeypatch):
    """One more at the end of the table, correlated with the first: the others keep their bits."""
    before = drawn(n=300)
    new = populations.Covariate("new_one", "new", "1", "normal", -9, 9, "")
    more = {**populations.covariates(), "new_one": new}
    pairs = {**correlations(), ("weight_kg", "new_one"): 0.5, ("ptsd", "new_one"): 0.3}
    names = (*linked(), "new_one")
    for module in (people, populations):
        monkeypatch.setattr(module, "covariates", lambda: more)
        monkeypatch.setattr(module, "linked", lambda: names)
    monkeypatch.setattr(populations, "correlations", lambda: pairs)
    who = _with(people_of_trd(), "new_one", Marginal("normal", 0.0, 1.0))
    after = people.draw(who, 11, np.arange(300))
    assert np.corrcoef(after["new_one"], after["weight_kg"])[0, 1] > 0.3
    for name, x in before.items():
        assert (after[name] == x).all(), name


_TRD = people.population("trd")


def people_of_trd():
    return _TRD


def _with(who, name, marginal):
    return people.Population(
        who.preset, {**who.marginals, name: marginal}, who.dose, who.ancestry, who.alleles, {}
    )


def test_the_matrix_is_possible():
    assert np.linalg.eigvalsh(populations.matrix()).min() > 0.01
    with pytest.raises(BadInput, match="least eigenvalue"):
        populations.possible(np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]))


YES_OR_NO = ("female", "anxiety", "ptsd", "benzodiazepine")


def latent_correlation(x, y):
    """Correlation of ranks turned into that of latent normals."""
    from scipy.stats import spearmanr

    return 2 * np.sin(np.pi / 6 * spearmanr(x, y).statistic)


PAIRS = [("weight_kg", "height_cm"), ("weight_kg", "age_years"), ("baseline_madrs", "height_cm")]


@pytest.mark.parametrize("pair", PAIRS)
def test_correlations_are_those_of_the_table(pair):
    wanted = correlations().get(pair, 0.0)
    found = latent_correlation(*(drawn()[name] for name in pair))
    assert abs(found - wanted) < FIVE_SE / np.sqrt(MANY) * 1.1


@pytest.mark.parametrize(
    "pair",
    [p for p in correlations() if p[1] in YES_OR_NO and p[0] != "failed_trials"],
    ids=" ".join,
)
def test_correlations_with_yes_or_no(pair):
    """Share of pairs above both medians (orthant), for latent normals of this correlation."""
    from scipy.special import ndtri
    from scipy.stats import multivariate_normal

    r, who = correlations()[pair], people_of_trd()
    above, cuts = [], []
    for name in pair:
        marginal, x = who.marginals[name], drawn()[name]
        share = marginal.centre if marginal.kind == "fraction" else 0.5
        cut = marginal.value(np.zeros(1))[0] if marginal.kind != "fraction" else 0.5
        above.append(x > cut)
        cuts.append(-ndtri(share))
    expected = multivariate_normal([0, 0], [[1, r], [r, 1]]).cdf([-c for c in cuts])
    found = (above[0] & above[1]).mean()
    assert abs(found - expected) < FIVE_SE * np.sqrt(expected * (1 - expected) / MANY)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_population_has_its_figures(preset):
    """Means and shares within five standard errors; what a bound disturbs within 5%."""
    who, found = people.population(preset), drawn(preset)
    for name in linked():
        aim, x = who.targets[name], found[name]
        if "fraction" in aim:
            p = aim["fraction"]
            assert abs(x.mean() - p) <= FIVE_SE * np.sqrt(p * (1 - p) / MANY), name
        elif aim:
            se = aim["sd"] / np.sqrt(MANY)
            slack = 0.05 * aim["mean"] if name in people.WITHIN or name == "failed_trials" else 0
            assert abs(x.mean() - aim["mean"]) <= FIVE_SE * se + slack + 0.01 * aim["sd"], name
            assert aim.get("min", -np.inf) <= x.min() and x.max() <= aim.get("max", np.inf), name
    for inner, (outer, factor) in people.WITHIN.items():
        assert (found[inner] <= found[outer] * factor).all()


def test_genotypes_follow_ancestry():
    found = drawn(n=MANY)
    for code, ancestry in enumerate(populations.ANCESTRIES):
        mine = found["ancestry"] == code
        f = populations.figures_of("trd")["met_alleles"][ancestry]
        se = np.sqrt(2 * f * (1 - f) / mine.sum())
        assert abs(found["met_alleles"][mine].mean() - 2 * f) < FIVE_SE * se


@given(
    st.sampled_from(("normal", "lognormal")),
    st.floats(60, 90),
    st.floats(3, 15),
    st.floats(0.8, 3),
    st.floats(0.8, 3),
)
@settings(max_examples=25, deadline=None)
def test_a_cut_distribution_has_the_moments_asked_for(kind, mean, sd, below, above):
    low, high = mean - (below + 1) * sd, mean + (above + 1) * sd
    made = fitted(kind, mean, sd, max(low, 0.1), high)
    x = made.value(np.random.default_rng(1).normal(size=MANY))
    assert x.min() >= max(low, 0.1) - 1e-9 and x.max() <= high + 1e-9
    assert abs(x.mean() - mean) < 0.05 * sd and abs(x.std() - sd) < 0.05 * sd


@FEW
@given(SEEDS)
def test_what_is_given_stays_and_informs_the_rest(seed):
    n = 400
    tall = {"height_cm": np.full(n, 190.0)}
    found = people.draw(people_of_trd(), seed, np.arange(n), tall)
    assert (found["height_cm"] == 190.0).all()
    assert found["female"].mean() < 0.15 and found["weight_kg"].mean() > 82


def test_volunteers_are_well():
    for preset in WELL:
        volunteers = kq.cohort(preset, 200, 3)
        assert (volunteers.parameters["D_ill"] < 0.2).all()
        assert volunteers.parameters["M0"].max() <= 6
        out = kq.simulate(
            kq.infusion(mg_per_kg=0.5), volunteers, days=7, every="6 h", wanted=["madrs"]
        )
        assert float(out["madrs"].max()) <= 6.0 + 1e-9
