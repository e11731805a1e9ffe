"""The first hours after one infusion, beside trials; the belief part is not in the model."""

import numpy as np
import pytest

from ketaqsp import cohort, infusion, simulate

N, SEED = 200, 1
EARLY = 0.83  # h, "40-60 min" of Kishimoto 2016


HOURS = (EARLY, 2.0, 4.0, 24.0)


@pytest.fixture(scope="module")
def course():
    """MADRS (time, patient) after one infusion."""
    out = simulate(
        infusion(mg_per_kg=0.5, minutes=40),
        cohort("trd", n=N, seed=SEED),
        days=1,
        every="24 h",
        extra_times=HOURS,
        wanted=("madrs",),
    )
    return out["madrs"]


@pytest.fixture(scope="module")
def response(course):
    """{hour: share of patients in response}."""
    total = np.rint(course)
    share = (total.isel(time=0) - total >= 0.5 * total.isel(time=0)).mean("patient")
    return {hour: float(share.sel(time=hour)) for hour in HOURS}


def test_within_hours(response):
    """Kishimoto 2016: 59% at 4 h; a part of that is belief, so half of it at least."""
    assert response[4.0] >= 0.30


@pytest.mark.xfail(
    strict=True,
    reason="response at 40-60 min: observed 43% (Kishimoto 2016, belief included), predicted 0%: "
    "AMPA insertion and the brain's lag take two hours, and the habenula's share is small",
)
def test_within_the_hour(response):
    assert response[EARLY] >= 0.20


def test_two_hours_against_a_day(course):
    """Daly 2018: gap in mean change at 2 h about 0.6 of that at 24 h. A target of the calibration,
    in other patients; the control of this gap gets nothing."""
    change = (course - course.isel(time=0)).mean("patient")
    assert 0.4 <= float(change.sel(time=2.0) / change.sel(time=24.0)) <= 0.8
