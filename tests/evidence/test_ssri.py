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
    """The published share is one of ratings (below); here only that it builds week by week."""
    assert (np.diff(gains(course, "synaptic_state")) > 0).all()


def test_share_of_the_effect_by_week_1(course):
    """A constraint too: the calibration has it as a target, in other patients."""
    by_week = gains(course, "madrs")
    low, high = BY_WEEK_1
    assert low <= by_week[1] / by_week[-1] <= high
