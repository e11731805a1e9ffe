"""Counts and sums that do not depend on pieces or order, and quantiles as good as their bin."""

import json
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from ketaqsp.patient import summary
from ketaqsp.patient.histogram import AMOUNT, HOURS, POINTS, RATIO, Bins, Histogram, Moments

SHARES = (0.0, 0.1, 0.5, 0.9, 1.0)


def values(n=500, seed=1):
    return np.random.default_rng(seed).normal(30, 12, n)


@pytest.mark.parametrize("bins", [POINTS, RATIO, HOURS])
@pytest.mark.parametrize("n", [1, 2, 3, 10, 500])
def test_quantiles_are_off_by_half_a_bin_at_most(bins, n):
    x = values(n)
    found = Histogram.of(bins, x).quantiles(SHARES)
    assert np.abs(found - np.quantile(x, SHARES)).max() <= bins.width / 2 * (1 + 1e-9)
    assert found[0] == x.min() and found[-1] == x.max()


def test_relative_bins():
    x = np.concatenate([np.exp(values() / 5), np.zeros(20)])
    found = np.array(Histogram.of(AMOUNT, x).quantiles(SHARES))
    assert (np.abs(found / np.maximum(np.quantile(x, SHARES), 1e-300) - 1)[1:]
            <= AMOUNT.width / 2 * (1 + 1e-3)).all()  # fmt: skip
    assert found[0] == 0
    coarse = Histogram.of(Bins(2, "relative", relative=True), x).quantiles((0.5,))[0]
    assert coarse != found[2]  # the bins do count


def test_pieces_in_any_order_are_the_whole():
    x = values()
    whole = Histogram.of(POINTS, x)
    assert sum(whole.counts.values()) == len(x) and all(type(k) is int for k in whole.counts)
    for order in permutations(np.split(x, [7, 200, 201])):
        joint = Histogram(POINTS)
        for piece in order:
            joint = joint + Histogram.of(POINTS, piece)
        assert joint == whole
    assert Histogram.of(POINTS, x[1:]) != whole


def test_means_are_rounded_once():
    x = np.concatenate([values(), [1e16, 1.0, -1e16, 1e-300]])
    found = Moments.of(x)
    assert found.mean == float(sum(map(Fraction, x)) / len(x))  # fsum / n rounds twice
    assert Moments.of(x[::-1]) == found
    assert abs(Moments.of(values()).sd - np.std(values(), ddof=1)) < 1e-12
    assert Moments.of(np.full(1000, 33.3)).sd == 0 and Moments.of(np.full(7, 0.1)).mean == 0.1
    assert np.isnan(Moments().mean) and np.isnan(Moments.of([1.0]).sd)


def digest(n=300, seed=3):
    random = np.random.default_rng(seed)
    status = np.zeros((1, n))
    status[0, :4] = (1, 2, 3, 2)
    found = {
        "madrs": random.normal(20, 9, (3, n)),
        "spine_density": random.normal(1, 0.1, (3, n)),
        "peak": np.exp(random.normal(4, 1, (3, n))),
        "peak_h": random.integers(0, 300, (3, n)) / 60,
        "status": status,
        "steps": np.full((1, n), 9.0),
    }
    for name in ("madrs", "spine_density", "peak", "peak_h"):
        found[name][:, status[0] == summary.FAILED] = np.nan
    return found


def told(pieces, ids):
    """The JSON of a run that was gathered from these (digest, ids)."""
    tally = summary.Tally((0.0, 4.0, 24.0))
    for piece, mine in pieces:
        tally.add(piece, mine)
    units = dict.fromkeys(summary.PEAKS, "1")
    return json.dumps(summary.report(tally, {}, ids=ids, units=units, clipped={}))


def test_no_order_and_no_piece_changes_a_byte_of_the_summary():
    found, ids = digest(), np.arange(300)

    def of(where):
        return {k: x[:, where] for k, x in found.items()}, ids[where]

    whole = told([of(ids)], ids)
    assert json.loads(whole)["bin_width"]["madrs"] == 0.05
    assert json.loads(whole)["failed_patients"] == [1, 3]
    assert json.loads(whole)["solver"]["status"] == {
        "solved": 296,
        "solved on a finer grid": 1,
        "failed": 2,
        "solved by the reference solver": 1,
    }
    for seed in range(5):
        mixed = np.random.default_rng(seed).permutation(300)
        cuts = np.sort(np.random.default_rng(seed).integers(0, 300, 4))
        assert told([of(part) for part in np.split(mixed, cuts)], ids) == whole
    assert told([of(ids[1:])], ids[1:]) != whole
