"""What is left behind, and said, when a run does not go well: statuses 1, 3, 4 and 130."""

import json
import os
import resource
import signal
import subprocess
import sys
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest

import ketaqsp
from ketaqsp.cli import main
from ketaqsp.patient.long_table import NOT_RUN
from processes import start, wait_for

# Without a drug there are few steps: it is not the solver that is tried here.
RUN = ("simulate", "--drug", "saline", "--until", "1 h")
SOME = ("--patients", "5")
FAILED = 2


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# status 3


@pytest.fixture
def one_bad_patient(monkeypatch):
    """Patient 2 of a cohort has a stress load that is no number, so no solver can help."""
    import ketaqsp.patient as patient

    real = patient.cohort

    def spoiled(*arguments, **more):
        people = real(*arguments, **more)
        people.parameters["load"] = np.array(people.parameters["load"])
        people.parameters["load"][2] = np.nan
        return people

    monkeypatch.setattr(patient, "cohort", spoiled)


@pytest.mark.parametrize("kind", ["zarr", "csv"])
def test_a_patient_that_fails_is_named_and_nan(kind, one_bad_patient, folder, capsys):
    assert main([*RUN, *SOME, "--out", f"run.{kind}", "--json"]) == 3
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert report["failed_patients"] == [2] and report["solver"]["failed_patients"] == 1
    assert [entry["n"] for entry in report["summary"]] == [4, 4]
    assert "1 of 5 patients could not be solved: 2" in err
    data = ketaqsp.open(folder / f"run.{kind}")
    assert data["status"].values.tolist() == [0, 0, FAILED, 0, 0]
    for name in ("madrs", "ketamine_venous"):
        wrong = np.isnan(data[name].transpose("patient", "time").values)
        assert wrong[2].all() and not np.delete(wrong, 2, axis=0).any()
    told = {"2": report["failures"]["2"]}
    assert told["2"]["reason"] == "parameter load is nan" and told["2"]["status"] == "failed"
    assert told["2"]["parameters"]["load"] is None and told["2"]["parameters"]["M0"] > 0
    assert report["failures"] == told and json.loads(data.attrs["failures"]) == told
    record = json.loads((folder / f"run.{kind}.run.json").read_text(encoding="utf-8"))
    assert record["failed"] == [{"patient": 2, **told["2"]}]
    ways = {"solved": 4, "solved on a finer grid": 0, "failed": 1,
            "solved by the reference solver": 0}  # fmt: skip
    assert record["status"] == report["solver"]["status"] == ways


def test_without_a_file_the_json_tells_as_much(one_bad_patient, capsys):
    assert main([*RUN, *SOME, "--json"]) == 3
    out, err = capsys.readouterr()
    told = json.loads(out)["failures"]["2"]
    assert told["reason"] == "parameter load is nan" and told["parameters"]["M0"] > 0
    assert main([*RUN, *SOME]) == 3
    out, err = capsys.readouterr()
    assert "of 5 patients, 1 failed" in out and "--json shows every reason" in err


