"""The time grid: asking for more outputs, or for two next to each other, changes no number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ketaqsp as kq
from ketaqsp.solve import grid, radau
from ketaqsp.solve.run import FAILED
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
    assert int(twice["status"].values[0]) < FAILED
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


def memory_of(lengths):
    lengths = np.array(lengths)
    found = radau.per_step(np.concatenate([[0.0], np.cumsum(lengths)]), lengths, [])
    return found[:, :12].reshape(-1, 3, 4), found[:, 12]


def test_no_polynomial_is_carried_too_far():
    weights, _ = memory_of([1e-9, 2.0])
    assert (weights[1] == [0, 0, 0, 1]).all()


def test_a_short_step_is_passed_over():
    """The step after it goes by the longer one before it, so that rounding is not blown up."""
    weights, kept = memory_of([1.0, 1e-3, 1e-3, 2.0, 2.0])
    assert kept.tolist() == [1, 0, 0, 1, 0]
    assert np.abs(weights).sum(axis=2).max() < 5e3


@given(st.lists(st.floats(1e-6, 2), min_size=2, max_size=40))
def test_memory_gives_a_cubic_back(lengths):
    """Extrapolated from the step that is in memory, a cubic is itself, at whatever distance."""
    weights, kept = memory_of(lengths)
    starts = np.concatenate([[0.0], np.cumsum(lengths)])
    cubic = np.polynomial.Polynomial([1.0, 0.3, -0.02, 0.001])
    memory = None
    for k, h in enumerate(lengths):
        if memory is not None and (weights[k] != [0, 0, 0, 1]).any():
            wanted = cubic(starts[k] + radau.NODES * h)
            size = np.abs(weights[k]).sum() * np.abs(memory).max()
            np.testing.assert_allclose(weights[k] @ memory, wanted, atol=1e-13 * size)
        if kept[k]:
            memory = cubic(starts[k] + h * np.array([0.0, *radau.NODES]))


def test_weights_of_usual_grids_stay_small():
    """So rounding in a guess of the feedback stays below 1e-12 of its value."""
    for outputs in (np.arange(0, 673.0), np.arange(0, 673, 24.0), np.arange(0, 673, 7.3)):
        jumps = (0.0, 2 / 3, 48.0, 48 + 2 / 3, 100.123)
        times = np.array(grid.steps(jumps, outputs, 672.0))
        found = radau.per_step(times, np.array(grid.sizes(times)), [])
        assert np.abs(found[:, :12]).max() < 1e4
