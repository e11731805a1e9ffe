"""A trial that was stopped: what is there can be read, and finished to the same bytes."""

import json
from importlib import import_module

import numpy as np
import pytest

import ketaqsp
from ketaqsp.errors import BadInput, MachineError, SolveFailure
from ketaqsp.patient.long_table import NOT_RUN
from ketaqsp.protocol import read
from ketaqsp.trial.conduct import conduct, course, settled
from ketaqsp.trial.pieces import Pieces
from ketaqsp.trial.results import report

DOSE = "{drug: ketamine, route: iv, dose: %s mg/kg, duration: 40 min, days: %s}"
HEAD = "name: rules\npopulation: {preset: trd, baseline_madrs: {mean: 33, sd: 5, min: 20}}\n"
PLAIN = f"""{HEAD}masking: active
arms:
  - {{name: drug, n: 6, treatments: [{DOSE % ("0.5", "[0]")}]}}
  - {{name: saline, n: 4, treatments: [{{drug: saline, days: [0]}}]}}
visits: [0 h, 24 h, 7 d]
replicates: 6
seed: 3
"""
RULES = f"""{HEAD}masking: open
phases:
  - name: induction
    until: 14 d
    arms:
      - name: raised
        n: 12
        treatments: [{DOSE % ("0.3", "[0, 3, 7, 10]")}]
        policy: {{rule: titrate, doses: [0.3 mg/kg, 0.5 mg/kg], until: response}}
    visits: [0 h, 3 d, 7 d, 10 d]
  - name: upkeep
    enter: responders
    arms:
      - name: goes on
        n: 6
        treatments: [{DOSE % ("0.5", "[0, 7, 14]")}]
        policy: {{rule: taper, every: [7 d, 14 d], goal: response}}
      - {{name: ends, n: 6, treatments: [{{drug: saline, days: [0, 7, 14]}}]}}
    visits: [0 h, 7 d, 14 d, 21 d]
endpoints: {{relapse: {{scale: MADRS, at_least: 20, after: response}}}}
replicates: 6
seed: 2
"""
BARE = {"version": "", "parameters_sha256": ""}


def written(tmp_path, text, name="trial.yaml"):
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.fixture
def small(monkeypatch):
    """Pieces of one replicate of twelve patients, or two of six."""
    monkeypatch.setattr(settled, "PIECE", 12)


def stop_after(count, monkeypatch, problem):
    """The run is stopped when `count` pieces are there."""
    real, done = Pieces.add, []

    def add(*arguments):
        if len(done) == count:
            raise problem
        real(*arguments)
        done.append(1)

    monkeypatch.setattr(Pieces, "add", add)
    return lambda: monkeypatch.setattr(Pieces, "add", real)


def bytes_of(folder):
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert found.pop("run.json") and len(found) > 5
    return found


@pytest.mark.parametrize(("text", "count"), [(PLAIN, 2), (RULES, 8)])
def test_a_stopped_trial_is_finished_to_the_same_bytes(tmp_path, monkeypatch, small, text, count):
    """Whatever was there, in whatever phase, and also where one piece is torn."""
    file, out = written(tmp_path, text), tmp_path / "out"
    heal = stop_after(count, monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        ketaqsp.trial(file, out=out)
    heal()
    held = sorted((tmp_path / "out.partial" / "pieces").glob("*.npz"))
    assert len(held) == count and not out.exists()
    with held[0].open("r+b") as torn:
        torn.seek(200)
        torn.write(b"nonsense")
    solved = []
    real = course._Trip.settle
    monkeypatch.setattr(
        course._Trip, "settle", lambda trip, known=None: solved.append(1) or real(trip, known)
    )
    ketaqsp.trial(file, out=out, resume=True)
    again = len(solved)
    ketaqsp.trial(file, out=tmp_path / "whole")
    assert again == len(solved) - again - (count - 1)
    assert bytes_of(out) == bytes_of(tmp_path / "whole")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "trial.yaml", "whole"]
    runs = [json.loads((tmp_path / x / "run.json").read_text()) for x in ("out", "whole")]
    assert [r["resumed"] for r in runs] == [True, False] and runs[0]["asked"] == runs[1]["asked"]


