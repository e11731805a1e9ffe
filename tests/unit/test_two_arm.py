"""Endpoints against cases counted by hand; nobody who failed or was turned down is hidden."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

import made_up
from ketaqsp.chain import rest
from ketaqsp.errors import BadInput, SolveFailure
from ketaqsp.patient import cohort, effects, random
from ketaqsp.patient.cohort import ILL, MARGIN, REDRAWN, spread_out, spreads, typical_values
from ketaqsp.trial import demo, endpoints, published
from ketaqsp.trial.published import beside
from ketaqsp.trial.two_arm import HOURS, _arm, two_arm
from tolerances import ROUNDING, WILSON

ROOT = Path(__file__).resolve().parents[2]
NAN = float("nan")


@pytest.mark.parametrize(
    ("before", "total", "expected"),
    [(30, 15, True), (30, 16, False), (31, 15, True), (31, 16, False), (30, 0, True),
     (30, 30, False), (30, 45, False), (0, 0, False), (NAN, 3, False), (30, NAN, False)],
)  # fmt: skip
def test_response_is_half_of_the_own_total_gone(before, total, expected):
    found = endpoints.response(np.array([total]), np.array([before]))
    assert found.tolist() == [expected]


@pytest.mark.parametrize(("total", "expected"), [(10, True), (11, False), (0, True), (NAN, False)])
def test_remission_is_ten_points_or_less(total, expected):
    assert endpoints.remission(np.array([total])).tolist() == [expected]


def test_totals_are_what_a_rater_may_write():
    found = endpoints.totals(np.array([-0.4, 10.4, 10.6, 61.0, NAN]))
    assert found[:4].tolist() == [0, 10, 11, 60]
    assert np.isnan(found[4])


def test_relapse_needs_two_visits_in_a_row():
    # Before 40: less than a quarter is gone above 30; at 30 just a quarter is.
    daily = np.array(
        [  # never, once, twice in a row, twice apart, at the edge, at once and for good
            [10, 31, 10, 31, 30, 40],
            [10, 10, 31, 10, 30, 40],
            [10, 10, 31, 31, 30, 40],
        ]
    )
    daily = np.vstack([daily, [10, 10, 10, 10, 30, 40]])
    kept = endpoints.relapse_free(daily, np.full(6, 40))
    assert kept.tolist() == [True, True, False, True, True, False]
    assert endpoints.relapse_free(daily[:1], np.full(6, 40)).all()  # one visit is no pair


def test_relapse_follows_the_responders_at_four_hours():
    times = made_up.TIMES
    madrs = np.full((len(times), 5), 40.0)
    madrs[times > 1, :4] = 15  # four respond, the fifth never does
    madrs[times >= 48, 1] = 35  # gone for good on day 2
    madrs[(times >= 250) & (times < 270), 2] = 35  # one bad daily visit, day 11
    madrs[(times >= 250) & (times < 300), 3] = 35  # two in a row, days 11 and 12
    arm = _arm("ketamine", "ketamine", made_up.dataset(madrs), seed=1)
    assert arm.followed == 4
    kept = {hour: estimate.value for hour, estimate in arm.relapse_free.items()}
    assert kept == {168.0: 3 / 4, 336.0: 2 / 4, 672.0: 2 / 4}
    late = np.where(times[:, None] > 5, 15.0, np.full((len(times), 4), 40.0))
    assert _arm("ketamine", "ketamine", made_up.dataset(late), seed=1).relapse_free == {}


def test_a_visit_counts_what_was_made():
    before = np.array([40, 40, 30, 30])
    total = np.array([20, 8, 16, 30])
    picked = endpoints.trials(4, endpoints.TRIAL_SIZE, 1, "test")
    seen = endpoints.visit(24, total, before, picked)
    assert (seen.response.value, seen.remission.value) == (0.5, 0.25)
    change = [-20, -32, -14, 0]
    assert seen.change_mean.value == np.mean(change)
    assert seen.change_sd == pytest.approx(np.std(change, ddof=1), rel=ROUNDING)


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (7, 26), (5, 5), (433, 1000)])
def test_wilson_holds_the_shares_that_the_count_does_not_refute(successes, n):
    """Its ends are where the count lies 1.96 SDs of the binomial away."""
    low, high = endpoints.wilson(successes, n)
    p = successes / n
    for end in (low, high):
        if 0 < end < 1:
            away = (p - end) ** 2 * n / (end * (1 - end))
            assert away == pytest.approx(endpoints.Z95**2, rel=WILSON)
    assert 0 <= low <= p <= high <= 1
    assert (low == 0) == (successes == 0) and (high == 1) == (successes == n)


def test_the_interval_of_trials_is_that_of_a_trial_of_the_size():
    responders = np.arange(1000) < 400
    picked = endpoints.trials(1000, 48, 3, "test")
    low, high = endpoints.estimate(responders, picked).trial
    expected = binom.ppf([0.05, 0.95], 48, 0.4) / 48
    assert np.abs(np.array([low, high]) - expected).max() < 0.5 / 48  # not one patient off


def test_the_course_beside_the_visits_is_the_same_count():
    arm = made_up.arms().arms["ketamine"]
    for seen in arm.visits:
        place = int(np.flatnonzero(arm.times == seen.time_h)[0])
        assert arm.share("response")[place] == seen.response.value
        assert arm.share("remission")[place] == seen.remission.value


def test_patients_that_failed_are_in_no_figure_and_are_named():
    madrs = made_up.course(0.9)
    status = np.zeros(made_up.PATIENTS, np.int8)
    status[[5, 41]], status[7] = 2, 1  # 1: solved on a finer grid
    madrs[:, [5, 41]] = NAN
    arm = _arm("ketamine", "ketamine", made_up.dataset(madrs, status), seed=1)
    assert (arm.failed, arm.lost) == (2, (5, 41))
    assert list(arm.status.values()) == [made_up.PATIENTS - 3, 1, 2, 0] and arm.cut == {}
    assert {5, 41}.isdisjoint(arm.ids) and 7 in arm.ids
    assert {seen.n for seen in arm.visits} == {made_up.PATIENTS - 2}
    assert np.isfinite(arm.madrs).all()
    told = demo.summary(made_up.demonstration(status=status))["arms"]
    assert [(a["failed"], a["failed_patients"]) for a in told] == [(2, [5, 41]), (0, [])]


def test_an_arm_of_nobody_is_an_error():
    out = made_up.dataset(made_up.course(0.9), np.full(made_up.PATIENTS, 2))
    with pytest.raises(SolveFailure, match="none of 60 patients"):
        _arm("ketamine", "ketamine", out, seed=1)


def test_draws_turned_down_are_counted():
    """Counted again here, from the rule: load and kappa are drawn anew until the ill state is
    stable, each about what the patient's covariates make of it."""
    n, seed = 40, 3
    ids, values = np.arange(n), typical_values()
    known = cohort("trd", n, seed).covariates

    def z(row, who, attempt=0):
        added, explained = effects.shift(row.symbol, known)
        own = random.normal(seed, row.symbol, who, replicate=attempt)
        return added[who] + np.sqrt(1 - explained) * own

    for row in spreads():
        values[row.symbol] = spread_out(row, values[row.symbol], z(row, ids))
    again = [r for r in spreads() if r.symbol in REDRAWN]
    count, attempt = 0, 0
    while True:
        ill, _, slope = rest.states(values, n)
        bad = np.flatnonzero(~((ill > ILL) & (slope < MARGIN)))
        if not bad.size:
            break
        count, attempt = count + bad.size, attempt + 1
        for row in again:
            centre = typical_values()[row.symbol]
            values[row.symbol][bad] = spread_out(row, centre, z(row, ids[bad], attempt))
    found = two_arm(n, seed, days=1 / 4)
    assert found.rejected == count > 0


