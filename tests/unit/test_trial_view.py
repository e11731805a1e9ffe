"""What the report of a trial draws and says, computed from a small trial."""

import numpy as np
import pytest

import ketaqsp
from ketaqsp.view.chain_figure import ROWS, chain_figure
from ketaqsp.view.style import clock
from ketaqsp.view.trial_data import gather

TEXT = """
name: small
masking: open
arms:
  - name: again
    n: 3
    treatments:
      - {drug: ketamine, route: iv, dose: 0.5 mg/kg, duration: 40 min, days: [0, 7]}
      - {drug: esketamine, route: in, dose: 56 mg, days: [14]}
visits: [0 h, 24 h, 7 d, 14 d]
replicates: 3
"""
PEAK = 0.9  # of a later dose over the first; with outputs every 3 h plasma had 0.1


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("trial") / "small.yaml"
    path.write_text(TEXT)
    return gather(ketaqsp.trial(path))


def test_a_later_dose_has_its_peak_in_the_figure(data):
    hours = data.chain["time"].values
    for name in ("ketamine_arterial", "ketamine_venous", "nmda_block_sst", "bdnf"):
        y = data.chain[name].values - data.chain[name].values[0]
        first, second = (y[(hours >= h) & (hours < h + 24)].max() for h in (0, 168))
        assert second > PEAK * first, name
    assert np.diff(hours).min() > 1e-6


def test_every_dose_is_marked_as_long_as_it_lasted(data):
    start, stop = np.array(data.chain_given).T
    assert start == pytest.approx([0, 168, 336]) and stop[:2] - start[:2] == pytest.approx(2 / 3)
    ax = chain_figure(data.chain, given=data.chain_given).axes[0]
    shades = [p.get_x() for p in ax.patches]
    assert shades == pytest.approx(clock([0, 168]))
    dotted = [
        line for line in ax.lines if line.get_linestyle() == ":" and len(set(line.get_xdata())) == 1
    ]
    assert [line.get_xdata()[0] for line in dotted] == pytest.approx([clock(336)])
    assert len(ax.lines) == len(ROWS[0][1]) + 1
