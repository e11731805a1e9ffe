"""An oral antidepressant for six weeks: its size, and how early it comes."""

import numpy as np
import pytest

from ketaqsp import cohort, simulate
from ketaqsp.dose import oral

N, SEED, WEEKS = 100, 3, 6
SIZE = (-3.0, -1.5)  # points of MADRS against placebo at six weeks
BY_WEEK_1 = (0.20, 0.45)  # share of the six-week effect, placebo-corrected


@pytest.fixture(scope="module")
def course():
    daily = oral("oral_antidepressant", mg=20, days=range(7 * WEEKS))
    return simulate(
        daily,
        cohort("trd", n=N, seed=SEED),
        days=7 * WEEKS,
        every="7 d",
        wanted=("madrs", "synaptic_state"),
    )


def gains(course, name):
    """Mean change by week, (WEEKS + 1,)."""
    x = course[name].values
    return np.mean(x - x[0], axis=1)


def test_size_at_six_weeks(course):
    """A constraint: the two gains were scaled to it."""
    low, high = SIZE
    assert low <= gains(course, "madrs")[-1] <= high


def test_synaptic_state_builds_over_weeks(course):
    by_week = gains(course, "synaptic_state")
    low, high = BY_WEEK_1
    assert low <= by_week[1] / by_week[-1] <= high
    assert (np.diff(by_week) > 0).all()


@pytest.mark.xfail(
    strict=True,
    reason="share of the six-week MADRS effect by week 1: observed 0.20-0.45, predicted 0.02; the "
    "fitted severity curve is so steep (width 0.016) that a small push moves mood only when the "
    "feedback of stress on spines has carried it to the threshold, weeks later",
)
def test_mood_follows_within_a_week(course):
    by_week = gains(course, "madrs")
    low, high = BY_WEEK_1
    assert low <= by_week[1] / by_week[-1] <= high