def test_both_arms_hold_the_same_people_and_end_where_the_run_ends():
    found = two_arm(3, 1, days=1 / 4)
    first, second = found.arms.values()
    assert first.ids.tolist() == second.ids.tolist()
    assert (first.madrs[0] == second.madrs[0]).all()
    assert [seen.time_h for seen in first.visits] == [h for h in HOURS if h <= 6]
    assert first.relapse_free == {}


@pytest.mark.parametrize(("n", "seed"), [(0, 1), (2.5, 1), (3, -1)])
def test_a_bad_size_or_seed_is_refused(n, seed):
    with pytest.raises(BadInput, match="allowed"):
        two_arm(n, seed)


def test_the_summary_is_plain_json():
    text = json.dumps(demo.summary(made_up.demonstration()), allow_nan=False)
    assert json.loads(text)["rejected_draws_of_patients"] == 17


def test_published_figures_have_their_source():
    for figure in published():
        assert figure.citation and figure.doi_or_pmid and figure.place, figure
        if figure.interval:
            low, high = figure.interval
            assert low <= figure.value <= high, figure
    assert all(f.interval is None for f in published() if f.n_of != "arm")
    assert {f.treatment for f in beside("response", "control", 24.0)} == {"control"}


def test_figures_that_the_calibration_was_given_are_marked():
    """Both ways: against the calibration's own list of targets."""
    with open(ROOT / "calibration" / "targets.csv", encoding="utf-8", newline="") as file:
        targets = {(row["target"], row["source"]) for row in csv.DictReader(file)}
    names = {"change_sd": "sd_change", "change_mean": "change"}
    for f in published():
        if f.treatment != "ketamine":
            assert f.in_fit == "no"
            continue
        time = f"{f.time_h:g}h" if f.time_h <= 72 else f"{f.time_h / 24:g}d"
        name = f"{names.get(f.outcome, f.outcome)}_{time}"
        given = any(t == name and source.startswith(f.study) for t, source in targets)
        assert (f.in_fit == "yes") == given, (f.study, name)