@pytest.mark.parametrize("kind", ["zarr", "csv"])
def test_failures_of_an_earlier_part_are_told_after_a_resume(kind, folder, monkeypatch, capsys):
    """One patient of each of two pieces fails; the run is stopped between them."""
    import ketaqsp.patient as patient
    from ketaqsp.patient.stream import Writer

    real, write, many = patient.cohort, Writer.add, (*RUN, "--patients", "1030", "--json")

    def spoiled(*arguments, **more):
        people = real(*arguments, **more)
        people.parameters["load"] = np.array(people.parameters["load"])
        people.parameters["load"][[7, 1027]] = np.nan
        return people

    def stop(writer, out, first, digest):
        write(writer, out, first, digest)
        raise KeyboardInterrupt

    monkeypatch.setattr(patient, "cohort", spoiled)
    assert main([*many, "--out", f"whole.{kind}"]) == 3
    whole = json.loads(capsys.readouterr().out)
    with monkeypatch.context() as stopped:
        stopped.setattr(Writer, "add", stop)
        assert main([*many, "--out", f"run.{kind}"]) == 130
    part = ketaqsp.open(folder / f"run.{kind}.partial")
    assert list(json.loads(part.attrs["failures"])) == ["7"]
    assert main([*many, "--out", f"run.{kind}", "--resume"]) == 3
    again = json.loads(capsys.readouterr().out)
    assert list(again["failures"]) == ["7", "1027"]
    assert again["failures"] == whole["failures"] and again["summary"] == whole["summary"]
    records = [json.loads((folder / f"{name}.{kind}.run.json").read_text())
               for name in ("run", "whole")]  # fmt: skip
    assert records[0]["failed"] == records[1]["failed"] and len(records[0]["failed"]) == 2
    one, two = (ketaqsp.open(folder / f"{name}.{kind}") for name in ("run", "whole"))
    assert one.attrs["failures"] == two.attrs["failures"]
    assert json.loads(one.attrs["failures"]) == whole["failures"]