def test_what_a_stopped_trial_holds_can_be_read(tmp_path, monkeypatch, small):
    file, out = written(tmp_path, PLAIN), tmp_path / "out"
    heal = stop_after(4, monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        ketaqsp.trial(file, out=out)
    found = ketaqsp.open(tmp_path / "out.partial")
    assert found.sizes == {"time": 3, "patient": 60}
    done = found["status"].values != NOT_RUN
    drug = found["arm"].values == "drug"
    # three pieces of two replicates of the drug arm, one of the other
    np.testing.assert_array_equal(done, drug | (found["replicate"].values < 2))
    assert "not_run" in found["status"].attrs["flag_meanings"]
    madrs = found["madrs"].values
    assert np.isfinite(madrs[:, done]).all() and np.isnan(madrs[:, ~done]).all()
    np.testing.assert_array_equal(found["phases_settled"].values, done.astype(int))
    part = conduct(read(file)).parts[0]
    for i in range(part.people.n):
        same = drug & (found["place"].values == part.people.place[i])
        (j,) = np.flatnonzero(same & (found["replicate"].values == part.people.replicate[i]))
        np.testing.assert_array_equal(madrs[:, j], part.settled.seen["madrs"][:, i])
    with pytest.raises(BadInput, match="unfinished: open"):
        ketaqsp.open(out)
    heal()
    ketaqsp.trial(file, out=tmp_path / "whole", replicates=1)
    with pytest.raises(BadInput, match="is a finished trial.*adqs.csv"):
        ketaqsp.open(tmp_path / "whole")


def test_another_run_is_not_resumed(tmp_path, monkeypatch, small):
    file, out = written(tmp_path, PLAIN), tmp_path / "out"
    stop_after(1, monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        ketaqsp.trial(file, out=out)
    before = bytes_of_part(tmp_path)
    other = written(tmp_path, PLAIN.replace("n: 6", "n: 5"), "other.yaml")
    for said, keywords in (
        ("seed 3, not 4", {"file": file, "seed": 4}),
        ("replicates 6, not 2", {"file": file, "replicates": 2}),
        ("protocol file with sha256", {"file": other}),
    ):
        with pytest.raises(BadInput, match=said):
            ketaqsp.trial(**keywords, out=out, resume=True)
    identity, pieces = (import_module(f"ketaqsp.trial.{x}") for x in ("identity", "pieces"))
    real = identity.identity()
    changed = {**real, "parameters_sha256": "0" * 64}
    with monkeypatch.context() as m:
        m.setattr(identity, "identity", lambda: changed)
        with pytest.raises(BadInput, match="model with another parameters_sha256"):
            ketaqsp.trial(file, out=out, resume=True)
    with monkeypatch.context() as m:
        m.setattr(pieces, "_digest", lambda groups: "1" * 64)
        with pytest.raises(BadInput, match="patients .*with sha256"):
            ketaqsp.trial(file, out=out, resume=True)
    with pytest.raises(BadInput, match="--resume to finish it"):
        ketaqsp.trial(file, out=out)
    assert bytes_of_part(tmp_path) == before
    with pytest.raises(BadInput, match="there is no unfinished trial"):
        ketaqsp.trial(file, out=tmp_path / "nothing", resume=True)
    with pytest.raises(BadInput, match="without out"):
        ketaqsp.trial(file, resume=True)


def bytes_of_part(tmp_path):
    part = tmp_path / "out.partial"
    return {p.name: p.read_bytes() for p in part.rglob("*") if p.is_file()}


@pytest.mark.parametrize("problem", [SolveFailure("nobody"), BadInput("not so")])
def test_a_run_that_cannot_be_finished_leaves_nothing(tmp_path, monkeypatch, small, problem):
    stop_after(1, monkeypatch, problem)
    with pytest.raises(type(problem)):
        ketaqsp.trial(written(tmp_path, PLAIN), out=tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["trial.yaml"]


def test_a_full_disk_leaves_what_is_there(tmp_path, monkeypatch, small):
    pieces = import_module("ketaqsp.trial.pieces")
    real = pieces.os.fsync

    def full(handle):
        if len(list((tmp_path / "out.partial").rglob("*.done"))) == 2:
            raise OSError(28, "No space left on device")
        real(handle)

    file, out = written(tmp_path, PLAIN), tmp_path / "out"
    with monkeypatch.context() as m:
        m.setattr(pieces.os, "fsync", full)
        with pytest.raises(MachineError, match="No space left"):
            ketaqsp.trial(file, out=out)
    assert (ketaqsp.open(tmp_path / "out.partial")["status"].values == NOT_RUN).sum() == 60 - 24
    assert not out.exists()


@pytest.mark.parametrize("text", [PLAIN, RULES])
def test_another_belief_from_a_known_course_has_the_same_numbers(tmp_path, monkeypatch, text):
    """Nobody is solved again but those whose doses, or whose arm, belief changed."""
    protocol = read(written(tmp_path, text))
    done = conduct(protocol)
    fresh = [conduct(protocol, replicates=4, version=v) for v in (0.0, 1.0, 2.0)]
    solved = []
    real = course.simulate

    def counted(regimens, people, **more):
        solved.append(people.n)
        return real(regimens, people, **more)

    monkeypatch.setattr(course, "simulate", counted)
    for version, one in zip((0.0, 1.0, 2.0), fresh, strict=True):
        solved.clear()
        two = conduct(protocol, replicates=4, version=version, known=done)
        assert bool(solved) == (text == RULES and version != 1.0)
        assert report(one, BARE, 0.0) == report(two, BARE, 0.0)
        for a, b in zip(one.parts, two.parts, strict=True):
            np.testing.assert_array_equal(a.people.ids, b.people.ids)
            np.testing.assert_array_equal(a.amounts, b.amounts)
            np.testing.assert_array_equal(a.totals["MADRS"], b.totals["MADRS"])
            for name, x in a.settled.seen.items():
                np.testing.assert_array_equal(x, b.settled.seen[name])
    changes = [r["arms"][0]["visits"][-1]["change_mean"]
               for r in (report(one, BARE, 0.0) for one in fresh)]  # fmt: skip
    assert changes[0] > changes[1] > changes[2]  # belief does act
