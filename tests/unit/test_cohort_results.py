"""Covariates in results, in the cohort's own table, in table 1, and matched to a trial."""

import json

import numpy as np
import pytest

import ketaqsp as kq
from ketaqsp.cli import main
from ketaqsp.patient import covariates as people
from ketaqsp.patient.populations import PRESETS, covariates
from ketaqsp.patient.table_one import table_one

DOSE = kq.infusion(mg_per_kg=0.5)


@pytest.mark.parametrize("suffix", [".zarr", ".csv"])
def test_covariates_go_through_a_file(tmp_path, suffix):
    path = tmp_path / f"run{suffix}"
    group = kq.cohort("bipolar", 5, 1)
    out = kq.simulate(DOSE, group, days=1, every="12 h", wanted=["madrs", "ketamine_venous"])
    kq.simulate(DOSE, group, days=1, every="12 h", out=path)
    back = kq.open(path)
    for name, about in covariates().items():
        assert out[name].dims == ("patient",) and (back[name].values == out[name].values).all()
        assert out[name].attrs["units"] == back[name].attrs["units"] == about.unit
        assert out[name].attrs["long_name"] and name in back.coords
    assert (back["bmi"].values == out["bmi"].values).all()
    assert set(out.data_vars) == {"madrs", "ketamine_venous", "status"}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_cohort_written_is_the_cohort_read(tmp_path, suffix, capsys):
    path = tmp_path / f"cohort{suffix}"
    asked = ["cohort", "--preset", "late_life", "-n", "20", "--seed", "4", "--out", str(path)]
    assert main([*asked, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["patients"] == 20 and len(said["table_one"]) > 18
    drawn, mine = kq.cohort("late_life", 20, 4), kq.cohort(path, seed=4, base="late_life")
    for name, x in drawn.covariates.items():
        assert (mine.covariates[name] == x).all(), name
    for name, x in drawn.parameters.items():
        assert (np.asarray(mine.parameters[name]) == np.asarray(x)).all(), name
    assert mine.given["age_years"] == 20


def test_rows_of_a_table_may_come_in_any_order(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("id,age_years,sex,weight_kg\n4,50,F,\n2,30,M,80\n", encoding="utf-8")
    one = kq.cohort(path, seed=1)
    path.write_text("id,age_years,sex,weight_kg,site\n2,30,male,80,A\n4,50,0x,,B\n".replace(
        "0x", "f"), encoding="utf-8")  # fmt: skip
    other = kq.cohort(path, seed=1)
    assert one.ids.tolist() == [4, 2] and other.ids.tolist() == [2, 4]
    for name, x in one.covariates.items():
        assert (x == other.covariates[name][::-1]).all(), name
    assert one.covariates["weight_kg"][1] == 80 and one.parameters["W"][1] == 80
    assert one.given == {"age_years": 2, "female": 2, "weight_kg": 1}


@pytest.mark.parametrize("preset", PRESETS)
def test_table_one_stands_beside_its_targets(preset):
    rows = {row["name"]: row for row in table_one(kq.cohort(preset, 400, 2))}
    assert {*covariates()} - {"ancestry"} <= set(rows)
    for row in rows.values():
        assert row["source"] and row["confidence"]
        if "fraction" in row["target"]:
            low, high = row["fraction_ci95"]
            assert low <= row["fraction"] <= high
            assert abs(row["fraction"] - row["target"]["fraction"]) < 0.125  # five SE of 400


def test_matched_to_a_trial():
    figures = {
        "age_years": {"mean": 54.4, "sd": 8.0, "min": 40, "max": 70},
        "female": {"fraction": 0.12},
        "baseline_madrs": {"mean": 34.9, "sd": 5.0, "min": 27},
        "weight_kg": {"mean": 90, "sd": 15},
        "met_alleles": {"fraction": 0.55},
        "ancestry_east_asian": {"fraction": 0.9},
    }
    n = 4000
    who = people.population("trd", kq.cohort("trd", 2, match=figures).asked)
    found = people.draw(who, 1, np.arange(n))
    for name, aim in figures.items():
        if "mean" in aim:
            x = found[name]
            assert abs(x.mean() - aim["mean"]) < 5 * aim["sd"] / np.sqrt(n) + 0.01 * aim["sd"]
            assert abs(x.std() / aim["sd"] - 1) < 0.08
            assert x.min() >= aim.get("min", 0) and x.max() <= aim.get("max", np.inf)
    assert abs(found["female"].mean() - 0.12) < 0.03
    assert abs(found["met_alleles"].mean() / 2 - 0.55) < 0.03
    assert abs((found["ancestry"] == 1).mean() - 0.9) < 0.03


def test_a_protocol_can_be_matched(tmp_path, capsys):
    path = tmp_path / "protocol.yaml"
    path.write_text(
        "name: x\npopulation:\n  preset: trd\n  age_years: {mean: 46, sd: 12, min: 18, max: 70}\n",
        encoding="utf-8",
    )
    assert main(["cohort", "-n", "30", "--match", str(path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    row = next(r for r in said["table_one"] if r["name"] == "age_years")
    assert row["source"] == "matched" and row["target"]["mean"] == 46 and row["max"] <= 70


def test_a_selection_keeps_the_population():
    """min alone selects: those of the preset who are at least 60, with their own shape."""
    old = kq.cohort("trd", 300, 1, match={"age_years": {"min": 60}}).covariates["age_years"]
    assert old.min() >= 60 and 62 < old.mean() < 68


def test_the_typical_person_of_each_population():
    for preset in PRESETS:
        one = kq.typical(preset)
        assert one.covariates == {} and one.n == 1
    assert kq.typical("healthy").parameters["M0"] < 4
    assert kq.typical().parameters["W"] == 75 and kq.typical().parameters["M0"] == 33


def test_values_at_a_limit_are_counted(tmp_path, capsys):
    """A weight of 300 kg stays, but what is drawn beside it is drawn as for six SDs."""
    far = kq.cohort("trd", 4, 1, W=300.0)
    assert far.held == {"weight_kg": 4} and (far.covariates["weight_kg"] == 300).all()
    assert kq.cohort("trd", 50, 1).held == {}
    path = tmp_path / "mine.csv"
    path.write_text("id,baseline_madrs\n1,2\n2,58\n3,4\n", encoding="utf-8")
    asked = ["cohort", "--preset", str(path), "--base", "healthy"]
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["held_at_limit"] == {"baseline_madrs": 1}
    assert main(asked) == 0
    assert "Patients at a limit: baseline_madrs 1." in capsys.readouterr().out


def test_a_dose_at_its_limit_is_counted(monkeypatch):
    monkeypatch.setattr(people, "TAIL", 0.5)
    group = kq.cohort("trd", 200, 1)
    dose = group.covariates["benzodiazepine_mg"]
    assert group.held == {"benzodiazepine_mg": int((dose == dose.max()).sum())}
    assert group.held["benzodiazepine_mg"] > 5
