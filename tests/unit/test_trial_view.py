"""What the report of a trial draws and says, computed from a small trial."""

import re

import numpy as np
import pytest

import ketaqsp
from ketaqsp.cli import trial_table
from ketaqsp.protocol.schema import Endpoint
from ketaqsp.trial import observed
from ketaqsp.trial.endpoints import wilson
from ketaqsp.view import table, trial_data, trial_figures, trial_report, trial_words
from ketaqsp.view.chain_figure import ROWS, chain_figure
from ketaqsp.view.style import clock

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
    return trial_data.gather(ketaqsp.trial(path))


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


def test_belief_has_intervals_and_says_of_how_many_trials(data, monkeypatch):
    rows = trial_words.versions(data)
    assert len(rows) == 2
    for _, cells in rows:
        for change, response in cells:
            assert re.fullmatch(r"−?[\d.]+ \[−?[\d.]+ to −?[\d.]+\]", change)
            assert re.fullmatch(r"\d+% \[\d+ to \d+\]", response)
    # Where every trial is in it, the middle column is what the results say, and nothing is added.
    shown = trial_words.tables(data)[0]["rows"][1]["cells"]
    assert (shown[0][1], shown[1][1]) == rows[0][1][1]
    names = [f"{n}{t}" for n in trial_report.TITLES for t in ("", "-narrow")]
    few = re.compile(r"first\s+2\s+of\s+the\s+3\s+virtual trials")
    assert not few.search(trial_report.render(data, dict.fromkeys(names, "")))
    monkeypatch.setattr(trial_data, "MOST_VERSION_REPLICATES", 2)
    assert few.search(trial_report.render(data, dict.fromkeys(names, "")))


def test_a_rule_that_fired_has_an_interval(data):
    assert table.share_interval(4, 16, 8) == wilson(2, 8)  # two sessions of a patient are one
    assert table.share_interval(0, 5, 5) == (0.0, wilson(0, 5)[1])
    ((_, lines, _),) = trial_words.rules(data)
    assert lines
    for _, _, said in lines:
        assert re.fullmatch(r"\d+ of \d+ \w+: [\d.]+%\s\[[\d.]+\sto\s[\d.]+\]", said)


@pytest.mark.parametrize(
    ("days", "between", "said"),
    [
        (None, [30.0, None], "not reached."),
        (87.0, [38.0, None], "87 d [38 to not reached]."),
        (2.916666667, [0.916666667, 7.0], "2.9 d [0.9 to 7]."),
    ],
)
def test_the_median_time_to_relapse_has_its_interval(days, between, said):
    summary = {"median_treatments": 6, "median_days_to_relapse": days}
    told = trial_table._told({"summary": summary | {"median_days_to_relapse_pi90": between}})
    assert told == f"Median treatments 6; median time to relapse {said}"


def test_a_caption_names_open_marks_only_where_there_are_some(data):
    svg = dict.fromkeys([f"{n}{t}" for n in trial_report.TITLES for t in ("", "-narrow")], "")
    assert "Open marks" not in trial_report.render(data, svg)


def test_a_goal_on_several_visits_says_when_it_can_first_be_met(data):
    goal = Endpoint("response", "MADRS", reduction=0.5, on=(2, (24.0, 96.0, 48.0)))

    class Given:
        endpoints = {"response": goal}

    ((_, said),) = trial_words.endpoints(Given)
    assert "on 2 of 3 named visits (none before 2 d)" in said


CROSSED = """
name: zarate-2006
masking: saline
phases:
  - name: first infusion
    until: 1 week
    arms:
      - name: ketamine, then saline
        n: 2
        treatments: [{drug: ketamine, route: iv, dose: 0.5 mg/kg, duration: 40 min, days: [0]}]
  - name: second infusion
    enter: all
    arms:
      - name: ketamine, then saline
        n: 2
        treatments: [{drug: saline, days: [0]}]
visits: [0 h, 7 d]
replicates: 2
"""


def test_a_published_mark_stays_on_its_side_of_a_new_phase(tmp_path):
    path = tmp_path / "crossed.yaml"
    path.write_text(CROSSED)
    drawn = trial_figures.share_figure(trial_data.gather(ketaqsp.trial(path)), "response")
    marks = [x.get_xdata()[0] for x in drawn.axes[0].lines if x.get_markerfacecolor() == "white"]
    late = [x for x in marks if x > 5]
    assert late and max(late) < 7  # Zarate's share at 7 d is of the first infusion


def test_a_published_figure_has_an_interval_where_one_can_be_known():
    told = {(o.arm, o.time_h, o.outcome): trial_words._printed(o) for o in observed.of("daly-2018")}
    told = {key: said.replace("\N{NO-BREAK SPACE}", " ") for key, said in told.items()}
    change = told["esketamine 56 mg", 2.0, "mean_change"]
    assert change == "mean change −14.3 [−19.6 to −9.0] (Daly 2018, MADRS, n 11)"  # SE 2.70
    assert "response 18% [9 to 34] (" in told["placebo", 2.0, "response"]  # 6 of 33
    (sd,) = observed.of("transform-2", "placebo", "mean_change")
    assert sd.interval == pytest.approx((-17.0 - 1.96 * 1.388, -17.0 + 1.96 * 1.388), abs=0.01)
    (unknown,) = observed.of("one-infusion", "ketamine", "mean_change")
    assert unknown.interval is None and "[" not in trial_words._printed(unknown)
    for o in observed.outcomes():
        assert o.interval is None or o.interval[0] <= o.value <= o.interval[1], o
