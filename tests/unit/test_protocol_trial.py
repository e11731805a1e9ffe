"""A protocol run as a trial: shape of the result, the same numbers always, honest intervals."""

import csv
import json

import numpy as np
import pytest

import ketaqsp
from ketaqsp.errors import BadInput
from ketaqsp.protocol import read
from ketaqsp.trial.conduct import conduct
from ketaqsp.trial.results import kaplan_meier, kaplan_meier_median

TEXT = """
name: two
population: {preset: trd, baseline_madrs: {mean: 33, sd: 5, min: 20}, female: {fraction: 0.5}}
masking: active
arms:
  - name: ketamine
    n: 6
    treatments:
      - {drug: ketamine, route: iv, dose: 0.5 mg/kg, duration: 40 min, days: [0]}
  - name: saline
    n: 4
    treatments:
      - {drug: saline, days: [0]}
visits: [0 h, 24 h, 7 d]
replicates: 8
seed: 3
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "two.yaml"
    path.write_text(TEXT)
    return path


def test_the_object_has_what_the_contract_says(file):
    report = ketaqsp.trial(file).report
    assert list(report) == [
        *("protocol", "seed", "replicates", "model", "solver", "wall_s", "arms"),
    ]
    assert list(report["model"]) == ["version", "parameters_sha256"]
    assert [a["name"] for a in report["arms"]] == ["ketamine", "saline"]
    visit = report["arms"][0]["visits"][1]
    wanted = "time_h madrs_mean madrs_sd change_mean change_sd change_mean_pi90 response"
    wanted += " response_pi90 remission remission_pi90 n_at_risk relapse_free relapse_free_pi90"
    assert list(visit) == wanted.split()
    assert visit["time_h"] == 24.0
    low, high = visit["change_mean_pi90"]
    assert low <= visit["change_mean"] <= high
    assert json.dumps(report, allow_nan=False)


def test_another_size_or_number_of_replicates_changes_no_patient(file, tmp_path):
    few = conduct(read(file), replicates=3).parts[0]
    more = tmp_path / "more.yaml"
    more.write_text(TEXT.replace("n: 6", "n: 9"))
    many = conduct(read(more), replicates=8).parts[0]
    for i in range(few.people.n):
        same = (many.people.replicate == few.people.replicate[i]) & (
            many.people.place == few.people.place[i]
        )
        (j,) = np.flatnonzero(same)
        assert many.people.ids[j] == few.people.ids[i]
        np.testing.assert_array_equal(many.totals["MADRS"][:, j], few.totals["MADRS"][:, i])
        assert many.left[j] == few.left[i]


def test_what_is_given_is_what_moves_the_score(file):
    ketamine, saline = conduct(read(file)).parts
    assert saline.amounts.sum() == 0 and ketamine.amounts.all()
    day = [p.totals["MADRS"][1].mean() - p.before["MADRS"].mean() for p in (ketamine, saline)]
    assert day[0] < day[1] - 4


def test_without_belief_a_saline_arm_changes_less(file):
    plain, none = (conduct(read(file), version=v).parts[1] for v in (2.0, 0.0))
    assert plain.totals["MADRS"][1].mean() < none.totals["MADRS"][1].mean()
    np.testing.assert_array_equal(plain.before["MADRS"], none.before["MADRS"])


def test_the_folder(file, tmp_path):
    out = tmp_path / "result"
    done = ketaqsp.trial(file, out=out)
    rows = {
        name: list(csv.DictReader(open(out / f"{name}.csv", encoding="utf-8")))
        for name in ("adsl", "adqs", "adex", "adtte", "ledger")
    }
    assert len(rows["adsl"]) == 80 and len({r["USUBJID"] for r in rows["adsl"]}) == 80
    assert {r["EXTRT"] for r in rows["adex"]} == {"ketamine", "saline"}
    day = [float(r["CHG"]) for r in rows["adqs"] if r["AVISIT"] == "24 h" and r["TRTA"] == "saline"]
    entry = done.arms["saline"]["visits"][1]
    assert np.mean(day) == pytest.approx(entry["change_mean"])
    assert not (tmp_path / "result.partial").exists()
    with pytest.raises(BadInput, match="--overwrite"):
        ketaqsp.trial(file, out=out)
    ketaqsp.trial(file, out=out, overwrite=True)


def test_the_estimate_of_kaplan_and_meier_by_hand():
    times, survival, at_risk = kaplan_meier(
        np.array([1.0, 2.0, 2.0, 3.0, 5.0]), np.array([True, True, False, True, False])
    )
    assert times.tolist() == [1, 2, 3] and at_risk.tolist() == [5, 4, 2]
    np.testing.assert_allclose(survival, [0.8, 0.6, 0.3])
    assert kaplan_meier_median(np.array([1.0, 2.0]), np.array([True, False])) == 1.0
    assert kaplan_meier_median(np.array([4.0]), np.array([False])) == np.inf
