"""Patients of a trial that cannot be solved: counted once, in whatever phase, and named."""

import csv
import json
from importlib import import_module

import numpy as np
import pytest

import ketaqsp
from ketaqsp.cli import main
from ketaqsp.errors import SolveFailure
from ketaqsp.protocol import read
from ketaqsp.trial.conduct import conduct, settled
from ketaqsp.trial.pieces import Pieces

people = import_module("ketaqsp.trial.conduct.people")
# Saline, so that the cohort's parameters alone decide who is solved.
PLAIN = """
name: fails
masking: active
arms:
  - {name: a, n: 6, treatments: [{drug: saline, days: [0]}]}
  - {name: b, n: 4, treatments: [{drug: saline, days: [0]}]}
visits: [0 h, 24 h]
replicates: 3
seed: 1
"""
PHASES = """
name: fails later
masking: active
phases:
  - name: open
    until: 2 d
    arms: [{name: a, n: 6, treatments: [{drug: saline, days: [0]}]}]
    visits: [0 h, 24 h, 2 d]
  - name: blind
    enter: all
    arms:
      - {name: a, n: 3, treatments: [{drug: saline, days: [0]}]}
      - {name: late, n: 3, treatments: [{drug: saline, days: [0]}]}
    visits: [0 h, 24 h]
replicates: 3
seed: 1
"""


def spoil(monkeypatch, bad, value=np.nan):
    """Patients (place, replicate) of `bad` are drawn with a stress load that is no number."""
    real = people.enrol

    def enrol(*arguments):
        found = real(*arguments)
        where = [(p, r) in bad for p, r in zip(found.place, found.replicate, strict=True)]
        load = np.array(found.cohort.parameters["load"])
        load[where] = value
        found.cohort.parameters["load"] = load
        return found

    monkeypatch.setattr(people, "enrol", enrol)


@pytest.fixture
def fails_in_the_second_phase(monkeypatch):
    """Whoever is followed for longer than the first phase, of places 1 and 4, fails."""
    simulate = import_module("ketaqsp.trial.conduct.course")
    real = simulate.simulate

    def late(regimens, cohort, *, days, **more):
        if days > 2:
            places = [i for i in range(cohort.n) if cohort.ids[i] in LATE]
            load = np.array(cohort.parameters["load"])
            load[places] = np.inf
            cohort.parameters["load"] = load
        return real(regimens, cohort, days=days, **more)

    monkeypatch.setattr(simulate, "simulate", late)


LATE = [int(people.paired(p, r)) for p, r in ((1, 0), (4, 2))]


@pytest.fixture
def file(tmp_path):
    def written(text):
        path = tmp_path / "x.yaml"
        path.write_text(text)
        return path

    return written


