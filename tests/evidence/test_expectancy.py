"""Belief, visits and time: the table is what the fit gives, and what each part is for."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ketaqsp import expectancy
from ketaqsp.parameters import rows

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "calibration"))
TABLE = {row.symbol: row for row in rows("expectancy")}
PRINTED = 6e-4  # three digits are kept


def test_the_table_is_the_fit():
    import expectancy as script

    best, _, data = script.fit()
    kept = [TABLE[name].value for name in script.NAMES[:-1]] + [TABLE["responsiveness"].omega]
    np.testing.assert_allclose(kept, best, atol=PRINTED)
    assert len(data) > 20
    assert max(abs(script.residual(r, best)) for r in data) < 2


def share(times, masking="saline", background="none", drug="inert", version=1.0, sessions=(0.0,)):
    n = 1
    stages = ((0.0, expectancy.belief(masking, background, drug)),)
    new = np.array([float(background == "new_oral_antidepressant")])
    ones = {"quick": np.ones(n), "slow": np.ones(n)}
    given = [np.full(n, s) for s in sessions]
    person = {"responsiveness": np.ones(n)}
    return expectancy.read_out(person, times, given, stages, new, ones, version)[:, 0]


def test_nothing_has_happened_before_the_first_dose():
    assert share([0.0])[0] == 1.0


def test_a_session_lifts_the_score_for_the_day():
    assert share([2.0])[0] < share([24.0])[0]
    again = share([168.0, 170.0], sessions=(0.0, 168.0))
    assert again[1] < again[0]


def test_time_alone_goes_on_for_weeks():
    course = share([24.0, 168.0, 336.0, 672.0], version=0.0)
    assert (np.diff(course) < 0).all()


def test_belief_orders_the_arms():
    day = [
        share([24.0], "open", drug="inert"),
        share([24.0], "saline", drug="inert"),
        share([24.0], "active", drug="midazolam"),
        share([24.0], "masked", drug="inert"),
        share([24.0], "saline", drug="ketamine"),
        share([24.0], "open", drug="ketamine"),
    ]
    assert (np.diff(np.ravel(day)) < 0).all()


@pytest.mark.parametrize("masking", ["open", "saline", "active", "masked"])
def test_without_belief_masking_does_nothing(masking):
    np.testing.assert_array_equal(share([24.0, 336.0], masking, version=0.0, drug="ketamine"),
                                  share([24.0, 336.0], version=0.0))  # fmt: skip
