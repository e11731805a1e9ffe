"""--every: no time that was asked for is lost, whatever part of an hour the interval is."""

import json
import zipfile

import libsedml
import numpy as np
import pytest

import ketaqsp
from ketaqsp.cli import main

RUN = ("simulate", "--drug", "saline", "--typical", "--until", "2 d")


def has_every_time(path, until_h, every_h):
    """The result at `path` has every multiple of every_h (h), the end, and nothing else."""
    hours = np.arange(0, until_h + 1e-6, every_h)
    hours = hours if until_h - hours[-1] < 1e-6 else np.append(hours, until_h)
    found = ketaqsp.open(path)
    assert found.sizes["time"] == len(hours)
    np.testing.assert_allclose(found["time"], hours, rtol=0, atol=1e-9)
    assert np.isfinite(found["madrs"].values).all()


@pytest.mark.parametrize("minutes", [1, 7, 10, 25, 90])
@pytest.mark.parametrize("kind", ["zarr", "csv"])
def test_every_time_is_written(minutes, kind, tmp_path, capsys):
    path = tmp_path / f"run.{kind}"
    assert main([*RUN, "--every", f"{minutes} min", "--out", str(path), "--json"]) == 0
    has_every_time(path, 48, minutes / 60)


def test_an_archive_of_every_minute(tmp_path, capsys):
    path = tmp_path / "run.omex"
    run = ("export", "--dose", "0.5 mg/kg", "--format", "omex", "--out", str(path), "--json")
    assert main([*run, "--until", "28 d", "--every", "1 min"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "omex"
    with zipfile.ZipFile(path) as opened:
        (name,) = [n for n in opened.namelist() if n.endswith(".sedml")]
        text = opened.read(name).decode()
    course = libsedml.readSedMLFromString(text).getSimulation(0)
    assert course.getNumberOfSteps() == 28 * 1440


@pytest.mark.parametrize(
    ("dosing", "until_h", "every", "every_h"),
    [
        (("--duration", "20 min"), 2, "20 min", 1 / 3),  # 40 min is 20 min after its end, rounded
        (("--duration", "20 min", "--days", "0,0.1"), 4, "2 min", 1 / 30),
        (("--days", "0.33333333"), 12, "1 h", 1),  # 29 microseconds before 8 h
    ],
)
def test_a_peak_a_rounding_away_takes_no_time_of_the_grid(
    dosing, until_h, every, every_h, tmp_path, capsys
):
    path = tmp_path / "run.zarr"
    run = ("simulate", "--dose", "0.5 mg/kg", "--typical", "--until", f"{until_h} h", *dosing)
    assert main([*run, "--every", every, "--out", str(path), "--json"]) == 0
    has_every_time(path, until_h, every_h)


def test_a_time_of_the_summary_a_rounding_away(tmp_path, capsys):
    """Looks at 4 h and at the end: an interval, or a peak, beside them is that time."""
    table = tmp_path / "doses.csv"
    row = "1,3.333333333,1,35,0.333333333,ketamine,iv\n"  # 20 min after its end is 3.999999999 h
    table.write_text("ID,TIME,EVID,AMT,DUR,DRUG,ROUTE\n" + row)
    plain = ("--dose", "0.5 mg/kg", "--duration", "5 min", "--typical")
    for run in (
        ("--events", str(table), "--until", "8 h", "--every", "5 h"),
        (*plain, "--until", "8 h", "--every", "1.3333333 h"),
        (*plain, "--until", "10 min"),
    ):
        assert main(["simulate", *run, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert all(entry["madrs_mean"] > 0 for entry in told["summary"])


@pytest.mark.parametrize("until", ["20 min", "27 min", "54 min", "80 min"])
def test_an_interval_of_the_whole_run(until, capsys):
    """27 min / 24 * 24 is a last bit less than 27 min; 20 min are kept as 0.333333333 h."""
    for every in (("--every", until), ()):
        assert main([*RUN[:-1], until, *every, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["until_h"] == pytest.approx(int(until[:2]) / 60, abs=1e-9)


@pytest.mark.parametrize("route", ["iv", "im", "sc", "in", "po", "po_er", "sl"])
def test_the_highest_value_does_not_hang_on_the_interval(route, tmp_path, capsys):
    """It was looked for just after the dose alone, and by mouth half of it was missed."""
    row = f"{{}},0,1,50,{{}},{route},0.5\n"  # half an hour late
    people = [row.format(1, "ketamine"), row.format(2, "esketamine"), row.format(3, "arketamine")]
    table = tmp_path / "doses.csv"
    table.write_text("ID,TIME,EVID,AMT,DRUG,ROUTE,LAG\n" + "".join(people))
    found = []
    for every in ("3 min", "1 d"):
        run = ("simulate", "--events", str(table), "--until", "1 d", "--every", every)
        assert main([*run, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out)["peaks"])
    for name, fine in found[0].items():
        assert found[1][name]["peak_p50"] == pytest.approx(fine["peak_p50"], rel=0.02), name


def test_an_archive_of_one_step(tmp_path, capsys):
    """20 min are kept as 0.333333333 h, a little less than one step of a third of an hour."""
    run = ("export", "--drug", "saline", "--format", "omex", "--out", str(tmp_path / "run.omex"))
    assert main([*run, "--until", "20 min", "--every", "20 min"]) == 0
    assert main([*run, "--overwrite", "--until", "20 min", "--every", "0 min"]) == 2


def test_a_dose_whose_lag_outlasts_the_run_is_refused(tmp_path, capsys):
    """It never came in, and nothing said so."""
    table = tmp_path / "doses.csv"
    table.write_text("ID,TIME,EVID,AMT,DRUG,ROUTE,LAG\n1,7,1,35,ketamine,iv,2\n")
    assert main(["simulate", "--events", str(table), "--until", "8 h"]) == 2
    assert "ends at 9 h (a lag of 2 h included)" in capsys.readouterr().err
    assert main(["simulate", "--events", str(table), "--until", "10 h"]) == 0