def table(folder, name):
    with open(folder / f"{name}.csv", newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_failures_of_a_later_phase_count(file, fails_in_the_second_phase, capsys):
    assert main(["trial", str(file(PHASES))]) == 3
    shown, err = capsys.readouterr()
    assert "2 of 18 patients (2 of 17 in blind) could not be solved" in err
    assert "parameter load is inf" in err
    assert "Of 18 patients: 2 failed" in shown
    assert main(["trial", str(file(PHASES)), "--json"]) == 3
    solver = json.loads(capsys.readouterr().out)["solver"]
    assert solver["failed_patients"] == 2
    assert [(p["phase"], p["patients"], p["failed"]) for p in solver["phases"]] == [
        ("open", 18, 0),
        ("blind", 17, 2),  # one had left
    ]
    told = solver["failures"]
    assert {(t["subject"], t["phase"]) for t in told} == {
        ("0001-00002", "blind"),
        ("0003-00005", "blind"),
    }


def test_nobody_counts_twice(file, monkeypatch):
    spoil(monkeypatch, {(0, 0)})
    done = conduct(read(file(PHASES)))
    assert (
        done.failed == 1 and sum(p.people.n for p in done.parts if p.phase == 1) == 16
    )  # one had left


def test_every_failed_subject_has_a_reason_and_parameters(file, tmp_path, monkeypatch):
    bad = {(0, 0), (4, 0), (1, 2)}
    spoil(monkeypatch, bad)
    ketaqsp.trial(file(PLAIN), out=tmp_path / "out", extra=())
    lines = table(tmp_path / "out", "failures")
    subjects = [f"{r + 1:04d}-{p + 1:05d}" for p, r in ((0, 0), (4, 0), (1, 2))]
    assert sorted(x["USUBJID"] for x in lines) == sorted(subjects)
    for line in lines:
        assert (line["STATUS"], line["REASON"]) == ("failed", "parameter load is nan")
        told = json.loads(line["PARAMETERS"])
        assert told["load"] is None and told["M0"] > 0 and "cohort" not in told
    everybody = table(tmp_path / "out", "adsl")
    assert len(everybody) == 30
    assert sorted(x["USUBJID"] for x in everybody if x["SOLVED"] == "failed") == sorted(subjects)
    for name in ("result", "run"):
        told = json.loads((tmp_path / "out" / f"{name}.json").read_text())
        told = told["solver"]["failures"] if name == "result" else told["failures"]
        assert sorted(t["subject"] for t in told) == sorted(subjects)
        assert {t["reason"] for t in told} == {"parameter load is nan"}
        assert all(t["parameters"]["M0"] > 0 for t in told)


def test_planned_and_solved_stand_apart(file, monkeypatch, capsys):
    spoil(monkeypatch, {(0, 0), (2, 0), (4, 1)})  # three of arm a, whose places are even
    assert main(["trial", str(file(PLAIN))]) == 3
    shown = capsys.readouterr().out
    assert "a, n = 6; 15 of 18 simulated patients solved" in shown and "b, n = 4\n" in shown
    assert main(["trial", str(file(PLAIN)), "--json"]) == 3
    a, b = json.loads(capsys.readouterr().out)["arms"]
    assert (a["n"], a["simulated"], a["solved"]) == (6, 18, 15)
    assert (b["n"], b["simulated"], b["solved"]) == (4, 12, 12)


def test_an_arm_of_which_nobody_is_solved(file, tmp_path, monkeypatch, capsys):
    """The other arm stands, on the terminal and on the page."""
    spoil(monkeypatch, {(p, r) for p in range(0, 12, 2) for r in range(3)})
    assert main(["trial", str(file(PLAIN)), "--out", str(tmp_path / "out")]) == 3
    shown, err = capsys.readouterr()
    assert "a, n = 6; 0 of 18 simulated patients solved" in shown and "nan" not in shown.lower()
    assert "failures.csv lists them" in err
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "0 of 18 simulated patients solved" in page


def test_nobody_solved_says_why(file, monkeypatch):
    spoil(monkeypatch, {(p, r) for p in range(12) for r in range(3)})
    with pytest.raises(SolveFailure, match="the first: parameter load is nan"):
        ketaqsp.trial(file(PLAIN))


def test_a_resumed_trial_tells_the_same(file, tmp_path, monkeypatch):
    monkeypatch.setattr(settled, "PIECE", 6)
    spoil(monkeypatch, {(0, 0), (4, 0), (1, 2)})
    whole = ketaqsp.trial(file(PLAIN), out=tmp_path / "whole", extra=()).report
    real, done = Pieces.add, []

    def stop(*arguments):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(real(*arguments))

    monkeypatch.setattr(Pieces, "add", stop)
    with pytest.raises(KeyboardInterrupt):
        ketaqsp.trial(file(PLAIN), out=tmp_path / "out", extra=())
    part = ketaqsp.open(tmp_path / "out.partial")
    assert set(part["status"].values) == {-1, 0, 2}
    told = json.loads(part.attrs["failures"])
    assert [int(i) for i in told] == np.flatnonzero(part["status"].values == 2).tolist()
    assert {t["reason"] for t in told.values()} == {"parameter load is nan"}
    monkeypatch.setattr(Pieces, "add", real)
    again = ketaqsp.trial(file(PLAIN), out=tmp_path / "out", resume=True, extra=()).report
    assert again["solver"] == whole["solver"] and len(again["solver"]["failures"]) == 3
    for name in ("failures.csv", "result.json", "adsl.csv"):
        one, two = ((tmp_path / d / name).read_bytes() for d in ("out", "whole"))
        assert one == two


def test_ratings_that_are_cut_are_counted(file, monkeypatch, capsys):
    """Patients of arm b have a MADRS of 900 points: every rating of theirs is cut at 60."""
    real = people.enrol

    def enrol(arm, *arguments):
        found = real(arm, *arguments)
        if arm.name == "b":
            found.cohort.parameters["M0"] = np.full(found.n, 900.0)
        return found

    monkeypatch.setattr(people, "enrol", enrol)
    assert main(["trial", str(file(PLAIN)), "--json"]) == 0
    out, err = capsys.readouterr()
    a, b = json.loads(out)["arms"]
    assert a["clipped"] == {} and set(b["clipped"]) == {"madrs"}
    assert b["clipped"]["madrs"]["0"] == [0, 12] and b["clipped"]["madrs"]["24"][1] > 8
    assert "Arm b. Totals cut at an end of their scale: MADRS" in err and "Arm a" not in err


def test_who_was_solved_otherwise_is_counted(file, monkeypatch, capsys):
    """Status 1 and 3 are solved patients: in the figures, and counted."""
    simulate = import_module("ketaqsp.trial.conduct.course")
    real = simulate.simulate

    def otherwise(*arguments, **more):
        out = real(*arguments, **more)
        out["status"].values[:2] = (1, 3)
        return out

    monkeypatch.setattr(simulate, "simulate", otherwise)
    assert main(["trial", str(file(PLAIN)), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report["solver"]["status"].values()) == [26, 2, 0, 2]
    assert [(a["simulated"], a["solved"]) for a in report["arms"]] == [(18, 18), (12, 12)]
    assert main(["trial", str(file(PLAIN))]) == 0
    said = "Of 30 patients: 2 solved on a finer grid, 2 solved by the reference solver."
    assert said in capsys.readouterr().out
