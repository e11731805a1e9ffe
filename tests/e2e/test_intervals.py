"""--every: no time that was asked for is lost, whatever part of an hour the interval is."""

import json
import zipfile

import libsedml
import numpy as np
import pytest

import ketaqsp
from ketaqsp.cli import main

RUN = ("simulate", "--drug", "saline", "--typical", "--until", "2 d")


@pytest.mark.parametrize("minutes", [1, 7, 10, 25, 90])
@pytest.mark.parametrize("kind", ["zarr", "csv"])
def test_every_time_is_written(minutes, kind, tmp_path, capsys):
    path = tmp_path / f"run.{kind}"
    assert main([*RUN, "--every", f"{minutes} min", "--out", str(path), "--json"]) == 0
    hours = np.arange(0, 48 * 60 + 1e-6, minutes) / 60
    hours = hours if hours[-1] == 48 else np.append(hours, 48)
    found = ketaqsp.open(path)
    assert found.sizes["time"] == len(hours)
    np.testing.assert_allclose(found["time"], hours, rtol=0, atol=1e-9)
    assert np.isfinite(found["madrs"].values).all()


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