def test_other_ways_of_solving_are_counted(monkeypatch, capsys):
    """Three patients are solved on a finer grid: said in the table and in JSON."""
    import ketaqsp.patient as patient

    real = patient.simulate

    def finer(*arguments, **more):
        out = real(*arguments, **more)
        out["status"].values[:3] = 1
        return out

    monkeypatch.setattr(patient, "simulate", finer)
    assert main([*RUN, *SOME]) == 0
    assert "of 5 patients, 3 solved on a finer grid" in capsys.readouterr().out
    assert main([*RUN, *SOME, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["solver"]["status"]["solved on a finer grid"] == 3
    assert report["solver"]["status"]["solved"] == 2


def test_rescue_is_counted_and_no_failure(monkeypatch, capsys):
    """The grids fail everybody, a stand-in for the reference solver fails patient 1 alone."""

    def solver(bad):
        def solve(task, names, into, workers, tell):
            into[...] = 20.0
            return np.where(np.isin(task[3], bad), np.inf, 0.0)

        return solve

    monkeypatch.setattr("ketaqsp.solve.ways.by_native", solver(range(5)))
    monkeypatch.setattr("ketaqsp.solve.ways.by_reference", solver([1]))
    assert main([*RUN, *SOME, "--rescue", "--json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert list(report["solver"]["status"].values()) == [0, 0, 1, 4]
    assert report["failed_patients"] == [1] and [e["n"] for e in report["summary"]] == [4, 4]
    assert main([*RUN, *SOME, "--json"]) == 3
    assert list(json.loads(capsys.readouterr().out)["solver"]["status"].values()) == [0, 0, 5, 0]


def test_rescue_needs_the_extra(monkeypatch, folder, capsys):
    from importlib import util

    monkeypatch.setattr(util, "find_spec", lambda _: None)
    assert main([*RUN, *SOME, "--rescue", "--out", "run.zarr"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "pip install 'ketaqsp[jax]'" in err and not list(folder.iterdir())


@pytest.fixture
def beyond_the_scale(monkeypatch):
    """MADRS of 900 points: at the ceiling for the rater, and where response is judged."""
    import ketaqsp.patient as patient

    real = patient.cohort

    def beyond(*a, **m):
        people = real(*a, **m)
        people.parameters["M0"] = np.full(people.n, 900.0)  # replace() would refuse it
        return people

    monkeypatch.setattr(patient, "cohort", beyond)


@pytest.mark.usefixtures("beyond_the_scale")
def test_totals_that_are_cut_are_counted(folder, capsys):
    assert main([*RUN, *SOME, "--json", "--rater-noise"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["clipped"]["madrs"] == {"0": [0, 5], "1": [0, 5]}
    assert "Totals cut at an end of their scale: MADRS 10 at 60 points (at 2 times)." in err
    assert main([*RUN, *SOME, "--json", "--out", "run.zarr", "--rater-noise"]) == 0
    out = json.loads(capsys.readouterr().out)["clipped"]
    assert set(out) == {"madrs", "hamd17", "hamd6", "qids"}
    assert json.loads(ketaqsp.open(folder / "run.zarr").attrs["clipped"]) == out
    assert main([*RUN, *SOME]) == 0
    assert "MADRS 10 at 60 points" in capsys.readouterr().err


@pytest.mark.usefixtures("beyond_the_scale")
def test_cut_totals_are_counted_at_the_hours_that_are_seen(folder, capsys):
    """Not where a peak of plasma may sit: no file and no summary has what a rater wrote there."""
    run = ("simulate", "--dose", "35 mg", "--patients", "2", "--until", "3 h", "--every", "2 h")
    assert main([*run, "--json", "--rater-noise"]) == 0
    told = json.loads(capsys.readouterr().out)["clipped"]
    assert told == {"madrs": {"0": [0, 2], "3": [0, 2]}}  # the hours of the summary
    for kind in ("csv", "zarr"):
        assert main([*run, "--json", "--rater-noise", "--out", f"run.{kind}"]) == 0
        told = json.loads(capsys.readouterr().out)["clipped"]
        assert told["madrs"] == {"0": [0, 2], "2": [0, 2], "3": [0, 2]}
    out = ketaqsp.open(folder / "run.zarr")
    found = json.loads(out.attrs["clipped"])
    assert found == told
    for scale, top in (("madrs", 60), ("hamd17", 52)):
        many = (out[scale] == top).sum("patient").values.tolist()
        assert found[scale] == {t: [0, n] for t, n in zip(("0", "2", "3"), many, strict=True)}


def test_nobody_solved_is_said_in_the_table(monkeypatch, capsys):
    monkeypatch.setattr("ketaqsp.solve.ways.NEGATIVE", np.inf)
    assert main([*RUN, "--patients", "2"]) == 3
    out, err = capsys.readouterr()
    assert "none solved" in out and "nan" not in out.lower()
    assert "2 of 2 patients could not be solved" in err


# status 4


def test_a_full_disk(folder):
    """The system lets no file grow beyond 4 kB, as a full disk would not."""

    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    run = start(*RUN, *SOME, "--out", "run.zarr", "--json", cwd=folder, preexec_fn=full)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, out) == (4, "")
    assert err.count("\n") == 1 and "run.zarr" in err and "Free some space" in err
    assert not (folder / "run.zarr").exists()


@pytest.mark.parametrize(
    ("kind", "memory", "free", "told"),
    [
        ("zarr", 1 << 30, 1 << 50, "1.0 GiB is free. Use a smaller --chunk"),
        ("zarr", 1 << 40, 1 << 40, "GiB of disk for 'run.zarr'; 1024.0 GiB is free"),
        ("csv", 1 << 40, 1 << 40, "GiB of disk for 'run.csv'; 1024.0 GiB is free"),
    ],
)
def test_a_run_that_cannot_fit_is_refused_at_once(
    kind, memory, free, told, folder, monkeypatch, capsys
):
    """Whatever this machine has, it is told to have so much."""
    monkeypatch.setattr("ketaqsp.cli.machine.available", lambda: memory)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    long = ("--patients", "1000000", "--until", "730 d", "--every", "1 min")
    assert main([*RUN[:3], *long, "--out", f"run.{kind}"]) == 4
    out, err = capsys.readouterr()
    assert out == "" and told in err and "fewer --patients" in err
    assert not list(folder.iterdir())
    assert main([*RUN, *SOME, "--out", f"run.{kind}"]) == 0


def test_standard_output_that_is_full(folder):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "ketaqsp", "parameters", "--json"]
        run = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, encoding="utf-8", timeout=60
        )
    assert run.returncode == 4
    assert run.stderr.count("\n") == 1 and "standard output" in run.stderr


def test_a_reader_that_leaves_is_no_failure(folder):
    command = f"{sys.executable} -m ketaqsp parameters | head -n 1"
    run = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, encoding="utf-8"
    )
    assert run.returncode == 0 and run.stderr == ""


# status 130, and what a stopped run leaves


MANY = (*RUN, "--patients", "2000")  # two pieces
NAME = "run.csv"


def test_an_interrupted_run_can_be_read_and_finished(folder):
    """Ctrl-C while pieces are solved; then --resume gives the bytes of a run left alone."""
    process = start(*MANY, "--out", NAME, "--json", cwd=folder)
    part = folder / f"{NAME}.partial"
    wait_for(part / "status" / "c" / "0", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1].startswith("ketaqsp: interrupted; run.csv.partial holds")
    assert "Traceback" not in err and "of 2000 patients" in err and "--resume" in err
    assert os.listdir(folder) == [part.name]
    found = ketaqsp.open(part)
    done = found["status"].values != NOT_RUN
    assert 0 < done.sum() < 2000 and "not_run" in found["status"].attrs["flag_meanings"]
    madrs = found["madrs"].transpose("patient", "time").values
    assert np.isfinite(madrs[done]).all() and np.isnan(madrs[~done]).all()
    finish_and_compare(folder)


def finish_and_compare(folder):
    assert main([*MANY, "--out", NAME, "--resume"]) == 0
    assert main([*MANY, "--out", "whole.csv"]) == 0
    left = [NAME, "whole.csv", f"{NAME}.run.json", "whole.csv.run.json"]
    assert sorted(os.listdir(folder)) == sorted(left)
    assert (folder / NAME).read_bytes() == (folder / "whole.csv").read_bytes()
    assert json.loads((folder / f"{NAME}.run.json").read_text())["resumed"] is True


def test_a_killed_run_can_be_read(folder, capsys):
    """A kill lets nothing be tidied up; the run is then not begun anew by mistake."""
    process = start(*MANY, "--out", "run.zarr", cwd=folder)
    wait_for(folder / "run.zarr.partial" / "zarr.json", process)
    process.kill()
    process.communicate(timeout=60)
    found = ketaqsp.open(folder / "run.zarr.partial")
    assert found.sizes["patient"] == 2000
    assert np.isnan(found["madrs"].values[:, found["status"].values == NOT_RUN]).all()
    with pytest.raises(ketaqsp.BadInput, match="run.zarr.partial"):
        ketaqsp.open(folder / "run.zarr")
    assert main([*MANY, "--out", "run.zarr"]) == 2
    assert main([*MANY, "--seed", "1", "--out", "run.zarr", "--resume"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "--resume to finish it" in err
    assert "was begun with seed 0, not 1" in err


def test_an_interrupt_while_loading(folder, monkeypatch, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("ketaqsp.cli.app.import_module", stop)
    assert main([*RUN]) == 130
    assert capsys.readouterr() == ("", "ketaqsp: interrupted.\n")


# status 1


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_a_fault_of_ours_is_one_line_and_a_log(as_json, folder, monkeypatch, capsys):
    def fault(*_, **__):
        raise RuntimeError("the cat sat\non the matrix")

    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.setattr(import_module("ketaqsp.patient.simulate"), "run", fault)
    assert main([*RUN, *SOME, *as_json]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "RuntimeError: the cat sat" in err
    log = err.split()[-1]
    assert log.startswith(str(folder)) and "Traceback" in open(log, encoding="utf-8").read()


def test_an_interrupt_says_one_line(folder, monkeypatch, capsys):
    """Not also that a library was stopped in the middle of its own work."""
    import gc
    import warnings

    from ketaqsp.patient.stream import Writer

    async def begun():
        """What zarr has running while it writes."""

    def stopped(*_):
        held = begun()
        assert held
        raise KeyboardInterrupt

    monkeypatch.setattr(Writer, "_create", stopped)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert main([*RUN, *SOME, "--out", "run.zarr"]) == 130
        gc.collect()
    assert [str(w.message) for w in seen] == []
    assert capsys.readouterr().err == "ketaqsp: interrupted.\n"
