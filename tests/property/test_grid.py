"""The time grid: asking for more outputs, or for two next to each other, changes no number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ketaqsp as kq
from ketaqsp.solve import grid, radau
from tolerances import OTHER_GRID

DOSE = kq.infusion(mg_per_kg=2.0, minutes=1)


def run(extra, solver="default"):
    return kq.simulate(
        DOSE, days=2 / 24, every="30 min", extra_times=extra, solver=solver,
        wanted=("madrs", "spine_density_absolute", "ketamine_arterial"),
    )  # fmt: skip


@pytest.mark.parametrize("solver", ["default", "numpy"])
def test_two_outputs_a_rounding_apart(solver):
    """0.05 and 0.050000001 h are one time; the step between them was once carried a million
    times its length forward."""
    plain, twice = run([0.05], solver), run([0.05, 0.05 + 1e-9, 1 / 60 + 1e-9], solver)
    assert twice.sizes["time"] == plain.sizes["time"] + 1
    assert int(twice["status"].values[0]) == 0
    shared = twice.sel(time=plain["time"].values, method="nearest")
    for name in ("madrs", "spine_density_absolute", "ketamine_arterial"):
        size = np.abs(plain[name].values).max()
        assert np.abs(shared[name].values - plain[name].values).max() < OTHER_GRID * size


def test_a_minute_stays_a_minute():
    out = kq.simulate(DOSE, days=3, every="1 min", wanted=("madrs",))
    assert out.sizes["time"] == 3 * 1440 + 1
    assert np.abs(out["time"].values - np.arange(3 * 1440 + 1) / 60).max() <= 1e-9


@given(
    st.lists(st.floats(0, 48), max_size=8),
    st.lists(st.floats(0, 48), max_size=4),
    st.floats(1e-9, 1e-5),
)
def test_no_output_is_lost_and_none_is_doubled(outputs, jumps, nudge):
    wanted = grid.merged({round(t, 9) for x in outputs for t in (x, min(x + nudge, 48.0))} | {48.0})
    times = np.array(grid.steps(jumps, wanted, 48.0))
    assert (np.diff(times) > 0).all()
    places = grid.places(times, wanted)
    assert (np.diff(places) > 0).all()
    assert np.abs(times[places] - wanted).max() <= grid.SAME + 1e-9


def test_no_polynomial_is_carried_too_far():
    lengths = np.array([1.0, 1e-9, 2.0])
    found = radau.all_weights(lengths).reshape(3, 3, 4)
    assert (found[2] == [0, 0, 0, 1]).all()
