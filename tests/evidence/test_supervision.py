"""Pressure as a clinic reads it, against a chart review of 2342 infusions (Gen Hosp Psych 2024)."""

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.supervision.clinic import read
from ketaqsp.supervision.sessions import sessions

N, SEED = 1000, 1
USUAL = kq.infusion(mg_per_kg=0.5)
# Highest reading above the one before the dose: mean and SD in mmHg. They set the error of a
# reading and the spread between patients (calibrates).
PEAKS = {"sbp": (16.0, 11.2), "dbp": (11.0, 8.45)}
FOLD = 1.25
SEVERE = 0.0098  # share of sessions at 180/110 or more: 23 of 2342


@pytest.fixture(scope="module")
def clinic():
    people = kq.cohort("trd", n=N, seed=SEED)
    times = kq.clinic_times(USUAL)
    out = kq.simulate(USUAL, people, days=0.25, every="3 h", extra_times=times)
    (session,) = sessions(USUAL, people.weight())
    return read(out, people, session, 0), kq.supervise(out, people, USUAL)


@pytest.mark.parametrize("name", PEAKS)
def test_individual_peak(clinic, name):
    x = getattr(clinic[0], name)
    rise = x[1:].max(axis=0) - x[0]
    for found, observed in zip((rise.mean(), rise.std()), PEAKS[name], strict=True):
        assert observed / FOLD <= found <= observed * FOLD


@pytest.mark.xfail(
    strict=True,
    reason="severe hypertension: observed 0.98% of sessions, predicted 1.8%; the clinic held "
    "patients above 140/90 back and treated a rise, this one gives every dose",
)
def test_severe_hypertension(clinic):
    share = clinic[1]["pressure_180_110"].share
    assert SEVERE / 1.5 <= share <= SEVERE * 1.5


def test_severe_hypertension_is_rare(clinic):
    """Between a tenth of the observed share and four times it."""
    assert SEVERE / 10 <= clinic[1]["pressure_180_110"].share <= SEVERE * 4


def test_readings_do_not_depend_on_company(clinic):
    people = kq.cohort("trd", n=5, seed=SEED)
    out = kq.simulate(USUAL, people, days=0.25, every="3 h", extra_times=kq.clinic_times(USUAL))
    (session,) = sessions(USUAL, people.weight())
    np.testing.assert_array_equal(read(out, people, session, 0).sbp, clinic[0].sbp[:, :5])
