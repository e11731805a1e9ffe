"""Contrasts between virtual patients beside the published ones, and the article's version."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.patient import effects
from tolerances import CONTRAST

N, SEED = 2000, 5
AFTER_H = 24.0
REGIMEN = kq.infusion(mg_per_kg=0.5, minutes=40, days=[0])
EVIDENCE = [e for e in effects.effects("evidence") if e.covariate != "bipolar"]


@lru_cache(maxsize=4)
def outcome(preset="trd", hours=AFTER_H, scenario=(), n=N):
    """(covariates with what follows from them, % improvement of MADRS (n,), madrs, hours)."""
    group = kq.cohort(preset, n, SEED, scenario=scenario)
    out = kq.simulate(REGIMEN, group, days=hours / 24, every="12 h", wanted=["madrs"])
    madrs = out["madrs"].values
    return effects.all_known(group.covariates), 100 * (1 - madrs[-1] / madrs[0]), madrs


@lru_cache(maxsize=1)
def slopes():
    """{covariate: standardised slope}, all covariates of the table together, better is positive."""
    known, better, _ = outcome()
    x = np.stack([effects.standardised(replace(e, per="sd"), known) for e in EVIDENCE])
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    y = (better - better.mean()) / better.std()
    found, *_ = np.linalg.lstsq(x.T, y, rcond=None)
    return {e.covariate: float(b) for e, b in zip(EVIDENCE, found, strict=True)}


@pytest.mark.parametrize("effect", EVIDENCE, ids=lambda e: e.covariate)
def test_a_contrast_is_the_published_one_shrunk(effect):
    """Baseline and clearance act through nothing else here, so nulls stay null."""
    assert abs(slopes()[effect.covariate] - effect.size) < CONTRAST


@pytest.mark.parametrize("effect", EVIDENCE, ids=lambda e: e.covariate)
def test_shrinking_goes_towards_zero(effect):
    assert abs(effect.size) <= abs(effect.published)
    assert effect.size * effect.published >= 0


def test_clinical_predictors_leave_most_unexplained():
    """Published: 23% of the variance at day 1 by all clinical predictors, found post hoc."""
    known, better, _ = outcome()
    x = np.stack([effects.standardised(replace(e, per="sd"), known) for e in EVIDENCE if e.size])
    design = np.vstack([np.ones(N), x]).T
    left = better - design @ np.linalg.lstsq(design, better, rcond=None)[0]
    share = 1 - left.var() / better.var()
    assert 0.02 < share < 0.23


def test_response_by_sex_does_not_differ():
    known, better, _ = outcome()
    women = known["female"] > 0
    response = [(better[w] >= 50).mean() for w in (women, ~women)]
    se = np.sqrt(0.25 / women.sum() + 0.25 / (~women).sum())
    assert abs(response[0] - response[1]) < 3 * se


def test_bipolar_patients_improve_less():
    """Smaller at day 3 in the pooled trials (n = 201)."""
    hours = 72.0
    trd, bipolar = (outcome(p, hours)[1] for p in ("trd", "bipolar"))
    se = np.sqrt(trd.var() / N + bipolar.var() / N)
    assert bipolar.mean() < trd.mean() - 2 * se


def kept_days(scenario):
    """({covariate}, days until improvement is below 25%, of the responders at 24 h)."""
    known, _, madrs = outcome("trd", 42 * 24.0, scenario, 1000)
    better = 1 - madrs / madrs[0]
    times = np.arange(madrs.shape[0]) * 12.0
    lost = (better < 0.25) & (times > AFTER_H)[:, None]
    days = np.where(lost.any(axis=0), times[lost.argmax(axis=0)], times[-1]) / 24
    responders = better[2] >= 0.5
    return {k: v[responders] for k, v in known.items()}, days[responders]


@pytest.mark.parametrize(("scenario", "longer"), [((), False), ("article_covariates", True)])
def test_sex_changes_the_duration_in_the_articles_version_only(scenario, longer):
    known, days = kept_days(scenario)
    women = known["female"] > 0
    ranks = days.argsort().argsort()
    shift = (ranks[women].mean() - ranks[~women].mean()) / len(days)
    se = np.sqrt((1 / women.sum() + 1 / (~women).sum()) / 12)
    assert (shift > 3 * se) is np.bool_(longer) if longer else abs(shift) < 3 * se


@pytest.mark.xfail(
    strict=True,
    reason="observed: 19 days if anxious, 1 day if not (26 patients); predicted: medians "
    "of 42 days or more against 13.5 in the article's version, 19.5 against 17.5 by default; "
    "pooled data have no such effect",
)
def test_anxious_patients_stay_well_nineteen_times_as_long():
    known, days = kept_days("article_covariates")
    anxious = known["anxiety"] > 0
    assert np.median(days[anxious]) / np.median(days[~anxious]) > 5


def test_no_effect_where_the_coefficient_is_zero():
    """Sizes of zero: a cohort with every effect taken out has the plain draw, bit by bit."""
    group = kq.cohort("trd", 50, SEED)
    none = [replace(e, published=0.0) for e in effects.effects("evidence")]
    shift, explained = effects.shift("sensitivity", group.covariates, none)
    assert explained == 0 and not shift.any()
    assert not effects.article("load", 0.0, group.covariates).any()
    for parameter in ("load", "a", "V1"):  # no row acts on them
        assert not effects.shift(parameter, group.covariates)[0].any()


def test_the_spread_of_a_parameter_stays():
    """What covariates explain is taken from the rest: log sensitivity keeps its SD."""
    log = np.log(kq.cohort("trd", N, SEED).parameters["sensitivity"])
    from ketaqsp.parameters import rows

    omega = next(r.omega for r in rows() if r.symbol == "sensitivity" and r.role == "default")
    assert abs(log.std() / omega - 1) < CONTRAST
